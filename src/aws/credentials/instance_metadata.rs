//! `instanceMetadata`: the role of an EC2 instance, by IMDSv2
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>).

use super::call::{Answer, Call};
use super::document;
use super::error::Said;
use super::fetch::{Line, Outcome};
use super::{FetchError, Secret, key_text};

const WHO: &str = "the instance metadata service";
/// Its host in every instance.
pub const HOST: &str = "169.254.169.254";
const TOKEN_PATH: &str = "/latest/api/token";
const ROLES_PATH: &str = "/latest/meta-data/iam/security-credentials/";
const TOKEN_TTL: &str = "21600";

/// The service, and the role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceMetadata {
    /// Envoy's cluster.
    pub cluster: String,
    /// `:authority`.
    pub host: String,
    /// The role; without it the service is asked.
    pub role: Option<String>,
    /// Whether version 1, which asks for no token, will do where there is no version 2.
    pub v1_fallback: bool,
}

impl InstanceMetadata {
    /// A token, the role's name, its credentials.
    pub async fn fetch(&self, line: &Line) -> Outcome {
        let mut token = self.token(line).await?;
        let role = match &self.role {
            Some(role) => role.clone(),
            None => {
                let (_, answer) = self.get(line, ROLES_PATH, &mut token).await?;
                let text = answer.text().map_err(|what| FetchError::unusable(WHO, what))?;
                role_name(text).ok_or_else(|| FetchError::unusable(WHO, "no name of a role"))?.to_owned()
            }
        };
        let (call, answer) = self.get(line, &format!("{ROLES_PATH}{role}"), &mut token).await?;
        let mut fetched = document::read(WHO, &call, &answer, line.now())?;
        fetched.source = "instanceMetadata".to_owned();
        Ok(fetched)
    }

    /// `None` is version 1. 403, 404 and 405 are the answers of a service without version 2.
    async fn token(&self, line: &Line) -> Result<Option<Secret>, FetchError> {
        let call = Call::new(&self.cluster, "PUT", &self.host, TOKEN_PATH)
            .with("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL);
        let answer = line.send(&call).await.map_err(|failure| FetchError::unanswered(WHO, &call, failure))?;
        match answer.status {
            200 => {}
            403..=405 if self.v1_fallback => return Ok(None),
            // A container is one hop away, and by default the token's answer does not get that far.
            504 => {
                let error = FetchError::answered(WHO, &call, 504, Said::default());
                let hint = "no answer to the token: is the hop limit of the instance's metadata options 2 or more?";
                return Err(FetchError { detail: Some(hint.to_owned()), ..error });
            }
            status => return Err(FetchError::answered(WHO, &call, status, Said::default())),
        }
        let text = answer.text().map_err(|what| FetchError::unusable(WHO, what))?;
        let token = key_text(text).map_err(|_| FetchError::unusable(WHO, "no token"))?;
        Ok(Some(Secret::new(token)))
    }

    /// A 401 wants a new token, once. The last call and its answer.
    async fn get(&self, line: &Line, path: &str, token: &mut Option<Secret>) -> Result<(Call, Answer), FetchError> {
        let mut is_first = true;
        loop {
            let mut call = Call::new(&self.cluster, "GET", &self.host, path);
            if let Some(token) = token {
                call = call.with_secret("x-aws-ec2-metadata-token", token.expose());
            }
            let answer = line.send(&call).await.map_err(|failure| FetchError::unanswered(WHO, &call, failure))?;
            match answer.status {
                200 => return Ok((call, answer)),
                401 if is_first && token.is_some() => *token = self.token(line).await?,
                404 if path == ROLES_PATH => return Err(FetchError::unusable(WHO, "404: the instance has no role")),
                status => return Err(FetchError::answered(WHO, &call, status, Said::default())),
            }
            is_first = false;
        }
    }
}

/// The first line; an IAM role's name has letters, digits and `+=,.@_-`. Of dots alone it would be a way out of the path.
fn role_name(text: &str) -> Option<&str> {
    let name = text.lines().next()?.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    let named = !matches!(name, "" | "." | "..");
    (named && name.len() <= 64 && name.bytes().all(plain)).then_some(name)
}
