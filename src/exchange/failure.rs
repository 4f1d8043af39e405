//! What a client is told when the answer is a failure: of Bedrock, of Envoy on the way to it, or inside a stream.

use super::headers::sanitized;
use super::reply::Reply;
use super::response::Origin;
use crate::anthropic::error::{ErrorType, envelope};
use crate::anthropic::sse;
use crate::bedrock::exceptions::{Document, Mapping, mapping};
use crate::bedrock::stream::Failure;
use serde_json::Value;

/// Of an answer of another make, this much is shown.
const LONGEST_FOREIGN: usize = 512;

const TOO_LARGE_FOR_ENVOY: &str = "the request is larger than the gateway's buffers \
    (Envoy: per_connection_buffer_limit_bytes, initial_stream_window_size)";

/// What is kept of a failed answer's head.
#[derive(Debug, Default)]
pub struct FailedHead {
    pub status: u16,
    /// `x-amzn-errortype`.
    pub name: Option<String>,
    /// `x-amzn-requestid`.
    pub request_id: Option<String>,
    /// `retry-after`.
    pub retry_after: Option<String>,
}

/// The reply for an answer with an error status.
pub fn reply(head: &FailedHead, origin: Origin, body: &[u8]) -> Reply {
    let document = Document::read(body);
    let name = head.name.as_deref().or(document.name.as_deref());
    let mapping = match origin {
        Origin::Bedrock => mapping(name, head.status),
        Origin::Envoy => mapping(None, head.status),
    };
    let message = match (origin, document.message) {
        (Origin::Bedrock, Some(message)) => message,
        (Origin::Bedrock, None) => match name {
            Some(name) => format!("Bedrock answered {}: {}", head.status, sanitized(name.as_bytes())),
            None => format!("Bedrock answered {} without a message", head.status),
        },
        (Origin::Envoy, _) if head.status == 413 => TOO_LARGE_FOR_ENVOY.to_owned(),
        (Origin::Envoy, _) => {
            let words = String::from_utf8_lossy(body.get(..LONGEST_FOREIGN).unwrap_or(body)).into_owned();
            format!("the gateway could not get an answer from Bedrock ({}): {words}", head.status)
        }
    };
    mapped(&mapping, &message, head.request_id.as_deref(), head.retry_after.as_deref())
}

/// Whether Envoy's own answer has Anthropic's shape already: `local_reply_config` runs before the filter sees it, and would
/// wrap a reply of the filter's in its place once more.
pub fn is_envelope(body: &[u8]) -> bool {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    document.get("type").is_some_and(|kind| kind == "error") && document.pointer("/error/message").is_some()
}

/// The reply for a stream that failed before anything of it was sent.
pub fn reply_of_stream(failure: &Failure, request_id: Option<&str>) -> Reply {
    let (mapping, message) = explain(failure);
    mapped(&mapping, &message, request_id, None)
}

/// Ends a stream that failed: one `error` event (<https://docs.claude.com/en/docs/build-with-claude/streaming#error-events>).
pub fn end_stream(failure: &Failure, out: &mut Vec<u8>) {
    let (mapping, message) = explain(failure);
    sse::event(out, b"error", &envelope(mapping.kind, &message, None));
}

fn explain(failure: &Failure) -> (Mapping, String) {
    let api = || mapping(None, 500);
    match failure {
        Failure::Exception { name, message, original_status: _ } => {
            let mapping = mapping(Some(name), 500);
            let message =
                if message.is_empty() { format!("Bedrock ended the stream: {name}") } else { message.clone() };
            (mapping, message)
        }
        Failure::Corrupt(error) => (api(), format!("Bedrock's stream is corrupt: {error}")),
        Failure::Undecodable(what) => (api(), format!("Bedrock's stream has an event that cannot be read: {what}")),
        Failure::Truncated => (api(), "Bedrock's stream ended too early".to_owned()),
    }
}

fn mapped(mapping: &Mapping, message: &str, request_id: Option<&str>, retry_after: Option<&str>) -> Reply {
    let message = match mapping.help {
        Some(help) => format!("{message} {help}"),
        None => message.to_owned(),
    };
    let mut reply = Reply::error_of_request(mapping.status, mapping.kind, &message, request_id);
    if let Some(retry) = mapping.should_retry {
        reply = reply.with("x-should-retry", retry.to_string());
    }
    match retry_after {
        Some(value) => reply.with("retry-after", value),
        None => reply,
    }
}

/// A stream was asked for, and something else came with a good status.
pub fn no_stream(request_id: Option<&str>) -> Reply {
    let message = "Bedrock answered a streaming request with something that is no event stream";
    Reply::error_of_request(502, ErrorType::Api, message, request_id)
}
