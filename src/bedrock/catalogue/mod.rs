//! The models that Bedrock has: the names clients use for them, and the ids Bedrock knows them by.

mod models;
mod name;

use super::profile::{InferenceProfile, Prefix};
use models::MODELS;

pub use models::UNKNOWN_DATE;
pub use name::Name;

/// A model of Anthropic's on Bedrock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Without a date: `claude-haiku-4-5`.
    pub name: &'static str,
    /// With its date, where Anthropic gave it one: `claude-haiku-4-5-20251001`.
    pub dated: Option<&'static str>,
    /// Other names that Anthropic used; the name with `-latest` behind it goes without saying.
    pub aliases: &'static [&'static str],
    /// For people.
    pub display_name: &'static str,
    /// When it was released, in RFC 3339; the epoch when that is not known.
    pub created_at: &'static str,
    /// Bedrock's id, without a prefix.
    pub base_id: &'static str,
    /// Its id on bedrock-mantle.
    pub mantle_id: &'static str,
    /// The inference profiles that it has.
    pub prefixes: &'static [Prefix],
    /// Whether the runtime's CountTokens serves it.
    pub count_tokens: bool,
    /// Whether it is of those since Opus 4.7, which Bedrock serves as it serves mantle: with stricter checks of a request.
    pub generation_4_7: bool,
    /// Where it is between its release and its end.
    pub lifecycle: Lifecycle,
}

/// Where a model is between its release and its end (Anthropic's "Model deprecations").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// It may be used.
    Active,
    /// It may still be used.
    Deprecated,
    /// It is gone, or about to go.
    Retired,
}

impl Lifecycle {
    /// As Anthropic's Models API says it.
    pub fn name(self) -> &'static str {
        match self {
            Lifecycle::Active => "active",
            Lifecycle::Deprecated => "deprecated",
            Lifecycle::Retired => "retired",
        }
    }
}

/// The model that a name stands for: its own, one with a date or an alias, decorated or not.
pub fn find(name: &str) -> Option<&'static Model> {
    Name::read(name).spellings().find_map(|name| MODELS.iter().find(|model| model.is_called(name)))
}

/// The model behind what Bedrock calls it: an id, bare or of an inference profile, or an ARN that holds one. An ARN that
/// holds none hides its model.
pub fn of_id(id: &str) -> Option<&'static Model> {
    let id = match id.strip_prefix("arn:") {
        Some(arn) => arn
            .splitn(5, ':')
            .nth(4)?
            .split_once('/')
            .and_then(|(kind, id)| matches!(kind, "foundation-model" | "inference-profile").then_some(id))?,
        None => id,
    };
    let base = match id.split_once('.') {
        Some((prefix, base)) if prefix != "anthropic" => base,
        _ => id,
    };
    let base = Name::read(base).bare;
    MODELS.iter().find(|model| model.base_id == base || model.mantle_id == base)
}

/// The model for any of its names or ids.
pub fn find_any(text: &str) -> Option<&'static Model> {
    find(text).or_else(|| of_id(text))
}

/// All of them, the newest first.
pub fn all() -> &'static [Model] {
    MODELS
}

/// Whether a text is an id or an ARN of Bedrock's, and no name that a client would have from Anthropic.
pub fn is_id(text: &str) -> bool {
    text.starts_with("arn:") || text.contains("anthropic.")
}

impl Model {
    /// Bedrock's id for a region.
    pub fn id_in(&self, region: &str, profile: InferenceProfile) -> String {
        match profile.choose(region, self.prefixes) {
            Some(prefix) => format!("{}.{}", prefix.name(), self.base_id),
            None => self.base_id.to_owned(),
        }
    }

    /// Every name it has, the one that Anthropic lists first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.dated.into_iter().chain([self.name]).chain(self.aliases.iter().copied())
    }

    fn is_called(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}
