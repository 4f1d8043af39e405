//! What is said of a configuration that is refused: the key's path and what was expected, never a value.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::config::{Config, Source};
use configuration::parse;
use proptest::prelude::*;

const HOST: &str = "expected a host such as bedrock.example.com or 127.0.0.1:8080, without scheme and path";
const REGION: &str = "expected a region such as us-east-1";
const MODEL_PATTERN: &str = "expected a model's name, * for any run of characters, without control characters";
const PREFIX: &str = "expected an empty text or a path such as /anthropic, unencoded, without a slash at its end";
const TYPES: &str = "expected one of environment, static, credentialsFile, apiKey";
const KEY_TEXT: &str = "expected printable ASCII without spaces";

/// The member that is wrong, what is wrong with it.
#[test]
fn what_is_refused_is_named() {
    let endpoint_value = |value: &str| format!(r#"{{"endpoint": {{"host": {value}}}}}"#);
    for (json, path, problem) in [
        ("[]", "the configuration", "expected an object"),
        ("null", "the configuration", "expected an object"),
        (
            r#"{"regoin": "us-east-1"}"#,
            "regoin",
            "unknown key; known here: region, endpoint, credentials, routing, models, allowedModels, pathPrefix, limits",
        ),
        (
            r#"{"a.\nb": 1, "x": 2}"#,
            r#"["a.\nb"]"#,
            "unknown key; known here: region, endpoint, credentials, routing, models, allowedModels, pathPrefix, limits",
        ),
        (r#"{"region": "us-east-1", "region": "us-east-1"}"#, "region", "given twice"),
        (r#"{"region": null}"#, "region", "expected a string"),
        (r#"{"region": 1}"#, "region", "expected a string"),
        (r#"{"region": ""}"#, "region", REGION),
        (r#"{"region": "US-EAST-1"}"#, "region", REGION),
        (r#"{"region": "us-east-1."}"#, "region", REGION),
        (
            r#"{"region": "us-east-1", "endpoint": {"host": "bedrock-runtime.us-west-2.amazonaws.com"}}"#,
            "region",
            "expected the region that endpoint.host is in, or no region",
        ),
        (r#"{"endpoint": "x"}"#, "endpoint", "expected an object"),
        (r#"{"endpoint": {"port": 1}}"#, "endpoint.port", "unknown key; known here: host, fips, dualStack"),
        (r#"{"endpoint": {"fips": "true"}}"#, "endpoint.fips", "expected a boolean"),
        (r#"{"endpoint": {"dualStack": 0}}"#, "endpoint.dualStack", "expected a boolean"),
        (
            r#"{"endpoint": {"host": "h", "fips": true}}"#,
            "endpoint.fips",
            "expected false, or no endpoint.host: this chooses the region's own host",
        ),
        (
            r#"{"endpoint": {"host": "h", "dualStack": true}}"#,
            "endpoint.dualStack",
            "expected false, or no endpoint.host: this chooses the region's own host",
        ),
        (&endpoint_value("{}"), "endpoint.host", "expected a string"),
        (&endpoint_value(r#""""#), "endpoint.host", HOST),
        (&endpoint_value(r#""https://h""#), "endpoint.host", HOST),
        (&endpoint_value(r#""h/p""#), "endpoint.host", HOST),
        (&endpoint_value(r#""h.""#), "endpoint.host", HOST),
        (&endpoint_value(r#"" h""#), "endpoint.host", HOST),
        (&endpoint_value(r#""h:+1""#), "endpoint.host", HOST),
        (&endpoint_value(r#""h:1:2""#), "endpoint.host", HOST),
        (&endpoint_value(r#""h:""#), "endpoint.host", "expected a port from 1 to 65535 behind the host"),
        (&endpoint_value(r#""h:0""#), "endpoint.host", "expected a port from 1 to 65535 behind the host"),
        (&endpoint_value(r#""h:65536""#), "endpoint.host", "expected a port from 1 to 65535 behind the host"),
        (r#"{"routing": []}"#, "routing", "expected an object"),
        (r#"{"routing": {"x": {}}}"#, "routing.x", "unknown key; known here: header, models, default"),
        (r#"{"routing": {"header": "x"}}"#, "routing.header", "expected an object"),
        (r#"{"routing": {"header": {"name": "x"}}}"#, "routing.header.value", "missing, and required"),
        (r#"{"routing": {"header": {"value": "x"}}}"#, "routing.header.name", "missing, and required"),
        (r#"{"routing": {"header": {"key": "x"}}}"#, "routing.header.key", "unknown key; known here: name, value"),
        (r#"{"routing": {"header": {"name": 1, "value": "x"}}}"#, "routing.header.name", "expected a string"),
        (r#"{"routing": {"header": {"name": "x", "value": "a", "name": "x"}}}"#, "routing.header.name", "given twice"),
        (r#"{"routing": {"header": {"name": "", "value": "x"}}}"#, "routing.header.name", "expected a header's name"),
        (
            r#"{"routing": {"header": {"name": ":path", "value": "x"}}}"#,
            "routing.header.name",
            "expected a header's name",
        ),
        (
            r#"{"routing": {"header": {"name": "x y", "value": "x"}}}"#,
            "routing.header.name",
            "expected a header's name",
        ),
        (
            r#"{"routing": {"header": {"name": "Transfer-Encoding", "value": "x"}}}"#,
            "routing.header.name",
            "expected an end-to-end header, not one of the connection's own",
        ),
        (
            r#"{"routing": {"header": {"name": "x", "value": "a\r\nb"}}}"#,
            "routing.header.value",
            "expected a header's value: not empty, no control characters, no spaces around it",
        ),
        (
            r#"{"routing": {"header": {"name": "x", "value": " a"}}}"#,
            "routing.header.value",
            "expected a header's value: not empty, no control characters, no spaces around it",
        ),
        (r#"{"routing": {"models": "a"}}"#, "routing.models", "expected a list"),
        (r#"{"routing": {"models": ["a", "b", 3]}}"#, "routing.models[2]", "expected a string"),
        (r#"{"routing": {"models": ["a", ""]}}"#, "routing.models[1]", MODEL_PATTERN),
        (r#"{"routing": {"default": "reject"}}"#, "routing.default", "expected one of bedrock, passthrough"),
        (r#"{"routing": {"default": {"type": "bedrock"}}}"#, "routing.default", "expected one of bedrock, passthrough"),
        (r#"{"models": ["a"]}"#, "models", "expected an object"),
        (r#"{"models": {"a": {"id": "b"}}}"#, "models.a", "expected a string"),
        (r#"{"models": {"claude-3.5": 1}}"#, r#"models["claude-3.5"]"#, "expected a string"),
        (r#"{"models": {"a": "b", "a": "c"}}"#, "models.a", "given twice"),
        (r#"{"models": {"a": ""}}"#, "models.a", "expected a model id, not an empty text"),
        (r#"{"models": {"a": ".."}}"#, "models.a", "expected a model id, not a relative path"),
        (r#"{"models": {"": "a"}}"#, r#"models[""]"#, "expected a model id, not an empty text"),
        (r#"{"models": {"a": "b\u0000"}}"#, "models.a", "expected a model id without control characters"),
        (r#"{"allowedModels": {}}"#, "allowedModels", "expected a list"),
        (r#"{"allowedModels": []}"#, "allowedModels", "expected at least one pattern; * allows every model"),
        (r#"{"allowedModels": [null]}"#, "allowedModels[0]", "expected a string"),
        (r#"{"pathPrefix": null}"#, "pathPrefix", "expected a string"),
        (r#"{"pathPrefix": "/"}"#, "pathPrefix", PREFIX),
        (r#"{"pathPrefix": "anthropic"}"#, "pathPrefix", PREFIX),
        (r#"{"pathPrefix": "/a/"}"#, "pathPrefix", PREFIX),
        (r#"{"pathPrefix": "/a//b"}"#, "pathPrefix", PREFIX),
        (r#"{"pathPrefix": "/a/../b"}"#, "pathPrefix", PREFIX),
        (r#"{"pathPrefix": "/a?b"}"#, "pathPrefix", PREFIX),
        (r#"{"pathPrefix": "/a b"}"#, "pathPrefix", PREFIX),
        (r#"{"pathPrefix": "/%41"}"#, "pathPrefix", PREFIX),
        (r#"{"limits": 1}"#, "limits", "expected an object"),
        (r#"{"limits": {"bytes": 1}}"#, "limits.bytes", "unknown key; known here: requestBytes, frameBytes"),
        (r#"{"limits": {"requestBytes": "1"}}"#, "limits.requestBytes", "expected a whole number"),
        (r#"{"limits": {"requestBytes": 1024.5}}"#, "limits.requestBytes", "expected a whole number"),
        (r#"{"limits": {"requestBytes": -1024}}"#, "limits.requestBytes", "expected a whole number"),
        (
            r#"{"limits": {"requestBytes": 1023}}"#,
            "limits.requestBytes",
            "expected a whole number from 1024 to 268435456",
        ),
        (
            r#"{"limits": {"frameBytes": 4294968320}}"#,
            "limits.frameBytes",
            "expected a whole number from 1024 to 33554432",
        ),
    ] {
        assert_eq!(parse(json).unwrap_err(), format!("{path}: {problem}"), "{json}");
    }
}

#[test]
fn what_is_refused_in_credentials_is_named() {
    for (json, path, problem) in [
        (r#""environment""#, "", "expected an object"),
        ("{}", ".type", TYPES),
        (r#"{"type": "sso"}"#, ".type", TYPES),
        (r#"{"type": {"static": {}}}"#, ".type", TYPES),
        (r#"{"type": "static", "type": "environment"}"#, ".type", "given twice"),
        (r#"{"accessKeyId": "a", "secretAccessKey": "b"}"#, ".type", TYPES),
        (r#"{"type": "environment", "value": "x"}"#, ".value", "unknown key; known here: type"),
        (
            r#"{"type": "static", "foo": "x"}"#,
            ".foo",
            "unknown key; known here: type, accessKeyId, secretAccessKey, sessionToken",
        ),
        (r#"{"type": "static", "accessKeyId": "a"}"#, ".secretAccessKey", "missing, and required"),
        (r#"{"type": "static", "secretAccessKey": "a"}"#, ".accessKeyId", "missing, and required"),
        (r#"{"type": "static", "accessKeyId": 1, "secretAccessKey": "a"}"#, ".accessKeyId", "expected a string"),
        (
            r#"{"type": "static", "accessKeyId": "a", "secretAccessKey": ["a"]}"#,
            ".secretAccessKey",
            "expected a string",
        ),
        (
            r#"{"type": "static", "accessKeyId": "a", "secretAccessKey": "s", "sessionToken": null}"#,
            ".sessionToken",
            "expected a string",
        ),
        (r#"{"type": "static", "accessKeyId": "a\nb", "secretAccessKey": "s"}"#, ".accessKeyId", KEY_TEXT),
        (r#"{"type": "static", "accessKeyId": "a", "secretAccessKey": "s\r\nt"}"#, ".secretAccessKey", KEY_TEXT),
        (
            r#"{"type": "static", "accessKeyId": "a", "secretAccessKey": " "}"#,
            ".secretAccessKey",
            "expected a text that is not empty",
        ),
        (r#"{"type": "apiKey"}"#, ".value", "missing, and required"),
        (r#"{"type": "apiKey", "value": false}"#, ".value", "expected a string"),
        (r#"{"type": "apiKey", "value": "a b"}"#, ".value", KEY_TEXT),
        (r#"{"type": "apiKey", "key": "a"}"#, ".key", "unknown key; known here: type, value"),
        (r#"{"type": "credentialsFile"}"#, "", "expected exactly one of content, environmentVariable"),
        (
            r#"{"type": "credentialsFile", "content": "", "environmentVariable": "A"}"#,
            "",
            "expected exactly one of content, environmentVariable",
        ),
        (
            r#"{"type": "credentialsFile", "listener": {}}"#,
            ".listener",
            "unknown key; known here: type, content, environmentVariable, profile",
        ),
        (r#"{"type": "credentialsFile", "content": 1}"#, ".content", "expected a string"),
        (r#"{"type": "credentialsFile", "environmentVariable": 1}"#, ".environmentVariable", "expected a string"),
        (
            r#"{"type": "credentialsFile", "environmentVariable": "A=B"}"#,
            ".environmentVariable",
            "expected the name of an environment variable",
        ),
        (r#"{"type": "credentialsFile", "content": "", "profile": 1}"#, ".profile", "expected a string"),
        (
            r#"{"type": "credentialsFile", "content": "", "profile": "a b"}"#,
            ".profile",
            "expected a profile's name: letters, digits and -_/.%@:+",
        ),
        (r#"{"type": "credentialsFile", "content": ""}"#, ".content", "no profile default"),
        (r#"{"type": "credentialsFile", "content": "[a]", "profile": "b"}"#, ".content", "no profile b"),
        (
            r#"{"type": "credentialsFile", "content": "[default]\naws_access_key_id = a"}"#,
            ".content",
            "profile default: aws_secret_access_key: not set, and required",
        ),
        (r#"{"type": "credentialsFile", "content": "[default]\nsecret"}"#, ".content", "line 2: expected name = value"),
    ] {
        let outcome = parse(&format!(r#"{{"credentials": {json}}}"#));
        assert_eq!(outcome.unwrap_err(), format!("credentials{path}: {problem}"), "{json}");
    }
}

#[test]
fn what_is_no_json_is_placed() {
    for (json, place) in [
        ("{", "line 1 column 1"),
        ("{\"region\":\n  s3cret}", "line 2 column 3"),
        ("{} {}", "line 1 column 4"),
        (r#"{"credentials": {"type": "apiKey", "value": "s3cret}"#, "line 1 column 52"),
        ("{\"a\": \"\u{1}\"}", "line 1 column 8"),
    ] {
        assert_eq!(parse(json).unwrap_err(), format!("{place}: not valid JSON"), "{json}");
    }
    assert!(Config::parse(b"{\"region\": \"\xff\"}", &|_| None).is_err());
    assert!(parse(&"[".repeat(100_000)).is_err());
}

/// No text of this can be part of a key, and `!` of no profile's name, which a message does show.
const SECRET: &str = "s3cr3t!";
const SECRET_NUMBER: u64 = 91_827_364_550;

/// Any JSON, mostly of the keys and values that the configuration knows, with secrets all over it.
fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};

    let leaf = prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(SECRET_NUMBER)),
        Just(json!(-0.5)),
        Just(json!(SECRET)),
        Just(json!(format!("[default]\naws_access_key_id = {SECRET}\n{SECRET}"))),
        Just(json!(format!("\n{SECRET}"))),
        Just(json!(1024)),
        Just(json!("us-east-1")),
        prop_oneof!["environment", "static", "credentialsFile", "apiKey"].prop_map(Value::from),
        prop_oneof!["bedrock", "passthrough"].prop_map(Value::from),
    ];
    let key = prop::sample::select(
        &[
            "region",
            "endpoint",
            "credentials",
            "routing",
            "models",
            "allowedModels",
            "pathPrefix",
            "limits",
            "host",
            "fips",
            "dualStack",
            "type",
            "accessKeyId",
            "secretAccessKey",
            "sessionToken",
            "content",
            "environmentVariable",
            "profile",
            "value",
            "header",
            "name",
            "default",
            "requestBytes",
            "frameBytes",
            "x.y",
        ][..],
    );
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_message_shows_a_value(members in prop::collection::vec((any::<prop::sample::Index>(), json()), 1..4)) {
        const MEMBERS: [&str; 8] =
            ["region", "endpoint", "credentials", "routing", "models", "allowedModels", "pathPrefix", "limits"];
        let whole: serde_json::Map<_, _> =
            members.into_iter().map(|(member, value)| (member.get(&MEMBERS).to_string(), value)).collect();
        let whole = serde_json::Value::from(whole).to_string();
        match parse(&whole) {
            Err(message) => {
                prop_assert!(!message.contains("s3cr3t") && !message.contains("91827364550"), "{}: {}", whole, message);
            }
            Ok(config) => {
                if let Source::Missing(reason) = config.credentials {
                    prop_assert!(!reason.contains("s3cr3t"), "{}: {}", whole, reason);
                }
            }
        }
    }

    #[test]
    fn no_text_panics(bytes in prop::collection::vec(any::<u8>(), 0..64), json in json(), cut in any::<prop::sample::Index>()) {
        let _ = Config::parse(&bytes, &|_| None);
        let json = json.to_string();
        let _ = Config::parse(&json.as_bytes()[..cut.index(json.len())], &|_| None);
        let _ = Config::parse(json.as_bytes(), &|_| Some(json.clone()));
    }
}
