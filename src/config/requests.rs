//! What the configuration says of requests: models, betas, fields and Bedrock's own knobs.

use serde::Deserialize;

use crate::by_name::ByName;

use super::ConfigError;
use super::members;
use super::text_or::TextOr;
use super::values::Checked;

/// Which of Bedrock's APIs a request is sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Upstream {
    /// InvokeModel and InvokeModelWithResponseStream of the Bedrock runtime.
    #[default]
    Invoke,
    /// The Messages API of the Bedrock runtime, below `/anthropic`.
    RuntimeNative,
    /// The Messages API of bedrock-mantle.
    Mantle,
}

/// What Bedrock is asked for under a name of `models`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A model id, an inference profile or an ARN.
    pub id: String,
    /// The model behind an id that does not say it: a name, an alias or a Bedrock id of the catalogue.
    pub base_model: Option<String>,
    /// In place of the configuration's own.
    pub upstream: Option<Upstream>,
}

/// What becomes of a name that neither `models` nor the catalogue knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum UnknownModels {
    /// It goes to Bedrock as it is.
    #[default]
    Forward,
    /// The client gets 404.
    Reject,
}

/// Where tokens are counted for models that are not asked for through mantle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CountTokens {
    /// CountTokens of the Bedrock runtime.
    #[default]
    Runtime,
    /// The Messages API of bedrock-mantle.
    Mantle,
}

/// Betas, on top of the built-in table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Betas {
    /// They reach Bedrock too.
    pub allow: Vec<String>,
    /// They do not reach it.
    pub deny: Vec<String>,
    /// Name of the client's → name for Bedrock.
    pub alias: ByName<String>,
}

/// Members of the body that Bedrock refuses, on top of the built-in table. Paths are names divided by `.`, with `[]`
/// behind the name of an array whose elements are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// What becomes of them.
    pub mode: FieldMode,
    /// They are let through.
    pub allow: Vec<String>,
    /// They are taken out as well.
    pub drop: Vec<String>,
}

/// What becomes of a member that Bedrock refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum FieldMode {
    /// It is taken out.
    #[default]
    Strip,
    /// It goes to Bedrock, and is counted.
    Observe,
    /// The request is refused.
    Strict,
}

/// The guardrail that messages are put under; those of native upstreams are not. Bedrock refuses an identifier without a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guardrail {
    /// Its id or ARN.
    pub identifier: Setting,
    /// A number or `DRAFT`; a configuration always has it.
    pub version: Option<Setting>,
    /// `ENABLED`, `DISABLED` or `ENABLED_FULL`.
    pub trace: Option<Setting>,
}

/// A value for Bedrock. What the configuration says was checked (`bedrock::knobs`), what a client's header says was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// This one.
    Literal(String),
    /// That of a header of the client's request.
    Header {
        /// Lower case.
        name: String,
        /// For a request without it; `None`: nothing is sent.
        default: Option<String>,
    },
}

/// Bedrock takes no more keys of request metadata.
pub(super) const MOST_METADATA: usize = 16;

impl<R> From<TextOr<R, members::Target>> for Target {
    fn from(target: TextOr<R, members::Target>) -> Self {
        match target {
            TextOr::Text(id) => Self { id: id.0, base_model: None, upstream: None },
            TextOr::Object(members::Target { id, base_model, upstream }) => {
                Self { id: id.0, base_model: base_model.map(|name| name.0), upstream }
            }
        }
    }
}

impl From<members::Guardrail> for Guardrail {
    fn from(members::Guardrail { identifier, version, trace }: members::Guardrail) -> Self {
        Self { identifier: identifier.0, version: Some(version.0), trace: trace.map(|trace| trace.0) }
    }
}

impl TryFrom<members::Betas> for Betas {
    type Error = ConfigError;

    fn try_from(members::Betas { allow, deny, alias }: members::Betas) -> Result<Self, ConfigError> {
        let (allow, deny) = (texts(allow), texts(deny));
        check_apart(&allow, &deny, "betas.deny", "expected a beta that betas.allow does not have")?;
        Ok(Self { allow, deny, alias: alias.into_map() })
    }
}

impl TryFrom<members::Fields> for Fields {
    type Error = ConfigError;

    fn try_from(members::Fields { mode, allow, drop }: members::Fields) -> Result<Self, ConfigError> {
        let (allow, drop) = (texts(allow), texts(drop));
        check_apart(&allow, &drop, "fields.drop", "expected a path that fields.allow does not have")?;
        Ok(Self { mode, allow, drop })
    }
}

fn texts<R>(texts: Vec<Checked<R>>) -> Vec<String> {
    texts.into_iter().map(|text| text.0).collect()
}

fn check_apart(first: &[String], second: &[String], key: &str, problem: &str) -> Result<(), ConfigError> {
    match second.iter().position(|text| first.contains(text)) {
        Some(at) => Err(ConfigError::at(&format!("{key}[{at}]"), problem)),
        None => Ok(()),
    }
}
