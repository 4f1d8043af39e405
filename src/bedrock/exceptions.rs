//! What each of Bedrock's errors becomes for an Anthropic client. Keyed on the exception's name, since AWS's statuses
//! differ between documents and versions; by status only where there is no name. Some exceptions stand for several
//! things, which only their wording tells apart.

use crate::anthropic::error::ErrorType::{self, *};

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
    /// What the operator's log is told: the gateway itself is at fault, and its clients can mend nothing.
    pub operator: Option<&'static str>,
}

/// What is known of an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Problem<'a> {
    /// The exception's name as AWS spells it in a header, a body or a frame.
    pub name: Option<&'a str>,
    /// AWS's HTTP status; 500 for one inside a stream, which has none.
    pub status: u16,
    /// Bedrock's wording.
    pub message: &'a str,
    /// `originalStatusCode`: the status that the model answered Bedrock with.
    pub original_status: Option<u16>,
}

const fn row(name: &'static str, status: u16, kind: ErrorType) -> Mapping {
    Mapping { name, status, kind, should_retry: None, help: None, operator: None }
}

const fn helped(name: &'static str, status: u16, kind: ErrorType, help: &'static str) -> Mapping {
    Mapping { help: Some(help), ..row(name, status, kind) }
}

/// The credentials are the gateway's: a 401 or 403 would make the client ask its user for a key.
const fn credentials(name: &'static str, operator: &'static str) -> Mapping {
    let help = "The gateway's AWS credentials were refused (its configuration: `credentials`, `region`).";
    Mapping { should_retry: Some(false), operator: Some(operator), ..helped(name, 502, Api, help) }
}

const USE_CASE_FORM: &str = "An administrator of the gateway's AWS account submits Anthropic's use case form in the \
    Bedrock console (AWS's page \"Access Amazon Bedrock foundation models\").";
const ENABLE: &str = "The gateway's AWS account has to enable the model in its `region` (AWS's page \"Access Amazon \
    Bedrock foundation models\").";
const POLICY: &str = "The IAM policy of the gateway's credentials has to allow it for the inference profile and for the \
    foundation models behind it (AWS's page \"Prerequisites for inference profiles\").";
const ACCOUNT: &str = "AWS has not cleared the gateway's account for the model: ask AWS Support (AWS's page \
    \"Troubleshooting Amazon Bedrock API Error Codes\").";
const UNKNOWN_MODEL: &str = "Ask for a model id that Bedrock has in the gateway's `region`, or map the name in the \
    gateway's `models`.";
const PROFILE: &str = "In the gateway's configuration `models` maps such an id to an inference profile, and \
    `inferenceProfile` chooses the profile for Anthropic's own names.";
const END_OF_LIFE: &str = "Ask for a newer model, or map the name to one in the gateway's `models` (AWS's page \"Model \
    lifecycle\").";
const COUNT_ON_MANTLE: &str = "Newer models count on mantle: the gateway's `countTokens` can be `mantle`.";
const TOO_LARGE: &str = "Bedrock takes bodies of at most 25,000,000 bytes, fewer than Anthropic's own API.";

/// Exceptions of the Bedrock runtime's model (botocore `bedrock-runtime/2023-09-30/service-2.json`), then those of AWS's
/// front end (Bedrock user guide, "Troubleshooting Amazon Bedrock API Error Codes"; IAM reference, "Common errors").
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
    row(MODEL_ERROR, 500, Api),
    row(MODEL_STREAM_ERROR, 500, Api),
    row("InternalFailure", 500, Api),
    row("InvalidAction", 400, InvalidRequest),
    row("UnknownOperation", 404, NotFound),
    helped("RequestEntityTooLarge", 413, RequestTooLarge, TOO_LARGE),
    helped("FTUFormNotFilled", 403, Permission, USE_CASE_FORM),
    helped("BadCScore", 403, Permission, ACCOUNT),
    helped("NotAuthorized", 403, Permission, POLICY),
    credentials(
        "UnrecognizedClient",
        "UnrecognizedClient: AWS does not know the access key, or not with this session token",
    ),
    credentials("InvalidSignature", WRONG_SIGNATURE),
    credentials("SignatureDoesNotMatch", WRONG_SIGNATURE),
    credentials("IncompleteSignature", "IncompleteSignature: the request's signature did not arrive as it was made"),
    credentials("ExpiredToken", "ExpiredToken: the temporary keys have expired"),
    credentials(
        "RequestExpired",
        "RequestExpired: the host's clock is wrong, or the request was on its way for minutes",
    ),
    credentials("RequestTimeTooSkewed", "RequestTimeTooSkewed: the host's clock is wrong"),
    credentials(
        "MissingAuthenticationToken",
        "MissingAuthenticationToken: the request's signature was lost on the way",
    ),
    credentials("InvalidClientTokenId", "InvalidClientTokenId: AWS does not know the access key"),
];

