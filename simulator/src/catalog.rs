//! The models that can be called, and what an id in a path or a body stands for.

mod models;

use crate::errors::Refusal;

pub use models::{Abilities, MODELS, Model, Reach};

/// Kinds of ARN that stand for a model without naming it.
const OPAQUE_KINDS: &[&str] =
    &["application-inference-profile", "provisioned-model", "custom-model-deployment", "imported-model"];

/// Longest model id that InvokeModel takes.
const MAX_ID: usize = 2048;

/// Longest model id that CountTokens takes.
const MAX_COUNTED_ID: usize = 256;

/// What an id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The first-party name an answer carries.
    pub name: &'a str,
    /// What the model takes.
    pub takes: &'static Abilities,
}

impl From<&'static Model> for Resolved<'_> {
    fn from(model: &'static Model) -> Self {
        Self { name: model.name, takes: model.takes }
    }
}

/// The model that InvokeModel calls by `id`, or Bedrock's refusal.
pub fn invoked(id: &str) -> Result<Resolved<'_>, Refusal> {
    let found = resolve(id)?;
    match found.reach() {
        Reach::OnDemand => Ok(found.model()),
        Reach::Profile => Err(needs_profile(id)),
        Reach::Retired => Err(end_of_life()),
    }
}

/// The model whose tokens CountTokens counts by `id`: a base id alone will do, of a model before 4.7.
pub fn counted(id: &str) -> Result<Resolved<'_>, Refusal> {
    check_counted_id(id)?;
    match resolve(id)? {
        _ if id.starts_with("arn:") => Err(uncounted()),
        Found::Base(model) if model.reach == Reach::Retired => Err(end_of_life()),
        Found::Base(model) if !model.takes.new_generation => Ok(model.into()),
        bench @ Found::Bench(_) => Ok(bench.model()),
        _ => Err(uncounted()),
    }
}

/// The model that the runtime's native API calls: by a base id, a profile's, or the ARN of an inference profile.
pub fn native(id: &str) -> Result<Resolved<'_>, Refusal> {
    let found = resolve(id)?;
    if id.starts_with("arn:") && !id.contains("inference-profile/") {
        return Err(invalid());
    }
    match found.reach() {
        Reach::Retired => Err(end_of_life()),
        Reach::OnDemand | Reach::Profile => Ok(found.model()),
    }
}

/// The model that mantle calls: from 4.5 on, by the base id without date or version.
pub fn mantle(id: &str) -> Result<Resolved<'_>, Refusal> {
    if id.starts_with(models::BENCH) {
        return resolve(id).map(|found| found.model());
    }
    let named = |model: &&Model| model.reach == Reach::Profile && id.strip_prefix("anthropic.") == Some(undated(model));
    let model =
        MODELS.iter().find(named).ok_or_else(|| Refusal::new("ResourceNotFoundException", format!("model: {id}")))?;
    Ok(model.into())
}

/// The first-party name without its date.
fn undated(model: &Model) -> &'static str {
    let dated = model.name.rsplit_once('-').filter(|(_, date)| date.len() == 8);
    dated.map_or(model.name, |(name, _)| name)
}

/// What an id was found to be.
enum Found<'a> {
    /// A base id, bare or in the ARN of a foundation model.
    Base(&'static Model),
    /// An inference profile, by id or ARN, or anything else that has the model behind it.
    Profile(&'static Model),
    /// A model made for measurements, by its own name.
    Bench(&'a str),
}

impl<'a> Found<'a> {
    fn model(&self) -> Resolved<'a> {
        match self {
            Self::Base(model) | Self::Profile(model) => Resolved::from(*model),
            Self::Bench(name) => Resolved { name, takes: &models::BENCH_TAKES },
        }
    }

    fn reach(&self) -> Reach {
        match self {
            Self::Base(model) => model.reach,
            Self::Profile(model) if model.reach == Reach::Retired => Reach::Retired,
            Self::Profile(_) | Self::Bench(_) => Reach::OnDemand,
        }
    }
}

fn resolve(id: &str) -> Result<Found<'_>, Refusal> {
    if id.is_empty() || id.len() > MAX_ID {
        return Err(invalid());
    }
    let found = match id.strip_prefix("arn:") {
        Some(arn) => by_arn(arn),
        None => by_id(id),
    };
    found.ok_or_else(invalid)
}

fn by_id(id: &str) -> Option<Found<'_>> {
    if id.starts_with(models::BENCH) {
        return id.split_once('.').map(|(_, name)| Found::Bench(name));
    }
    by_base(id).map(Found::Base).or_else(|| by_profile(id))
}

