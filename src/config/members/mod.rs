//! The configuration as it is written: its members, their types, defaults and documentation, in this one place.
//!
//! The reader accepts what stands here and nothing else, and the JSON Schema is derived from it. A new member is a field
//! here, what it turns into is one in `Config`.

mod credentials;

use serde::Deserialize;

use super::table::Table;
use super::text_or::{Setting, TextOr};
use super::values::{
    AnyText, BaseModel, Beta, Checked, DroppedPath, GuardrailIdentifier, GuardrailVersion, HeaderName, HeaderValue,
    Host, Latency, MemberPath, MetadataKey, MetadataValue, Model, Number, PathPrefix, Region, ServiceTier, Trace,
};
use super::{CountTokens, Destination, FieldMode, InferenceProfile, Pattern, Role, UnknownModels, Upstream};
pub(super) use credentials::{Credentials, Listener, Sts, Token};

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
    /// Which of Bedrock's APIs requests are sent to; one of `models` may name another.
    pub upstream: Upstream,
    /// Where the credentials come from that requests are signed with.
    #[cfg_attr(feature = "schema", schemars(extend("default" = {"type": "environment"})))]
    pub credentials: Credentials,
    /// Which requests go to Bedrock; without it, all do.
    pub routing: Routing,
    /// Names that clients use, each with the model id, inference profile or ARN that Bedrock is asked for.
    ///
    /// They come before the names that the filter knows by itself.
    pub models: Table<Model, TextOr<Model, Target>>,
    /// Which inference profile a name that the filter knows by itself stands for.
    pub inference_profile: InferenceProfile,
    /// What becomes of a name that neither `models` nor the filter knows.
    pub unknown_models: UnknownModels,
    /// Patterns of the models that clients may use, `*` for any run of characters.
    ///
    /// They are tried on the client's name and on the id that `models` has for it; without a match the client gets 403.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub allowed_models: Vec<Pattern>,
    /// Where tokens are counted for models that are not asked for through mantle.
    pub count_tokens: CountTokens,
    /// Which betas reach Bedrock, beside those that the filter lets through by itself.
    pub betas: Betas,
    /// What becomes of members of the body that Bedrock refuses.
    pub fields: Fields,
    /// The guardrail that messages are put under; those of native upstreams are not.
    pub guardrail: Option<Guardrail>,
    /// Bedrock's service tier: `priority`, `default`, `flex` or `reserved`.
    pub service_tier: Option<Setting<ServiceTier>>,
    /// Bedrock's latency: `standard` or `optimized`.
    pub performance_latency: Option<Setting<Latency>>,
    /// Metadata for Bedrock's invocation logs: 16 keys at most.
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::config::requests::MOST_METADATA)))]
    pub request_metadata: Table<MetadataKey, Setting<MetadataValue>>,
    /// Path that the API is served below, such as `/anthropic`; empty for none.
    pub path_prefix: Checked<PathPrefix>,
    /// Caps on what is held in memory, and on waiting.
    pub limits: Limits,
    /// Whether the filter is alone in its chain, or one of two.
    pub role: Role,
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
    /// Host to call in place of the region's own for what goes to mantle; `:port` may follow.
    pub mantle_host: Option<Checked<Host>>,
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

/// What Bedrock is asked for under a name, and how.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Target {
    /// A model id, an inference profile or an ARN.
    pub id: Checked<Model>,
    /// The model behind an id that does not say it, by a name that the filter knows: for counting tokens, and for what
    /// depends on the model.
    pub base_model: Option<Checked<BaseModel>>,
    /// Which of Bedrock's APIs this model is asked for through.
    pub upstream: Option<Upstream>,
}

/// Which betas reach Bedrock, beside those that the filter lets through by itself.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Betas {
    /// Betas that reach it too.
    pub allow: Vec<Checked<Beta>>,
    /// Betas that do not.
    pub deny: Vec<Checked<Beta>>,
    /// Betas that are sent under another name.
    pub alias: Table<Beta, Checked<Beta>>,
}

/// What becomes of members of the body that Bedrock refuses.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Fields {
    /// Whether they are taken out, let through, or the request refused.
    pub mode: FieldMode,
    /// Paths of members that are let through although the filter would take them out.
    pub allow: Vec<Checked<MemberPath>>,
    /// Paths of members that are taken out as well.
    pub drop: Vec<Checked<DroppedPath>>,
}

/// The guardrail that messages are put under; those of native upstreams are not.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Guardrail {
    /// Its id or ARN.
    pub identifier: Setting<GuardrailIdentifier>,
    /// Its version: a number, or `DRAFT`.
    #[cfg_attr(feature = "schema", schemars(example = "1"))]
    pub version: Setting<GuardrailVersion>,
    /// Whether Bedrock tells what it did: `ENABLED`, `DISABLED` or `ENABLED_FULL`.
    pub trace: Option<Setting<Trace>>,
}

/// A literal, or where else the value is.
pub(super) type AnySetting = TextOr<AnyText, FromHeader>;

/// A value that a header of the client's request has.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FromHeader {
    /// The header's name, in upper or lower case.
    pub header: Checked<HeaderName>,
    /// The value for a request without it.
    pub default: Option<Checked<AnyText>>,
}

/// Caps on what is held in memory, and on waiting.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Limits {
    /// Largest request body, in bytes; a larger one gets 413.
    pub request_bytes: Number<1024, 268_435_456>,
    /// Largest message of Bedrock's event stream, in bytes; a larger one ends the stream with an error.
    pub frame_bytes: Number<1024, 33_554_432>,
    /// How long a request waits for the first credentials, in milliseconds; then it gets 503.
    pub credentials_wait_ms: Number<0, 60_000>,
}

impl Default for Members {
    fn default() -> Self {
        Self {
            region: None,
            endpoint: Endpoint::default(),
            upstream: Upstream::default(),
            credentials: Credentials::Environment {},
            routing: Routing::default(),
            models: Table::default(),
            inference_profile: InferenceProfile::default(),
            unknown_models: UnknownModels::default(),
            allowed_models: Pattern::new("*").into_iter().collect(),
            count_tokens: CountTokens::default(),
            betas: Betas::default(),
            fields: Fields::default(),
            guardrail: None,
            service_tier: None,
            performance_latency: None,
            request_metadata: Table::default(),
            path_prefix: Checked::default(),
            limits: Limits::default(),
            role: Role::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { request_bytes: Number(33_554_432), frame_bytes: Number(4_194_304), credentials_wait_ms: Number(5_000) }
    }
}
