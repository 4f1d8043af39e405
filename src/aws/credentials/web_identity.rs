//! `webIdentity`: a role by STS AssumeRoleWithWebIdentity, which is not signed: the token says who asks.

use super::call::Call;
use super::fetch::{Line, Outcome};
use super::listener::{self, Listener};
use super::oidc::Oidc;
use super::sts::{self, Role, Sts};
use super::{FetchError, Secret, key_text};

/// What STS takes for a token, characters
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>).
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 4..=20_000;

/// The role, and by what token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WebIdentity {
    /// Where STS is.
    pub sts: Sts,
    /// The role.
    pub role: Role,
    /// Where the token comes from.
    pub token: Token,
}

/// Where a web identity token comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// The token itself.
    Value(Secret),
    /// An OpenID provider hands it out.
    Oidc(Oidc),
    /// A listener of the same Envoy hands out the mounted file.
    Listener {
        /// Where.
        listener: Listener,
        /// The response header that has the token, in lower case; without it the body is the token.
        header: Option<String>,
    },
}

/// A token without what surrounds it; the error says what was expected.
pub fn token_text(text: &str) -> Result<&str, &'static str> {
    let text = key_text(text)?;
    if TOKEN_LENGTH.contains(&text.len()) { Ok(text) } else { Err("expected a token of 4 to 20000 characters") }
}

impl WebIdentity {
    /// Fetches the token, then the role's credentials.
    pub async fn fetch(&self, line: &Line) -> Outcome {
        let token = self.token.fetch(line).await?;
        let token = token_text(token.expose())
            .map_err(|_| FetchError::new("the token is none: it has 4 to 20000 printable characters"))?;
        let field = ("WebIdentityToken", Some(token));
        let call: Call = self.sts.call("AssumeRoleWithWebIdentity", &self.role, &[field]).hiding(token);
        let answer = line.send(&call).await.map_err(|failure| FetchError::unanswered("STS", &call, failure))?;
        let mut fetched = sts::read(&call, &answer, line.now())?;
        fetched.source = "webIdentity".to_owned();
        Ok(fetched)
    }
}

impl Token {
    async fn fetch(&self, line: &Line) -> Result<Secret, FetchError> {
        match self {
            Self::Value(token) => Ok(token.clone()),
            Self::Oidc(oidc) => oidc.token(line).await,
            Self::Listener { listener, header } => {
                let answer = listener.ask(line).await?;
                let text = match header {
                    Some(name) => {
                        answer.header(name).ok_or_else(|| FetchError::unusable(listener::WHO, "no such header"))?
                    }
                    None => answer.text().map_err(|what| FetchError::unusable(listener::WHO, what))?,
                };
                Ok(Secret::new(text))
            }
        }
    }
}
