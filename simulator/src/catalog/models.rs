//! The models, as data: how each is reached, and what it takes that others do not.

/// One model of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// The base id, `anthropic.…`.
    pub base: &'static str,
    /// The first-party name an answer carries.
    pub name: &'static str,
    /// Prefixes of its inference profiles.
    pub profiles: &'static [&'static str],
    /// What its base id is good for.
    pub reach: Reach,
    /// What it takes.
    pub takes: &'static Abilities,
}

/// What becomes of a call of a base id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is served.
    OnDemand,
    /// The model wants an inference profile.
    Profile,
    /// The model is gone, under any id.
    Retired,
}

/// Where models differ in what they take.
#[derive(Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Whether it is of the generation that began with 4.7: newer betas and fields, and no CountTokens.
    pub new_generation: bool,
    /// Kinds of `thinking`.
    pub thinking: &'static [&'static str],
    /// Levels of `output_config.effort`; none when it has no such member.
    pub effort: &'static [&'static str],
    /// The beta that `output_config.effort` needs.
    pub effort_beta: Option<&'static str>,
    /// Whether `output_config.format` and `output_format` are taken.
    pub format: bool,
    /// Whether `cache_control.ttl` is taken.
    pub cache_ttl: bool,
    /// Whether a `system` message may stand among the others.
    pub system_messages: bool,
}

/// Up to 4.1.
const OLD: Abilities = Abilities {
    new_generation: false,
    thinking: &["disabled", "enabled"],
    effort: &[],
    effort_beta: None,
    format: false,
    cache_ttl: false,
    system_messages: false,
};
const FOUR_5: Abilities = Abilities { format: true, cache_ttl: true, ..OLD };
const OPUS_4_5: Abilities =
    Abilities { effort: &["low", "medium", "high"], effort_beta: Some("effort-2025-11-24"), ..FOUR_5 };
const FOUR_6: Abilities =
    Abilities { thinking: &["adaptive", "disabled", "enabled"], effort: &["low", "medium", "high", "max"], ..FOUR_5 };
const OPUS_4_7: Abilities = Abilities {
    new_generation: true,
    thinking: &["adaptive", "disabled"],
    effort: &["low", "medium", "high", "xhigh", "max"],
    format: false,
    ..FOUR_6
};
/// From 4.8 on; of these some take a format and some do not.
const NEW: Abilities = Abilities { system_messages: true, ..OPUS_4_7 };
const NEW_WITH_FORMAT: Abilities = Abilities { format: true, ..NEW };
const ALWAYS_THINKS: Abilities = Abilities { thinking: &["adaptive"], ..NEW };
const ALWAYS_THINKS_WITH_FORMAT: Abilities = Abilities { format: true, ..ALWAYS_THINKS };
const PREVIEW: Abilities = Abilities { system_messages: false, ..ALWAYS_THINKS };

/// Ids that begin like this stand for a model made for measurements.
pub(super) const BENCH: &str = "anthropic.claude-bench";
/// It takes what any model takes.
pub(super) const BENCH_TAKES: Abilities =
    Abilities { thinking: &["adaptive", "disabled", "enabled"], ..NEW_WITH_FORMAT };

const ALL_GOV: &[&str] = &["apac", "au", "eu", "global", "jp", "us", "us-gov"];
const ALL: &[&str] = &["apac", "au", "eu", "global", "jp", "us"];
const EU_US: &[&str] = &["eu", "us"];

const fn profile(
    base: &'static str,
    name: &'static str,
    profiles: &'static [&'static str],
    takes: &'static Abilities,
) -> Model {
    Model { base, name, profiles, reach: Reach::Profile, takes }
}

const fn on_demand(base: &'static str, name: &'static str, profiles: &'static [&'static str]) -> Model {
    Model { base, name, profiles, reach: Reach::OnDemand, takes: &OLD }
}

const fn retired(base: &'static str, name: &'static str, profiles: &'static [&'static str]) -> Model {
    Model { base, name, profiles, reach: Reach::Retired, takes: &OLD }
}

/// From 4.5 on a model is reached by an inference profile alone.
#[rustfmt::skip]
pub const MODELS: &[Model] = &[
    profile("anthropic.claude-fable-5-1", "claude-fable-5-1", &["eu", "global", "us", "us-gov"], &ALWAYS_THINKS),
    profile("anthropic.claude-fable-5", "claude-fable-5", &["apac", "au", "eu", "global", "us"], &ALWAYS_THINKS),
    profile("anthropic.claude-mythos-5-1", "claude-mythos-5-1", &["global", "us"], &ALWAYS_THINKS_WITH_FORMAT),
    profile("anthropic.claude-mythos-5", "claude-mythos-5", &["us"], &ALWAYS_THINKS),
    profile("anthropic.claude-mythos-preview", "claude-mythos-preview", &["apac", "au", "us"], &PREVIEW),
    profile("anthropic.claude-opus-5-5", "claude-opus-5-5", ALL_GOV, &NEW),
    profile("anthropic.claude-opus-5", "claude-opus-5", ALL_GOV, &NEW),
    profile("anthropic.claude-opus-4-8", "claude-opus-4-8", ALL_GOV, &NEW_WITH_FORMAT),
    profile("anthropic.claude-opus-4-7", "claude-opus-4-7", ALL, &OPUS_4_7),
    profile("anthropic.claude-opus-4-6-v1", "claude-opus-4-6", &["au", "eu", "global", "us"], &FOUR_6),
    profile("anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5-20251101", &["eu", "global", "us"], &OPUS_4_5),
    profile("anthropic.claude-sonnet-5-5", "claude-sonnet-5-5", ALL_GOV, &NEW_WITH_FORMAT),
    profile("anthropic.claude-sonnet-5", "claude-sonnet-5", ALL_GOV, &NEW_WITH_FORMAT),
    profile("anthropic.claude-sonnet-4-6", "claude-sonnet-4-6", ALL, &FOUR_6),
    profile("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929", &["au", "eu", "global", "jp", "us", "us-gov"], &FOUR_5),
    profile("anthropic.claude-haiku-5-5", "claude-haiku-5-5", ALL_GOV, &NEW_WITH_FORMAT),
    profile("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001", ALL, &FOUR_5),
    on_demand("anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1-20250805", EU_US),
    retired("anthropic.claude-opus-4-20250514-v1:0", "claude-opus-4-20250514", EU_US),
    on_demand("anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-20250514", &["apac", "eu", "global", "us"]),
    retired("anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet-20250219", EU_US),
    on_demand("anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku-20241022", EU_US),
    on_demand("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022", &["apac", "us"]),
    on_demand("anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet-20240620", &["apac", "eu", "us"]),
    on_demand("anthropic.claude-3-opus-20240229-v1:0", "claude-3-opus-20240229", &["us"]),
    on_demand("anthropic.claude-3-sonnet-20240229-v1:0", "claude-3-sonnet-20240229", &["apac", "eu", "us"]),
    on_demand("anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307", &["apac", "eu", "us"]),
];

/// What answers behind an ARN that does not name its model: a row of [`MODELS`].
pub(super) const OPAQUE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
