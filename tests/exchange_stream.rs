//! Streams through the exchange: held for the first piece, then event by event, and how they end.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;
mod frames;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_messages::exchange::{Body, Changes, Head, Origin, Response};
use exchange::{EVENT_STREAM, ID, feed, header, headers, line, response};
use frames::frame;

const START: &str = r#"{"type":"message_start"}"#;
const START_SSE: &str = "event: message_start\ndata: {\"type\":\"message_start\"}\n\n";
const STOP: &str = r#"{"type":"message_stop"}"#;
const STOP_SSE: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
fn chunk(event: &str) -> Vec<u8> {
    let payload = format!(r#"{{"bytes":"{}","p":"abc"}}"#, STANDARD.encode(event));
    frame(&[(":event-type", "chunk"), (":message-type", "event")], payload.as_bytes())
}

fn exception(name: &str, payload: &str) -> Vec<u8> {
    frame(&[(":exception-type", name), (":message-type", "exception")], payload.as_bytes())
}

/// An answer to a request for a stream whose headers are held.
fn stream() -> Response {
    let mut response = response(true);
    let head = [(":status", "200"), EVENT_STREAM, ("x-amzn-bedrock-content-type", "application/json"), ID];
    let set = vec![
        ("content-type", "text/event-stream; charset=utf-8".to_owned()),
        ("cache-control", "no-cache".to_owned()),
        ("request-id", "3f1c".to_owned()),
    ];
    let remove = &["content-length", "x-amzn-bedrock-content-type"];
    assert_eq!(response.head(&headers(&head), Origin::Bedrock, false), Head::HoldOnce(Changes { set, remove }));
    assert!(response.is_unfinished());
    response
}

/// A stream whose headers were held for the first piece alone: all that is written.
fn written(pieces: &[&[u8]]) -> (String, Response) {
    let mut response = stream();
    let mut all = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let (body, out) = feed(&mut response, piece, index + 1 == pieces.len(), index == 0);
        match body {
            Body::Failed(kind) => {
                let event = format!("event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{kind}\"");
                assert!(out.contains(&event), "{kind}: {out}");
            }
            body => assert!(body == Body::Replaced && !out.contains("event: error")),
        }
        all.push_str(&out);
    }
    (all, response)
}

