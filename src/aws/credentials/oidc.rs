//! A web identity token by OAuth's client credentials grant (RFC 6749 §4.4), the client's secret in the form.

use super::document::{member, object};
use super::error::Said;
use super::fetch::Line;
use super::{FetchError, Secret};
use crate::aws::credentials::call::Call;

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
    /// What is asked for, divided by spaces.
    pub scope: Option<String>,
    /// For whom the token is to be (Auth0's and Okta's parameter).
    pub audience: Option<String>,
}

impl Oidc {
    /// `id_token` where the answer has one, else `access_token`.
    pub async fn token(&self, line: &Line) -> Result<Secret, FetchError> {
        let call = Call::new(&self.cluster, "POST", &self.host, &self.path)
            .with("accept", "application/json")
            .form(&[
                ("grant_type", Some("client_credentials")),
                ("client_id", Some(&self.client_id)),
                ("client_secret", Some(self.client_secret.expose())),
                ("scope", self.scope.as_deref()),
                ("audience", self.audience.as_deref()),
            ])
            .hiding(self.client_secret.expose());
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
