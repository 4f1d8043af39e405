//! What a client is told when Bedrock's answer is a failure, as a whole or inside a stream.

use super::headers::{Headers, sanitized, upstream_value};
use super::reply::{Refusal, Reply};
use crate::anthropic::error::{ErrorType, envelope, envelope_of};
use crate::anthropic::sse;
use crate::bedrock::error_document::{Document, Envelope, excerpt};
use crate::bedrock::exceptions::{Mapping, Problem, UNAUTHORIZED, mapping};
use crate::bedrock::stream::Failure;

/// Of a message; an error document is not read further either.
const LONGEST_MESSAGE: usize = 64 * 1024;
/// Of an exception's name from upstream.
const LONGEST_NAME: usize = 128;

/// What is kept of a failed answer's head.
#[derive(Debug)]
pub struct FailedHead {
    pub status: u16,
    /// `x-amzn-errortype`.
    name: Option<String>,
    /// `x-amzn-requestid`; of a native upstream `request-id` too.
    request_id: Option<String>,
    /// Headers that tell a client when to try again, kept as they are.
    retry: Vec<(&'static str, String)>,
    date: Option<String>,
}

/// What SDKs read before they try again; the last only of upstreams that speak to Anthropic's clients themselves.
const RETRY_HEADERS: [&str; 3] = ["retry-after", "retry-after-ms", "x-should-retry"];
/// Of Anthropic's own API.
const OVERLOADED: u16 = 529;
const SHOULD_RETRY: &str = "x-should-retry";

impl FailedHead {
    pub fn new(status: u16, head: &Headers<'_>, request_id: Option<String>) -> Self {
        let retry = RETRY_HEADERS.into_iter().filter_map(|name| Some((name, upstream_value(head, name)?)));
        let date = upstream_value(head, "date");
        Self { status, name: upstream_value(head, "x-amzn-errortype"), request_id, retry: retry.collect(), date }
    }

