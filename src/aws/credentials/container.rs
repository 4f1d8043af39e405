//! `container`: what ECS and EKS Pod Identity hand out to a container
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>).

use super::call::Call;
use super::document;
use super::error::Said;
use super::fetch::{Line, Outcome};
use super::{FetchError, Secret};

const WHO: &str = "the container's endpoint";

/// Host of ECS, to which a relative URI belongs.
pub const ECS_HOST: &str = "169.254.170.2";

/// Hosts that may be asked without TLS: ECS, EKS Pod Identity, and the container itself.
const PLAIN_HOSTS: &[&str] = &[ECS_HOST, "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"];

/// The endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Container {
    /// Envoy's cluster.
    pub cluster: String,
    /// `:authority`.
    pub host: String,
    /// Path, with the query.
    pub path: String,
    /// The value of `authorization`, as it is; without it none is sent, or Envoy adds it.
    pub authorization: Option<Secret>,
}

impl Container {
    /// Asks the endpoint.
    pub async fn fetch(&self, line: &Line) -> Outcome {
        let mut call = Call::new(&self.cluster, "GET", &self.host, &self.path).with("accept", "application/json");
        if let Some(authorization) = &self.authorization {
            call = call.with_secret("authorization", authorization.expose());
        }
        let answer = line.send(&call).await.map_err(|failure| FetchError::unanswered(WHO, &call, failure))?;
        if answer.status != 200 {
            let text = answer.text().unwrap_or_default();
            let document = document::object(WHO, text).unwrap_or_default();
            let said =
                Said { code: document::member(&document, "code"), message: document::member(&document, "message") };
            return Err(FetchError::answered(WHO, &call, answer.status, said));
        }
        let mut fetched = document::read(WHO, &call, &answer, line.now())?;
        fetched.source = "container".to_owned();
        Ok(fetched)
    }
}

/// Host and path of `AWS_CONTAINER_CREDENTIALS_FULL_URI`. Over plain HTTP only the known hosts may be asked: the answer are
/// credentials, and the question may have a token.
pub fn parts_of_uri(uri: &str) -> Result<(String, String), &'static str> {
    let (rest, plain) = match (uri.strip_prefix("http://"), uri.strip_prefix("https://")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return Err("expected a URI that begins with http:// or https://"),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    if name.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@') {
        return Err("expected a host in the URI, without a user");
    }
    // All of 127.0.0.0/8 is the container's own.
    let loopback = name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    if plain && !loopback && !PLAIN_HOSTS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Err("expected https://, or one of 169.254.170.2, 169.254.170.23, [fd00:ec2::23] and loopback");
    }
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok((host.to_ascii_lowercase(), path))
}
