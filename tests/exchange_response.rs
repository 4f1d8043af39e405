//! The response's half of the exchange: what passes, and what becomes of every error.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use bedrock_messages::exchange::{Begin, Body, Changes, Head, Origin, Reply, begin};
use exchange::{EVENT_STREAM, ID, POST, config, feed, header, headers, line, request, response};

/// What the credentials' errors add.
const OURS: &str = " The gateway's AWS credentials were refused (its configuration: `credentials`, `region`).";

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
    ("FTUFormNotFilled", 404, 403, "permission_error", None, ""),
    ("BadCScoreException", 403, 403, "permission_error", None, ""),
    ("NotAuthorized", 400, 403, "permission_error", None, ""),
    ("UnrecognizedClientException", 403, 502, "api_error", Some("false"), OURS),
    ("InvalidSignatureException", 403, 502, "api_error", Some("false"), OURS),
    ("IncompleteSignature", 400, 502, "api_error", Some("false"), OURS),
    ("SignatureDoesNotMatch", 403, 502, "api_error", Some("false"), OURS),
    ("ExpiredTokenException", 403, 502, "api_error", Some("false"), OURS),
    ("MissingAuthenticationTokenException", 403, 502, "api_error", Some("false"), OURS),
    ("InvalidClientTokenId", 403, 502, "api_error", Some("false"), OURS),
];

/// The reply to an answer with an error status, whose document comes in these pieces.
fn failed<'a>(
    stream: bool,
    status: u16,
    lines: &[(&str, &str)],
    origin: Origin,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Reply {
    let status = status.to_string();
    let head = [&[(":status", status.as_str()), ID], lines].concat();
    let mut response = response(stream);
    assert_eq!(response.head(&headers(&head), origin, false), Head::Hold);
    assert!(!response.passes());
    let mut out = Vec::new();
    for piece in pieces {
        match response.body(piece, false, true, &mut out) {
            Body::Held => {}
            Body::Reply(reply) => return reply,
            other => panic!("{other:?}"),
        }
    }
    let Body::Reply(reply) = response.body(b"", true, true, &mut out) else { panic!() };
    assert_eq!(header(&reply, "request-id"), Some("3f1c"));
    assert!(out.is_empty() && !response.truncated());
    reply
}

/// The reply in words, for a document in one piece and in many, to a request for a stream or not.
fn said(status: u16, lines: &[(&str, &str)], origin: Origin, document: &str) -> String {
    let reply = failed(true, status, lines, origin, [document.as_bytes()]);
    for stream in [true, false] {
        assert_eq!(failed(stream, status, lines, origin, document.as_bytes().chunks(3)), reply);
    }
    line(&reply)
}

const TOO_LARGE_FOR_ENVOY: &str = "the request is larger than the gateway's buffers (Envoy: per_connection_buffer_limit_bytes, initial_stream_window_size)";

#[test]
fn json_passes_as_it_is() {
    for status in ["200", "201", "302"] {
        let mut answer = response(false);
        let lines = [(":status", status), ("content-type", "application/json"), ("x-amzn-requestid", "a\rb\u{85}\n c")];
        let changes = Changes { set: vec![("request-id", "ab c".to_owned())], remove: &[] };
        assert_eq!(answer.head(&headers(&lines), Origin::Bedrock, false), Head::Pass(changes));
        assert!(answer.passes());
        assert_eq!(feed(&mut answer, b"{}", true, false), (Body::Untouched, String::new()));
        assert!(!answer.truncated());
    }
    let none = Head::Pass(Changes { set: vec![], remove: &[] });
    for lines in [&[(":status", "200")][..], &[(":status", "200"), ("x-amzn-requestid", "\n")]] {
        assert_eq!(response(false).head(&headers(lines), Origin::Bedrock, true), none);
    }
}

#[test]
fn a_stream_was_asked_for_and_something_else_came() {
    let said = "502 api_error: Bedrock answered a streaming request with something that is no event stream";
    for (lines, end) in [
        (&[(":status", "200"), ("content-type", "application/json"), ID][..], false),
        (&[(":status", "200"), ID], false),
        (&[(":status", "204"), EVENT_STREAM, ID], true),
        (&[(":status", "200"), EVENT_STREAM, ID], true),
        (&[(":status", "302"), EVENT_STREAM, ID], false),
    ] {
        let mut response = response(true);
        let Head::Reply(reply) = response.head(&headers(lines), Origin::Bedrock, end) else { panic!("{lines:?}") };
        assert_eq!((line(&reply).as_str(), header(&reply, "request-id")), (said, Some("3f1c")));
        assert!(!response.truncated());
    }
}

