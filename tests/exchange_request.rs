//! The request's half of the exchange: which requests are taken, what is wrong with them, and what becomes of their bodies.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use bedrock_messages::config::Config;
use exchange::{Outcome, POST, config, header, line, outcome, run, sent, value};
use std::rc::Rc;

const BODY: &str = r#"{"model":"m","max_tokens":1}"#;
const SENT: &str = "sent to /model/m/invoke";

/// The outcome in words.
fn say(config: &Rc<Config>, head: &[(&str, &str)], body: &str) -> String {
    match outcome(config, head, body) {
        Outcome::PassedAtOnce => "passed at once".to_owned(),
        Outcome::Passed => "passed".to_owned(),
        Outcome::Answered(reply) => line(&reply),
        Outcome::Waiting => "waits for credentials".to_owned(),
        Outcome::Sent(outgoing, _) => format!("sent to {}", value(&outgoing, ":path")),
    }
}

#[test]
fn endpoints_and_methods() {
    const AWAY: &str = "passed at once";
    let plain = config("{}");
    let prefixed = config(r#"{"pathPrefix": "/llm"}"#);
    let anthropic = config(r#"{"pathPrefix": "/anthropic"}"#);
    let away = config(r#"{"routing": {"default": "passthrough"}}"#);
    let gone = |path: &str| format!("404 not_found_error: {path}: this endpoint is not available through this gateway");
    let wrong = |path: &str| format!("405 invalid_request_error: {path}: method not allowed here");
    for (config, method, path, expected) in [
        (&plain, "POST", "/v1/messages", SENT.to_owned()),
        (&plain, "POST", "/v1/messages?beta=true&x=/model/y", SENT.to_owned()),
        (&plain, "POST", "/v1/messages#x?y", SENT.to_owned()),
        (&plain, "GET", "/v1/messages", wrong("/v1/messages")),
        (&plain, "DELETE", "/v1/messages?beta=true", wrong("/v1/messages")),
        (&plain, "post", "/v1/messages", wrong("/v1/messages")),
        (&plain, "POST", "/v1/messages/", gone("/v1/messages/")),
        (&plain, "GET", "/v1/messages/batches?limit=1", gone("/v1/messages/batches")),
        (&plain, "POST", "/v1/files", gone("/v1/files")),
        (&plain, "GET", "/v1/files/f1/content", gone("/v1/files/f1/content")),
        (&plain, "GET", "/v1/skills", gone("/v1/skills")),
        (&plain, "POST", "/v1/complete", gone("/v1/complete")),
        (&plain, "GET", "/v1/organizations/usage", gone("/v1/organizations/usage")),
        // What the filter makes it does not take.
        (&plain, "POST", "/model/m/invoke", gone("/model/m/invoke")),
        (&plain, "GET", "/model", gone("/model")),
        (&plain, "POST", "/anthropic/v1/messages", gone("/anthropic/v1/messages")),
        (&away, "POST", "/model/m/invoke?x", gone("/model/m/invoke")),
        (&prefixed, "POST", "/model/m/invoke", gone("/model/m/invoke")),
        (&plain, "POST", "/v1/files/a\u{1}\u{7f}\u{9b}b", gone("/v1/files/ab")),
        // What is not Anthropic's.
        (&plain, "POST", "/v1/messagesx", AWAY.to_owned()),
        (&plain, "POST", "/V1/messages", AWAY.to_owned()),
        (&plain, "POST", "/v1/embeddings", AWAY.to_owned()),
        (&plain, "POST", "/v1/chat/completions", AWAY.to_owned()),
        (&plain, "POST", "/v2/v1/messages", AWAY.to_owned()),
        (&plain, "GET", "/?x=/v1/messages", AWAY.to_owned()),
        (&plain, "OPTIONS", "*", AWAY.to_owned()),
        (&plain, "GET", "/modelling", AWAY.to_owned()),
        (&plain, "GET", "", AWAY.to_owned()),
        (&away, "POST", "/v1/messages", AWAY.to_owned()),
        (&away, "GET", "/v1/messages", AWAY.to_owned()),
        (&away, "GET", "/v1/files", AWAY.to_owned()),
        // Under a prefix.
        (&prefixed, "POST", "/llm/v1/messages?x", SENT.to_owned()),
        (&prefixed, "GET", "/llm/v1/messages", wrong("/llm/v1/messages")),
        (&prefixed, "GET", "/llm/v1/files", gone("/llm/v1/files")),
        (&prefixed, "POST", "/v1/messages", AWAY.to_owned()),
        (&prefixed, "POST", "/llmv1/messages", AWAY.to_owned()),
        (&prefixed, "POST", "/llm", AWAY.to_owned()),
        (&anthropic, "POST", "/anthropic/v1/messages", SENT.to_owned()),
        (&anthropic, "POST", "/anthropic/v2", gone("/anthropic/v2")),
    ] {
        let head = [(":method", method), (":path", path)];
        assert_eq!(say(config, &head, BODY), expected, "{method} {path}");
    }
    let Outcome::Answered(reply) = outcome(&plain, &[(":method", "GET"), POST[1]], "") else { panic!() };
    assert_eq!(header(&reply, "allow"), Some("POST"));
    for head in [&[POST[0]][..], &[POST[1]], &[]] {
        assert_eq!(say(&plain, head, BODY), AWAY);
    }
}

#[test]
fn the_header_decides_before_everything_else() {
    let rule =
        |rest: &str| config(&format!(r#"{{"routing": {{"header": {{"name": "X-Provider", "value": "aws"}}{rest}}}}}"#));
    let (bedrock, away) = (rule(""), rule(r#", "default": "passthrough", "models": ["anthropic.*"]"#));
    let aws = ("x-provider", "aws");
    for (config, lines, body, expected) in [
        (&bedrock, &[aws][..], BODY, SENT),
        (&bedrock, &[("x-provider", "other")], BODY, "passed at once"),
        (&bedrock, &[("x-provider", "AWS")], BODY, "passed at once"),
        (&bedrock, &[("x-provider", "")], BODY, "passed at once"),
        (&bedrock, &[], BODY, SENT),
        (&away, &[aws], BODY, SENT),
        (&away, &[("x-provider", "other")], r#"{"model":"anthropic.m"}"#, "passed at once"),
        (&away, &[], r#"{"model":"anthropic.m"}"#, "sent to /model/anthropic.m/invoke"),
        (&away, &[], BODY, "passed"),
        (
            &away,
            &[aws],
            "",
            "400 invalid_request_error: request body: not valid JSON: the text ends too early (byte 0)",
        ),
    ] {
        assert_eq!(say(config, &[&POST, lines].concat(), body), expected, "{lines:?} {body}");
    }
    let files = |lines: &[_]| say(&away, &[&[(":method", "GET"), (":path", "/v1/files")], lines].concat(), "");
    assert_eq!(files(&[aws]), "404 not_found_error: /v1/files: this endpoint is not available through this gateway");
    assert_eq!(files(&[]), "passed at once");
}

#[test]
fn the_model_decides_where_the_header_does_not() {
    let away = r#"{"routing": {"default": "passthrough", "models": ["anthropic.*"]},
        "models": {"team": "us.anthropic.claude:0"}, "limits": {"requestBytes": 1024}}"#;
    let config = config(away);
    let long = |first: &str| format!(r#"{{{first}"a":"{}"}}"#, "x".repeat(1024));
    let too_large = "413 request_too_large: request body: larger than the 1024 bytes this gateway takes";
    for (body, expected) in [
        (r#"{"model":"anthropic.a/b"}"#, "sent to /model/anthropic.a%2Fb/invoke"),
        (r#"{"a":[{"model":"x"}],"mod\u0065l" : "team"}"#, "sent to /model/us.anthropic.claude%3A0/invoke"),
        (r#"{"model":"team[1m]"}"#, "sent to /model/us.anthropic.claude%3A0/invoke"),
        (r#"{"model":"team-latest"}"#, "sent to /model/us.anthropic.claude%3A0/invoke"),
        (r#"{"model":"team-x"}"#, "passed"),
        (r#"{"model":"us.anthropic.claude:0"}"#, "passed"),
        (r#"{"model":"claude"}"#, "passed"),
        (r#"{"model":7}"#, "passed"),
        (r#"{"a":1}"#, "passed"),
        ("", "passed"),
        ("no json", "passed"),
        (r#"{"a":1,}"#, "passed"),
        (&long(""), "passed"),
        (&long(r#""model":"claude","#), "passed"),
        // Once the model was read the request is the filter's, faults and all, however the pieces fall.
        (&long(r#""model":"team","#), too_large),
        (
            r#"{"model":"team",}"#,
            "400 invalid_request_error: request body: not valid JSON: expected a member's name (byte 16)",
        ),
        (
            r#"{"model":"team""#,
            "400 invalid_request_error: request body: not valid JSON: the text ends too early (byte 15)",
        ),
        (r#"{"model":"claude",}"#, "passed"),
    ] {
        assert_eq!(say(&config, &POST, body), expected, "{body}");
    }
    // A length that is announced decides at once.
    assert_eq!(say(&config, &[&POST[..], &[("content-length", "1025")]].concat(), BODY), "passed at once");
}

#[test]
fn heads_that_cannot_be_served() {
    let config = config(r#"{"limits": {"requestBytes": 1024}}"#);
    let too_large = "413 request_too_large: request body: larger than the 1024 bytes this gateway takes";
    for (line, expected) in [
        (("content-length", "1025"), too_large),
        (("content-length", "18446744073709551615"), too_large),
        (("content-length", "1024"), SENT),
        (("content-length", "none"), SENT),
        (
            ("content-encoding", "gzip"),
            "400 invalid_request_error: content-encoding: send the body without content encoding",
        ),
        (("content-encoding", "Identity"), SENT),
        (("upgrade", "websocket"), "400 invalid_request_error: upgrade: a protocol upgrade is not possible here"),
    ] {
        assert_eq!(say(&config, &[&POST[..], &[line]].concat(), BODY), expected, "{line:?}");
    }
    // One that is not known to be for Bedrock is not held for its model either.
    let by_model = self::config(r#"{"routing": {"models": ["*"], "default": "passthrough"}}"#);
    for line in [("upgrade", "websocket"), ("content-encoding", "gzip")] {
        assert_eq!(say(&by_model, &[&POST[..], &[line]].concat(), BODY), "passed at once", "{line:?}");
    }
    let body = |length: usize| format!("{BODY}{}", " ".repeat(length - BODY.len()));
    assert_eq!(say(&config, &POST, &body(1024)), SENT);
    assert_eq!(say(&config, &POST, &body(1025)), too_large);
}

#[test]
fn a_wrong_body_is_told_what_and_where() {
    let config = config("{}");
    let many: String = (0..256).map(|i| format!(r#","m{i}":0"#)).collect();
    for (body, expected) in [
        ("", "request body: not valid JSON: the text ends too early (byte 0)"),
        (" \n", "request body: not valid JSON: the text ends too early (byte 2)"),
        ("[]", "request body: not a JSON object (byte 0)"),
        ("\u{feff}{}", "request body: not a JSON object (byte 0)"),
        ("{}", "model: field required"),
        (r#"{"Model":"m"}"#, "model: field required"),
        (r#"{"model":null}"#, "model: must be a string (byte 9)"),
        (r#"{"model": ["m"]}"#, "model: must be a string (byte 10)"),
        (r#"{"model":"\ud800"}"#, "model: must be a string (byte 9)"),
        (r#"{"model":""}"#, "model: expected a model id, not an empty text"),
        (r#"{"model":".."}"#, "model: expected a model id, not a relative path"),
        (r#"{"model":"a\nb"}"#, "model: expected a model id without control characters"),
        (&format!(r#"{{"model":"{}"}}"#, "m".repeat(2049)), "model: expected a model id of 2048 bytes at most"),
        (&format!(r#"{{"model":"{}"}}"#, "m".repeat(20_000)), "request body: model: the value is too long (byte 9)"),
        (r#"{"model":"m","stream":"true"}"#, "stream: must be true or false (byte 22)"),
        (r#"{"model":"m","stream": 1}"#, "stream: must be true or false (byte 23)"),
        (r#"{"model":"m","stream":null}"#, "stream: must be true or false (byte 22)"),
        (r#"{"model":"m","anthropic_beta":"b"}"#, "anthropic_beta: must be an array of strings (byte 30)"),
        (r#"{"model":"m","anthropic_beta":[1]}"#, "anthropic_beta: must be an array of strings (byte 30)"),
        (r#"{"model":"m","a":1,"a":2}"#, "request body: a top-level member stands twice (byte 19)"),
        (r#"{"model":"m","mode\u006c":"m"}"#, "request body: a top-level member stands twice (byte 13)"),
        (&format!(r#"{{"model":"m"{many}}}"#), "request body: more than 256 top-level members (byte 2198)"),
        (r#"{"model":"m"} x"#, "request body: not valid JSON: something follows the object (byte 14)"),
        (r#"{"model":"m"}{}"#, "request body: not valid JSON: something follows the object (byte 13)"),
        (
            "{\"model\":\"m\",\"a\":\"\t\"}",
            "request body: not valid JSON: unescaped control character in a string (byte 18)",
        ),
        (r#"{"model":"m","a":01}"#, "request body: not valid JSON: expected ',' or '}' (byte 18)"),
        (r#"{"model":"m","a":"\x"}"#, "request body: not valid JSON: invalid escape in a string (byte 19)"),
        (&format!(r#"{{"a":{}"#, "[".repeat(1024)), "request body: nested deeper than 1024 levels (byte 1028)"),
    ] {
        assert_eq!(say(&config, &POST, body), format!("400 invalid_request_error: {expected}"), "{body:.99}");
    }
    let mut pieces = vec![br#"{"a":""#.as_slice(), b"\xff"];
    let Outcome::Answered(reply) = run(&config, &POST, "", pieces.drain(..)) else { panic!() };
    assert_eq!(line(&reply), "400 invalid_request_error: request body: not valid JSON: a string is not UTF-8 (byte 6)");
}

#[test]
fn models_are_resolved_and_allowed() {
    let config = config(
        r#"{"models": {"sonnet": "us.anthropic.claude-sonnet:0", "arn": "arn:aws:bedrock:us-east-1:1:p/é", "x": "y"},
        "allowedModels": ["sonnet", "arn:*", "*.haiku", "y"]}"#,
    );
    let denied = |model| format!("403 permission_error: model: this gateway does not allow {model}");
    for (model, expected) in [
        ("sonnet", "sent to /model/us.anthropic.claude-sonnet%3A0/invoke".to_owned()),
        ("arn", "sent to /model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ap%2F%C3%A9/invoke".to_owned()),
        ("x", "sent to /model/y/invoke".to_owned()),
        ("a.haiku", "sent to /model/a.haiku/invoke".to_owned()),
        ("arn:?#%&+ ~", "sent to /model/arn%3A%3F%23%25%26%2B%20~/invoke".to_owned()),
        ("us.anthropic.claude-sonnet:0", denied("us.anthropic.claude-sonnet:0")),
        ("Sonnet", denied("Sonnet")),
        ("haiku", denied("haiku")),
        ("sonnet[1m]", "sent to /model/us.anthropic.claude-sonnet%3A0/invoke".to_owned()),
    ] {
        assert_eq!(say(&config, &POST, &format!(r#"{{"model":"{model}"}}"#)), expected, "{model}");
    }
}

#[test]
fn bodies_change_by_the_named_members_alone() {
    let config = config(r#"{"betas":{"allow":["b-1","b-2","b-3","b-4","b"]}}"#);
    let version = r#""anthropic_version":"bedrock-2023-05-31""#;
    let one = ("anthropic-beta", "b-1, b-2,,b-1");
    let two = ("anthropic-beta", " b-3,b-2 ");
    for (lines, body, expected) in [
        (&[][..], r#"{"model":"m"}"#, format!("{{{version}}}")),
        (&[], r#"{ "a" : "\u0041/é" , "model":"m" } "#, format!(r#"{{ "a" : "\u0041/é"  ,{version}}} "#)),
        (&[], r#"{"anthropic_version":{"a":[1]},"model":"m","b":-0.0e+1}"#, format!(r#"{{"b":-0.0e+1,{version}}}"#)),
        (&[one, two], r#"{"model":"m"}"#, format!(r#"{{{version},"anthropic_beta":["b-1","b-2","b-3"]}}"#)),
        (
            &[two, one],
            r#"{"anthropic_beta":["b-4","b-1","\u0062","b-4"],"model":"m","z":0}"#,
            format!(r#"{{"z":0,{version},"anthropic_beta":["b-3","b-2","b-1","b-4","b"]}}"#),
        ),
        (&[], r#"{"model":"m","anthropic_beta":["b"]}"#, format!(r#"{{{version},"anthropic_beta":["b"]}}"#)),
        (&[("anthropic-beta", " , ")], r#"{"model":"m","anthropic_beta":[]}"#, format!("{{{version}}}")),
    ] {
        let (outgoing, sent) = sent(&config, lines, body);
        assert_eq!(sent, expected);
        assert_eq!(value(&outgoing, "content-length"), sent.len().to_string());
    }
}
