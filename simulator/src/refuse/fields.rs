//! Top-level fields: which are taken, and which must be there.

use serde_json::{Map, Value};

use super::{Api, Rules, extra};
use crate::errors::Refusal;

/// The only `anthropic_version` of a body.
pub(super) const VERSION: &str = "bedrock-2023-05-31";

/// When a field is taken.
enum When {
    Always,
    /// By InvokeModel alone.
    Invoke,
    /// By the native API alone.
    Native,
    /// By the native API, but where it only counts.
    NativeAnswer,
    /// Where there is an answer: not where the native API only counts.
    Answer,
    /// As `Answer`, and not in the native version 2026-10-21.
    Sampling,
    /// By InvokeModel with a model of the generation that began with 4.7.
    NewGeneration,
    /// With a model that can be told its answer's format.
    Format,
    /// With one of these betas.
    Betas(&'static [&'static str]),
}

/// Everything that is not here is refused.
const FIELDS: &[(&str, When)] = &[
    ("amazon-bedrock-guardrailConfig", When::Invoke),
    ("anthropic_beta", When::Invoke),
    ("anthropic_version", When::Invoke),
    ("context_management", When::Betas(&["compact-2026-01-12", "context-management-2025-06-27"])),
    ("max_tokens", When::Answer),
    ("messages", When::Always),
    ("metadata", When::Answer),
    ("model", When::Native),
    ("output_config", When::Always),
    ("output_format", When::Format),
    ("safeguards", When::Betas(&["dangerous-tool-use-2026-09-03"])),
    ("stop_sequences", When::Answer),
    ("stream", When::NativeAnswer),
    ("system", When::Always),
    ("temperature", When::Sampling),
    ("thinking", When::Always),
    ("tool_choice", When::Always),
    ("tools", When::Always),
    ("top_k", When::Sampling),
    ("top_p", When::Sampling),
    ("user_profile_id", When::NewGeneration),
];

/// Refuses the first field that is not known here, then what is missing or of another kind than it should be.
pub(super) fn check(members: &Map<String, Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    if let Some(name) = members.keys().find(|name| !is_taken(name, rules)) {
        return Err(extra(name));
    }
    if rules.api != Api::MessagesCount {
        check_max_tokens(members)?;
    }
    if members.get("stream").is_some_and(|stream| !stream.is_boolean()) {
        return Err(Refusal::validation("stream: Input should be a valid boolean"));
    }
    check_messages(members, rules)?;
    check_user_id(members, rules)
}

fn is_taken(name: &str, rules: &Rules<'_>) -> bool {
    let Some((_, when)) = FIELDS.iter().find(|(field, _)| *field == name) else { return false };
    let (native, counts) = (rules.api != Api::InvokeModel, rules.api == Api::MessagesCount);
    match when {
        When::Always => true,
        When::Invoke => !native,
        When::Native => native,
        When::NativeAnswer => native && !counts,
        When::Answer => !counts,
        When::Sampling => !counts && rules.api != Api::Messages { strict: true },
        When::NewGeneration => !native && rules.takes.new_generation,
        When::Format => rules.takes.format,
        When::Betas(betas) => betas.iter().any(|beta| rules.has_beta(beta)),
    }
}

fn check_max_tokens(members: &Map<String, Value>) -> Result<(), Refusal> {
    let wrong = |text: &str| Err(Refusal::validation(format!("max_tokens: {text}")));
    match members.get("max_tokens") {
        None => wrong("Field required"),
        Some(value) => match (value.as_u64(), value.as_i64()) {
            (Some(1..), _) => Ok(()),
            (_, Some(_)) => wrong("Input should be greater than or equal to 1"),
            _ => wrong("Input should be a valid integer"),
        },
    }
}

fn check_messages(members: &Map<String, Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    let messages = match members.get("messages") {
        None => return Err(Refusal::validation("messages: Field required")),
        Some(Value::Array(messages)) if messages.is_empty() => {
            return Err(Refusal::validation("messages: at least one message is required"));
        }
        Some(Value::Array(messages)) => messages,
        Some(_) => return Err(Refusal::validation("messages: Input should be a valid list")),
    };
    for (at, message) in messages.iter().enumerate() {
        let wrong = |text: &str| Err(Refusal::validation(format!("messages.{at}{text}")));
        match message.get("role").map(Value::as_str) {
            None => return wrong(".role: Field required"),
            Some(Some("user" | "assistant")) => {}
            Some(Some("system")) if rules.takes.system_messages => {}
            Some(_) => return wrong(".role: Input should be 'user' or 'assistant'"),
        }
        match message.get("content") {
            None => return wrong(".content: Field required"),
            Some(Value::String(_) | Value::Array(_)) => {}
            Some(_) => return wrong(".content: Input should be a valid list"),
        }
    }
    Ok(())
}

fn check_user_id(members: &Map<String, Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    let user_id = members.get("metadata").and_then(|metadata| metadata.get("user_id")).and_then(Value::as_str);
    match user_id {
        Some(user_id) if rules.api == Api::InvokeModel && !is_plain(user_id) => {
            Err(Refusal::validation("Request metadata contains a value that violates the regular expression"))
        }
        _ => Ok(()),
    }
}

/// Whether a value fits the pattern for request metadata. Where its edges are is known in part: hex, UUIDs and `_ . @` fit, the
/// `{`, `"` and `:` of a JSON text do not; the rest is as in the pattern for Converse's request metadata.
fn is_plain(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "_.@-+=/,#$".contains(c))
}