#[test]
fn every_exception_by_its_name() {
    let message = "Bedrock's \"own\" words: é\\n";
    let document = serde_json::json!({"message": message, "originalStatusCode": 400}).to_string();
    let capital = serde_json::json!({"Message": message}).to_string();
    for &(name, aws, status, kind, retry, help) in ERRORS {
        let expected = format!("{status} {kind}: {message}{help}");
        let camel = name[..1].to_lowercase() + &name[1..];
        let url = format!("{name}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        // The name counts and not the status.
        for aws in [aws, 400, 418, 599] {
            for value in [name, &url, &format!("com.amazon.bedrock#{name}"), &camel] {
                for document in [&document, &capital] {
                    assert_eq!(
                        said(aws, &[("x-amzn-errortype", value)], Origin::Bedrock, document),
                        expected,
                        "{value}"
                    );
                }
            }
            for (member, value) in
                [("code", name), ("__type", &format!("com.amazon.coral.service#{name}")), ("code", &url)]
            {
                let document = serde_json::json!({member: value, "message": message}).to_string();
                assert_eq!(said(aws, &[], Origin::Bedrock, &document), expected, "{document}");
                // A header that says nothing does not hide it.
                assert_eq!(said(aws, &[("x-amzn-errortype", "")], Origin::Bedrock, &document), expected, "{document}");
            }
        }
        let lines = [("x-amzn-errortype", name), ("retry-after", "7\r\n")];
        let reply = failed(true, aws, &lines, Origin::Bedrock, [document.as_bytes()]);
        assert_eq!((header(&reply, "x-should-retry"), header(&reply, "retry-after")), (retry, Some("7")), "{name}");
        let plain = failed(true, aws, &lines[..1], Origin::Bedrock, [document.as_bytes()]);
        assert_eq!(header(&plain, "retry-after"), None);
    }
    // The header counts before the body.
    let other = r#"{"code":"ThrottlingException","message":"no"}"#;
    let lines = [("x-amzn-errortype", "AccessDeniedException")];
    assert_eq!(said(400, &lines, Origin::Bedrock, other), "403 permission_error: no");
}

#[test]
fn without_a_name_the_status_counts() {
    for (aws, expected) in [
        (400, "400 invalid_request_error"),
        (401, "401 invalid_request_error"),
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
        assert_eq!(said(aws, &[], Origin::Bedrock, r#"{"message":"no"}"#), named);
        assert_eq!(said(aws, &[("x-amzn-errortype", "NewException")], Origin::Bedrock, r#"{"message":"no"}"#), named);
        let of_envoy = match aws {
            413 => format!("{expected}: {TOO_LARGE_FOR_ENVOY}"),
            _ => format!("{expected}: the gateway could not get an answer from Bedrock ({aws}): no upstream"),
        };
        assert_eq!(said(aws, &[], Origin::Envoy, "no upstream"), of_envoy);
        // What an answer that is not Bedrock's says of itself does not count.
        assert_eq!(
            said(aws, &[("x-amzn-errortype", "ModelNotReadyException")], Origin::Envoy, "no upstream"),
            of_envoy
        );
    }
}

#[test]
fn documents_that_are_none() {
    let cut = r#"{"message":"Too ma"#;
    for document in
        ["", "<html><h1>503</h1></html>", cut, "null", "[]", "\"x\"", "{}", r#"{"message":7}"#, r#"{"message":""}"#]
    {
        let bare = "529 overloaded_error: Bedrock answered 503 without a message";
        assert_eq!(said(503, &[], Origin::Bedrock, document), bare, "{document}");
        let lines = [("x-amzn-errortype", "a#ThrottlingException:b\u{1b}")];
        let named = "429 rate_limit_error: Bedrock answered 503: a#ThrottlingException:b";
        assert_eq!(said(503, &lines, Origin::Bedrock, document), named, "{document}");
    }
    for (origin, words) in [
        (Origin::Bedrock, "529 overloaded_error: Bedrock answered 503 without a message"),
        (Origin::Envoy, "529 overloaded_error: the gateway could not get an answer from Bedrock (503): "),
    ] {
        let head = [(":status", "503"), ID];
        let Head::Reply(reply) = response(true).head(&headers(&head), origin, true) else { panic!() };
        assert_eq!(line(&reply), words);
    }
    // A status that is none is a failure too.
    let mut answer = response(false);
    assert_eq!(answer.head(&headers(&[(":status", "x")]), Origin::Bedrock, false), Head::Hold);
}

#[test]
fn a_long_document_is_read_up_to_a_limit() {
    const LIMIT: usize = 64 * 1024;
    let document = |length: usize| format!(r#"{{"message":"{}"}}"#, "x".repeat(length - 14));
    let whole = document(LIMIT - 1);
    let reply = failed(false, 400, &[], Origin::Bedrock, [whole.as_bytes()]);
    assert_eq!(line(&reply), format!("400 invalid_request_error: {}", "x".repeat(LIMIT - 15)));
    // Without waiting for more.
    let mut waiting = response(false);
    waiting.head(&headers(&[(":status", "400")]), Origin::Bedrock, false);
    assert_eq!(feed(&mut waiting, &[b' '; LIMIT - 1], false, true).0, Body::Held);
    assert!(matches!(feed(&mut waiting, b"  ", false, true).0, Body::Reply(_)));
    for size in [LIMIT + 1, LIMIT, 1000] {
        let long = document(LIMIT + 1);
        let reply = failed(false, 400, &[], Origin::Bedrock, long.as_bytes().chunks(size));
        assert_eq!(line(&reply), "400 invalid_request_error: Bedrock answered 400 without a message");
        // Of Envoy's own, little is shown.
        let page = "é".repeat(LIMIT);
        let reply = failed(false, 500, &[], Origin::Envoy, page.as_bytes().chunks(size));
        let shown =
            format!("500 api_error: the gateway could not get an answer from Bedrock (500): {}", "é".repeat(256));
        assert_eq!(line(&reply), shown);
    }
}

#[test]
fn an_answer_to_a_request_still_held() {
    let mut response = request(r#"{"model":"m","stream":tr"#).interrupted().unwrap();
    assert_eq!(response.head(&headers(&[(":status", "413")]), Origin::Envoy, false), Head::Hold);
    let (body, _) = feed(&mut response, b"Payload Too Large", true, true);
    let Body::Reply(reply) = body else { panic!() };
    assert_eq!(line(&reply), format!("413 request_too_large: {TOO_LARGE_FOR_ENVOY}"));

    let config = config(r#"{"routing": {"default": "passthrough", "models": ["claude-*"]}}"#);
    let Begin::Take(mut request) = begin(&config, &headers(&POST)) else { panic!() };
    assert!(request.interrupted().is_none());
    request.body(br#"{"model":"claude-x""#).unwrap();
    assert!(request.interrupted().is_some());
}
