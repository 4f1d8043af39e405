//! Bedrock's exceptions: their names, statuses, usual wording and shape on the wire.

mod native;

use serde_json::{Map, Value, json};

pub use native::NativeError;

/// One exception of the service, by its AWS name.
#[derive(Debug)]
pub struct Exception {
    /// The name in `x-amzn-errortype`.
    pub name: &'static str,
    /// The HTTP status of an answer that is this exception.
    pub status: u16,
    /// The wording when nothing more precise is known.
    pub message: &'static str,
    /// Whether the service's model has it: the others are the front end's.
    pub modeled: bool,
    /// Whether the response stream has a member of this name.
    pub in_stream: bool,
}

const fn exception(name: &'static str, status: u16, message: &'static str) -> Exception {
    Exception { name, status, message, modeled: true, in_stream: false }
}

const fn stream_exception(name: &'static str, status: u16, message: &'static str) -> Exception {
    Exception { name, status, message, modeled: true, in_stream: true }
}

const fn front_end(name: &'static str, status: u16, message: &'static str) -> Exception {
    Exception { name, status, message, modeled: false, in_stream: false }
}

/// Every exception that can be asked for as a fault: the modeled ones, then those of the front end.
pub const EXCEPTIONS: &[Exception] = &[
    exception("AccessDeniedException", 403, "You don't have access to the model with the specified model ID."),
    exception(
        "ResourceNotFoundException",
        404,
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    ),
    stream_exception("ThrottlingException", 429, "Too many requests, please wait before trying again."),
    stream_exception(
        "ModelTimeoutException",
        408,
        "Model has timed out in processing the request. Try your request again.",
    ),
    stream_exception(
        "InternalServerException",
        500,
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    stream_exception("ServiceUnavailableException", 503, "Bedrock is unable to process your request."),
    stream_exception("ValidationException", 400, "Input is too long for requested model."),
    exception(
        "ServiceQuotaExceededException",
        400,
        "Your request exceeds the service quota for your account. Request a quota increase or try again later.",
    ),
    exception(
        "ModelNotReadyException",
        429,
        "Model is not ready for inference. Wait a few minutes and try your request again.",
    ),
    exception("ModelErrorException", 424, "The request failed due to an error while processing the model."),
    stream_exception(
        "ModelStreamErrorException",
        424,
        "The system encountered an error while processing the model stream. Try your request again.",
    ),
    front_end("IncompleteSignature", 400, "The request signature does not conform to AWS standards."),
    front_end("InvalidAction", 400, "The action or operation requested is invalid."),
    front_end("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
    front_end("NotAuthorized", 400, "You do not have permission to perform this action."),
    front_end("InternalFailure", 500, "The request processing has failed because of an unknown error."),
    front_end("BadCScoreException", 403, "Your account is not authorized to invoke this model."),
    front_end(
        "FTUFormNotFilled",
        404,
        "Model use case details have not been submitted for this account. Fill out the Anthropic use case details \
         form before using the model.",
    ),
    front_end("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
    front_end(
        "InvalidSignatureException",
        403,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details.",
    ),
    front_end("ExpiredTokenException", 403, "The security token included in the request is expired"),
    front_end("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
    front_end("IncompleteSignatureException", 400, "Authorization header requires 'Credential' parameter."),
    front_end("SerializationException", 400, "The request could not be read."),
    front_end("UnknownOperationException", 404, "The requested operation is not recognized by the service."),
];

/// The exception of that name; `throttlingException`, as the stream spells it, is found too.
pub fn find(name: &str) -> Option<&'static Exception> {
    EXCEPTIONS.iter().find(|known| known.name.eq_ignore_ascii_case(name))
}

/// An answer that is an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The exception's name.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The text a client reads.
    pub message: String,
}

impl Refusal {
    /// The named exception with a wording of its own. A name out of the table becomes `InternalFailure`.
    pub fn new(name: &str, message: impl Into<String>) -> Self {
        let (name, status) = find(name).map_or(("InternalFailure", 500), |known| (known.name, known.status));
        Self { name, status, message: message.into() }
    }

    /// The named exception with its usual wording.
    pub fn usual(known: &'static Exception) -> Self {
        Self { name: known.name, status: known.status, message: known.message.into() }
    }

    /// A `ValidationException`: what Bedrock calls anything wrong with a request.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// The refusal of a value by the service's model, before the service itself sees it.
    pub fn constraint(value: &str, member: &str, constraint: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ))
    }

    /// The JSON of the answer, or of the exception frame, with the members that this exception has beyond `message`.
    pub fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("message".into(), json!(self.message));
        match self.name {
            "ModelErrorException" => {
                body.insert("originalStatusCode".into(), json!(500));
                body.insert("resourceName".into(), json!("model"));
            }
            "ModelStreamErrorException" => {
                body.insert("originalStatusCode".into(), json!(500));
                body.insert("originalMessage".into(), json!("Internal error in the model"));
            }
            _ => {}
        }
        body
    }

    /// The value of `x-amzn-errortype`.
    pub fn error_type(&self) -> String {
        format!("{}:http://internal.amazon.com/coral/com.amazon.bedrock/", self.name)
    }

    /// The name as a member of the response stream: `throttlingException`.
    pub fn stream_member(&self) -> String {
        let mut chars = self.name.chars();
        chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
    }
}
