//! Answers that the filter gives itself.

use crate::anthropic::error::{ErrorType, envelope};

/// A whole response, made by the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside those that Envoy sets; values hold no control characters.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    /// For the operator: `%RESPONSE_CODE_DETAILS%` of the access log. Without spaces.
    pub details: &'static str,
    /// AWS has refused the gateway's credentials.
    pub refusal: Option<Refusal>,
}

/// Why AWS has refused the gateway's credentials, for the operator's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// No text of a client or of an upstream.
    pub reason: &'static str,
    /// The answer's header `date`: a wrong clock may be the cause.
    pub date: Option<String>,
}

impl Reply {
    /// An error in Anthropic's envelope.
    pub fn error(status: u16, kind: ErrorType, message: &str) -> Self {
        Self::error_of_request(status, kind, message, None)
    }

    /// The same for a request that AWS gave an id.
    pub fn error_of_request(status: u16, kind: ErrorType, message: &str, request_id: Option<&str>) -> Self {
        Self::enveloped(status, envelope(kind, message, request_id), kind.name(), request_id)
    }

    /// An error whose envelope is there already.
    pub fn enveloped(status: u16, body: Vec<u8>, details: &'static str, request_id: Option<&str>) -> Self {
        let mut headers = vec![("content-type", b"application/json".to_vec())];
        headers.extend(request_id.map(|id| ("request-id", id.as_bytes().to_vec())));
        Self { status, headers, body, details, refusal: None }
    }

    /// A 200 with a JSON document.
    pub fn document(details: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", b"application/json".to_vec())],
            body,
            details,
            refusal: None,
        }
    }

    /// A 400: the request is wrong in a way that only its sender can mend.
    pub fn invalid(message: &str) -> Self {
        Self::error(400, ErrorType::InvalidRequest, message)
    }

    /// Adds a header.
    pub fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
