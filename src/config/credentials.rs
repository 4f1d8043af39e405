//! From `credentials`, as it is written, to where credentials come from.

use crate::aws::credentials::assume_role::AssumeRole;
use crate::aws::credentials::container::{self, Container};
use crate::aws::credentials::instance_metadata::{self, InstanceMetadata};
use crate::aws::credentials::listener::{Listener, MountedFile};
use crate::aws::credentials::oidc::Oidc;
use crate::aws::credentials::sts::{Role, Sts};
use crate::aws::credentials::web_identity::{Token, WebIdentity};
use crate::aws::credentials::{AccessKey, Credentials, Provider, Secret, credentials_file, environment};
use crate::aws::endpoint::{region_of_sts, sts_host};
use std::rc::Rc;

use super::credential_values::{Authority, Policy, RequestPath, RoleArn, SessionName};
use super::values::{Checked, HeaderValue, Number, Rule};
use super::{ConfigError, Environment, members};

/// So many sources may stand inside one another.
const DEEPEST: usize = 4;
/// So long lasts a role that a role assumes, seconds, whatever the role's own limit.
const LONGEST_CHAINED: u32 = 3_600;
const ECS_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const CONTAINER_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// Where credentials come from (`credentials.type`).
#[derive(Clone, Debug)]
pub enum Source {
    /// Known when the configuration was read: `static`, `apiKey`, `credentialsFile.content`, `environment` ….
    Ready(Credentials),
    /// Nothing usable was found; requests are answered with this reason, which names the source and never a value.
    Missing(String),
    /// They are fetched, and replaced before they expire.
    Fetched(Rc<Provider>),
    /// Another filter signs.
    External,
}

impl Source {
    /// Whether a request's body may have to be hashed for a signature.
    pub fn may_sign(&self) -> bool {
        matches!(self, Self::Ready(Credentials::AccessKey(_)) | Self::Fetched(_))
    }
}

/// What sources are made of besides what is written.
pub(super) struct Place<'a> {
    pub region: &'a str,
    pub fips: bool,
    pub environment: Environment<'a>,
}

/// Checks and completes what is written.
pub(super) fn source(written: members::Credentials, place: &Place<'_>) -> Result<Source, ConfigError> {
    if matches!(written, members::Credentials::External {}) {
        return Ok(Source::External);
    }
    let source = place.provider(written, "credentials", 1, false)?;
    Ok(match (source.hopeless(), source) {
        // What the environment lacks may come with the next start: requests are told, the configuration stands.
        (Some(reason), Provider::Fixed("environment", _)) => {
            Source::Missing(format!("credentials from the environment: {reason}"))
        }
        (Some(reason), Provider::Fixed(..)) => Source::Missing(reason),
        (Some(reason), source) => Source::Missing(format!("{}: {reason}", source.name())),
        (None, Provider::Fixed(_, Ok(credentials))) => Source::Ready(credentials),
        (None, Provider::Chain(sources)) => chain(sources),
        (None, source) => Source::Fetched(Rc::new(source)),
    })
}

/// What the first source that can give anything knows decides it, if it knows something.
fn chain(sources: Vec<Provider>) -> Source {
    match sources.iter().find(|source| source.hopeless().is_none()) {
        Some(Provider::Fixed(_, Ok(credentials))) => Source::Ready(credentials.clone()),
        _ => Source::Fetched(Rc::new(Provider::Chain(sources))),
    }
}

