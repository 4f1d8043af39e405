//! What a request to AWS is authenticated with, and where that comes from (one file a source).

use std::fmt;

/// What a request is authenticated with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Signed with SigV4.
    AccessKey(AccessKey),
    /// `Authorization: Bearer`, a Bedrock API key.
    ApiKey(Secret),
}

/// An AWS access key; `session_token` is present for temporary ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…` or `ASIA…`; no secret.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: Secret,
    /// Sent and signed as `x-amz-security-token`.
    pub session_token: Option<Secret>,
}

/// A text that no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for signing and for the one header it belongs in.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