const MODEL_ERROR: &str = "ModelError";
const MODEL_STREAM_ERROR: &str = "ModelStreamError";
const WRONG_SIGNATURE: &str = "the signature does not match: a wrong secret key or region, a wrong clock, or something \
    behind the filter changes the request";

/// Wordings that say more than their exception's name: every part has to be in the message, the case aside. The name is
/// one of the table above; an empty one stands for an error that names none of them.
pub const WORDINGS: &[(&str, &[&str], Mapping)] = &[
    (
        "Validation",
        &["value at 'body' failed", "length less than or equal to"],
        helped("", 413, RequestTooLarge, TOO_LARGE),
    ),
    ("Validation", &["with on-demand throughput isn"], helped("", 400, InvalidRequest, PROFILE)),
    ("Validation", &["model identifier is invalid"], helped("", 400, InvalidRequest, UNKNOWN_MODEL)),
    ("Validation", &["unknown model"], helped("", 400, InvalidRequest, UNKNOWN_MODEL)),
    // Clients take a 404 for an endpoint that is not there, and estimate.
    ("Validation", &["support counting tokens"], helped("", 404, NotFound, COUNT_ON_MANTLE)),
    ("Validation", &["operation not allowed"], helped("", 400, InvalidRequest, ACCOUNT)),
    ("ResourceNotFound", &["resolve the foundation model"], helped("", 404, NotFound, UNKNOWN_MODEL)),
    ("ResourceNotFound", &["end of its life"], helped("", 404, NotFound, END_OF_LIFE)),
    ("ResourceNotFound", &["marked by provider as legacy"], helped("", 404, NotFound, END_OF_LIFE)),
    // The form's other name: FTUFormNotFilled.
    ("ResourceNotFound", &["use case details"], helped("", 403, Permission, USE_CASE_FORM)),
    ("AccessDenied", &["have access to the model"], helped("", 403, Permission, ENABLE)),
    ("AccessDenied", &["could not access model"], helped("", 403, Permission, ENABLE)),
    ("AccessDenied", &["aws marketplace actions"], helped("", 403, Permission, ENABLE)),
    ("AccessDenied", &["account is not authorized"], helped("", 403, Permission, ENABLE)),
    ("AccessDenied", &["is not authorized to perform"], helped("", 403, Permission, POLICY)),
    ("AccessDenied", &["api key is valid"], REFUSED_API_KEY),
    ("AccessDenied", &["bearer token"], REFUSED_API_KEY),
    ("AccessDenied", &["security token included in the request"], REFUSED_TOKEN),
    (
        "AccessDenied",
        &["signature expired"],
        credentials("", "the signature has expired: a wrong clock, or an API key past its time"),
    ),
    ("", &["security token included in the request"], REFUSED_TOKEN),
    // A quota of a day does not come back within a client's retries.
    ("Throttling", &["tokens per day"], Mapping { should_retry: Some(false), ..row("", 429, RateLimit) }),
];

const REFUSED_API_KEY: Mapping = credentials("", "AWS does not take the API key: wrong, expired, or of another region");
const REFUSED_TOKEN: Mapping = credentials("", "AWS does not take the keys: the session token is wrong or has expired");

/// What a model's own failure becomes, by the status that it answered Bedrock with. A failure that a second try may not
/// meet keeps its kind; a refusal of the request stays one, since the same request would be refused again; any other
/// status, 401 and 404 included, is between Bedrock and its model and remains a 500.
const OF_THE_MODEL: &[(u16, u16, ErrorType)] = &[
    (400, 400, InvalidRequest),
    (408, 504, Timeout),
    (413, 413, RequestTooLarge),
    (422, 400, InvalidRequest),
    (429, 429, RateLimit),
    (503, 529, Overloaded),
    (504, 504, Timeout),
    (529, 529, Overloaded),
];

/// What a status without a name stands for.
const BY_STATUS: &[(u16, &str)] = &[
    (400, "Validation"),
    (403, "AccessDenied"),
    (404, "ResourceNotFound"),
    (408, "ModelTimeout"),
    (424, MODEL_ERROR),
    (429, "Throttling"),
    (500, "InternalServer"),
    (503, "ServiceUnavailable"),
];

