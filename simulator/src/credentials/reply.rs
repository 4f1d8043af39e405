//! What a credential service answers, before a fault has its way with it.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

use crate::script::Script;

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `content-type`; none when empty.
    pub content_type: &'static str,
    /// The other headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer as its sender had hoped.
#[derive(Debug)]
pub struct Granted {
    /// What the log says of it.
    pub outcome: String,
    /// Whether it has credentials.
    pub document: bool,
    /// The answer.
    pub reply: Reply,
}

/// A refusal, or a fault that looks like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// The service's name for it.
    pub code: String,
    /// The text a client reads.
    pub message: String,
}

impl Reply {
    /// An answer of that type.
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into() }
    }

    /// A JSON document.
    pub fn json(status: u16, document: &Value) -> Self {
        Self::new(status, "application/json", document.to_string())
    }

    /// The same with a header more; a value that cannot be one is left out.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (HeaderName::from_static(name), value)));
        self
    }

    /// The response, of a length that may be another than the body's.
    pub fn announcing(self, length: usize, body: Script) -> Response<Script> {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.extend(self.headers);
        if !self.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        response
    }
}

impl From<Reply> for Response<Script> {
    fn from(mut reply: Reply) -> Self {
        let body = Bytes::from(std::mem::take(&mut reply.body));
        let length = body.len();
        reply.announcing(length, Script::whole(body))
    }
}

impl Failure {
    /// A failure by that name.
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }
}