fn error_event(kind: &str, message: &str) -> String {
    let error = format!(r#"{{"type":"{kind}","message":"{message}"}}"#);
    let data = format!(r#"{{"type":"error","error":{error},"request_id":"3f1c"}}"#);
    format!("event: error\ndata: {data}\n\n")
}

const REPLACED: Body = Body::Replaced;

/// The union's exceptions, and what each becomes; with a status where it can be told by one.
const EXCEPTIONS: &[(&str, u16, &str)] = &[
    ("throttlingException", 429, "rate_limit_error"),
    ("modelTimeoutException", 504, "timeout_error"),
    ("internalServerException", 500, "api_error"),
    ("serviceUnavailableException", 529, "overloaded_error"),
    ("validationException", 400, "invalid_request_error"),
    ("modelStreamErrorException", 500, "api_error"),
    ("someNewException", 500, "api_error"),
];

#[test]
fn events_go_as_they_come() {
    let (start, stop) = (chunk(START), chunk(STOP));
    let (half, rest) = start.split_at(20);
    for pieces in [
        &[&start[..], &stop[..], b""][..],
        &[&[], half, rest, &stop],
        &[&[&start[..], &stop].concat()],
        &[half, &[rest, &stop].concat(), b"whatever follows", &start],
    ] {
        let (out, response) = written(pieces);
        assert_eq!(out, format!("{START_SSE}{STOP_SSE}"));
        assert!(!response.is_unfinished());
    }
    // In the very callback that completes a frame, and with nothing held back after the first piece.
    let mut response = stream();
    assert_eq!(feed(&mut response, half, false, true), (REPLACED, String::new()));
    assert_eq!(feed(&mut response, rest, false, false), (REPLACED, START_SSE.to_owned()));
    assert!(response.is_unfinished());
    assert_eq!(feed(&mut response, &stop, false, false), (REPLACED, STOP_SSE.to_owned()));
    assert!(!response.is_unfinished());
}

#[test]
fn an_exception_before_anything_was_sent_is_a_real_error() {
    for &(name, status, kind) in EXCEPTIONS {
        let message = exception(name, r#"{"message":"Bedrock's \"words\""}"#);
        let comment = frame(&[(":event-type", "someNewEvent"), (":message-type", "event")], b"{}");
        for piece in [&message, &[&message[..], &chunk(STOP)].concat(), &[&comment[..], &message].concat()] {
            for end in [false, true] {
                let mut response = stream();
                let (Body::Reply(reply), out) = feed(&mut response, piece, end, true) else { panic!("{name}") };
                assert_eq!(line(&reply), format!("{status} {kind}: Bedrock's \"words\""));
                assert_eq!((out.as_str(), header(&reply, "request-id")), ("", Some("3f1c")));
                assert!(!response.is_unfinished());
            }
        }
    }
}

#[test]
fn an_exception_later_is_one_event_and_the_end() {
    for &(name, _, kind) in EXCEPTIONS {
        let message = exception(name, r#"{"message":"Bedrock's words"}"#);
        let expected = format!("{START_SSE}{}", error_event(kind, "Bedrock's words"));
        let (half, rest) = message.split_at(30);
        for pieces in [
            &[&chunk(START)[..], &message][..],
            &[&[&chunk(START)[..], &message, &chunk(STOP)].concat()],
            &[&chunk(START), half, rest, &chunk(STOP), &message, b"no frame", b""],
        ] {
            let (out, response) = written(pieces);
            assert_eq!(out, expected, "{name}");
            assert!(!response.is_unfinished());
        }
        // The headers have gone, though nothing of the body has.
        let (out, _) = written(&[half, rest]);
        assert_eq!(out, error_event(kind, "Bedrock's words"));
    }
}

#[test]
fn what_an_exception_says() {
    let error = |code: &str, message: &str| {
        frame(&[(":error-code", code), (":error-message", message), (":message-type", "error")], b"")
    };
    let ours = " The gateway's AWS credentials were refused (its configuration: `credentials`, `region`).";
    let name = |name: &str| format!("Bedrock ended the stream: {name}");
    for (message, kind, status, words, help) in [
        (exception("throttlingException", r#"{"Message":"a\r\nb\u2028"}"#), "rate_limit_error", 429, r"a\r\nb|", ""),
        (exception("throttlingException", "{}"), "rate_limit_error", 429, &name("throttlingException"), ""),
        (exception("throttlingException", ""), "rate_limit_error", 429, &name("throttlingException"), ""),
        (
            exception("modelStreamErrorException", r#"{"originalStatusCode":500,"originalMessage":"of the model"}"#),
            "api_error",
            500,
            "of the model",
            "",
        ),
        (
            exception("modelStreamErrorException", r#"{"originalStatusCode":529,"message":"busy"}"#),
            "overloaded_error",
            529,
            "busy",
            "",
        ),
        (
            exception("validationException", r#"{"message":"The provided model identifier is invalid."}"#),
            "invalid_request_error",
            400,
            "The provided model identifier is invalid.",
            " Ask for a model id that Bedrock has in the gateway's `region`, or map the name in the gateway's `models`.",
        ),
        (exception("expiredTokenException", r#"{"message":"expired"}"#), "api_error", 502, "expired", ours),
        (error("ServiceUnavailableException", "later"), "overloaded_error", 529, "later", ""),
        (error("InternalFailure", ""), "api_error", 500, &name("InternalFailure"), ""),
        (exception("", ""), "api_error", 500, &name(""), ""),
    ] {
        let words = words.replace('|', "\u{2028}");
        let (out, _) = written(&[b"", &message]);
        assert_eq!(out, error_event(kind, &format!("{words}{help}")));
        let (Body::Reply(reply), _) = feed(&mut stream(), &message, false, true) else { panic!() };
        let decoded = words.replace(r"\r", "\r").replace(r"\n", "\n");
        assert_eq!(line(&reply), format!("{status} {kind}: {decoded}{help}"));
    }
}

#[test]
fn a_stream_that_is_broken_or_ends_too_early() {
    let mut corrupt = chunk(START);
    *corrupt.last_mut().unwrap() ^= 1;
    let large = frame(&[(":event-type", "chunk"), (":message-type", "event")], &vec![b' '; 4_194_304]);
    let no_json = frame(&[(":event-type", "chunk"), (":message-type", "event")], b"{}");
    for (piece, begins) in [
        (&corrupt, "Bedrock's stream is corrupt: "),
        (&b"HTTP/1.1 200 OK\r\n".to_vec(), "Bedrock's stream is corrupt: "),
        (&large, "Bedrock's stream is corrupt: "),
        (&no_json, "Bedrock's stream has an event that cannot be read: "),
        (&Vec::new(), "Bedrock's stream ended too early"),
        (&chunk(START)[..20].to_vec(), "Bedrock's stream ended too early"),
    ] {
        let (Body::Reply(reply), out) = feed(&mut stream(), piece, true, true) else { panic!("{begins}") };
        assert_eq!(out, "");
        let said = line(&reply);
        let message = said.strip_prefix("500 api_error: ").unwrap();
        assert!(message.starts_with(begins), "{message}");
        let (out, response) = written(&[&chunk(START), piece, &[]]);
        assert_eq!(out, format!("{START_SSE}{}", error_event("api_error", message)));
        assert!(!response.is_unfinished());
    }
    // It breaks off without an end: nothing can be said to the client any more.
    let mut response = stream();
    feed(&mut response, &chunk(START), false, true);
    assert!(response.is_unfinished());
}
