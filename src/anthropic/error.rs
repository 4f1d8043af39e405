//! Errors as an Anthropic client expects them (<https://docs.claude.com/en/api/errors>).

use serde_json::Value;

/// The types of Anthropic's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// The request is wrong.
    InvalidRequest,
    /// The caller may not do this.
    Permission,
    /// No such endpoint or model.
    NotFound,
    /// The body is over the limit.
    RequestTooLarge,
    /// Too many requests or tokens.
    RateLimit,
    /// Something failed behind the API.
    Api,
    /// It took too long.
    Timeout,
    /// No capacity now.
    Overloaded,
}

impl ErrorType {
    /// `error.type` in the envelope.
    pub fn name(self) -> &'static str {
        match self {
            ErrorType::InvalidRequest => "invalid_request_error",
            ErrorType::Permission => "permission_error",
            ErrorType::NotFound => "not_found_error",
            ErrorType::RequestTooLarge => "request_too_large",
            ErrorType::RateLimit => "rate_limit_error",
            ErrorType::Api => "api_error",
            ErrorType::Timeout => "timeout_error",
            ErrorType::Overloaded => "overloaded_error",
        }
    }
}

/// The envelope: `{"type":"error","error":{"type":…,"message":…},"request_id":…}`, in Anthropic's order.
pub fn envelope(kind: ErrorType, message: &str, request_id: Option<&str>) -> Vec<u8> {
    let (name, message) = (kind.name(), Value::from(message));
    let request_id = request_id.map(|id| format!(r#","request_id":{}"#, Value::from(id))).unwrap_or_default();
    format!(r#"{{"type":"error","error":{{"type":"{name}","message":{message}}}{request_id}}}"#).into_bytes()
}
