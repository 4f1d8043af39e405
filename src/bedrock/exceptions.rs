//! What each of Bedrock's errors becomes for an Anthropic client. Keyed on the exception's name, since AWS's statuses
//! differ between documents and versions; by status only where there is no name.

use crate::anthropic::error::ErrorType::{self, *};
use serde_json::Value;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// AWS's name, without the suffix `Exception`.
    pub name: &'static str,
    /// The client's HTTP status.
    pub status: u16,
    /// The client's error type.
    pub kind: ErrorType,
    /// `x-should-retry`, where the status alone misleads an SDK (it retries 408, 409, 429 and every 5xx).
    pub should_retry: Option<bool>,
    /// A sentence of help, put behind Bedrock's own words.
    pub help: Option<&'static str>,
}

const fn row(name: &'static str, status: u16, kind: ErrorType) -> Mapping {
    Mapping { name, status, kind, should_retry: None, help: None }
}

/// The credentials are the gateway's: a 401 or 403 would make the client ask its user for a key.
const fn credentials(name: &'static str) -> Mapping {
    let help = Some("The gateway's AWS credentials were refused (its configuration: `credentials`, `region`).");
    Mapping { name, status: 502, kind: Api, should_retry: Some(false), help }
}

/// Exceptions of the Bedrock runtime's model (botocore `bedrock-runtime/2023-09-30/service-2.json`), then those of AWS's
/// front end (Bedrock user guide, "Troubleshooting API error codes").
pub const EXCEPTIONS: &[Mapping] = &[
    row("Validation", 400, InvalidRequest),
    row("AccessDenied", 403, Permission),
    row("ResourceNotFound", 404, NotFound),
    row("Throttling", 429, RateLimit),
    // A quota does not come back within a client's retries.
    Mapping { should_retry: Some(false), ..row("ServiceQuotaExceeded", 429, RateLimit) },
    row("ModelNotReady", 529, Overloaded),
    row("ServiceUnavailable", 529, Overloaded),
    row("InternalServer", 500, Api),
    row("ModelTimeout", 504, Timeout),
    row("ModelError", 500, Api),
    row("ModelStreamError", 500, Api),
    row("InternalFailure", 500, Api),
    row("FTUFormNotFilled", 403, Permission),
    row("BadCScore", 403, Permission),
    row("NotAuthorized", 403, Permission),
    credentials("UnrecognizedClient"),
    credentials("InvalidSignature"),
    credentials("IncompleteSignature"),
    credentials("SignatureDoesNotMatch"),
    credentials("ExpiredToken"),
    credentials("MissingAuthenticationToken"),
    credentials("InvalidClientTokenId"),
];

/// The exception that a status without a name stands for.
const BY_STATUS: &[(u16, &str)] = &[
    (400, "Validation"),
    (403, "AccessDenied"),
    (404, "ResourceNotFound"),
    (408, "ModelTimeout"),
    (424, "ModelError"),
    (429, "Throttling"),
    (500, "InternalServer"),
    (503, "ServiceUnavailable"),
];

/// What an error becomes: by its name as AWS spells it in a header or body, or by its status.
pub fn mapping(name: Option<&str>, status: u16) -> Mapping {
    let named = name.and_then(by_name);
    let by_status = || {
        let name = BY_STATUS.iter().find(|(known, _)| *known == status).map(|(_, name)| *name);
        name.and_then(by_name)
    };
    named.or_else(by_status).unwrap_or(match status {
        413 => row("", 413, RequestTooLarge),
        504 => row("", 504, Timeout),
        400..=499 => row("", status, InvalidRequest),
        _ => row("", 500, Api),
    })
}

fn by_name(name: &str) -> Option<Mapping> {
    let name = short_name(name);
    let name = name.strip_suffix("Exception").unwrap_or(name);
    let found = EXCEPTIONS.iter().find(|row| row.name.eq_ignore_ascii_case(name))?;
    Some(*found)
}

/// An error's name out of `x-amzn-errortype`, `code` or `__type`: before the first `:`, after the last `#`
/// (REST-JSON, <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization>).
fn short_name(text: &str) -> &str {
    let text = text.split(':').next().unwrap_or_default();
    text.rsplit('#').next().unwrap_or_default().trim()
}

/// What an error document says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// `code` or `__type`.
    pub name: Option<String>,
    /// `message` or `Message`.
    pub message: Option<String>,
}

impl Document {
    /// Reads a body; one that is no JSON object says nothing, and neither does an empty text.
    pub fn read(body: &[u8]) -> Self {
        let document: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &&str| document.get(name)?.as_str().filter(|text| !text.is_empty());
        let text = |names: [&str; 2]| names.iter().find_map(text).map(str::to_owned);
        Self { name: text(["code", "__type"]), message: text(["message", "Message"]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_every_spelling() {
        for name in [
            "ThrottlingException",
            "throttlingException",
            "throttling",
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
            "com.amazon.bedrock#ThrottlingException",
            "aws.protocoltests.restjson#ThrottlingException:http://internal.amazon.com/coral/",
        ] {
            assert_eq!(mapping(Some(name), 400).status, 429, "{name}");
        }
    }

    #[test]
    fn a_status_without_a_name_stands_for_an_exception() {
        for (status, expected, kind) in [
            (400, 400, InvalidRequest),
            (402, 402, InvalidRequest),
            (403, 403, Permission),
            (404, 404, NotFound),
            (408, 504, Timeout),
            (413, 413, RequestTooLarge),
            (418, 418, InvalidRequest),
            (424, 500, Api),
            (429, 429, RateLimit),
            (500, 500, Api),
            (502, 500, Api),
            (503, 529, Overloaded),
            (504, 504, Timeout),
        ] {
            for name in [None, Some("SomethingNewException")] {
                let found = mapping(name, status);
                assert_eq!((found.status, found.kind), (expected, kind), "{status} {name:?}");
            }
        }
    }

    #[test]
    fn documents_are_read_in_either_spelling() {
        let read = |text: &str| Document::read(text.as_bytes());
        let message = |text: &str| Some(text.to_owned());
        assert_eq!(read(r#"{"message":"no"}"#).message, message("no"));
        assert_eq!(read(r#"{"Message":"no","code":"X"}"#), Document { name: message("X"), message: message("no") });
        assert_eq!(read(r#"{"__type":"a#B","message":3}"#), Document { name: message("a#B"), message: None });
        for other in ["", "<html>", "[]", "\"x\"", "{"] {
            assert_eq!(read(other), Document::default());
        }
    }
}
