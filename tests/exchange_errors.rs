//! What becomes of each error of Bedrock's, by its name, its status, or the shape that it has already.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;
mod refused;

use bedrock_messages::exchange::{Body, Origin};
use exchange::{feed, header, headers, response};
use refused::{ACCOUNT, FORM, OURS, POLICY, TOO_LARGE, failed, said};

/// AWS's name and status, the client's status and type, `x-should-retry`, help: the rows of Bedrock's model, then those
/// of AWS's front end.
type Row = (&'static str, u16, u16, &'static str, Option<&'static str>, &'static str);
const ERRORS: &[Row] = &[
    ("AccessDeniedException", 403, 403, "permission_error", None, ""),
    ("ResourceNotFoundException", 404, 404, "not_found_error", None, ""),
    ("ThrottlingException", 429, 429, "rate_limit_error", None, ""),
    ("ModelTimeoutException", 408, 504, "timeout_error", None, ""),
    ("InternalServerException", 500, 500, "api_error", None, ""),
    ("ServiceUnavailableException", 503, 529, "overloaded_error", None, ""),
    ("ValidationException", 400, 400, "invalid_request_error", None, ""),
    ("ServiceQuotaExceededException", 400, 429, "rate_limit_error", Some("false"), ""),
    ("ModelNotReadyException", 429, 529, "overloaded_error", None, ""),
    ("ModelErrorException", 424, 500, "api_error", None, ""),
    ("ModelStreamErrorException", 424, 500, "api_error", None, ""),
    ("InternalFailure", 500, 500, "api_error", None, ""),
    ("InvalidAction", 400, 400, "invalid_request_error", None, ""),
    ("UnknownOperationException", 404, 404, "not_found_error", None, ""),
    ("RequestEntityTooLargeException", 413, 413, "request_too_large", None, TOO_LARGE),
    ("FTUFormNotFilled", 404, 403, "permission_error", None, FORM),
    ("BadCScoreException", 403, 403, "permission_error", None, ACCOUNT),
    ("NotAuthorized", 400, 403, "permission_error", None, POLICY),
    ("UnrecognizedClientException", 403, 502, "api_error", Some("false"), OURS),
    ("InvalidSignatureException", 403, 502, "api_error", Some("false"), OURS),
    ("IncompleteSignature", 400, 502, "api_error", Some("false"), OURS),
    ("SignatureDoesNotMatch", 403, 502, "api_error", Some("false"), OURS),
    ("ExpiredTokenException", 403, 502, "api_error", Some("false"), OURS),
    ("MissingAuthenticationTokenException", 403, 502, "api_error", Some("false"), OURS),
    ("InvalidClientTokenId", 403, 502, "api_error", Some("false"), OURS),
    ("RequestExpired", 400, 502, "api_error", Some("false"), OURS),
    ("RequestTimeTooSkewed", 403, 502, "api_error", Some("false"), OURS),
];

