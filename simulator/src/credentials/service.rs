//! Which credential service a request is for.

use http::Method;
use serde::Deserialize;

use super::reply::{Failure, Reply};
use super::{container, instance_metadata, oidc, sts};
use crate::request::Received;

/// A service that hands out credentials.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Service {
    /// AWS STS.
    Sts,
    /// An OIDC provider's token endpoint.
    Oidc,
    /// The metadata service of EC2 instances, IMDS.
    InstanceMetadata,
    /// The endpoint that ECS and EKS Pod Identity have in containers.
    Container,
}

impl Service {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Sts, Self::Oidc, Self::InstanceMetadata, Self::Container];

    /// The service that a request is for, by its host without the port. Where the endpoint for containers has another
    /// host, its paths tell.
    pub fn of(request: &Received) -> Option<Self> {
        let host = host_name(&request.host).to_ascii_lowercase();
        match host.as_str() {
            "169.254.169.254" | "[fd00:ec2::254]" => Some(Self::InstanceMetadata),
            "169.254.170.2" | "169.254.170.23" | "[fd00:ec2::23]" => Some(Self::Container),
            host if host.starts_with("sts.") || host.starts_with("sts-fips.") => Some(Self::Sts),
            host if host.starts_with("oidc.") => Some(Self::Oidc),
            _ => (request.method == Method::GET && container::serves(request.path())).then_some(Self::Container),
        }
    }

    /// Its name in answers about the simulator.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Oidc => "oidc",
            Self::InstanceMetadata => "instanceMetadata",
            Self::Container => "container",
        }
    }

    /// A failure in the service's own shape.
    pub(super) fn failed(self, failure: &Failure, request_id: &str) -> Reply {
        match self {
            Self::Sts => sts::failed(failure, request_id),
            Self::Oidc => oidc::failed(failure),
            Self::InstanceMetadata => instance_metadata::failed(failure),
            Self::Container => container::failed(failure),
        }
    }
}

/// A host without its port.
pub(super) fn host_name(host: &str) -> &str {
    // The colons inside an IPv6 address begin no port.
    let end = match host.find(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    host.get(..end).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    #[test]
    fn hosts_and_paths() {
        for (host, target, service) in [
            ("sts.eu-central-1.amazonaws.com", "/", Some(Service::Sts)),
            ("STS.amazonaws.com:443", "/", Some(Service::Sts)),
            ("sts-fips.us-east-1.amazonaws.com", "/", Some(Service::Sts)),
            ("oidc.example:8443", "/oauth2/token", Some(Service::Oidc)),
            ("169.254.169.254:80", "/latest/api/token", Some(Service::InstanceMetadata)),
            ("[fd00:ec2::254]:80", "/", Some(Service::InstanceMetadata)),
            ("[fd00:ec2::254]", "/", Some(Service::InstanceMetadata)),
            ("169.254.170.2", "/any", Some(Service::Container)),
            ("169.254.170.23:80", "/v1/credentials", Some(Service::Container)),
            ("[fd00:ec2::23]", "/", Some(Service::Container)),
            ("127.0.0.1:8081", "/v2/credentials/id?a=b", Some(Service::Container)),
            ("localhost", "/v1/credentials", Some(Service::Container)),
            ("localhost", "/v2/credentials/", None),
            ("localhost", "/v1/credentials/more", None),
            ("bedrock-runtime.us-east-1.amazonaws.com", "/model/a/invoke", None),
            ("my-sts.example", "/", None),
        ] {
            let request = Received {
                method: Method::GET,
                target: target.into(),
                host: host.into(),
                headers: HeaderMap::new(),
                body: Default::default(),
                sha256: String::new(),
            };
            assert_eq!(Service::of(&request), service, "{host}{target}");
        }
    }
}
