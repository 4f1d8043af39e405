//! A web identity token by OAuth's client credentials grant (RFC 6749 §4.4).

use base64_simd::STANDARD;
use serde::Deserialize;

use super::document::{member, object};
use super::error::Said;
use super::fetch::Line;
use super::{FetchError, Secret};
use crate::aws::credentials::call::{Call, encoded};

const WHO: &str = "the OIDC issuer";

/// The issuer's token endpoint, and who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Oidc {
    /// Envoy's cluster.
    pub cluster: String,
    /// The issuer's host.
    pub host: String,
    /// Path of its token endpoint.
    pub path: String,
    /// The client.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// How the client shows its secret.
    pub client_authentication: ClientAuthentication,
    /// What is asked for, divided by spaces.
    pub scope: Option<String>,
    /// For whom the token is to be (Auth0's and Okta's parameter).
    pub audience: Option<String>,
}

/// How a client shows its secret (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ClientAuthentication {
    /// In the form, with its id: `client_secret_post`.
    #[default]
    Form,
    /// In the header `authorization`, with its id: `client_secret_basic`.
    Basic,
}

impl Oidc {
    /// `id_token` where the answer has one, else `access_token`.
    pub async fn token(&self, line: &Line) -> Result<Secret, FetchError> {
        let in_form = |value| Some(value).filter(|_| self.client_authentication == ClientAuthentication::Form);
        let mut call = Call::new(&self.cluster, "POST", &self.host, &self.path)
            .with("accept", "application/json")
            .form(&[
                ("grant_type", Some("client_credentials")),
                ("client_id", in_form(self.client_id.as_str())),
                ("client_secret", in_form(self.client_secret.expose())),
                ("scope", self.scope.as_deref()),
                ("audience", self.audience.as_deref()),
            ])
            .hiding(self.client_secret.expose());
        if self.client_authentication == ClientAuthentication::Basic {
            let pair = Secret::new(format!("{}:{}", encoded(&self.client_id), encoded(self.client_secret.expose())));
            let pair = Secret::new(STANDARD.encode_to_string(pair.expose()));
            call = call.with_secret("authorization", &format!("Basic {}", pair.expose())).hiding(pair.expose());
        }
        let answer = line.send(&call).await.map_err(|failure| FetchError::unanswered(WHO, &call, failure))?;
        let document = answer.text().map_err(|what| FetchError::unusable(WHO, what)).and_then(|text| object(WHO, text));
        if answer.status != 200 {
            let document = document.unwrap_or_default();
            // RFC 6749 §5.2.
            let said = Said { code: member(&document, "error"), message: member(&document, "error_description") };
            return Err(FetchError::answered(WHO, &call, answer.status, said));
        }
        let document = document?;
        let token = member(&document, "id_token").or_else(|| member(&document, "access_token"));
        token.map(Secret::new).ok_or_else(|| FetchError::unusable(WHO, "neither id_token nor access_token"))
    }
}
