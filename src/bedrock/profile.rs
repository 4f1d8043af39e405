//! Which inference profile a model is asked for through.

use serde::Deserialize;

/// The prefix of the inference profiles that names out of the catalogue become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum InferenceProfile {
    /// The geography's of the region where there is one, else `global`, else none.
    #[default]
    Auto,
    /// The bare id of the model.
    None,
    /// `us.`
    Us,
    /// `eu.`
    Eu,
    /// `apac.`
    Apac,
    /// `jp.`
    Jp,
    /// `au.`
    Au,
    /// `us-gov.`
    UsGov,
    /// `global.`
    Global,
}