    /// Status and headers of the reply by the head alone, for where it cannot wait for the document.
    pub fn early(&self) -> (u16, Vec<(&'static str, String)>) {
        let reply = self.reply(b"");
        let text = |value: Vec<u8>| String::from_utf8(value).unwrap_or_default();
        // No status of AWS's: a native upstream says so itself, and its document will too.
        let status = if self.status == OVERLOADED { OVERLOADED } else { reply.status };
        (status, reply.headers.into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    /// The reply; `body` is the error document, or its beginning.
    pub fn reply(&self, body: &[u8]) -> Reply {
        let document = Document::read(body);
        let name = self.name.as_deref().or(document.name.as_deref());
        let message = document.message.unwrap_or_else(|| self.without_message(name, body));
        let problem =
            Problem { name, status: self.status, message: &message, original_status: document.original_status };
        let mapping = match &document.envelope {
            Some(envelope) if self.asks_for_credentials(envelope) => UNAUTHORIZED,
            _ => mapping(&problem),
        };
        let mut reply = match &document.envelope {
            Some(envelope) if mapping.operator.is_none() => self.native(envelope, &mapping),
            _ => mapped(&mapping, &message, self.request_id.as_deref()),
        };
        if let Some(refusal) = &mut reply.refusal {
            refusal.date = self.date.clone();
        }
        let decided = reply.headers.iter().any(|(name, _)| *name == SHOULD_RETRY);
        for (name, value) in &self.retry {
            if *name != SHOULD_RETRY || !decided {
                reply = reply.with(name, value.as_str());
            }
        }
        reply
    }

    /// Something between Envoy and AWS has answered, or AWS did so without saying why.
    fn without_message(&self, name: Option<&str>, body: &[u8]) -> String {
        let status = self.status;
        let words = excerpt(body);
        match name.map(short) {
            Some(name) if words.is_empty() => format!("Bedrock answered {status}: {name}"),
            Some(name) => format!("Bedrock answered {status}: {name}, with a document that cannot be read: {words}"),
            None if words.is_empty() => format!("Bedrock answered {status} without a message"),
            None if self.request_id.is_some() || body.trim_ascii_start().starts_with(b"{") => {
                format!("Bedrock answered {status} with a document that cannot be read: {words}")
            }
            None => {
                format!("what answered {status} was not Bedrock, but a proxy or another server in its place: {words}")
            }
        }
    }

    /// Whether a native upstream refuses the gateway's key as it would a client's.
    fn asks_for_credentials(&self, envelope: &Envelope) -> bool {
        self.status == 401 || envelope.kind == ErrorType::Authentication.name()
    }

    /// An error of a native upstream has Anthropic's type, message and status already.
    fn native(&self, envelope: &Envelope, mapping: &Mapping) -> Reply {
        let id = envelope.request_id.as_deref().map(|id| sanitized(id.as_bytes()));
        let request_id = self.request_id.as_deref().or(id.as_deref());
        let kind = ErrorType::named(&envelope.kind).unwrap_or(mapping.kind);
        Reply::enveloped(self.status, envelope_of(&envelope.error, request_id), kind.name(), request_id)
    }
}

/// The reply for a stream that failed before anything of it was sent.
pub fn reply_of_stream(failure: &Failure, request_id: Option<&str>) -> Reply {
    let (mapping, message) = explain(failure);
    mapped(&mapping, &message, request_id)
}

/// Ends a stream that failed: one `error` event (<https://docs.claude.com/en/docs/build-with-claude/streaming#error-events>).
///
/// Returns its type.
pub fn end_stream(failure: &Failure, request_id: Option<&str>, out: &mut Vec<u8>) -> ErrorType {
    let (mapping, message) = explain(failure);
    sse::event(out, b"error", &envelope(mapping.kind, &with_help(&mapping, &message), request_id));
    mapping.kind
}

fn explain(failure: &Failure) -> (Mapping, String) {
    let api = mapping(&Problem { status: 500, ..Problem::default() });
    match failure {
        Failure::Exception { name, message, original_status } => {
            let message = match message.as_str() {
                "" => format!("Bedrock ended the stream: {}", short(name)),
                message => message.to_owned(),
            };
            let problem =
                Problem { name: Some(name), status: 500, message: &message, original_status: *original_status };
            (mapping(&problem), message)
        }
        Failure::Corrupt(error) => (api, format!("Bedrock's stream is corrupt: {error}")),
        Failure::Undecodable(what) => (api, format!("Bedrock's stream has an event that cannot be read: {what}")),
        Failure::Truncated => (api, "Bedrock's stream ended too early".to_owned()),
    }
}

fn mapped(mapping: &Mapping, message: &str, request_id: Option<&str>) -> Reply {
    let message = with_help(mapping, message);
    let mut reply = Reply::error_of_request(mapping.status, mapping.kind, &message, request_id);
    reply.refusal = mapping.operator.map(|reason| Refusal { reason, date: None });
    match mapping.should_retry {
        Some(retry) => reply.with(SHOULD_RETRY, retry.to_string()),
        None => reply,
    }
}

/// Bedrock's wording, which clients match on, stands first.
fn with_help(mapping: &Mapping, message: &str) -> String {
    let message = message.get(..message.floor_char_boundary(LONGEST_MESSAGE)).unwrap_or(message);
    match mapping.help {
        Some(help) => format!("{message} {help}"),
        None => message.to_owned(),
    }
}

/// A name from upstream, for a message.
fn short(name: &str) -> String {
    sanitized(name.as_bytes()).chars().take(LONGEST_NAME).collect()
}

/// A stream was asked for, and something else came with a good status.
pub fn no_stream(request_id: Option<&str>) -> Reply {
    let message = "Bedrock answered a streaming request with something that is no event stream";
    Reply::error_of_request(502, ErrorType::Api, message, request_id)
}
