//! What a request to AWS is authenticated with, and where that comes from.
//!
//! A source that needs no call (`environment`, `credentials_file`) is a function. Any other is a [`Provider`], one file each;
//! a [`Fetch`] runs it, step by step. What a gateway's workers share of it, and who of them fetches when, is a [`Record`].

pub mod assume_role;
pub mod call;
mod codec;
pub mod container;
pub mod credentials_file;
mod document;
pub mod environment;
mod error;
pub mod expiration;
pub mod fetch;
pub mod instance_metadata;
pub mod listener;
pub mod oidc;
pub mod provider;
pub mod record;
pub mod schedule;
pub mod sts;
pub mod web_identity;

use std::fmt;

use zeroize::Zeroize as _;

pub use call::{Answer, Call, CallFailure};
pub use error::FetchError;
pub use fetch::{Fetch, Fetched, Step};
pub use provider::Provider;
pub use record::{Held, Record};

/// What a request is authenticated with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Credentials {
    /// Signed with SigV4.
    AccessKey(AccessKey),
    /// `Authorization: Bearer`, a Bedrock API key.
    ApiKey(Secret),
}

/// An AWS access key; `session_token` is present for temporary ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessKey {
    /// `AKIA…` or `ASIA…`; no secret.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: Secret,
    /// Sent and signed as `x-amz-security-token`.
    pub session_token: Option<Secret>,
}

/// A text that no `Debug` shows, and whose memory is overwritten when it is given up.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
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

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
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
