//! CountTokens: the request around an InvokeModel body, and its answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::errors::Refusal;
use crate::message::Usage;
use crate::refuse::MAX_BODY;

/// The answer.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// All of the prompt, whatever the cache would serve of it.
    pub input_tokens: u64,
}

impl Count {
    /// The count that goes with the usage of an answer to the same prompt.
    pub fn of(usage: &Usage) -> Self {
        Self { input_tokens: usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens }
    }
}

/// The InvokeModel body in a request: `{"input":{"invokeModel":{"body":"…"}}}`, strict base64 of it.
pub fn inner_body(request: &[u8]) -> Result<Vec<u8>, Refusal> {
    let request: Value = serde_json::from_slice(request).map_err(|error| serialization(error.to_string()))?;
    let input = member(&request, "input", "input")?;
    match input.as_object().map(|arms| arms.keys().map(String::as_str).collect::<Vec<_>>()).as_deref() {
        Some(["invokeModel"]) => {}
        Some(["converse"]) => return Err(Refusal::validation("simulator: it counts the tokens of invokeModel alone")),
        _ => return Err(serialization("the union input wants exactly one of invokeModel and converse".into())),
    }
    let body = member(member(input, "invokeModel", "input.invokeModel")?, "body", "input.invokeModel.body")?;
    let body = body.as_str().ok_or_else(|| serialization("input.invokeModel.body is no string".into()))?;
    let body = STANDARD.decode(body).map_err(|error| serialization(format!("input.invokeModel.body: {error}")))?;
    if body.len() > MAX_BODY {
        return Err(Refusal::validation(format!(
            "1 validation error detected: Value at 'input.invokeModel.body' failed to satisfy constraint: Member must \
             have length less than or equal to {MAX_BODY}"
        )));
    }
    Ok(body)
}

fn member<'a>(holder: &'a Value, name: &str, path: &str) -> Result<&'a Value, Refusal> {
    holder.get(name).filter(|value| !value.is_null()).ok_or_else(|| {
        Refusal::validation(format!(
            "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

fn serialization(message: String) -> Refusal {
    Refusal::new("SerializationException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_base64_in_its_place() {
        let read = |request: &str| inner_body(request.as_bytes());
        assert_eq!(read(r#"{"input":{"invokeModel":{"body":"eyJhIjo/fQ=="}}}"#), Ok(b"{\"a\":?}".to_vec()));
        for (request, name) in [
            ("{}", "ValidationException"),
            (r#"{"input":{"invokeModel":{}}}"#, "ValidationException"),
            (r#"{"input":{"invokeModel":null}}"#, "ValidationException"),
            (r#"{"input":{"invokeModel":{"body":{}}}}"#, "SerializationException"),
            (r#"{"input":{"invokeModel":{"body":"e30="},"converse":{}}}"#, "SerializationException"),
            (r#"{"input":"e30="}"#, "SerializationException"),
            (r#"{"input":{}}"#, "SerializationException"),
            ("{", "SerializationException"),
            // Without padding, of the URL alphabet, with a line break.
            (r#"{"input":{"invokeModel":{"body":"e30"}}}"#, "SerializationException"),
            (r#"{"input":{"invokeModel":{"body":"eyJhIjo_fQ=="}}}"#, "SerializationException"),
            (r#"{"input":{"invokeModel":{"body":"e30=\n"}}}"#, "SerializationException"),
        ] {
            assert_eq!(read(request).expect_err(request).name, name, "{request}");
        }
    }
}
