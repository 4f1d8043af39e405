//! A request and its credentials: another filter's signature, credentials that are still being fetched, and what clients are
//! told while there are none.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use bedrock_messages::aws::credentials::{AccessKey, Credentials, Secret};
use bedrock_messages::config::Config;
use bedrock_messages::exchange::access::{crowded, late};
use bedrock_messages::exchange::{Access, Begin, Finish, Outgoing, Progress, Request, Signers, begin};
use exchange::{ACCESS_KEY_ID, NOON, Outcome, POST, SECRET, config, header, headers, line, outcome, run, sent, value};
use std::rc::Rc;

const FETCHED: &str = r#"{"type":"webIdentity","roleArn":"arn:aws:iam::123456789012:role/b","sts":{"cluster":"sts"},"token":{"value":"token"}}"#;
const BODY: &str = r#"{"model":"us.anthropic.claude:0","max_tokens":16,"betas":["token-efficient-tools-2025-02-19"],"messages":[{"role":"user","content":"é \ud83d\ude00"}],"stream":true}"#;

fn with(credentials: &str) -> Rc<Config> {
    config(&format!(r#"{{"credentials":{credentials}}}"#))
}

fn key(id: &str, token: Option<&str>) -> Credentials {
    Credentials::AccessKey(AccessKey {
        access_key_id: id.to_owned(),
        secret_access_key: Secret::new(SECRET),
        session_token: token.map(Secret::new),
    })
}

/// The same as `credentials`.
fn written(credentials: &Credentials) -> String {
    match credentials {
        Credentials::ApiKey(key) => format!(r#"{{"type":"apiKey","value":"{}"}}"#, key.expose()),
        Credentials::AccessKey(key) => {
            let token = key.session_token.as_ref();
            let token = token.map(|token| format!(r#","sessionToken":"{}""#, token.expose())).unwrap_or_default();
            let (id, secret) = (&key.access_key_id, key.secret_access_key.expose());
            format!(r#"{{"type":"static","accessKeyId":"{id}","secretAccessKey":"{secret}"{token}}}"#)
        }
    }
}

/// Feeds the body in pieces and finishes the request as the host does without credentials.
fn waiting(config: &Rc<Config>, head: &[(&str, &str)], body: &str, piece: usize) -> Box<Request> {
    let Begin::Take(mut request) = begin(config, &headers(head)) else { panic!("{body}") };
    let mut signers = Signers::new(&config.region);
    loop {
        for piece in body.as_bytes().chunks(piece) {
            assert_eq!(request.body(piece), Ok(Progress::More));
        }
        match request.finish(Access::Awaited, &mut signers, NOON - 5) {
            Ok(Finish::Wait(waiting)) => return waiting,
            Ok(Finish::Again(again)) => request = again,
            _ => panic!("{body}"),
        }
    }
}

/// What leaves with these credentials at last.
fn finished(request: Box<Request>, access: Access<'_>, signers: &mut Signers) -> Box<Outgoing> {
    match request.finish(access, signers, NOON) {
        Ok(Finish::Send(outgoing, _)) => outgoing,
        _ => panic!(),
    }
}

#[test]
fn another_filter_signs() {
    let external = with(r#"{"type":"external"}"#);
    for credentials in [
        key(ACCESS_KEY_ID, None),
        key(ACCESS_KEY_ID, Some("session/token==")),
        Credentials::ApiKey(Secret::new("ABSK0")),
    ] {
        let (signed, body) = sent(&with(&written(&credentials)), &[("anthropic-beta", "x-2026-01-01")], BODY);
        let (outgoing, unsigned_body) = sent(&external, &[("anthropic-beta", "x-2026-01-01")], BODY);
        assert_eq!(unsigned_body, body);
        for name in ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"] {
            assert!(outgoing.headers.iter().all(|(known, _)| *known != name), "{name}");
        }
        // All else is the same.
        let own = ["authorization", "x-amz-date", "x-amz-security-token"];
        let rest: Vec<_> = signed.headers.iter().filter(|(name, _)| !own.contains(name)).collect();
        assert_eq!(outgoing.headers.iter().collect::<Vec<_>>(), rest);
        assert_eq!(outgoing.edits, signed.edits);
    }
    // A client's own must not pass for it.
    let own =
        [("authorization", "Bearer client"), ("x-amz-date", "20260101T000000Z"), ("x-amz-security-token", "client")];
    let (outgoing, _) = sent(&external, &own, BODY);
    let said = format!("{:?}", outgoing.headers);
    assert!(!said.contains("client") && own.iter().all(|(name, _)| !said.contains(name)), "{said}");
}

#[test]
fn what_is_wrong_is_said_at_once() {
    let fetched = with(FETCHED);
    let cases = [
        (r#"{"model":"m""#, "request body: "),
        ("[]", "request body: "),
        (r#"{"max_tokens":1}"#, "model: field required"),
        (r#"{"model":1}"#, "model: "),
        (r#"{"model":"m","stream":"yes"}"#, "stream: "),
    ];
    for (body, said) in cases {
        let Outcome::Answered(reply) = outcome(&fetched, &POST, body) else { panic!("{body}") };
        let line = line(&reply);
        assert!(line.starts_with(&format!("400 invalid_request_error: {said}")), "{line}");
        // Word for word as with a key.
        let Outcome::Answered(other) = outcome(&with(&written(&key("A", None))), &POST, body) else { panic!() };
        assert_eq!(reply, other);
    }
    let allowed = config(&format!(r#"{{"credentials":{FETCHED},"allowedModels":["us.*"]}}"#));
    assert!(matches!(outcome(&allowed, &POST, r#"{"model":"m"}"#), Outcome::Answered(_)));
    let strict = config(&format!(r#"{{"credentials":{FETCHED},"fields":{{"mode":"strict"}}}}"#));
    let body = r#"{"model":"m","inference_geo":"eu","messages":[]}"#;
    assert!(matches!(outcome(&strict, &POST, body), Outcome::Answered(_)), "a member that Bedrock refuses");

    assert!(matches!(outcome(&fetched, &POST, BODY), Outcome::Waiting));
    assert!(matches!(outcome(&fetched, &POST, r#"{"model":"m"}"#), Outcome::Waiting));
    // What is not ours does not wait.
    let passed = [(":method", "GET"), (":path", "/healthz")];
    assert!(!matches!(run(&fetched, &passed, "", []), Outcome::Waiting));
    let routed =
        config(&format!(r#"{{"credentials":{FETCHED},"routing":{{"models":["us.*"],"default":"passthrough"}}}}"#));
    assert!(matches!(outcome(&routed, &POST, r#"{"model":"m"}"#), Outcome::Passed));
    assert!(matches!(outcome(&routed, &POST, BODY), Outcome::Waiting));
}

/// With credentials that came later a request leaves byte for byte as with a key that was there.
#[test]
fn what_has_waited_leaves_as_any_other() {
    let fetched = with(FETCHED);
    for client in [&[][..], &[("anthropic-beta", "context-1m-2025-08-07"), ("user-agent", "x")]] {
        let head = [&POST, client].concat();
        for credentials in [
            key(ACCESS_KEY_ID, None),
            key("ASIAOTHER", Some("session/token==")),
            Credentials::ApiKey(Secret::new("ABSK0")),
        ] {
            let (expected, body) = sent(&with(&written(&credentials)), client, BODY);
            for piece in [1, 7, BODY.len()] {
                let request = waiting(&fetched, &head, BODY, piece);
                let signers = &mut Signers::new(&fetched.region);
                let outgoing = finished(request, Access::Credentials(&credentials), signers);
                assert_eq!(outgoing.headers, expected.headers);
                assert_eq!(outgoing.edits, expected.edits);
                assert_eq!(edits::apply(BODY.as_bytes(), &outgoing.edits), body.as_bytes());
                assert_eq!((outgoing.coding, &outgoing.notes.model_id), (expected.coding, &expected.notes.model_id));
            }
        }
    }
}

/// It may be asked to wait again, and is told when nothing will come.
#[test]
fn it_waits_as_often_as_it_has_to() {
    let fetched = with(FETCHED);
    let mut request = waiting(&fetched, &POST, BODY, 16);
    let mut signers = Signers::new(&fetched.region);
    for _ in 0..3 {
        request = match request.finish(Access::Awaited, &mut signers, NOON) {
            Ok(Finish::Wait(request)) => request,
            _ => panic!(),
        };
    }
    let credentials = key(ACCESS_KEY_ID, None);
    let outgoing = finished(request, Access::Credentials(&credentials), &mut signers);
    assert_eq!(value(&outgoing, "x-amz-date"), "20261122T120000Z", "the time when it leaves");

    let Err(reply) = waiting(&fetched, &POST, BODY, 16).finish(Access::Missing("the reason"), &mut signers, NOON)
    else {
        panic!()
    };
    assert_eq!(line(&reply), "500 api_error: the gateway has no AWS credentials: the reason");
    assert_eq!(header(&reply, "x-should-retry"), Some("false"));
}

#[test]
fn what_is_wrong_with_a_request_is_said_before_it_waits() {
    let config = config(&format!(
        r#"{{
            "routing": {{"models": ["claude-*"], "default": "passthrough"}},
            "requestMetadata": {{"team": {{"header": "x-team"}}}},
            "credentials": {FETCHED}
        }}"#,
    ));
    let ask = |team| outcome(&config, &[POST[0], POST[1], ("x-team", team)], r#"{"model":"claude-opus-5"}"#);
    assert!(matches!(ask("t"), Outcome::Waiting));
    let Outcome::Answered(reply) = ask("é") else { panic!() };
    assert!(line(&reply).starts_with("400 invalid_request_error: x-team: "), "{reply:?}");
}

/// The signing key is kept from request to request, but not beyond the credentials.
#[test]
fn the_newest_credentials_sign() {
    let fetched = with(FETCHED);
    let mut signers = Signers::new(&fetched.region);
    let keys = [
        key("ASIAONE", Some("one")),
        key("ASIATWO", Some("two")),
        Credentials::ApiKey(Secret::new("ABSK0")),
        key("ASIAONE", None),
    ];
    for credentials in keys.iter().chain(&keys) {
        let outgoing = finished(waiting(&fetched, &POST, BODY, 64), Access::Credentials(credentials), &mut signers);
        assert_eq!(outgoing.headers, sent(&with(&written(credentials)), &[], BODY).0.headers);
    }
}

#[test]
fn clients_that_waited_in_vain() {
    for (reply, said) in [
        (late(""), "503 api_error: the gateway has no AWS credentials yet: they are still being fetched"),
        (
            late("webIdentity: STS answered 403 AccessDenied"),
            "503 api_error: the gateway has no AWS credentials yet: webIdentity: STS answered 403 AccessDenied",
        ),
        (
            crowded(),
            "529 overloaded_error: the gateway has no AWS credentials yet, and too many requests wait for them",
        ),
    ] {
        assert_eq!(line(&reply), said);
        // It may be over soon: SDKs try again by themselves.
        assert_eq!(header(&reply, "x-should-retry"), None);
    }
}
