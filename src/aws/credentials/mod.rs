//! What a request to AWS is authenticated with, and where that comes from (one file a source).

pub mod credentials_file;
pub mod environment;

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

/// The text of a key or a token without what surrounds it; the error says what was expected.
///
/// All of them go into headers, and everything AWS hands out is printable ASCII: what is not was pasted wrongly.
pub fn key_text(text: &str) -> Result<&str, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("expected a text that is not empty");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("expected printable ASCII without spaces");
    }
    Ok(text)
}