impl Place<'_> {
    /// `for_role`: only access keys will do, because they are to sign for a role.
    fn provider(
        &self,
        written: members::Credentials,
        path: &str,
        depth: usize,
        for_role: bool,
    ) -> Result<Provider, ConfigError> {
        if depth > DEEPEST {
            return Err(ConfigError::at(path, format!("expected no more than {DEEPEST} sources inside one another")));
        }
        Ok(match written {
            members::Credentials::Environment {} => {
                Provider::Fixed("environment", environment::credentials(self.environment, for_role))
            }
            members::Credentials::Static { access_key_id, secret_access_key, session_token } => {
                let key = AccessKey {
                    access_key_id: access_key_id.0,
                    secret_access_key: Secret::new(secret_access_key.0),
                    session_token: session_token.map(|token| Secret::new(token.0)),
                };
                Provider::Fixed("static", Ok(Credentials::AccessKey(key)))
            }
            members::Credentials::ApiKey { .. } if for_role => {
                let expected = "expected a source of access keys: an API key cannot assume a role";
                return Err(ConfigError::at(path, expected));
            }
            members::Credentials::ApiKey { value } => {
                Provider::Fixed("apiKey", Ok(Credentials::ApiKey(Secret::new(value.0))))
            }
            members::Credentials::File { content, environment_variable, listener, profile } => {
                match (content, environment_variable, listener) {
                    (Some(content), None, None) => match credentials_file::credentials(&content, &profile.0) {
                        Ok(credentials) => Provider::Fixed("credentialsFile", Ok(credentials)),
                        Err(error) => return Err(ConfigError::at(&format!("{path}.content"), error.to_string())),
                    },
                    (None, Some(variable), None) => self.file_in(&variable.0, &profile.0),
                    (None, None, Some(listener)) => {
                        Provider::MountedFile(MountedFile { listener: listener.into(), profile: profile.0 })
                    }
                    _ => {
                        let expected = "expected exactly one of content, environmentVariable, listener";
                        return Err(ConfigError::at(path, expected));
                    }
                }
            }
            members::Credentials::WebIdentity { role_arn, session_name, duration_seconds, policy, sts, token } => {
                let token = web_identity_token(token, path)?;
                let role = role(role_arn, session_name, duration_seconds, policy);
                Provider::WebIdentity(Box::new(WebIdentity { sts: self.sts(sts), role, token }))
            }
            members::Credentials::AssumeRole {
                role_arn,
                session_name,
                external_id,
                duration_seconds,
                policy,
                sts,
                source,
            } => {
                let source = self.provider(*source, &format!("{path}.source"), depth + 1, true)?;
                if gives_role(&source) && duration_seconds.as_ref().is_some_and(|seconds| seconds.0 > LONGEST_CHAINED) {
                    let expected = "expected 3600 at most: a role that a role assumes lasts no longer";
                    return Err(ConfigError::at(&format!("{path}.durationSeconds"), expected));
                }
                let role = role(role_arn, session_name, duration_seconds, policy);
                let external_id = external_id.map(String::from);
                Provider::AssumeRole(Box::new(AssumeRole { sts: self.sts(sts), role, external_id, source }))
            }
            members::Credentials::Container { cluster, path: uri, host, authorization } => {
                let authorization = authorization.map(String::from);
                self.container(cluster.0, uri.map(String::from), host.map(String::from), authorization)
            }
            members::Credentials::InstanceMetadata { cluster, role, host, v1_fallback } => {
                let disabled = self.variable(METADATA_DISABLED);
                if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
                    return Ok(Provider::Fixed("instanceMetadata", Err(format!("{METADATA_DISABLED} is true"))));
                }
                Provider::InstanceMetadata(InstanceMetadata {
                    cluster: cluster.0,
                    host: host.map_or_else(|| instance_metadata::HOST.to_owned(), String::from),
                    role: role.map(String::from),
                    v1_fallback,
                })
            }
            members::Credentials::Chain { providers } => {
                if providers.is_empty() {
                    return Err(ConfigError::at(&format!("{path}.providers"), "expected at least one source"));
                }
                let mut sources = Vec::new();
                for (index, source) in providers.into_iter().enumerate() {
                    let path = format!("{path}.providers[{index}]");
                    match self.provider(source, &path, depth + 1, for_role)? {
                        // A chain in a chain is one chain.
                        Provider::Chain(inner) => sources.extend(inner),
                        source => sources.push(source),
                    }
                }
                Provider::Chain(sources)
            }
            members::Credentials::External {} => {
                return Err(ConfigError::at(path, "expected a source with credentials, not external"));
            }
        })
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn file_in(&self, variable: &str, profile: &str) -> Provider {
        let found = self
            .variable(variable)
            .ok_or_else(|| "not set".to_owned())
            .and_then(|text| credentials_file::credentials(&text, profile).map_err(|error| error.to_string()));
        let origin = format!("credentials file in the variable {variable}");
        Provider::Fixed("credentialsFile", found.map_err(|reason| format!("{origin}: {reason}")))
    }

    fn sts(&self, written: members::Sts) -> Sts {
        let host = written.host.map_or_else(|| sts_host(self.region, self.fips), String::from);
        let region = region_of_sts(&host).unwrap_or(self.region).to_owned();
        Sts { cluster: written.cluster.0, host, region }
    }

    /// What is not written comes from the variables that ECS and EKS set.
    fn container(
        &self,
        cluster: String,
        path: Option<String>,
        host: Option<String>,
        authorization: Option<String>,
    ) -> Provider {
        let missing = |reason: String| Provider::Fixed("container", Err(reason));
        let (of_uri, path) = match (path, self.variable(ECS_URI), self.variable(FULL_URI)) {
            (Some(path), ..) => (None, path),
            // As what is written: a line break in it would be a header of its own.
            (_, Some(path), _) => match RequestPath::check(&path) {
                Ok(path) => (None, path),
                Err(expected) => return missing(format!("{ECS_URI}: {expected}")),
            },
            (_, _, Some(uri)) => match checked_parts(&uri) {
                Ok((host, path)) => (Some(host), path),
                Err(expected) => return missing(format!("{FULL_URI}: {expected}")),
            },
            _ => return missing(format!("neither {ECS_URI} nor {FULL_URI} is set, and no path is configured")),
        };
        let authorization = match authorization.or_else(|| self.variable(CONTAINER_TOKEN)) {
            Some(value) => match HeaderValue::check(&value) {
                Ok(value) => Some(Secret::new(value)),
                Err(expected) => return missing(format!("{CONTAINER_TOKEN}: {expected}")),
            },
            None => None,
        };
        let host = host.or(of_uri).unwrap_or_else(|| container::ECS_HOST.to_owned());
        Provider::Container(Container { cluster, host, path, authorization })
    }
}

