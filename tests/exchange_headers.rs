//! The headers of a request to Bedrock: all of them, and nothing of the client's but what is meant to go.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bedrock_messages::exchange::Outgoing;
use exchange::{ACCESS_KEY_ID, NOON, Outcome, POST, SECRET, config, header, line, outcome, sent, value};
use std::time::{Duration, UNIX_EPOCH};

const STREAM: &str = r#"{"model":"us.anthropic.claude:0","stream":true}"#;
const PATH: &str = "/model/us.anthropic.claude%3A0/invoke-with-response-stream";
const TOKEN: &str = "session/token==";

/// What a client may send along; each value that says so must stay here.
const CLIENT: &[(&str, &str)] = &[
    (":scheme", "https"),
    (":authority", "stays.example.com"),
    ("host", "stays.example.com"),
    ("user-agent", "Anthropic/Python 0.70"),
    ("x-request-id", "5a1f"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("tracestate", "vendor=1"),
    ("tracestate", "stays=2"),
    ("x-forwarded-proto", "https"),
    ("accept", "text/stays"),
    ("accept-encoding", "stays"),
    ("authorization", "Bearer stays"),
    ("proxy-authorization", "Basic stays"),
    ("x-api-key", "sk-ant-stays"),
    ("cookie", "stays"),
    ("content-type", "application/stays"),
    ("content-length", "47"),
    ("transfer-encoding", "stays"),
    ("expect", "stays"),
    ("origin", "https://stays.example.com"),
    ("referer", "stays"),
    ("anthropic-version", "stays"),
    ("anthropic-dangerous-direct-browser-access", "stays"),
    ("x-stainless-lang", "stays"),
    ("x-app", "stays"),
    ("x-amz-date", "stays"),
    ("x-amz-security-token", "stays"),
    ("x-amz-content-sha256", "stays"),
    ("x-amzn-bedrock-accept", "stays"),
    ("x-amzn-bedrock-guardrailidentifier", "stays"),
    ("x-amzn-trace-id", "stays"),
    ("x-forwarded-for", "stays"),
    ("x-forwarded-host", "stays"),
    ("x-envoy-original-path", "stays"),
    ("x-envoy-upstream-alt-stat-name", "stays"),
    ("x-my-own", "stays"),
    ("baggage", "stays"),
    ("forwarded", "for=stays"),
];

/// Name and value of all of them, sorted.
fn all(outgoing: &Outgoing) -> Vec<(&str, &str)> {
    let mut all: Vec<_> =
        outgoing.headers.iter().map(|(name, value)| (*name, std::str::from_utf8(value).unwrap())).collect();
    all.sort_unstable();
    all
}

/// The `authorization` that AWS's own signer makes for a request as it leaves; of its headers, for those it lists.
fn oracle(outgoing: &Outgoing, body: &str, region: &'static str, token: Option<&str>) -> String {
    let names = value(outgoing, "authorization").split_once("SignedHeaders=").unwrap().1.split_once(',').unwrap().0;
    // The signer adds date and token itself.
    let own = |name: &str| matches!(name, "x-amz-date" | "x-amz-security-token");
    let signed = names.split(';').filter(|name| !own(name)).map(|name| match name {
        "host" => (name, value(outgoing, ":authority")),
        _ => (name, value(outgoing, name)),
    });
    let identity = Credentials::new(ACCESS_KEY_ID, SECRET, token.map(str::to_owned), None, "test").into();
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("bedrock")
        .time(UNIX_EPOCH + Duration::from_secs(NOON))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let uri = format!("https://{}{}", value(outgoing, ":authority"), value(outgoing, ":path"));
    let request = SignableRequest::new("POST", &uri, signed, SignableBody::Bytes(body.as_bytes())).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    instructions.headers().find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
}

#[test]
fn the_whole_map_of_a_signed_request() {
    let config = config(&format!(
        r#"{{"credentials": {{"type": "static", "accessKeyId": "{ACCESS_KEY_ID}", "secretAccessKey": "{SECRET}",
            "sessionToken": "{TOKEN}"}}, "endpoint": {{"host": "127.0.0.1:8080"}}}}"#
    ));
    let (outgoing, body) = sent(&config, CLIENT, STREAM);
    let authorization = oracle(&outgoing, &body, "us-east-1", Some(TOKEN));
    assert!(authorization.starts_with(&format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20261122/us-east-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amzn-bedrock-accept, Signature="
    )));
    let expected = [
        (":authority", "127.0.0.1:8080"),
        (":method", "POST"),
        (":path", PATH),
        (":scheme", "https"),
        ("accept-encoding", "identity"),
        ("authorization", &authorization),
        ("content-length", "42"),
        ("content-type", "application/json"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", "vendor=1"),
        ("user-agent", "Anthropic/Python 0.70"),
        ("x-amz-date", "20261122T120000Z"),
        ("x-amz-security-token", TOKEN),
        ("x-amzn-bedrock-accept", "application/json"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "5a1f"),
    ];
    assert_eq!(all(&outgoing), expected);
}

