//! What a simulator is told when it starts.

use std::fmt;
use std::time::Duration;

/// The AWS credentials a request must be signed with.
#[derive(Clone)]
pub struct AccessKeys {
    /// Access key id, named in the credential scope.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token; when set, each request must carry it in `x-amz-security-token`.
    pub session_token: Option<String>,
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKeys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Everything that changes how a simulator answers.
#[derive(Clone)]
pub struct Config {
    /// The region of the credential scope.
    pub region: String,
    /// The keys that sign.
    pub keys: AccessKeys,
    /// The Bedrock API key that is accepted as a bearer token.
    pub api_key: String,
    /// The pause between two events of a stream.
    pub token_delay: Duration,
}

impl Config {
    /// Region, when none is given.
    pub const REGION: &str = "us-east-1";
    /// Access key id of AWS's own signing examples.
    pub const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
    /// Secret access key of AWS's own signing examples.
    pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    /// Bedrock API key, when none is given.
    pub const API_KEY: &str = "bedrock-api-key-example";
    /// Milliseconds between two events of a stream, when none are given.
    pub const TOKEN_DELAY_MS: u64 = 30;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            region: Self::REGION.into(),
            keys: AccessKeys {
                access_key_id: Self::ACCESS_KEY_ID.into(),
                secret_access_key: Self::SECRET_ACCESS_KEY.into(),
                session_token: None,
            },
            api_key: Self::API_KEY.into(),
            token_delay: Duration::from_millis(Self::TOKEN_DELAY_MS),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("region", &self.region)
            .field("keys", &self.keys)
            .field("token_delay", &self.token_delay)
            .finish_non_exhaustive()
    }
}
