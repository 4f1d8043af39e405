//! `assumeRole`: a role by STS AssumeRole, signed with the credentials of another source.

use crate::aws::sigv4::{SignableRequest, Signer};
use sha2::{Digest as _, Sha256};

use super::call::FORM;
use super::fetch::{Line, Outcome};
use super::provider::Provider;
use super::sts::{self, Role, Sts};
use super::{Credentials, FetchError};

/// The role, and on top of what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AssumeRole {
    /// Where STS is.
    pub sts: Sts,
    /// The role.
    pub role: Role,
    /// What the role's trust policy may ask for (`sts:ExternalId`).
    pub external_id: Option<String>,
    /// Whose credentials sign.
    pub source: Provider,
}

impl AssumeRole {
    /// Fetches the source's credentials, then the role's.
    pub async fn fetch(&self, line: &Line) -> Outcome {
        let own = self.source.fetch(line).await?;
        let Credentials::AccessKey(key) = &own.credentials else {
            return Err(FetchError::new("a Bedrock API key cannot assume a role").of(&own.source));
        };
        let external_id = ("ExternalId", self.external_id.as_deref());
        let mut call = self.sts.call("AssumeRole", &self.role, &[external_id]);
        let request = SignableRequest {
            method: call.method,
            path: &call.path,
            query: "",
            headers: &[("content-type", FORM), ("host", &call.host)],
            payload_sha256: Sha256::digest(call.body.expose()).into(),
        };
        let signature = Signer::new(&self.sts.region, "sts").sign(&request, key, line.now());
        call = call.with("x-amz-date", signature.amz_date).with("authorization", signature.authorization);
        if let Some(token) = &key.session_token {
            call = call.with_secret("x-amz-security-token", token.expose());
        }
        let answer = line.send(&call).await.map_err(|failure| FetchError::unanswered("STS", &call, failure))?;
        let mut fetched = sts::read(&call, &answer, line.now())?;
        fetched.source = format!("assumeRole of {}", own.source);
        Ok(fetched)
    }
}
