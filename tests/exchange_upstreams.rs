//! Counting tokens, native upstreams and Bedrock's own headers, through the whole of the request's story.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use base64_simd::STANDARD;
use bedrock_messages::config::Config;
use bedrock_messages::exchange::{Access, Begin, Body, Finish, Head, Origin, Progress, Response, Signers, begin};
use exchange::{Outcome, POST, config, feed, headers, line, outcome, response, sent, value};
use serde_json::{Value, json};
use std::rc::Rc;

const COUNT: [(&str, &str); 2] = [(":method", "POST"), (":path", "/v1/messages/count_tokens?beta=true")];

/// The path, the host, the service signed for and the body of a count.
fn count(config: &Rc<Config>, client: &[(&str, &str)], body: &str) -> (String, String, String, String) {
    let Outcome::Sent(outgoing, body) = outcome(config, &[&COUNT, client].concat(), body) else { panic!() };
    let scope = value(&outgoing, "authorization").split('/').nth(3).unwrap().to_owned();
    let header = |name| value(&outgoing, name).to_owned();
    (header(":path"), header(":authority"), scope, String::from_utf8(body).unwrap())
}

fn inner(body: &str) -> Value {
    let document: Value = serde_json::from_str(body).unwrap();
    assert_eq!(document.as_object().unwrap().len(), 1);
    let text = document["input"]["invokeModel"]["body"].as_str().unwrap();
    serde_json::from_slice(&STANDARD.decode_to_vec(text).unwrap()).unwrap()
}

