//! The answer to a count of tokens.

use super::reply::Reply;
use crate::anthropic::error::ErrorType;
use serde_json::Value;

/// CountTokens' answer as Anthropic's (<https://docs.claude.com/en/api/messages-count-tokens>).
pub fn reply(document: &[u8], request_id: Option<&str>) -> Reply {
    let document: Value = serde_json::from_slice(document).unwrap_or_default();
    match document.get("inputTokens").and_then(Value::as_u64) {
        Some(input_tokens) => {
            let reply = Reply::document("count_tokens", format!(r#"{{"input_tokens":{input_tokens}}}"#).into_bytes());
            request_id.into_iter().fold(reply, |reply, id| reply.with("request-id", id))
        }
        None => {
            let message = "Bedrock answered a count of tokens with something else";
            Reply::error_of_request(502, ErrorType::Api, message, request_id)
        }
    }
}
