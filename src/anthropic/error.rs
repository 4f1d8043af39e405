//! Errors as an Anthropic client expects them (<https://docs.claude.com/en/api/errors>).

use crate::json::quoted;

/// The types of Anthropic's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// The request is wrong.
    InvalidRequest,
    /// The caller's key is missing or wrong.
    Authentication,
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
    const ALL: [Self; 9] = [
        Self::InvalidRequest,
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::RequestTooLarge,
        Self::RateLimit,
        Self::Api,
        Self::Timeout,
        Self::Overloaded,
    ];

    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// `error.type` in the envelope.
    #[inline(never)]
    pub fn name(self) -> &'static str {
        match self {
            ErrorType::InvalidRequest => "invalid_request_error",
            ErrorType::Authentication => "authentication_error",
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
    let (name, message) = (kind.name(), quoted(message));
    envelope_of(&format!(r#"{{"type":"{name}","message":{message}}}"#), request_id)
}

/// The envelope around an `error` that is JSON already.
pub fn envelope_of(error: &str, request_id: Option<&str>) -> Vec<u8> {
    let request_id = request_id.map(|id| format!(r#","request_id":{}"#, quoted(id))).unwrap_or_default();
    format!(r#"{{"type":"error","error":{error}{request_id}}}"#).into_bytes()
}