#[test]
fn the_whole_map_without_a_stream_and_without_a_token() {
    let config = config(r#"{"region": "eu-west-3"}"#);
    for (client, carried) in [(&CLIENT[..3], &[(":scheme", "https")][..]), (&[], &[])] {
        let (outgoing, body) = sent(&config, client, r#"{"model":"m","messages":["é"],"stream":false}"#);
        assert_eq!(body, r#"{"messages":["é"],"anthropic_version":"bedrock-2023-05-31"}"#);
        let authorization = oracle(&outgoing, &body, "eu-west-3", None);
        assert!(authorization.contains("SignedHeaders=content-type;host;x-amz-date, "));
        let mut expected = vec![
            (":authority", "bedrock-runtime.eu-west-3.amazonaws.com"),
            (":method", "POST"),
            (":path", "/model/m/invoke"),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("authorization", &authorization),
            ("content-length", "60"),
            ("content-type", "application/json"),
            ("x-amz-date", "20261122T120000Z"),
        ];
        expected.extend(carried);
        expected.sort_unstable();
        assert_eq!(all(&outgoing), expected);
    }
}

#[test]
fn an_api_key_goes_as_a_bearer_token() {
    let config = config(r#"{"credentials": {"type": "apiKey", "value": "ABSKkey=="}}"#);
    for (body, path, accept) in
        [(STREAM, PATH, "x-amzn-bedrock-accept"), (r#"{"model":"m"}"#, "/model/m/invoke", "accept")]
    {
        let client: Vec<_> = CLIENT.iter().copied().filter(|(name, _)| *name != "content-length").collect();
        let (outgoing, body) = sent(&config, &client, body);
        let length = body.len().to_string();
        let mut expected = vec![
            (":authority", "bedrock-runtime.us-east-1.amazonaws.com"),
            (":method", "POST"),
            (":path", path),
            (accept, "application/json"),
            ("accept-encoding", "identity"),
            ("authorization", "Bearer ABSKkey=="),
            ("content-length", &length),
            ("content-type", "application/json"),
        ];
        expected.extend(CLIENT.iter().filter(|(name, value)| *name != "content-length" && !value.contains("stays")));
        expected.sort_unstable();
        assert_eq!(all(&outgoing), expected);
    }
}

#[test]
fn without_credentials_the_client_is_told_the_source() {
    let config = config(r#"{"credentials": {"type": "credentialsFile", "environmentVariable": "AWS_FILE"}}"#);
    let Outcome::Answered(reply) = outcome(&config, &POST, STREAM) else { panic!() };
    let expected =
        "500 api_error: the gateway has no AWS credentials: credentials file in the variable AWS_FILE: not set";
    assert_eq!(line(&reply), expected);
    assert_eq!(header(&reply, "x-should-retry"), Some("false"));
}

#[test]
fn a_carried_header_has_a_limit() {
    let config = config("{}");
    for (length, carried) in [(8192, true), (8193, false)] {
        let agent = "a".repeat(length);
        let (outgoing, _) = sent(&config, &[("user-agent", &agent), ("x-request-id", "1")], STREAM);
        assert_eq!(all(&outgoing).contains(&("user-agent", &agent)), carried);
        assert_eq!(value(&outgoing, "x-request-id"), "1");
    }
}