#[test]
fn tokens_are_counted_by_the_bare_model() {
    for model in [
        "claude-sonnet-4-5",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "m",
    ] {
        let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
        let config = config(&format!(r#"{{"models":{{"m":{{"id":"{arn}","baseModel":"claude-sonnet-4-5"}}}}}}"#));
        let body = json!({"messages": [], "model": model, "service_tier": "auto", "stream": true}).to_string();
        let (path, host, service, body) = count(&config, &[("anthropic-beta", "effort-2025-11-24,x")], &body);
        assert_eq!(path, "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens", "{model}");
        assert_eq!((host.as_str(), service.as_str()), ("bedrock-runtime.us-east-1.amazonaws.com", "bedrock"));
        let expected = json!({"messages": [], "anthropic_version": "bedrock-2023-05-31", "anthropic_beta": ["effort-2025-11-24"], "max_tokens": 1024});
        assert_eq!(inner(&body), expected);
    }
    let (path, ..) = count(&config("{}"), &[], r#"{"model":"eu.anthropic.claude-new-9"}"#);
    assert_eq!(path, "/model/anthropic.claude-new-9/count-tokens");
}

#[test]
fn a_count_has_the_max_tokens_it_needs() {
    let max_tokens = |members: &str| {
        let (.., body) = count(&config("{}"), &[], &format!(r#"{{"model":"claude-haiku-4-5"{members}}}"#));
        inner(&body)["max_tokens"].clone()
    };
    assert_eq!(max_tokens(""), 1024);
    assert_eq!(max_tokens(r#","max_tokens":5"#), 5);
    assert_eq!(max_tokens(r#","thinking":{"type":"enabled","budget_tokens":10000}"#), 32000);
}

#[test]
fn mantle_counts_without_what_it_refuses() {
    let settings = r#"{"countTokens":"mantle"}"#;
    let body = r#"{"max_tokens":5,"model":"us.anthropic.claude-opus-5","messages":[],"temperature":1,"stream":false,"metadata":{"user_id":"{}","a":1},"top_p":1,"top_k":1,"stop_sequences":[""],"fallback_credit_token":"t"}"#;
    for client in [&[("anthropic-beta", "x")][..], &[]] {
        let (path, host, service, sent) = count(&config(settings), client, body);
        assert_eq!(path, "/anthropic/v1/messages/count_tokens");
        assert_eq!((host.as_str(), service.as_str()), ("bedrock-mantle.us-east-1.api.aws", "bedrock-mantle"));
        assert_eq!(sent, r#"{"messages":[],"model":"anthropic.claude-opus-5"}"#);
    }
    // One model alone: that is known only when it was read.
    let settings = r#"{"models":{"m":{"id":"anthropic.claude-opus-5","upstream":"mantle"}}}"#;
    let (path, .., sent) = count(&config(settings), &[], &body.replace("us.anthropic.claude-opus-5", "m"));
    assert_eq!(path, "/anthropic/v1/messages/count_tokens");
    assert_eq!(sent, r#"{"messages":[],"model":"anthropic.claude-opus-5"}"#);
}

#[test]
fn a_count_too_long_in_base64_is_refused() {
    let body = format!(r#"{{"model":"claude-haiku-4-5","messages":"{}"}}"#, "x".repeat(800));
    let Outcome::Answered(reply) = outcome(&config(r#"{"limits":{"requestBytes":1024}}"#), &COUNT, &body) else {
        panic!()
    };
    assert_eq!(line(&reply), "413 request_too_large: request body: larger than the 1024 bytes this gateway takes");
}

#[test]
fn native_upstreams_get_the_body_with_the_model_alone_changed() {
    let client = [
        ("anthropic-version", "2026-10-21"),
        ("anthropic-beta", "effort-2025-11-24,unknown"),
        ("anthropic-user-profile-id", "p"),
        ("x-api-key", "secret"),
    ];
    let body = r#"{"max_tokens":5,"messages":[{"role":"user","content":"é\u00e9"}],"stream":true,"model":"claude-opus-5","anthropic_beta":["compact-2026-01-12"]}"#;
    for (settings, host, service, id) in [
        (
            r#"{"upstream":"runtimeNative"}"#,
            "bedrock-runtime.us-east-1.amazonaws.com",
            "bedrock",
            "us.anthropic.claude-opus-5",
        ),
        (r#"{"upstream":"mantle"}"#, "bedrock-mantle.us-east-1.api.aws", "bedrock-mantle", "anthropic.claude-opus-5"),
        (
            r#"{"models":{"claude-opus-5":{"id":"us.anthropic.claude-opus-5","upstream":"mantle"}},"endpoint":{"mantleHost":"mantle.example.com"}}"#,
            "mantle.example.com",
            "bedrock-mantle",
            "anthropic.claude-opus-5",
        ),
    ] {
        let (outgoing, sent) = sent(&config(settings), &client, body);
        assert_eq!(value(&outgoing, ":path"), "/anthropic/v1/messages");
        assert_eq!(value(&outgoing, ":authority"), host);
        let authorization = value(&outgoing, "authorization");
        assert!(
            authorization
                .contains(&format!("/us-east-1/{service}/aws4_request, SignedHeaders=content-type;host;x-amz-date,")),
            "{authorization}"
        );
        assert_eq!(value(&outgoing, "anthropic-version"), "2026-10-21");
        assert_eq!(value(&outgoing, "anthropic-beta"), "effort-2025-11-24,compact-2026-01-12");
        assert_eq!(value(&outgoing, "anthropic-user-profile-id"), "p");
        assert!(outgoing.headers.iter().all(|(name, _)| *name != "x-api-key"));
        assert_eq!(
            sent,
            format!(
                r#"{{"max_tokens":5,"messages":[{{"role":"user","content":"é\u00e9"}}],"model":"{id}","stream":true}}"#
            )
        );
    }
    let (outgoing, _) =
        sent(&config(r#"{"upstream":"mantle"}"#), &[("anthropic-version", "x")], r#"{"model":"claude-opus-5"}"#);
    assert_eq!(value(&outgoing, "anthropic-version"), "2023-06-01");
}

#[test]
fn bedrocks_own_headers_are_literals_or_the_clients() {
    let settings = r#"{
        "guardrail": {"identifier": {"header": "X-Guard"}, "version": {"header": "x-guard-version", "default": "DRAFT"}, "trace": "ENABLED"},
        "serviceTier": "flex",
        "performanceLatency": {"header": "x-latency"},
        "requestMetadata": {"team": {"header": "x-team", "default": "none"}, "app": "a \"b\"", "who": {"header": "x-who"}}
    }"#;
    let names = |client: &[(&str, &str)]| {
        let (outgoing, _) = sent(&config(settings), client, r#"{"model":"m"}"#);
        let own: Vec<_> = outgoing.headers.iter().filter(|(name, _)| name.starts_with("x-amzn-")).collect();
        let lines: Vec<_> =
            own.iter().map(|(name, value)| format!("{}={}", &name[15..], String::from_utf8_lossy(value))).collect();
        let signed =
            value(&outgoing, "authorization").split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
        for (name, _) in own {
            assert!(signed.split(';').any(|signed| signed == *name), "{name}: {signed}");
        }
        lines
    };
    assert_eq!(names(&[]), ["service-tier=flex", r#"request-metadata={"app":"a \"b\"","team":"none"}"#]);
    assert_eq!(
        names(&[("x-guard", "gr1"), ("x-latency", "optimized"), ("x-team", "t"), ("x-who", "")]),
        [
            "guardrailidentifier=gr1",
            "guardrailversion=DRAFT",
            "trace=ENABLED",
            "service-tier=flex",
            "performanceconfig-latency=optimized",
            r#"request-metadata={"app":"a \"b\"","team":"t","who":""}"#,
        ]
    );
}

#[test]
fn a_clients_bad_header_is_refused_by_its_name() {
    for (settings, client, expected) in [
        (
            r#"{"performanceLatency":{"header":"x-latency"}}"#,
            ("x-latency", "secret"),
            "x-latency: expected one of standard, optimized",
        ),
        (
            r#"{"guardrail":{"identifier":{"header":"x-guard"},"version":{"header":"x-version"}}}"#,
            ("x-guard", "gr1"),
            "x-version: this header is needed, with the version of the guardrail",
        ),
        (
            r#"{"requestMetadata":{"team":{"header":"x-team"}}}"#,
            ("x-team", "é"),
            "x-team: expected a text of printable ASCII, 256 characters at most",
        ),
    ] {
        let head = [("content-type", "application/json"), (":method", "POST"), (":path", "/v1/messages"), client];
        let Outcome::Answered(reply) = outcome(&config(settings), &head, r#"{"model":"m"}"#) else { panic!() };
        assert_eq!(line(&reply), format!("400 invalid_request_error: {expected}"));
    }
}

/// The answer to a stream on a native upstream.
fn native_stream() -> Response {
    let config = config(r#"{"upstream":"mantle"}"#);
    let Begin::Take(mut request) = begin(&config, &headers(&POST)) else { panic!() };
    assert_eq!(request.body(br#"{"model":"claude-opus-5","stream":true}"#), Ok(Progress::More));
    let Ok(Finish::Send(_, mut response)) = request.finish(Access::External, &mut Signers::new("us-east-1"), 0) else {
        panic!()
    };
    let head = [(":status", "200"), ("content-type", "text/event-stream; charset=utf-8"), ("x-amzn-requestid", "3f1c")];
    let Head::Pass(changes) = response.head(&headers(&head), Origin::Bedrock, false) else { panic!() };
    assert_eq!(changes.set, [("request-id", "3f1c".to_owned())]);
    assert_eq!(changes.remove, ["content-length"]);
    response
}

#[test]
fn native_streams_pass_and_never_end_clean_before_their_end() {
    let start =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n";
    let stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    for (pieces, unfinished) in [(&[start, stop][..], false), (&[start, stop, ""], false), (&[start], true)] {
        let mut response = native_stream();
        for (index, piece) in pieces.iter().enumerate() {
            let end = !unfinished && index + 1 == pieces.len();
            assert_eq!(feed(&mut response, piece.as_bytes(), end, false), (Body::Untouched, String::new()));
        }
        assert_eq!(response.is_unfinished(), unfinished);
        assert_eq!(response.account().usage.input, Some(3));
    }
    let mut response = native_stream();
    feed(&mut response, start.as_bytes(), false, false);
    let (body, out) = feed(&mut response, b"event: con", true, false);
    assert_eq!(body, Body::Failed("api_error"));
    let error = r#"{"type":"error","error":{"type":"api_error","message":"Bedrock's stream ended too early"},"request_id":"3f1c"}"#;
    assert_eq!(out, format!("event: con\n\nevent: error\ndata: {error}\n\n"));
    assert!(!response.is_unfinished());

    let mut response = native_stream();
    let error = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
    assert_eq!(feed(&mut response, error, true, false).0, Body::Untouched);
    assert_eq!(response.native_error(), Some("overloaded_error"));
}

/// While it is not known whether the request is Bedrock's, nothing is said of the header; then it must not be lost.
#[test]
fn a_clients_bad_header_does_not_take_the_guardrail_off() {
    let routed = config(
        r#"{
            "routing": {"models": ["claude-*"], "default": "passthrough"},
            "guardrail": {"identifier": "gr1", "version": "1"},
            "requestMetadata": {"team": {"header": "x-team"}}
        }"#,
    );
    let ask = |model: &str, team: &str| {
        let head = [(":method", "POST"), (":path", "/v1/messages"), ("x-team", team)];
        outcome(&routed, &head, &format!(r#"{{"model":"{model}"}}"#))
    };
    let Outcome::Answered(reply) = ask("claude-opus-5", "é") else { panic!() };
    let expected = "x-team: expected a text of printable ASCII, 256 characters at most";
    assert_eq!(line(&reply), format!("400 invalid_request_error: {expected}"));
    let Outcome::Sent(outgoing, _) = ask("claude-opus-5", "t") else { panic!() };
    assert_eq!(value(&outgoing, "x-amzn-bedrock-guardrailidentifier"), "gr1");
    assert!(matches!(ask("gpt-5", "é"), Outcome::Passed));
}

#[test]
fn a_documents_tokens_are_those_of_bedrocks_headers() {
    let document = br#"{"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}"#;
    let counts = [
        ("x-amzn-bedrock-input-token-count", "3"),
        ("x-amzn-bedrock-output-token-count", "9"),
        ("x-amzn-bedrock-cache-read-input-token-count", "x"),
    ];
    for (lines, tokens) in [(&counts[..], (Some(3), Some(9))), (&counts[1..], (Some(1), Some(2)))] {
        let mut answer = response(false);
        answer.head(&headers(&[&[(":status", "200")], lines].concat()), Origin::Bedrock, false);
        feed(&mut answer, document, false, false);
        assert!(answer.is_unfinished());
        assert_eq!(answer.trailers(), None);
        assert!(!answer.is_unfinished());
        let account = answer.account();
        assert_eq!((account.usage.input, account.usage.output), tokens);
        assert_eq!((account.usage.cache_read, account.stop_reason.as_deref()), (None, Some("end_turn")));
    }
}
