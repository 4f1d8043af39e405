//! The request headers of InvokeModel, each with its constraint in the service's model.

use serde_json::Value;

use crate::errors::Refusal;
use crate::request::Received;

const GUARDRAIL: &str = "x-amzn-bedrock-guardrailidentifier";
const GUARDRAIL_VERSION: &str = "x-amzn-bedrock-guardrailversion";

/// What a header's value must be.
enum Constraint {
    OneOf(&'static str),
    Pattern(&'static str, fn(&str) -> bool),
    LongestOf(usize),
}

/// Header, the member it is in the model, constraint.
const HEADERS: &[(&str, &str, Constraint)] = &[
    (GUARDRAIL, "guardrailIdentifier", Constraint::LongestOf(2048)),
    (
        GUARDRAIL,
        "guardrailIdentifier",
        Constraint::Pattern(
            "(|([a-z0-9]+)|(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+))",
            is_guardrail,
        ),
    ),
    (GUARDRAIL_VERSION, "guardrailVersion", Constraint::Pattern("(|([1-9][0-9]{0,7})|(DRAFT))", is_version)),
    ("x-amzn-bedrock-trace", "trace", Constraint::OneOf("ENABLED, DISABLED, ENABLED_FULL")),
    ("x-amzn-bedrock-performanceconfig-latency", "performanceConfigLatency", Constraint::OneOf("standard, optimized")),
    ("x-amzn-bedrock-service-tier", "serviceTier", Constraint::OneOf("priority, default, flex, reserved")),
    ("x-amzn-bedrock-request-metadata", "requestMetadata", Constraint::LongestOf(8500)),
];

/// Refuses the first header that Bedrock does not take.
pub(super) fn check(request: &Received) -> Result<(), Refusal> {
    let content_type = request.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::validation("The provided Content Type is invalid or not supported for this model"));
    }
    for (name, member, constraint) in HEADERS {
        let mut values = request.headers.get_all(*name).iter();
        let Some(value) = values.next() else { continue };
        let value = value.to_str().ok().filter(|_| values.next().is_none()).unwrap_or("?");
        if let Some(broken) = constraint.broken_by(value) {
            return Err(Refusal::constraint(value, member, &broken));
        }
    }
    if given(request, GUARDRAIL).is_some() && given(request, GUARDRAIL_VERSION).is_none() {
        return Err(Refusal::validation("Guardrail version is required when a guardrail identifier is provided."));
    }
    check_metadata(request)
}

/// A body's part of a guardrail wants a guardrail.
pub(super) fn check_guardrail_of(body: &Value, request: &Received) -> Result<(), Refusal> {
    if body.get("amazon-bedrock-guardrailConfig").is_some() && given(request, GUARDRAIL).is_none() {
        return Err(Refusal::validation(
            "A guardrail identifier is required when amazon-bedrock-guardrailConfig is in the request body.",
        ));
    }
    Ok(())
}

fn given<'a>(request: &'a Received, name: &str) -> Option<&'a str> {
    request.header(name).filter(|value| !value.is_empty())
}

/// An object of strings, as JSON text.
fn check_metadata(request: &Received) -> Result<(), Refusal> {
    let Some(metadata) = request.header("x-amzn-bedrock-request-metadata") else { return Ok(()) };
    match serde_json::from_str(metadata) {
        Ok(Value::Object(entries)) if entries.values().all(Value::is_string) => Ok(()),
        _ => Err(Refusal::validation("Request metadata must be a JSON object whose values are strings.")),
    }
}

impl Constraint {
    /// What a value breaks, in the words of the service.
    fn broken_by(&self, value: &str) -> Option<String> {
        match self {
            Self::OneOf(set) if !set.split(", ").any(|one| one == value) => {
                Some(format!("Member must satisfy enum value set: [{set}]"))
            }
            Self::Pattern(pattern, fits) if !fits(value) => {
                Some(format!("Member must satisfy regular expression pattern: {pattern}"))
            }
            Self::LongestOf(most) if value.len() > *most => {
                Some(format!("Member must have length less than or equal to {most}"))
            }
            _ => None,
        }
    }
}

fn is_guardrail(value: &str) -> bool {
    let is_id = |id: &str| id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let Some(arn) = value.strip_prefix("arn:") else { return is_id(value) };
    match arn.split(':').collect::<Vec<_>>()[..] {
        [partition, "bedrock", region, account, resource] => {
            let partition = partition == "aws" || partition.strip_prefix("aws-").is_some_and(|rest| !rest.is_empty());
            let is_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let region = (1..=20).contains(&region.len()) && region.chars().all(is_region);
            let account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
            let id = resource.strip_prefix("guardrail/").is_some_and(|id| !id.is_empty() && is_id(id));
            partition && region && account && id
        }
        _ => false,
    }
}

fn is_version(value: &str) -> bool {
    let number = value.len() <= 8 && !value.starts_with('0') && value.chars().all(|c| c.is_ascii_digit());
    number || value == "DRAFT"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guardrails() {
        for good in ["", "gr123", "arn:aws:bedrock:us-east-1:123456789012:guardrail/gr123"] {
            assert!(is_guardrail(good), "{good}");
        }
        for bad in ["GR123", "gr-1", "arn:aws:bedrock:us-east-1:1234:guardrail/gr1", "arn:aws:s3:::guardrail/gr1"] {
            assert!(!is_guardrail(bad), "{bad}");
        }
        for (version, good) in
            [("", true), ("1", true), ("99999999", true), ("DRAFT", true), ("0", false), ("100000000", false)]
        {
            assert_eq!(is_version(version), good, "{version}");
        }
    }
}
