//! Wordings of Bedrock's that say more than the exception they come with.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;
mod refused;

use exchange::header;
use refused::{ACCOUNT, ENABLE, END_OF_LIFE, FORM, OURS, POLICY, PROFILE, TOO_LARGE, UNKNOWN, failed, said};

/// Name, Bedrock's wording as it was seen, the client's status and type, `x-should-retry`, help.
type Wording = (&'static str, &'static str, u16, &'static str, Option<&'static str>, &'static str);
const WORDINGS: &[Wording] = &[
    (
        "ValidationException",
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to 25000000",
        413,
        "request_too_large",
        None,
        TOO_LARGE,
    ),
    // Of other members, and what a client might mistake for it.
    (
        "ValidationException",
        "1 validation error detected: Value at 'modelId' failed to satisfy constraint: Member must have length less than or equal to 2048",
        400,
        "invalid_request_error",
        None,
        "",
    ),
    ("ValidationException", "Input is too long for requested model.", 400, "invalid_request_error", None, ""),
    (
        "ValidationException",
        "prompt is too long: 210000 tokens > 200000 maximum",
        400,
        "invalid_request_error",
        None,
        "",
    ),
    ("ValidationException", "max_tokens: 25000000 > 64000", 400, "invalid_request_error", None, ""),
    (
        "ValidationException",
        "Invocation of model ID anthropic.claude-sonnet-4-6 with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
        400,
        "invalid_request_error",
        None,
        PROFILE,
    ),
    (
        "ValidationException",
        "Invocation of model ID x with on-demand throughput isn’t supported.",
        400,
        "invalid_request_error",
        None,
        PROFILE,
    ),
    ("ValidationException", "The provided model identifier is invalid.", 400, "invalid_request_error", None, UNKNOWN),
    ("ValidationException", "Unknown model", 400, "invalid_request_error", None, UNKNOWN),
    ("ValidationException", "Operation not allowed", 400, "invalid_request_error", None, ACCOUNT),
    ("ValidationException", "invalid beta flag", 400, "invalid_request_error", None, ""),
    (
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        404,
        "not_found_error",
        None,
        END_OF_LIFE,
    ),
    (
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 15 days. Please upgrade to an active model on Amazon Bedrock",
        404,
        "not_found_error",
        None,
        END_OF_LIFE,
    ),
    (
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the provided model identifier.",
        404,
        "not_found_error",
        None,
        UNKNOWN,
    ),
    (
        "ResourceNotFoundException",
        "Model use case details have not been submitted for this account.",
        403,
        "permission_error",
        None,
        FORM,
    ),
    (
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
        403,
        "permission_error",
        None,
        ENABLE,
    ),
    ("AccessDeniedError", "Could not access model", 403, "permission_error", None, ENABLE),
    (
        "AccessDeniedException",
        "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
        403,
        "permission_error",
        None,
        ENABLE,
    ),
    (
        "AccessDeniedException",
        "Your account is not authorized to invoke this API operation.",
        403,
        "permission_error",
        None,
        ENABLE,
    ),
    (
        "AccessDeniedException",
        "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: bedrock:InvokeModel on resource: y because no identity-based policy allows the bedrock:InvokeModel action",
        403,
        "permission_error",
        None,
        POLICY,
    ),
    (
        "AccessDeniedException",
        "Authentication failed: Please make sure your API Key is valid.",
        502,
        "api_error",
        Some("false"),
        OURS,
    ),
    ("AccessDeniedException", "Bearer Token has expired", 502, "api_error", Some("false"), OURS),
    (
        "SomeNewException",
        "The security token included in the request is invalid.",
        502,
        "api_error",
        Some("false"),
        OURS,
    ),
    (
        "AccessDeniedException",
        "Signature expired: 20261122T110000Z is now earlier than 20261122T115500Z (20261122T120000Z - 5 min.)",
        502,
        "api_error",
        Some("false"),
        OURS,
    ),
    // What a request is quoted with is not what is wrong with the gateway.
    (
        "ValidationException",
        "messages.0: The security token included in the request is invalid.",
        400,
        "invalid_request_error",
        None,
        "",
    ),
    (
        "ThrottlingException",
        "Too many tokens per day, please wait before trying again.",
        429,
        "rate_limit_error",
        Some("false"),
        "",
    ),
    ("ThrottlingException", "Too many tokens, please wait before trying again.", 429, "rate_limit_error", None, ""),
];

#[test]
fn what_a_wording_says_beyond_its_name() {
    for &(name, message, status, kind, retry, help) in WORDINGS {
        let document = serde_json::json!({ "message": message }).to_string();
        let aws = if name == "SomeNewException" { 400 } else { 403 };
        for name in [name.to_owned(), name.to_lowercase()] {
            let lines = [("x-amzn-errortype", name.as_str())];
            assert_eq!(said(aws, &lines, &document), format!("{status} {kind}: {message}{help}"));
            let reply = failed(true, aws, &lines, [document.as_bytes()]);
            assert_eq!(header(&reply, "x-should-retry"), retry, "{message}");
            // The operator hears of the gateway's own credentials alone.
            assert_eq!(reply.refusal.is_some(), help == OURS, "{message}");
        }
    }
}
