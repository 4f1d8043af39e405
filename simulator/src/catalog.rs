//! The models that can be invoked, as data, and what a model id in a path resolves to.

use crate::errors::Refusal;

/// One model of the catalogue.
#[derive(Debug)]
pub struct Model {
    /// The base id, `anthropic.…`.
    pub base: &'static str,
    /// The first-party name an answer carries.
    pub name: &'static str,
    /// Prefixes of its inference profiles.
    pub profiles: &'static [&'static str],
    /// Whether the base id itself can be invoked.
    pub on_demand: bool,
}

const ALL_GOV: &[&str] = &["apac", "au", "eu", "global", "jp", "us", "us-gov"];
const ALL: &[&str] = &["apac", "au", "eu", "global", "jp", "us"];
const EU_US: &[&str] = &["eu", "us"];

const fn profile(base: &'static str, name: &'static str, profiles: &'static [&'static str]) -> Model {
    Model { base, name, profiles, on_demand: false }
}

const fn on_demand(base: &'static str, name: &'static str, profiles: &'static [&'static str]) -> Model {
    Model { base, name, profiles, on_demand: true }
}

/// From 4.5 on a model is reached by an inference profile alone.
#[rustfmt::skip]
pub const MODELS: &[Model] = &[
    profile("anthropic.claude-fable-5-1", "claude-fable-5-1", &["eu", "global", "us", "us-gov"]),
    profile("anthropic.claude-fable-5", "claude-fable-5", &["apac", "au", "eu", "global", "us"]),
    profile("anthropic.claude-mythos-5-1", "claude-mythos-5-1", &["global", "us"]),
    profile("anthropic.claude-mythos-5", "claude-mythos-5", &["us"]),
    profile("anthropic.claude-mythos-preview", "claude-mythos-preview", &["apac", "au", "us"]),
    profile("anthropic.claude-opus-5-5", "claude-opus-5-5", ALL_GOV),
    profile("anthropic.claude-opus-5", "claude-opus-5", ALL_GOV),
    profile("anthropic.claude-opus-4-8", "claude-opus-4-8", ALL_GOV),
    profile("anthropic.claude-opus-4-7", "claude-opus-4-7", ALL),
    profile("anthropic.claude-opus-4-6-v1", "claude-opus-4-6", &["au", "eu", "global", "us"]),
    profile("anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5-20251101", &["eu", "global", "us"]),
    profile("anthropic.claude-sonnet-5-5", "claude-sonnet-5-5", ALL_GOV),
    profile("anthropic.claude-sonnet-5", "claude-sonnet-5", ALL_GOV),
    profile("anthropic.claude-sonnet-4-6", "claude-sonnet-4-6", ALL),
    profile("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929", &["au", "eu", "global", "jp", "us", "us-gov"]),
    profile("anthropic.claude-haiku-5-5", "claude-haiku-5-5", ALL_GOV),
    profile("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001", ALL),
    on_demand("anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1-20250805", EU_US),
    on_demand("anthropic.claude-opus-4-20250514-v1:0", "claude-opus-4-20250514", EU_US),
    on_demand("anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-20250514", &["apac", "eu", "global", "us"]),
    on_demand("anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet-20250219", EU_US),
    on_demand("anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku-20241022", EU_US),
    on_demand("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022", &["apac", "us"]),
    on_demand("anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet-20240620", &["apac", "eu", "us"]),
    on_demand("anthropic.claude-3-opus-20240229-v1:0", "claude-3-opus-20240229", &["us"]),
    on_demand("anthropic.claude-3-sonnet-20240229-v1:0", "claude-3-sonnet-20240229", &["apac", "eu", "us"]),
    on_demand("anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307", &["apac", "eu", "us"]),
];

/// Ids that begin like this stand for a model made for measurements.
const BENCH: &str = "anthropic.claude-bench";

/// What answers behind an ARN that does not name its model.
const OPAQUE_NAME: &str = "claude-sonnet-4-5-20250929";

