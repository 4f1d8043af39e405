//! The plugin's JSON as a validated [`Config`].

mod credential_values;
mod credentials;
mod members;
mod pattern;
mod read_error;
mod reader;
mod requests;
mod role;
#[cfg(feature = "schema")]
mod schema;
mod table;
mod text_or;
mod tree;
mod values;

use std::fmt;
use std::rc::Rc;

use serde::Deserialize;

use crate::anthropic::account;
use crate::aws::endpoint::{mantle_host, region_of_host, runtime_host};
use crate::bedrock::fields::FieldRules;
use crate::by_name::ByName;
use crate::json::Paths;
use credentials::Place;
use members::Members;
use read_error::{ReadError, Step};
use requests::MOST_METADATA;
use values::Rule;

pub use crate::bedrock::profile::InferenceProfile;
pub use credentials::Source;
pub use pattern::Pattern;
pub use requests::{Betas, CountTokens, FieldMode, Fields, Guardrail, Setting, Target, UnknownModels, Upstream};
pub use role::{Plugin, Role};
#[cfg(feature = "schema")]
pub use schema::schema;

/// Environment variables by name, as the host passes them in.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A validated configuration: what the exchange reads.
#[derive(Clone, Debug)]
pub struct Config {
    /// AWS region: the endpoint's and the credential scope's.
    pub region: String,
    /// Host of the Bedrock runtime endpoint, with the port where it is not 443; signed and sent as `:authority`.
    pub host: String,
    /// The same for bedrock-mantle.
    pub mantle_host: String,
    /// Which of Bedrock's APIs requests are sent to, where a model does not say another.
    pub upstream: Upstream,
    /// Where credentials come from.
    pub credentials: Source,
    /// Which requests go to Bedrock.
    pub routing: Routing,
    /// Names clients use → what Bedrock is asked for.
    pub models: ByName<Target>,
    /// What a name out of the catalogue stands for.
    pub inference_profile: InferenceProfile,
    /// What becomes of a name that neither `models` nor the catalogue knows.
    pub unknown_models: UnknownModels,
    /// One of them has to match the client's name or the id it stands for; the default is `*`.
    pub allowed_models: Vec<Pattern>,
    /// Where tokens are counted.
    pub count_tokens: CountTokens,
    /// Betas, on top of the built-in table.
    pub betas: Betas,
    /// Members that Bedrock refuses, on top of the built-in table.
    pub fields: Fields,
    /// The same as rules of the editor.
    pub field_rules: Rc<FieldRules>,
    /// Where an answer says what it cost and why it ended.
    pub document_paths: Rc<Paths>,
    /// The guardrail that messages are put under; those of native upstreams are not.
    pub guardrail: Option<Guardrail>,
    /// Bedrock's service tier.
    pub service_tier: Option<Setting>,
    /// Bedrock's latency.
    pub performance_latency: Option<Setting>,
    /// Metadata for Bedrock's invocation logs.
    pub request_metadata: ByName<Setting>,
    /// Without a trailing slash; empty or `/…`.
    pub path_prefix: String,
    /// Caps.
    pub limits: Limits,
    /// Whether another instance behind this one holds the headers of requests (`role` `transform`).
    pub is_paired: bool,
}

/// Which requests go to Bedrock.
#[derive(Clone, Debug, Default)]
pub struct Routing {
    /// Decides first, for a request that has the header.
    pub header: Option<HeaderRule>,
    /// A request for one of these models goes to Bedrock.
    pub models: Vec<Pattern>,
    /// What neither rule decides.
    pub default: Destination,
}

/// A header that decides: equal → Bedrock, another value → passed on.
#[derive(Clone, Debug)]
pub struct HeaderRule {
    /// Lower case.
    pub name: String,
    /// Compared byte by byte.
    pub value: String,
}

/// Where a request goes that no rule decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Destination {
    /// To Bedrock.
    #[default]
    Bedrock,
    /// On through Envoy, untouched.
    Passthrough,
}

/// Caps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest request body, bytes.
    pub request_bytes: usize,
    /// Largest event stream message, bytes.
    pub frame_bytes: usize,
    /// How long a request waits for the first credentials, milliseconds.
    pub credentials_wait_ms: u64,
}

