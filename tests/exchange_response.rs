//! The response's half of the exchange: what passes, and what becomes of answers that nobody foresaw.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;
mod refused;

use bedrock_messages::exchange::{Body, Changes, Head, Origin};
use exchange::{EVENT_STREAM, ID, feed, header, headers, line, response};
use refused::{failed, said};

#[test]
fn json_passes_as_it_is() {
    for status in ["200", "201", "302"] {
        let mut answer = response(false);
        let lines = [(":status", status), ("content-type", "application/json"), ("x-amzn-requestid", "a\rb\u{85}\n c")];
        let changes = Changes { set: vec![("request-id", "ab c".to_owned())], remove: &[] };
        assert_eq!(answer.head(&headers(&lines), Origin::Bedrock, false), Head::Pass(changes));
        assert_eq!(feed(&mut answer, b"{}", true, false), (Body::Untouched, String::new()));
        assert!(!answer.is_unfinished());
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
        assert!(!response.is_unfinished());
    }
}

#[test]
fn what_broke_off_is_unfinished() {
    let reply = "500 api_error: Bedrock's stream ended too early";
    for (stream, lines, piece) in
        [(true, &[(":status", "200"), EVENT_STREAM, ID][..], &b"\0\0"[..]), (false, &[(":status", "429"), ID], b"{")]
    {
        let mut answer = response(stream);
        answer.head(&headers(lines), Origin::Bedrock, false);
        feed(&mut answer, piece, false, true);
        assert!(answer.is_unfinished(), "{lines:?}");
        assert_eq!(answer.trailers().map(|reply| line(&reply)).as_deref(), Some(reply), "{lines:?}");
    }
}

#[test]
fn documents_that_are_none() {
    let name = [("x-amzn-errortype", "a#ThrottlingException:b\u{1b}")];
    for document in ["", " \r\n", "<p></p>"] {
        let bare = "529 overloaded_error: Bedrock answered 503 without a message";
        assert_eq!(said(503, &[], document), bare, "{document}");
        let named = "429 rate_limit_error: Bedrock answered 503: a#ThrottlingException:b";
        assert_eq!(said(503, &name, document), named, "{document}");
    }
    for (document, words) in [
        (r#"{"message":"Too ma"#, r#"{"message":"Too ma"#),
        ("null", "null"),
        ("{}", "{}"),
        (r#"{"message":7}"#, r#"{"message":7}"#),
        (r#"{"message":""}"#, r#"{"message":""}"#),
        ("<html><style>a{}</style><h1>503\n\u{1b}Busy</h1></html>", "503 Busy"),
    ] {
        let unread = format!("529 overloaded_error: Bedrock answered 503 with a document that cannot be read: {words}");
        assert_eq!(said(503, &[], document), unread);
        let named =
            "429 rate_limit_error: Bedrock answered 503: a#ThrottlingException:b, with a document that cannot be read";
        assert_eq!(said(503, &name, document), format!("{named}: {words}"));
    }
    let head = [(":status", "503"), ID];
    let Head::Reply(reply) = response(true).head(&headers(&head), Origin::Bedrock, true) else { panic!() };
    assert_eq!(line(&reply), "529 overloaded_error: Bedrock answered 503 without a message");
    // A status that is none is a failure too.
    let mut answer = response(false);
    assert_eq!(answer.head(&headers(&[(":status", "x")]), Origin::Bedrock, false), Head::Hold);
}

#[test]
fn a_proxys_page_is_told_apart_by_the_missing_request_id() {
    let mut answer = response(false);
    answer.head(&headers(&[(":status", "502")]), Origin::Bedrock, false);
    let page = b"<html><head><title>502 Bad Gateway</title></head>\r\n<body><hr>nginx</body></html>";
    let (Body::Reply(reply), _) = feed(&mut answer, page, true, true) else { panic!() };
    let said = "what answered 502 was not Bedrock, but a proxy or another server in its place: 502 Bad Gateway nginx";
    assert_eq!(line(&reply), format!("500 api_error: {said}"));
}

#[test]
fn a_long_document_is_read_up_to_a_limit() {
    const LIMIT: usize = 64 * 1024;
    let document = |length: usize| format!(r#"{{"message":"{}"}}"#, "x".repeat(length - 14));
    let whole = document(LIMIT - 1);
    let reply = failed(false, 400, &[], [whole.as_bytes()]);
    assert_eq!(line(&reply), format!("400 invalid_request_error: {}", "x".repeat(LIMIT - 15)));
    // Without waiting for more.
    let mut waiting = response(false);
    waiting.head(&headers(&[(":status", "400")]), Origin::Bedrock, false);
    assert_eq!(feed(&mut waiting, &[b' '; LIMIT - 1], false, true).0, Body::Held);
    assert!(matches!(feed(&mut waiting, b"  ", false, true).0, Body::Reply(_)));
    let long = document(LIMIT + 1);
    let shown = format!("{}…", long.get(..300).unwrap());
    for size in [LIMIT + 1, LIMIT, 1000] {
        let reply = failed(false, 400, &[], long.as_bytes().chunks(size));
        let said =
            format!("400 invalid_request_error: Bedrock answered 400 with a document that cannot be read: {shown}");
        assert_eq!(line(&reply), said);
    }
}
