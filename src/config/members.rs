//! The configuration as it is written: its members, their types, defaults and documentation, in this one place.
//!
//! The reader accepts what stands here and nothing else, and the JSON Schema is derived from it. A new member is a field
//! here, what it turns into is one in `Config`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::values::{Bytes, Checked, HeaderName, HeaderValue, Host, Key, Model, PathPrefix, Profile, Region, Variable};
use super::{Destination, Pattern};

/// # Bedrock Messages
///
/// The configuration of the filter: one JSON object, the same in Envoy's `configuration` and in `config` of an
/// `EnvoyExtensionPolicy`.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Configuration"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Members {
    /// Region that Bedrock is called in and that requests are signed for.
    ///
    /// Default: the region of `endpoint.host` where that is a host of AWS, else the environment variables `AWS_REGION`,
    /// then `AWS_DEFAULT_REGION`.
    pub region: Option<Checked<Region>>,
    /// Which of Bedrock's endpoints is called.
    pub endpoint: Endpoint,
    /// Where the credentials come from that requests are signed with.
    #[cfg_attr(feature = "schema", schemars(extend("default" = {"type": "environment"})))]
    pub credentials: Credentials,
    /// Which requests go to Bedrock; without it, all do.
    pub routing: Routing,
    /// Names that clients use, each with the model id, inference profile or ARN that Bedrock is asked for.
    ///
    /// A name that is not here goes to Bedrock as it is.
    pub models: BTreeMap<Checked<Model>, Checked<Model>>,
    /// Patterns of the models that clients may use, `*` for any run of characters.
    ///
    /// They are tried on the client's name and on the id that `models` has for it; without a match the client gets 403.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub allowed_models: Vec<Pattern>,
    /// Path that the API is served below, such as `/anthropic`; empty for none.
    pub path_prefix: Checked<PathPrefix>,
    /// Caps on what is held in memory.
    pub limits: Limits,
}

/// Which of Bedrock's endpoints is called.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Endpoint {
    /// Host to call in place of the region's own: a VPC endpoint, or one that is not AWS's; `:port` may follow.
    ///
    /// It excludes `fips` and `dualStack`, which choose the region's own host.
    pub host: Option<Checked<Host>>,
    /// Whether to call the FIPS endpoint.
    pub fips: bool,
    /// Whether to call the endpoint that answers over IPv6 too.
    pub dual_stack: bool,
}

/// Where the credentials come from that requests are signed with.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Credentials", tag = "type"))]
#[serde(rename = "by type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Credentials {
    /// The filter's environment variables: `AWS_BEARER_TOKEN_BEDROCK`, else `AWS_ACCESS_KEY_ID` and
    /// `AWS_SECRET_ACCESS_KEY`, for temporary ones with `AWS_SESSION_TOKEN`.
    Environment {},
    /// An access key in the configuration itself.
    Static {
        /// `AKIA…`, or `ASIA…` with a session token.
        access_key_id: Checked<Key>,
        /// The key that signs.
        secret_access_key: Checked<Key>,
        /// For temporary access keys.
        session_token: Option<Checked<Key>>,
    },
    /// The text of an AWS credentials file: exactly one of `content` and `environmentVariable`.
    #[serde(rename = "credentialsFile")]
    File {
        /// The text itself.
        content: Option<String>,
        /// The environment variable of the filter that holds the text.
        environment_variable: Option<Checked<Variable>>,
        /// The section that is read.
        #[serde(default)]
        profile: Checked<Profile>,
    },
    /// A Bedrock API key, sent as a bearer token in place of a signature.
    ApiKey {
        /// The key.
        value: Checked<Key>,
    },
}

/// Which requests go to Bedrock.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Routing {
    /// Decides for each request that has this header: with this value it goes to Bedrock, with another it is passed on.
    pub header: Option<HeaderRule>,
    /// Patterns of models, `*` for any run of characters: a request for one of them, or for a name in the member `models`
    /// of the configuration, goes to Bedrock.
    pub models: Vec<Pattern>,
    /// Where a request goes that neither rule decides.
    pub default: Destination,
}

/// A request header that decides.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HeaderRule {
    /// The header's name, in upper or lower case.
    pub name: Checked<HeaderName>,
    /// The value that sends a request to Bedrock; upper and lower case differ.
    pub value: Checked<HeaderValue>,
}

/// Caps on what is held in memory.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Limits {
    /// Largest request body, in bytes; a larger one gets 413.
    pub request_bytes: Bytes<1024, 268_435_456>,
    /// Largest message of Bedrock's event stream, in bytes; a larger one ends the stream with an error.
    pub frame_bytes: Bytes<1024, 33_554_432>,
}

impl Default for Members {
    fn default() -> Self {
        Self {
            region: None,
            endpoint: Endpoint::default(),
            credentials: Credentials::Environment {},
            routing: Routing::default(),
            models: BTreeMap::new(),
            allowed_models: Pattern::new("*").into_iter().collect(),
            path_prefix: Checked::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { request_bytes: Bytes(33_554_432), frame_bytes: Bytes(4_194_304) }
    }
}
