//! Inference profiles: which there are, and which of them a region's requests go through.

use serde::Deserialize;

/// What stands before a model's id in the id of an inference profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// Asia and Pacific.
    Apac,
    /// Australia.
    Au,
    /// Europe.
    Eu,
    /// Every commercial region.
    Global,
    /// Japan.
    Jp,
    /// North America.
    Us,
    /// AWS GovCloud.
    UsGov,
}

impl Prefix {
    /// As it is written, without the dot behind it.
    pub fn name(self) -> &'static str {
        match self {
            Prefix::Apac => "apac",
            Prefix::Au => "au",
            Prefix::Eu => "eu",
            Prefix::Global => "global",
            Prefix::Jp => "jp",
            Prefix::Us => "us",
            Prefix::UsGov => "us-gov",
        }
    }
}

/// The geographies of regions, by how a region's name begins; the first row that fits counts, and of its prefixes the
/// first that a model has.
const GEOGRAPHIES: &[(&str, &[Prefix])] = &[
    ("us-gov-", &[Prefix::UsGov]),
    ("us-", &[Prefix::Us]),
    ("ca-", &[Prefix::Us]),
    ("eu-", &[Prefix::Eu]),
    ("ap-northeast-1", &[Prefix::Jp, Prefix::Apac]),
    ("ap-northeast-3", &[Prefix::Jp, Prefix::Apac]),
    ("ap-southeast-2", &[Prefix::Au, Prefix::Apac]),
    ("ap-southeast-4", &[Prefix::Au, Prefix::Apac]),
    ("ap-", &[Prefix::Apac]),
];

/// The prefixes of a region's own geography, the nearest first.
pub fn geography(region: &str) -> &'static [Prefix] {
    GEOGRAPHIES.iter().find(|(start, _)| region.starts_with(start)).map_or(&[], |(_, prefixes)| prefixes)
}

/// The inference profile that a name out of the catalogue stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum InferenceProfile {
    /// The geography's of the region where the model has one, else `global`, else none.
    #[default]
    Auto,
    /// None: the bare id of the model.
    None,
    /// `us.`, where the model has it; else none.
    Us,
    /// `eu.`, where the model has it; else none.
    Eu,
    /// `apac.`, where the model has it; else none.
    Apac,
    /// `jp.`, where the model has it; else none.
    Jp,
    /// `au.`, where the model has it; else none.
    Au,
    /// `us-gov.`, where the model has it; else none.
    UsGov,
    /// `global.`, where the model has it; else none.
    Global,
}

impl InferenceProfile {
    /// Which of a model's prefixes it is in a region. One that was chosen is never exchanged for another: it may be there to
    /// keep data in its geography.
    pub fn choose(self, region: &str, of_model: &[Prefix]) -> Option<Prefix> {
        let wanted = match self {
            Self::Auto => {
                let near = geography(region).iter().chain(&[Prefix::Global]);
                return near.copied().find(|prefix| of_model.contains(prefix));
            }
            Self::None => return None,
            Self::Us => Prefix::Us,
            Self::Eu => Prefix::Eu,
            Self::Apac => Prefix::Apac,
            Self::Jp => Prefix::Jp,
            Self::Au => Prefix::Au,
            Self::UsGov => Prefix::UsGov,
            Self::Global => Prefix::Global,
        };
        of_model.contains(&wanted).then_some(wanted)
    }
}
