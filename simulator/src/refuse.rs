//! What Bedrock does not take, in its own words: everything is a `ValidationException`.

mod fields;
mod inside;

use serde_json::{Map, Value};

use crate::errors::Refusal;
use crate::request::Received;

/// Most bytes of a body: the `Body` blob's limit in the service's model, so a `ValidationException` and not a 413.
pub const MAX_BODY: usize = 25_000_000;

/// What an answer needs of an InvokeModel request that is taken: its JSON.
pub fn check(request: &Received) -> Result<Value, Refusal> {
    check_head(request)?;
    if request.body.len() > MAX_BODY {
        return Err(too_long());
    }
    check_json(&request.body)
}

/// An InvokeModel body, wherever it stood.
pub fn check_json(body: &[u8]) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        Refusal::validation(format!("Malformed input request: {error}, please reformat your input and try again."))
    })?;
    let Value::Object(members) = &body else {
        return Err(Refusal::validation(
            "Malformed input request: expected type: JSONObject, please reformat your input and try again.",
        ));
    };
    check_body(members)?;
    Ok(body)
}

/// The refusal of a body over [`MAX_BODY`].
pub fn too_long() -> Refusal {
    Refusal::validation(format!(
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than \
         or equal to {MAX_BODY}"
    ))
}

fn check_head(request: &Received) -> Result<(), Refusal> {
    let content_type = request.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::validation("The provided Content Type is invalid or not supported for this model"));
    }
    let guardrail = |member| request.header(member).filter(|value| !value.is_empty());
    if guardrail("x-amzn-bedrock-guardrailidentifier").is_some()
        && guardrail("x-amzn-bedrock-guardrailversion").is_none()
    {
        return Err(Refusal::validation("Guardrail version is required when a guardrail identifier is provided."));
    }
    Ok(())
}

fn check_body(members: &Map<String, Value>) -> Result<(), Refusal> {
    check_version(members)?;
    let betas = check_betas(members)?;
    fields::check(members, &betas)?;
    check_max_tokens(members)?;
    check_messages(members)?;
    check_user_id(members)?;
    inside::check(members, &betas)
}

fn check_version(members: &Map<String, Value>) -> Result<(), Refusal> {
    match members.get("anthropic_version") {
        Some(Value::String(version)) if version == fields::VERSION => Ok(()),
        Some(Value::String(version)) => Err(Refusal::validation(format!("Invalid API version: {version}"))),
        Some(_) => Err(Refusal::validation("anthropic_version: Input should be a valid string")),
        None => Err(Refusal::validation("anthropic_version: Field required")),
    }
}

fn check_betas(members: &Map<String, Value>) -> Result<Vec<&str>, Refusal> {
    let betas = match members.get("anthropic_beta") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(betas)) => betas,
        Some(_) => return Err(Refusal::validation("anthropic_beta: Input should be a valid list")),
    };
    betas
        .iter()
        .map(|beta| beta.as_str().filter(|beta| fields::BETAS.contains(beta)))
        .collect::<Option<_>>()
        .ok_or_else(|| Refusal::validation("invalid beta flag"))
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

fn check_messages(members: &Map<String, Value>) -> Result<(), Refusal> {
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
            Some(Some("user" | "assistant" | "system")) => {}
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

fn check_user_id(members: &Map<String, Value>) -> Result<(), Refusal> {
    let user_id = members.get("metadata").and_then(|metadata| metadata.get("user_id")).and_then(Value::as_str);
    match user_id {
        Some(user_id) if !fields::is_plain_metadata(user_id) => {
            Err(Refusal::validation("Request metadata contains a value that violates the regular expression"))
        }
        _ => Ok(()),
    }
}
