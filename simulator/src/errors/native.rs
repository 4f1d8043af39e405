//! Errors as the native API words them.

use serde::Serialize;

use super::Refusal;

/// An error of the native API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeError {
    /// The HTTP status.
    pub status: u16,
    /// The `type` in the envelope.
    pub kind: &'static str,
    /// The text a client reads.
    pub message: String,
}

/// An error on the wire.
#[derive(Debug, Serialize)]
pub struct Envelope<'a> {
    r#type: &'static str,
    error: Inner<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Inner<'a> {
    r#type: &'static str,
    message: &'a str,
}

/// The types, each with its status.
const KINDS: &[(&str, u16)] = &[
    ("invalid_request_error", 400),
    ("authentication_error", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("not_found_error", 404),
    ("conflict_error", 409),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("api_error", 500),
    ("timeout_error", 504),
    ("overloaded_error", 529),
];

/// What the exceptions of the service itself are natively. Those of the front end are not: it does not speak this API.
const OF_EXCEPTIONS: &[(&str, &str)] = &[
    ("AccessDeniedException", "permission_error"),
    ("ResourceNotFoundException", "not_found_error"),
    ("ThrottlingException", "rate_limit_error"),
    ("ModelTimeoutException", "timeout_error"),
    ("InternalServerException", "api_error"),
    ("ServiceUnavailableException", "overloaded_error"),
    ("ValidationException", "invalid_request_error"),
    ("ServiceQuotaExceededException", "rate_limit_error"),
    ("ModelNotReadyException", "overloaded_error"),
    ("ModelErrorException", "api_error"),
    ("ModelStreamErrorException", "api_error"),
];

impl NativeError {
    /// An error of that type; one that the API does not have becomes an `api_error`.
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        let (kind, status) = KINDS.iter().find(|(known, _)| *known == kind).copied().unwrap_or(("api_error", 500));
        Self { status, kind, message: message.into() }
    }

    /// The type of that name, when the API has one.
    pub fn kind(name: &str) -> Option<&'static str> {
        KINDS.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
    }

    /// An exception as this API words it; `None` for one of the front end.
    pub fn of(refusal: &Refusal) -> Option<Self> {
        let (_, kind) = OF_EXCEPTIONS.iter().find(|(name, _)| *name == refusal.name)?;
        let mut error = Self::new(kind, refusal.message.as_str());
        // A fault may ask for a status of its own.
        if super::find(refusal.name).is_some_and(|known| known.status != refusal.status) {
            error.status = refusal.status;
        }
        Some(error)
    }

    /// The envelope: of a whole answer, with the request's id, and of an `error` event, without.
    pub fn envelope<'a>(&'a self, request_id: Option<&'a str>) -> Envelope<'a> {
        Envelope { r#type: "error", error: Inner { r#type: self.kind, message: &self.message }, request_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_modeled_exception_has_a_type() {
        for known in super::super::EXCEPTIONS {
            let error = NativeError::of(&Refusal::usual(known));
            assert_eq!(error.is_some(), known.modeled, "{}", known.name);
        }
        let throttled = Refusal { status: 503, ..Refusal::new("ThrottlingException", "slow down") };
        let error = NativeError::of(&throttled).expect("modeled");
        assert_eq!((error.status, error.kind), (503, "rate_limit_error"));
    }
}
