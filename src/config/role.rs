//! What a plugin is in its filter chain.

use serde::Deserialize;

use super::members::Members;
use super::{Config, ConfigError, Environment, reader};

/// Whether the filter is alone in its chain, or one of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Alone: it needs Envoy's `allow_on_headers_stop_iteration`.
    #[default]
    Single,
    /// The first of two, where that option cannot be set: it does all but hold the headers of requests.
    Transform,
    /// The second of two: it holds the headers until the first says how they leave. It takes no other member.
    Hold,
}

/// What a plugin is configured to be.
#[derive(Clone, Debug)]
pub enum Plugin {
    /// It serves requests, as `single` or as `transform`.
    Serve(Box<Config>),
    /// It holds the headers of requests.
    Hold,
}

/// `hold`, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holding {
    #[serde(rename = "role")]
    _role: Role,
}

impl Plugin {
    /// Reads and checks the plugin's configuration; a text without anything in it is `{}`.
    pub fn parse(json: &[u8], environment: Environment<'_>) -> Result<Self, ConfigError> {
        let members: Members = reader::read(json)?;
        if members.role != Role::Hold {
            return Ok(Self::Serve(Box::new(Config::new(members, environment)?)));
        }
        reader::read::<Holding>(json).map(|_| Self::Hold)
    }
}
