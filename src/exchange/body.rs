//! The body of a request: the members that are read and taken out of it, and those that come in for each operation.

use super::reply::Reply;
use crate::bedrock::fields::{BETA, MODEL, STREAM};
use crate::bedrock::operation::Operation;
use crate::json::{Editor, Taken, quoted};
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
    Some(taken.text().ok_or_else(|| wrong("model", "must be a string", taken)))
}

/// Whether the client wants a stream.
pub fn stream(editor: &Editor) -> Result<bool, Reply> {
    let Some(taken) = editor.taken(STREAM) else { return Ok(false) };
    value(taken).as_bool().ok_or_else(|| wrong("stream", "must be true or false", taken))
}

/// The betas that the body lists.
pub fn betas(editor: &Editor) -> Result<Vec<String>, Reply> {
    let Some(taken) = editor.taken(BETA) else { return Ok(Vec::new()) };
    let wrong = || wrong("anthropic_beta", "must be an array of strings", taken);
    let Value::Array(betas) = value(taken) else { return Err(wrong()) };
    let texts = betas.into_iter().map(|beta| if let Value::String(beta) = beta { Ok(beta) } else { Err(wrong()) });
    texts.collect()
}

/// `null` for what cannot be read, such as a lone surrogate.
fn value(taken: &Taken) -> Value {
    serde_json::from_slice(&taken.value).unwrap_or_default()
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
    let mut add = |name: &str, value: &str| {
        let comma = if members.is_empty() { "" } else { "," };
        members.push_str(&format!(r#"{comma}"{name}":{value}"#));
    };
    if operation.is_native() {
        add("model", &quoted(model_id));
        if operation == Operation::Messages && stream(editor).unwrap_or_default() {
            add("stream", "true");
        }
        return members;
    }
    add("anthropic_version", &quoted(ANTHROPIC_VERSION));
    if !betas.is_empty() {
        let betas: Vec<_> = betas.iter().map(|beta| quoted(beta)).collect();
        add("anthropic_beta", &format!("[{}]", betas.join(",")));
    }
    if let Some(id) = user_profile_id.filter(|_| !editor.has("user_profile_id")) {
        add("user_profile_id", &quoted(id));
    }
    if operation == Operation::CountTokens && !editor.has("max_tokens") {
        let most = if editor.has("thinking") { MAX_TOKENS_WITH_THINKING } else { MAX_TOKENS };
        add("max_tokens", &most.to_string());
    }
    members
}
