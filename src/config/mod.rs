//! The plugin's JSON as a validated [`Config`].

use std::collections::BTreeMap;

/// A validated configuration: what the exchange reads.
#[derive(Clone, Debug)]
pub struct Config {
    /// AWS region: the endpoint's and the credential scope's.
    pub region: String,
    /// Host of the Bedrock runtime endpoint, with the port where it is not 443; signed and sent as `:authority`.
    pub host: String,
    /// Where credentials come from.
    pub credentials: Source,
    /// Which requests go to Bedrock.
    pub routing: Routing,
    /// Names clients use → model ids, inference profiles or ARNs that Bedrock is asked for.
    pub models: BTreeMap<String, String>,
    /// On the client's name and on the resolved id; empty allows all.
    pub allowed_models: Vec<Pattern>,
    /// Without a trailing slash; empty or `/…`.
    pub path_prefix: String,
    /// Caps.
    pub limits: Limits,
}

/// Where credentials come from (`credentials.type`).
#[derive(Clone, Debug)]
pub enum Source {
    /// Resolved when the configuration was read: `static`, `apiKey`, `credentialsFile.content`, `environment` ….
    Ready(crate::aws::credentials::Credentials),
    /// Nothing usable was found; requests are answered with this reason, which names the source and never a value.
    Missing(String),
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// To Bedrock.
    #[default]
    Bedrock,
    /// On through Envoy, untouched.
    Passthrough,
}

/// A name with `*` for any run of bytes.
#[derive(Clone, Debug)]
pub struct Pattern(String);

/// Caps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest request body, bytes.
    pub request_bytes: usize,
    /// Largest event stream message, bytes.
    pub frame_bytes: usize,
}