/// Host and path of a container's URI.
fn checked_parts(uri: &str) -> Result<(String, String), &'static str> {
    let (host, path) = container::parts_of_uri(uri)?;
    Ok((Authority::check(&host)?, RequestPath::check(&path)?))
}

/// Whether STS has given what a source gives, of a chain any member.
fn gives_role(source: &Provider) -> bool {
    match source {
        Provider::WebIdentity(_) | Provider::AssumeRole(_) => true,
        Provider::Chain(sources) => sources.iter().any(gives_role),
        _ => false,
    }
}

fn role(
    arn: Checked<RoleArn>,
    session_name: Checked<SessionName>,
    duration_seconds: Option<Number<900, 43_200>>,
    policy: Option<Checked<Policy>>,
) -> Role {
    Role {
        arn: arn.0,
        session_name: session_name.0,
        duration_seconds: duration_seconds.map(|seconds| seconds.0),
        policy: policy.map(String::from),
    }
}

fn web_identity_token(written: members::Token, path: &str) -> Result<Token, ConfigError> {
    match (written.value, written.oidc, written.listener) {
        (Some(value), None, None) => Ok(Token::Value(Secret::new(value.0))),
        (None, Some(oidc), None) => Ok(Token::Oidc(Oidc {
            cluster: oidc.cluster.0,
            host: oidc.host.0,
            path: oidc.path.0,
            client_id: oidc.client_id.0,
            client_secret: Secret::new(oidc.client_secret.0),
            client_authentication: oidc.client_authentication,
            scope: oidc.scope.map(String::from),
            audience: oidc.audience.map(String::from),
        })),
        (None, None, Some(listener)) => Ok(Token::Listener {
            listener: Listener { cluster: listener.cluster.0, path: listener.path.0 },
            header: listener.header.map(String::from),
        }),
        _ => Err(ConfigError::at(&format!("{path}.token"), "expected exactly one of value, oidc, listener")),
    }
}

impl From<members::Listener> for Listener {
    fn from(written: members::Listener) -> Self {
        Self { cluster: written.cluster.0, path: written.path.0 }
    }
}