/// `arn` is `{partition}:bedrock:{region}:{account}:{kind}/{name}`.
fn by_arn(arn: &str) -> Option<Found<'_>> {
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    let [partition, "bedrock", region, account, resource] = parts[..] else { return None };
    let (kind, name) = resource.split_once('/')?;
    if !partition.starts_with("aws") || region.is_empty() || name.is_empty() {
        return None;
    }
    match kind {
        "foundation-model" if account.is_empty() && name.starts_with("anthropic.") => by_id(name),
        "inference-profile" => by_profile(name),
        _ if OPAQUE_KINDS.contains(&kind) && !account.is_empty() => by_base(models::OPAQUE).map(Found::Profile),
        _ => None,
    }
}

fn by_base(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.base == id)
}

fn by_profile(id: &str) -> Option<Found<'static>> {
    let (prefix, base) = id.split_once('.')?;
    by_base(base).filter(|model| model.profiles.contains(&prefix)).map(Found::Profile)
}

fn check_counted_id(id: &str) -> Result<(), Refusal> {
    let constraint = if id.len() > MAX_COUNTED_ID {
        format!("Member must have length less than or equal to {MAX_COUNTED_ID}")
    } else if !id.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/:".contains(c)) {
        r"Member must satisfy regular expression pattern: [a-zA-Z_\.\-/0-9:]+".into()
    } else {
        return Ok(());
    };
    Err(Refusal::constraint(id, "modelId", &constraint))
}

fn invalid() -> Refusal {
    Refusal::validation("The provided model identifier is invalid.")
}

fn end_of_life() -> Refusal {
    Refusal::new(
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    )
}

fn uncounted() -> Refusal {
    Refusal::validation("The provided model doesn't support counting tokens.")
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

    const SONNET: &str = "claude-sonnet-4-5-20250929";

    #[test]
    fn ids_that_work() {
        for (id, name) in [
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", SONNET),
            ("us-gov.anthropic.claude-opus-5", "claude-opus-5"),
            ("global.anthropic.claude-haiku-5-5", "claude-haiku-5-5"),
            ("anthropic.claude-bench-fast", "claude-bench-fast"),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "claude-haiku-4-5-20251001",
            ),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456", SONNET),
            ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456", SONNET),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
                "claude-3-haiku-20240307",
            ),
        ] {
            assert_eq!(invoked(id).map(|model| model.name), Ok(name));
        }
    }

    #[test]
    fn ids_that_are_refused() {
        let message = |id: &str| invoked(id).expect_err(id).message;
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
        for id in ["anthropic.claude-3-7-sonnet-20250219-v1:0", "us.anthropic.claude-opus-4-20250514-v1:0"] {
            assert_eq!(invoked(id).expect_err(id).status, 404);
        }
    }

    #[test]
    fn native_ids() {
        for id in [
            "anthropic.claude-opus-5",
            "us.anthropic.claude-opus-5",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456",
        ] {
            assert!(native(id).is_ok(), "{id}");
        }
        for id in ["claude-opus-5", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5"] {
            assert_eq!(native(id).expect_err(id).message, "The provided model identifier is invalid.");
        }
    }

    #[test]
    fn mantles_ids_have_neither_prefix_nor_version() {
        for (id, name) in [
            ("anthropic.claude-opus-5", "claude-opus-5"),
            ("anthropic.claude-haiku-4-5", "claude-haiku-4-5-20251001"),
            ("anthropic.claude-opus-4-6", "claude-opus-4-6"),
            ("anthropic.claude-bench-fast", "claude-bench-fast"),
        ] {
            assert_eq!(mantle(id).map(|model| model.name), Ok(name));
        }
        for id in [
            "claude-opus-5",
            "us.anthropic.claude-opus-5",
            "anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic.claude-opus-4-6-v1",
            "anthropic.claude-3-5-haiku",
        ] {
            assert_eq!(mantle(id).expect_err(id).status, 404);
        }
    }

    #[test]
    fn base_ids_before_4_7_are_counted() {
        for model in MODELS {
            let counts = model.reach != Reach::Retired && !model.takes.new_generation;
            assert_eq!(counted(model.base).is_ok(), counts, "{}", model.base);
            for prefix in model.profiles {
                let id = format!("{prefix}.{}", model.base);
                let message = "The provided model doesn't support counting tokens.";
                assert_eq!(counted(&id).expect_err(&id).message, message);
            }
        }
        for arn in [
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6",
        ] {
            assert!(counted(arn).expect_err(arn).message.ends_with("doesn't support counting tokens."));
        }
        assert!(counted(&"a".repeat(257)).expect_err("long").message.ends_with("less than or equal to 256"));
        assert!(counted("anthropic claude").expect_err("space").message.contains("regular expression pattern"));
    }
}
