//! The roles of a pair: what is configured, and what the first of the two makes of answers whose head it cannot hold.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod edits;
mod exchange;

use bedrock_messages::config::{Config, Plugin};
use bedrock_messages::exchange::{Access, Begin, Body, Finish, Head, Origin, Response, Signers, begin};
use exchange::{POST, config, headers};

fn plugin(json: &str) -> Result<Plugin, String> {
    let environment = |name: &str| (name == "AWS_REGION").then(|| "us-east-1".to_owned());
    Plugin::parse(json.as_bytes(), &environment).map_err(|error| error.to_string())
}

#[test]
fn a_role_says_what_a_plugin_is() {
    for (json, paired) in [("{}", false), (r#"{"role": "single"}"#, false), (r#"{"role": "transform"}"#, true)] {
        let Ok(Plugin::Serve(config)) = plugin(json) else { panic!("{json}") };
        assert_eq!(config.is_paired, paired, "{json}");
    }
    // It needs no region.
    assert!(matches!(Plugin::parse(br#"{"role": "hold"}"#, &|_| None), Ok(Plugin::Hold)));
    for (json, expected) in [
        (r#"{"role": "hold", "region": "us-east-1"}"#, "region: unknown key; known here: role"),
        (r#"{"role": "hold", "credentials": {"type": "environment"}}"#, "credentials: unknown key; known here: role"),
        (r#"{"role": "both"}"#, "role: expected one of single, transform, hold"),
        (r#"{"role": 1}"#, "role: expected one of single, transform, hold"),
    ] {
        assert_eq!(plugin(json).unwrap_err(), expected, "{json}");
    }
    let hold = Config::parse(br#"{"role": "hold"}"#, &|_| None).unwrap_err();
    assert_eq!(hold.to_string(), "role: expected single or transform");
}

/// The answer to a request of a `transform`.
fn answer(path: &str, stream: bool) -> Response {
    let config = config(r#"{"role": "transform"}"#);
    let head = [POST[0], (":path", path)];
    let Begin::Take(mut request) = begin(&config, &headers(&head)) else { panic!("{path}") };
    let body = format!(r#"{{"model":"anthropic.claude-sonnet-4-5-20250929-v1:0","stream":{stream}}}"#);
    request.body(body.as_bytes()).unwrap();
    let finish = request.finish(Access::External, &mut Signers::new("us-east-1"), 0);
    let Ok(Finish::Send(_, response)) = finish else { panic!("{path}") };
    response
}

/// What of the head is set; nothing is held.
fn set(head: Head) -> Vec<(&'static str, String)> {
    let Head::Pass(changes) = head else { panic!("{head:?}") };
    assert!(changes.remove.contains(&"content-length"), "{changes:?}");
    changes.set
}

fn value<'a>(set: &'a [(&str, String)], name: &str) -> Option<&'a str> {
    set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

#[test]
fn an_error_has_its_status_by_the_exceptions_name() {
    for (status, name, expected, kind) in [
        ("429", "ThrottlingException", "429", "rate_limit_error"),
        ("503", "ServiceUnavailableException", "529", "overloaded_error"),
        ("403", "UnrecognizedClientException", "502", "api_error"),
        ("400", "ValidationException:http://internal.amazon.com/coral/", "400", "invalid_request_error"),
    ] {
        let mut response = answer("/v1/messages", false);
        let head =
            [(":status", status), ("x-amzn-errortype", name), ("x-amzn-requestid", "id-1"), ("retry-after", "7")];
        let set = set(response.head(&headers(&head), Origin::Bedrock, false));
        assert_eq!(value(&set, ":status"), Some(expected), "{name}");
        assert_eq!(value(&set, "request-id"), Some("id-1"));
        assert_eq!(value(&set, "retry-after"), Some("7"));
        assert_eq!(value(&set, "x-should-retry"), (expected == "502").then_some("false"), "{name}");

        let mut out = Vec::new();
        assert_eq!(response.body(br#"{"message":"#, false, false, &mut out), Body::Replaced);
        assert!(out.is_empty(), "nothing goes before all is there");
        let Body::Told(reply) = response.body(br#""AWS's words"}"#, true, false, &mut out) else { panic!("{name}") };
        let body = String::from_utf8(reply.body).unwrap();
        assert!(body.contains(kind) && body.contains("AWS's words"), "{body}");
        assert_eq!(reply.refusal.is_some(), expected == "502");
        // What follows a document that was read to its end is swallowed.
        assert_eq!(response.body(b"more", true, false, &mut out), Body::Replaced);
        assert!(out.is_empty());
    }
}

#[test]
fn an_overloaded_native_upstream_stays_that() {
    let mut response = answer("/v1/messages", false);
    let set = set(response.head(&headers(&[(":status", "529")]), Origin::Bedrock, false));
    assert_eq!(value(&set, ":status"), Some("529"));
}

#[test]
fn a_stream_does_not_wait_for_its_first_frame() {
    let mut response = answer("/v1/messages", true);
    let head = [(":status", "200"), ("content-type", "application/vnd.amazon.eventstream"), ("content-length", "9")];
    let set = set(response.head(&headers(&head), Origin::Bedrock, false));
    assert_eq!(value(&set, "content-type"), Some("text/event-stream; charset=utf-8"));
    let mut out = Vec::new();
    assert!(matches!(response.body(b"", true, false, &mut out), Body::Failed("api_error")));
    assert!(out.starts_with(b"event: error\n"), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn a_count_of_tokens_is_put_in_place() {
    let mut response = answer("/v1/messages/count_tokens", false);
    let head = [(":status", "200"), ("content-type", "application/json"), ("content-length", "17")];
    let set = set(response.head(&headers(&head), Origin::Bedrock, false));
    assert_eq!((value(&set, ":status"), value(&set, "content-type")), (Some("200"), Some("application/json")));
    let mut out = Vec::new();
    assert_eq!(response.body(br#"{"inputTok"#, false, false, &mut out), Body::Replaced);
    let Body::Told(reply) = response.body(br#"ens":12}"#, true, false, &mut out) else { panic!() };
    assert_eq!((reply.status, reply.body.as_slice()), (200, &br#"{"input_tokens":12}"#[..]));
    assert!(out.is_empty());
}
