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
    /// What the credential services hand out, and to whom.
    pub credentials: CredentialConfig,
}

/// What changes how the credential services answer.
#[derive(Clone)]
pub struct CredentialConfig {
    /// The role of the instance, whose credentials IMDS hands out.
    pub instance_role: String,
    /// Whether IMDS answers without a token too, as IMDSv1 does.
    pub imds_v1: bool,
    /// What the container endpoint wants as `authorization`.
    pub container_token: String,
    /// The client that the OIDC endpoint knows; STS takes tokens for this audience.
    pub oidc_client_id: String,
    /// That client's secret.
    pub oidc_client_secret: String,
    /// The one way in which it takes the secret; both without it.
    pub oidc_authentication: Option<ClientAuthentication>,
    /// The life of everything that is handed out, in place of the one that each service has for it.
    pub session_life: Option<Duration>,
}

/// How an OIDC client shows its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ClientAuthentication {
    /// In the form.
    Form,
    /// In the header `authorization`.
    Basic,
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

impl CredentialConfig {
    /// The role of the instance, when none is given.
    pub const INSTANCE_ROLE: &str = "gateway-role";
    /// The container endpoint's token, when none is given.
    pub const CONTAINER_TOKEN: &str = "container-token-example";
    /// The OIDC client, when none is given.
    pub const OIDC_CLIENT_ID: &str = "bedrock-gateway";
    /// The OIDC client's secret, when none is given.
    pub const OIDC_CLIENT_SECRET: &str = "oidc-client-secret-example";
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
            credentials: CredentialConfig::default(),
        }
    }
}

impl Default for CredentialConfig {
    fn default() -> Self {
        Self {
            instance_role: Self::INSTANCE_ROLE.into(),
            imds_v1: false,
            container_token: Self::CONTAINER_TOKEN.into(),
            oidc_client_id: Self::OIDC_CLIENT_ID.into(),
            oidc_client_secret: Self::OIDC_CLIENT_SECRET.into(),
            oidc_authentication: None,
            session_life: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("region", &self.region)
            .field("keys", &self.keys)
            .field("token_delay", &self.token_delay)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CredentialConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialConfig")
            .field("instance_role", &self.instance_role)
            .field("imds_v1", &self.imds_v1)
            .field("oidc_client_id", &self.oidc_client_id)
            .field("session_life", &self.session_life)
            .finish_non_exhaustive()
    }
}