#[test]
fn every_exception_by_its_name() {
    let message = "Bedrock's \"own\" words: é\\n";
    let document = serde_json::json!({"message": message, "originalStatusCode": 500}).to_string();
    let capital = serde_json::json!({"Message": message}).to_string();
    for &(name, aws, status, kind, retry, help) in ERRORS {
        let expected = format!("{status} {kind}: {message}{help}");
        let camel = name[..1].to_lowercase() + &name[1..];
        let url = format!("{name}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        // The name counts and not the status.
        for aws in [aws, 400, 418, 599] {
            for value in [name, &url, &format!("com.amazon.bedrock#{name}"), &camel] {
                for document in [&document, &capital] {
                    assert_eq!(said(aws, &[("x-amzn-errortype", value)], document), expected, "{value}");
                }
            }
            for (member, value) in
                [("code", name), ("__type", &format!("com.amazon.coral.service#{name}")), ("code", &url)]
            {
                let document = serde_json::json!({member: value, "message": message}).to_string();
                assert_eq!(said(aws, &[], &document), expected, "{document}");
                // A header that says nothing does not hide it.
                assert_eq!(said(aws, &[("x-amzn-errortype", "")], &document), expected, "{document}");
            }
        }
        let lines = [("x-amzn-errortype", name), ("retry-after", "7\r\n")];
        let reply = failed(true, aws, &lines, [document.as_bytes()]);
        assert_eq!((header(&reply, "x-should-retry"), header(&reply, "retry-after")), (retry, Some("7")), "{name}");
        let plain = failed(true, aws, &lines[..1], [document.as_bytes()]);
        assert_eq!(header(&plain, "retry-after"), None);
    }
    // The header counts before the body.
    let other = r#"{"code":"ThrottlingException","message":"no"}"#;
    let lines = [("x-amzn-errortype", "AccessDeniedException")];
    assert_eq!(said(400, &lines, other), "403 permission_error: no");
}

#[test]
fn without_a_name_the_status_counts() {
    for (aws, expected) in [
        (400, "400 invalid_request_error"),
        (403, "403 permission_error"),
        (404, "404 not_found_error"),
        (408, "504 timeout_error"),
        (413, "413 request_too_large"),
        (424, "500 api_error"),
        (429, "429 rate_limit_error"),
        (499, "499 invalid_request_error"),
        (500, "500 api_error"),
        (501, "500 api_error"),
        (503, "529 overloaded_error"),
        (504, "504 timeout_error"),
    ] {
        let named = format!("{expected}: no");
        assert_eq!(said(aws, &[], r#"{"message":"no"}"#), named);
        assert_eq!(said(aws, &[("x-amzn-errortype", "NewException")], r#"{"message":"no"}"#), named);
    }
    // Whatever asks for credentials so, it does not ask the client.
    assert_eq!(said(401, &[], r#"{"message":"no"}"#), format!("502 api_error: no{OURS}"));
    assert_eq!(said(407, &[], r#"{"message":"no"}"#), "502 api_error: no");
}

#[test]
fn a_models_own_failure_counts_by_the_status_it_had() {
    for name in ["ModelErrorException", "ModelStreamErrorException"] {
        for (original, expected) in [
            (400, "400 invalid_request_error"),
            (401, "500 api_error"),
            (404, "500 api_error"),
            (408, "504 timeout_error"),
            (413, "413 request_too_large"),
            (422, "400 invalid_request_error"),
            (429, "429 rate_limit_error"),
            (500, "500 api_error"),
            (502, "500 api_error"),
            (503, "529 overloaded_error"),
            (504, "504 timeout_error"),
            (529, "529 overloaded_error"),
            (70_000, "500 api_error"),
        ] {
            let document = serde_json::json!({"message": "no", "originalStatusCode": original}).to_string();
            assert_eq!(said(424, &[("x-amzn-errortype", name)], &document), format!("{expected}: no"), "{original}");
            if name == "ModelErrorException" {
                assert_eq!(said(424, &[], &document), format!("{expected}: no"), "{original}");
            }
        }
    }
    let other = r#"{"message":"no","originalStatusCode":429}"#;
    assert_eq!(said(400, &[("x-amzn-errortype", "ValidationException")], other), "400 invalid_request_error: no");
}

#[test]
fn a_native_upstreams_error_keeps_its_type_message_and_status() {
    let error = r#"{"type":"overloaded_error","message":"busy\u0021","details":{"error_code":"x"}}"#;
    let document = format!(r#"{{"type":"error","error":{error},"request_id":"req_of_upstream"}}"#);
    let retry = [("retry-after-ms", "250"), ("x-should-retry", "true")];
    let reply = failed(true, 529, &retry, [document.as_bytes()]);
    let expected = format!(r#"{{"type":"error","error":{error},"request_id":"3f1c"}}"#);
    assert_eq!((reply.status, std::str::from_utf8(&reply.body).unwrap()), (529, expected.as_str()));
    assert_eq!((reply.details, &reply.refusal), ("overloaded_error", &None));
    assert_eq!((header(&reply, "retry-after-ms"), header(&reply, "x-should-retry")), (Some("250"), Some("true")));

    // Without AWS's request id, its own: of the head, else of the body.
    for (lines, id) in [
        (&[(":status", "404"), ("request-id", "req_head")][..], "req_head"),
        (&[(":status", "404")], "req_of_upstream"),
    ] {
        let mut response = response(false);
        response.head(&headers(lines), Origin::Bedrock, false);
        let (Body::Reply(reply), _) = feed(&mut response, document.as_bytes(), true, true) else { panic!() };
        assert_eq!((reply.status, header(&reply, "request-id")), (404, Some(id)));
        assert!(String::from_utf8(reply.body).unwrap().ends_with(&format!(r#""request_id":"{id}"}}"#)));
    }

    for (status, kind, message, lines, expected) in [
        // A type that nobody here knows, and one that its status does not fit.
        (418, "new_error", "no", &[][..], "418 new_error: no".to_owned()),
        (400, "not_found_error", "no", &[], "400 not_found_error: no".to_owned()),
        (403, "permission_error", "no", &[], "403 permission_error: no".to_owned()),
        (
            400,
            "invalid_request_error",
            "The provided model identifier is invalid.",
            &[],
            "400 invalid_request_error: The provided model identifier is invalid.".to_owned(),
        ),
        // It is the gateway's key that is refused.
        (401, "authentication_error", "Bad key", &[], format!("502 api_error: Bad key{OURS}")),
        (403, "authentication_error", "Bad key", &[], format!("502 api_error: Bad key{OURS}")),
        (401, "permission_error", "Bad key", &[], format!("502 api_error: Bad key{OURS}")),
        (
            403,
            "permission_error",
            "Late",
            &[("x-amzn-errortype", "ExpiredTokenException")],
            format!("502 api_error: Late{OURS}"),
        ),
    ] {
        let document = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#);
        assert_eq!(said(status, lines, &document), expected);
        let reply = failed(false, status, lines, [document.as_bytes()]);
        assert_eq!(reply.refusal.is_some(), expected.starts_with("502"), "{expected}");
        assert_eq!(header(&reply, "x-should-retry"), expected.starts_with("502").then_some("false"));
    }
}

#[test]
fn headers_that_say_when_to_try_again_are_kept() {
    let lines = [("retry-after", "7\r\n"), ("retry-after-ms", "7000"), ("retry-other", "1")];
    let reply = failed(true, 429, &lines, [&b"{}"[..]]);
    assert_eq!((header(&reply, "retry-after"), header(&reply, "retry-after-ms")), (Some("7"), Some("7000")));
    assert_eq!((header(&reply, "retry-other"), header(&reply, "x-should-retry")), (None, None));
    // What is known of an exception counts before what an upstream says.
    let lines = [("x-amzn-errortype", "ServiceQuotaExceededException"), ("x-should-retry", "true")];
    let reply = failed(true, 400, &lines, [&b"{}"[..]]);
    assert_eq!(reply.headers.iter().filter(|(name, _)| *name == "x-should-retry").count(), 1);
    assert_eq!(header(&reply, "x-should-retry"), Some("false"));
}