/// Whatever answered so, it asked the gateway for credentials and not the client.
pub const UNAUTHORIZED: Mapping = credentials("", "AWS answered 401: it does not take the gateway's keys");

/// What an error becomes.
pub fn mapping(problem: &Problem<'_>) -> Mapping {
    let named = problem.name.and_then(by_name);
    let by_status = || {
        let (_, name) = BY_STATUS.iter().find(|(status, _)| *status == problem.status)?;
        by_name(name)
    };
    let found = named.or_else(by_status).unwrap_or(match problem.status {
        401 => UNAUTHORIZED,
        // A proxy on the way wants something of the gateway, nothing of the client.
        407 => Mapping { should_retry: Some(false), ..row("", 502, Api) },
        413 => row("", 413, RequestTooLarge),
        504 => row("", 504, Timeout),
        status @ 400..=499 => row("", status, InvalidRequest),
        _ => row("", 500, Api),
    });
    by_wording(named, &found, problem.message).or_else(|| of_the_model(&found, problem)).unwrap_or(found)
}

fn by_name(name: &str) -> Option<Mapping> {
    let name = short_name(name);
    let (start, end) = name.split_at_checked(name.len().saturating_sub("Exception".len()))?;
    let name = if end.eq_ignore_ascii_case("Exception") { start } else { name };
    let found = EXCEPTIONS.iter().find(|row| row.name.eq_ignore_ascii_case(name))?;
    Some(*found)
}

/// An error's name out of `x-amzn-errortype`, `code` or `__type`: before the first `:`, after the last `#`
/// (REST-JSON, <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization>).
fn short_name(text: &str) -> &str {
    let text = text.split(':').next().unwrap_or_default();
    text.rsplit('#').next().unwrap_or_default().trim()
}

fn by_wording(named: Option<Mapping>, found: &Mapping, message: &str) -> Option<Mapping> {
    let message = message.to_ascii_lowercase();
    let fits = |name: &str| name == found.name || (name.is_empty() && named.is_none());
    let says = |parts: &[&str]| parts.iter().all(|part| message.contains(part));
    let (_, _, mapping) = WORDINGS.iter().find(|(name, parts, _)| fits(name) && says(parts))?;
    Some(Mapping { name: found.name, ..*mapping })
}

fn of_the_model(found: &Mapping, problem: &Problem<'_>) -> Option<Mapping> {
    if found.name != MODEL_ERROR && found.name != MODEL_STREAM_ERROR {
        return None;
    }
    let (_, status, kind) = OF_THE_MODEL.iter().find(|(original, ..)| Some(*original) == problem.original_status)?;
    Some(row(found.name, *status, *kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Mapping {
        mapping(&Problem { name: Some(name), status: 400, ..Problem::default() })
    }

    #[test]
    fn names_come_in_every_spelling() {
        for name in [
            "ThrottlingException",
            "throttlingException",
            "throttling",
            "THROTTLINGexception",
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
            "com.amazon.bedrock#ThrottlingException",
            "aws.protocoltests.restjson#ThrottlingException:http://internal.amazon.com/coral/",
        ] {
            assert_eq!(named(name).status, 429, "{name}");
        }
        for name in ["", "Exception", "é", "ThrottlingExceptions", "Throttling Exception"] {
            assert_eq!(named(name).status, 400, "{name}");
        }
    }

    #[test]
    fn every_wording_can_be_met() {
        for (at, (name, parts, expected)) in WORDINGS.iter().enumerate() {
            assert!(name.is_empty() || EXCEPTIONS.iter().any(|row| row.name == *name), "{name}");
            assert!(parts.iter().all(|part| *part == part.to_ascii_lowercase()), "{parts:?}");
            let message = format!("Before, {} and after.", parts.join(" … ")).to_uppercase();
            let problem = Problem { name: Some(name), status: 418, message: &message, original_status: None };
            let found = mapping(&problem);
            assert_eq!((found.status, found.kind, found.help), (expected.status, expected.kind, expected.help), "{at}");
            // Another exception's wording is not taken for it, nor are these words cut short.
            let other = Problem { name: Some("ServiceUnavailable"), ..problem };
            assert_eq!(mapping(&other), named("ServiceUnavailable"), "{at}");
            let short = message.get(..message.len() - 14).unwrap();
            assert_ne!(mapping(&Problem { message: short, ..problem }), found, "{at}");
        }
    }
}