/// Kinds of ARN that stand for a model without naming it.
const OPAQUE_KINDS: &[&str] =
    &["application-inference-profile", "provisioned-model", "custom-model-deployment", "imported-model"];

/// Longest model id the operations take.
const MAX_ID: usize = 2048;

/// The first-party name of the model that `id` invokes, or Bedrock's refusal.
pub fn resolve(id: &str) -> Result<&str, Refusal> {
    if id.is_empty() || id.len() > MAX_ID {
        return Err(invalid());
    }
    match id.strip_prefix("arn:") {
        Some(arn) => resolve_arn(id, arn),
        None => resolve_plain(id, id),
    }
}

/// `asked` is what the refusal quotes: the whole ARN where `id` is a part of one.
fn resolve_plain<'a>(asked: &str, id: &'a str) -> Result<&'a str, Refusal> {
    if id.starts_with(BENCH) {
        return Ok(id.strip_prefix("anthropic.").unwrap_or(id));
    }
    if let Some(model) = MODELS.iter().find(|model| model.base == id) {
        return if model.on_demand { Ok(model.name) } else { Err(needs_profile(asked)) };
    }
    profile_model(id).map(|model| model.name).ok_or_else(invalid)
}

/// `arn` is `{partition}:bedrock:{region}:{account}:{kind}/{name}`.
fn resolve_arn<'a>(asked: &str, arn: &'a str) -> Result<&'a str, Refusal> {
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    let [partition, "bedrock", region, account, resource] = parts[..] else { return Err(invalid()) };
    let Some((kind, name)) = resource.split_once('/') else { return Err(invalid()) };
    if !partition.starts_with("aws") || region.is_empty() || name.is_empty() {
        return Err(invalid());
    }
    match kind {
        "foundation-model" if account.is_empty() && name.starts_with("anthropic.") => resolve_plain(asked, name),
        "inference-profile" => profile_model(name).map(|model| model.name).ok_or_else(invalid),
        _ if OPAQUE_KINDS.contains(&kind) && !account.is_empty() => Ok(OPAQUE_NAME),
        _ => Err(invalid()),
    }
}

fn profile_model(id: &str) -> Option<&'static Model> {
    let (prefix, base) = id.split_once('.')?;
    MODELS.iter().find(|model| model.base == base && model.profiles.contains(&prefix))
}

fn invalid() -> Refusal {
    Refusal::validation("The provided model identifier is invalid.")
}

fn needs_profile(id: &str) -> Refusal {
    Refusal::validation(format!(
        "Invocation of model ID {id} with on-demand throughput isn't supported. Retry your request with the ID \
         or ARN of an inference profile that contains this model."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> String {
        resolve(id).expect_err(id).message
    }

    #[test]
    fn ids_that_work() {
        for (id, name) in [
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
            ("us-gov.anthropic.claude-opus-5", "claude-opus-5"),
            ("global.anthropic.claude-haiku-5-5", "claude-haiku-5-5"),
            ("anthropic.claude-bench-fast", "claude-bench-fast"),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "claude-haiku-4-5-20251001",
            ),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456", OPAQUE_NAME),
            ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456", OPAQUE_NAME),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
                "claude-3-haiku-20240307",
            ),
        ] {
            assert_eq!(resolve(id), Ok(name));
        }
    }

    #[test]
    fn ids_that_are_refused() {
        for id in [
            "",
            "claude-sonnet-4-5",
            "eu.anthropic.claude-mythos-5",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-mythos-5",
            "arn:aws:s3:::bucket/key",
            "arn:aws:bedrock:us-east-1::application-inference-profile/abc",
            "arn:aws:bedrock",
        ] {
            assert_eq!(message(id), "The provided model identifier is invalid.");
        }
        assert!(message("anthropic.claude-sonnet-4-6").contains("with on-demand throughput isn"));
        assert!(
            message("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5")
                .starts_with("Invocation of model ID arn:aws:bedrock")
        );
    }
}
