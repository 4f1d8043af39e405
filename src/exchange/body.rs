//! The body of a request: the members that are read and taken out of it, and those that come in for each operation.

use super::reply::Reply;
use crate::bedrock::fields::{BETA, MODEL, STREAM};
use crate::bedrock::operation::Operation;
use crate::json::{Editor, Taken};
use serde_json::Value;

/// Bedrock's version of the Messages API, whatever the client's header or body said (Bedrock user guide, "Anthropic
/// Claude Messages API": `anthropic_version` must be this).
const ANTHROPIC_VERSION: &str = "bedrock-2023-05-31";

/// What CountTokens is told as `max_tokens`, which InvokeModel requires and a count does not have. With `thinking` it has
/// to be more than that may take.
const MAX_TOKENS: u32 = 1024;
const MAX_TOKENS_WITH_THINKING: u32 = 32_000;

/// The client's model, once it was read.
pub fn model(editor: &Editor) -> Option<Result<String, Reply>> {
    let taken = editor.taken(MODEL)?;
    Some(serde_json::from_slice(&taken.value).map_err(|_| wrong("model", "must be a string", taken)))
}

/// Whether the client wants a stream.
pub fn stream(editor: &Editor) -> Result<bool, Reply> {
    let Some(taken) = editor.taken(STREAM) else { return Ok(false) };
    serde_json::from_slice(&taken.value).map_err(|_| wrong("stream", "must be true or false", taken))
}

/// The betas that the body lists.
pub fn betas(editor: &Editor) -> Result<Vec<String>, Reply> {
    let Some(taken) = editor.taken(BETA) else { return Ok(Vec::new()) };
    serde_json::from_slice(&taken.value).map_err(|_| wrong("anthropic_beta", "must be an array of strings", taken))
}

fn wrong(name: &str, what: &str, taken: &Taken) -> Reply {
    Reply::invalid(&format!("{name}: {what} (byte {})", taken.at))
}

/// The members that come in, as the editor takes them.
pub fn members(
    editor: &Editor,
    operation: Operation,
    model_id: &str,
    betas: &[String],
    user_profile_id: Option<&str>,
) -> String {
    let mut members = String::new();
    let mut add = |name: &str, value: Value| {
        let comma = if members.is_empty() { "" } else { "," };
        members.push_str(&format!(r#"{comma}"{name}":{value}"#));
    };
    if operation.is_native() {
        add("model", model_id.into());
        if operation == Operation::Messages && stream(editor).unwrap_or_default() {
            add("stream", true.into());
        }
        return members;
    }
    add("anthropic_version", ANTHROPIC_VERSION.into());
    if !betas.is_empty() {
        add("anthropic_beta", betas.into());
    }
    if let Some(id) = user_profile_id.filter(|_| !editor.has("user_profile_id")) {
        add("user_profile_id", id.into());
    }
    if operation == Operation::CountTokens && !editor.has("max_tokens") {
        add("max_tokens", if editor.has("thinking") { MAX_TOKENS_WITH_THINKING } else { MAX_TOKENS }.into());
    }
    members
}