/// Why a configuration is refused: names keys and what was expected, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// The text is no JSON.
    Syntax {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// A member is not what it has to be.
    Member {
        /// Its full path; empty for the whole configuration.
        path: String,
        /// What was expected.
        problem: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column } => write!(f, "line {line} column {column}: not valid JSON"),
            Self::Member { path, problem } if path.is_empty() => write!(f, "the configuration: {problem}"),
            Self::Member { path, problem } => write!(f, "{path}: {problem}"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    fn at(path: &str, problem: impl Into<String>) -> Self {
        Self::Member { path: path.to_owned(), problem: problem.into() }
    }
}

impl Config {
    /// Reads and checks the configuration of a plugin that serves requests: see [`Plugin::parse`].
    pub fn parse(json: &[u8], environment: Environment<'_>) -> Result<Self, ConfigError> {
        match Plugin::parse(json, environment)? {
            Plugin::Serve(config) => Ok(*config),
            Plugin::Hold => Err(ConfigError::at("role", "expected single or transform")),
        }
    }

    fn new(members: Members, environment: Environment<'_>) -> Result<Self, ConfigError> {
        let mantle = members.endpoint.mantle_host.as_ref().map(|host| host.0.clone());
        let fips = members.endpoint.fips;
        let (region, host) = place(members.region.map(|region| region.0), members.endpoint, environment)?;
        if members.allowed_models.is_empty() {
            return Err(ConfigError::at("allowedModels", "expected at least one pattern; * allows every model"));
        }
        if members.request_metadata.0.len() > MOST_METADATA {
            return Err(ConfigError::at("requestMetadata", format!("expected {MOST_METADATA} keys at most")));
        }
        let (routing, limits) = (members.routing, members.limits);
        let fields = Fields::try_from(members.fields)?;
        let models = members.models.into_map();
        if members.guardrail.is_some() {
            check_guarded(members.upstream, &models)?;
        }
        let credentials = credentials::source(members.credentials, &Place { region: &region, fips, environment })?;
        Ok(Self {
            mantle_host: mantle.unwrap_or_else(|| mantle_host(&region)),
            region,
            host,
            upstream: members.upstream,
            credentials,
            routing: Routing {
                header: routing.header.map(|rule| HeaderRule { name: rule.name.0, value: rule.value.0 }),
                models: routing.models,
                default: routing.default,
            },
            models,
            inference_profile: members.inference_profile,
            unknown_models: members.unknown_models,
            allowed_models: members.allowed_models,
            count_tokens: members.count_tokens,
            betas: members.betas.try_into()?,
            field_rules: Rc::new(FieldRules::new(&fields)),
            document_paths: account::paths(),
            fields,
            guardrail: members.guardrail.map(Guardrail::from),
            service_tier: members.service_tier.map(|setting| setting.0),
            performance_latency: members.performance_latency.map(|setting| setting.0),
            request_metadata: members.request_metadata.into_map(),
            path_prefix: members.path_prefix.0,
            is_paired: members.role == Role::Transform,
            limits: Limits {
                request_bytes: limits.request_bytes.get(),
                frame_bytes: limits.frame_bytes.get(),
                credentials_wait_ms: limits.credentials_wait_ms.0.into(),
            },
        })
    }
}

/// Guardrails belong to InvokeModel: on a native upstream a request would go without one, and nobody would know.
fn check_guarded(upstream: Upstream, models: &ByName<Target>) -> Result<(), ConfigError> {
    let key = |name: &str| Step::Key(name.to_owned());
    let wrong = || {
        let what = "invoke: the native upstreams have no guardrails, and there is one in guardrail";
        ReadError::expected(what).inside(key("upstream"))
    };
    if upstream != Upstream::Invoke {
        return Err(wrong().into_config_error());
    }
    let native = |target: &Target| target.upstream.is_some_and(|upstream| upstream != Upstream::Invoke);
    match models.iter().find(|(_, target)| native(target)) {
        Some((name, _)) => Err(wrong().inside(key(name)).inside(key("models")).into_config_error()),
        None => Ok(()),
    }
}

/// The region and the host, each of which may say what the other is.
fn place(
    region: Option<String>,
    endpoint: members::Endpoint,
    environment: Environment<'_>,
) -> Result<(String, String), ConfigError> {
    let Some(host) = endpoint.host.map(|host| host.0) else {
        let region = region.map_or_else(|| region_of_environment(environment), Ok)?;
        let host = runtime_host(&region, endpoint.fips, endpoint.dual_stack);
        return Ok((region, host));
    };
    if endpoint.fips || endpoint.dual_stack {
        let key = if endpoint.fips { "endpoint.fips" } else { "endpoint.dualStack" };
        return Err(ConfigError::at(key, "expected false, or no endpoint.host: this chooses the region's own host"));
    }
    let region = match (region_of_host(&host), region) {
        (Some(of_host), Some(region)) if of_host != region => {
            return Err(ConfigError::at("region", "expected the region that endpoint.host is in, or no region"));
        }
        (Some(of_host), _) => of_host.to_owned(),
        (None, Some(region)) => region,
        (None, None) => region_of_environment(environment)?,
    };
    Ok((region, host))
}

fn region_of_environment(environment: Environment<'_>) -> Result<String, ConfigError> {
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(region) = environment(variable).filter(|region| !region.trim().is_empty()) {
            return values::Region::check(region.trim())
                .map_err(|expected| ConfigError::at("region", format!("{expected} in the variable {variable}")));
        }
    }
    Err(ConfigError::at(
        "region",
        "expected a region such as us-east-1, here or in the variable AWS_REGION or AWS_DEFAULT_REGION",
    ))
}
