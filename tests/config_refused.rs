//! What is said of a configuration that is refused: the key's path and what was expected, never a value.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::config::Config;
use configuration::{TOP, TYPES, parse};

const HOST: &str = "expected a host such as bedrock.example.com or 127.0.0.1:8080, without scheme and path";
const REGION: &str = "expected a region such as us-east-1";
const MODEL_PATTERN: &str = "expected a model's name, * for any run of characters, without control characters";
const PREFIX: &str = "expected an empty text or a path such as /anthropic, unencoded, without a slash at its end";
const KEY_TEXT: &str = "expected printable ASCII without spaces";

/// The member that is wrong, what is wrong with it.
#[test]
fn what_is_refused_is_named() {
    let unknown = format!("unknown key; known here: {}", TOP.join(", "));
    let endpoint_value = |value: &str| format!(r#"{{"endpoint": {{"host": {value}}}}}"#);
    for (json, path, problem) in [
        ("[]", "the configuration", "expected an object"),
        ("null", "the configuration", "expected an object"),
        (r#"{"regoin": "us-east-1"}"#, "regoin", &unknown),
        (r#"{"a.\nb": 1, "x": 2}"#, r#"["a.\nb"]"#, &unknown),
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
        (r#"{"endpoint": {"port": 1}}"#, "endpoint.port", "unknown key; known here: host, fips, dualStack, mantleHost"),
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
        (r#"{"models": {"claude-3.5": 1}}"#, r#"models["claude-3.5"]"#, "expected a string or an object"),
        (r#"{"models": {"a": null}}"#, "models.a", "expected a string or an object"),
        (r#"{"models": {"a": ["b"]}}"#, "models.a", "expected a string or an object"),
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
        (
            r#"{"limits": {"bytes": 1}}"#,
            "limits.bytes",
            "unknown key; known here: requestBytes, frameBytes, credentialsWaitMs",
        ),
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

/// Native upstreams know no guardrails: a request must not go without one where the configuration has one.
#[test]
fn a_guardrail_forbids_native_upstreams() {
    const PROBLEM: &str = "expected invoke: the native upstreams have no guardrails, and there is one in guardrail";
    for guardrail in [
        r#"{"identifier": "gr1", "version": "1"}"#,
        r#"{"identifier": {"header": "x-guard"}, "version": {"header": "x-guard-version", "default": "1"}}"#,
    ] {
        for (members, path) in [
            (r#""upstream": "runtimeNative""#, "upstream"),
            (r#""upstream": "mantle""#, "upstream"),
            (r#""upstream": "mantle", "models": {"a": {"id": "b", "upstream": "invoke"}}"#, "upstream"),
            (r#""models": {"a": "b", "c": {"id": "b", "upstream": "mantle"}}"#, "models.c.upstream"),
            (r#""models": {"c.d": {"id": "b", "upstream": "runtimeNative"}}"#, r#"models["c.d"].upstream"#),
        ] {
            let json = format!(r#"{{"guardrail": {guardrail}, {members}}}"#);
            assert_eq!(parse(&json).unwrap_err(), format!("{path}: {PROBLEM}"), "{json}");
            parse(&format!("{{{members}}}")).unwrap();
        }
        let json = format!(
            r#"{{"guardrail": {guardrail}, "upstream": "invoke", "countTokens": "mantle", "models": {{"a": {{"id": "b", "upstream": "invoke"}}}}}}"#
        );
        parse(&json).unwrap();
    }
}

#[test]
fn what_is_refused_of_requests_is_named() {
    const BETA: &str = "expected a beta's name: printable ASCII without commas and spaces";
    const PATH: &str = "expected a member's path of 8 names at most, such as metadata.user_id or tools[].strict";
    const NEEDED: &str = "expected a member that a request can do without";
    const STRING_OR_OBJECT: &str = "expected a string or an object";
    let seventeen: serde_json::Map<_, _> = (0..17).map(|at| (format!("k{at}"), "v".into())).collect();
    let seventeen = serde_json::json!({ "requestMetadata": seventeen }).to_string();
    let long = format!(r#"{{"requestMetadata": {{"a": "{}"}}}}"#, "x".repeat(257));
    for (json, path, problem) in [
        (r#"{"upstream": "native"}"#, "upstream", "expected one of invoke, runtimeNative, mantle"),
        (r#"{"endpoint": {"mantleHost": "https://h"}}"#, "endpoint.mantleHost", HOST),
        (r#"{"models": {"a": {"upstream": "mantle"}}}"#, "models.a.id", "missing, and required"),
        (r#"{"models": {"a": {"id": ""}}}"#, "models.a.id", "expected a model id, not an empty text"),
        (r#"{"models": {"a": {"id": 1}}}"#, "models.a.id", "expected a string"),
        (
            r#"{"models": {"a": {"id": "b", "name": "c"}}}"#,
            "models.a.name",
            "unknown key; known here: id, baseModel, upstream",
        ),
        (r#"{"models": {"a": {"id": "b", "id": "b"}}}"#, "models.a.id", "given twice"),
        (
            r#"{"models": {"a": {"id": "b", "upstream": ""}}}"#,
            "models.a.upstream",
            "expected one of invoke, runtimeNative, mantle",
        ),
        (
            r#"{"models": {"a": {"id": "b", "baseModel": "claude-9"}}}"#,
            "models.a.baseModel",
            "expected a model's name such as claude-sonnet-4-5, or its id at Bedrock",
        ),
        (
            r#"{"inferenceProfile": "ca"}"#,
            "inferenceProfile",
            "expected one of auto, none, us, eu, apac, jp, au, us-gov, global",
        ),
        (r#"{"unknownModels": "pass"}"#, "unknownModels", "expected one of forward, reject"),
        (r#"{"countTokens": "invoke"}"#, "countTokens", "expected one of runtime, mantle"),
        (r#"{"betas": []}"#, "betas", "expected an object"),
        (r#"{"betas": {"allowed": []}}"#, "betas.allowed", "unknown key; known here: allow, deny, alias"),
        (r#"{"betas": {"allow": ["a", "b,c"]}}"#, "betas.allow[1]", BETA),
        (r#"{"betas": {"deny": ["b c"]}}"#, "betas.deny[0]", BETA),
        (r#"{"betas": {"deny": ["ü"]}}"#, "betas.deny[0]", BETA),
        (r#"{"betas": {"alias": {"a": ""}}}"#, "betas.alias.a", BETA),
        (r#"{"betas": {"alias": {"": "a"}}}"#, r#"betas.alias[""]"#, BETA),
        (
            r#"{"betas": {"allow": ["a"], "deny": ["b", "a"]}}"#,
            "betas.deny[1]",
            "expected a beta that betas.allow does not have",
        ),
        (r#"{"fields": {"mode": "drop"}}"#, "fields.mode", "expected one of strip, observe, strict"),
        (r#"{"fields": {"allow": [""]}}"#, "fields.allow[0]", PATH),
        (r#"{"fields": {"allow": ["a..b"]}}"#, "fields.allow[0]", PATH),
        (r#"{"fields": {"allow": ["a[0]"]}}"#, "fields.allow[0]", PATH),
        (r#"{"fields": {"allow": ["a[][]"]}}"#, "fields.allow[0]", PATH),
        (r#"{"fields": {"allow": ["[].a"]}}"#, "fields.allow[0]", PATH),
        (r#"{"fields": {"drop": ["a b"]}}"#, "fields.drop[0]", PATH),
        (r#"{"fields": {"drop": ["1.2.3.4.5.6.7.8.9"]}}"#, "fields.drop[0]", PATH),
        (r#"{"fields": {"drop": ["model"]}}"#, "fields.drop[0]", NEEDED),
        (r#"{"fields": {"drop": ["x", "messages[]"]}}"#, "fields.drop[1]", NEEDED),
        (r#"{"fields": {"drop": ["anthropic_beta"]}}"#, "fields.drop[0]", NEEDED),
        (
            r#"{"fields": {"drop": ["a.b"], "allow": ["a.b"]}}"#,
            "fields.drop[0]",
            "expected a path that fields.allow does not have",
        ),
        (r#"{"guardrail": {"identifier": "a"}}"#, "guardrail.version", "missing, and required"),
        (r#"{"guardrail": {"version": "1"}}"#, "guardrail.identifier", "missing, and required"),
        (
            r#"{"guardrail": {"identifier": "a b", "version": "1"}}"#,
            "guardrail.identifier",
            "expected the id or the ARN of a guardrail",
        ),
        (
            r#"{"guardrail": {"identifier": "a", "version": "0"}}"#,
            "guardrail.version",
            "expected a version such as 1, or DRAFT",
        ),
        (
            r#"{"guardrail": {"identifier": "a", "version": "123456789"}}"#,
            "guardrail.version",
            "expected a version such as 1, or DRAFT",
        ),
        (r#"{"guardrail": {"identifier": "a", "version": 1}}"#, "guardrail.version", STRING_OR_OBJECT),
        (
            r#"{"guardrail": {"identifier": "a", "version": "1", "trace": "enabled"}}"#,
            "guardrail.trace",
            "expected one of ENABLED, DISABLED, ENABLED_FULL",
        ),
        (r#"{"serviceTier": "Flex"}"#, "serviceTier", "expected one of priority, default, flex, reserved"),
        (r#"{"serviceTier": {"default": "flex"}}"#, "serviceTier.header", "missing, and required"),
        (
            r#"{"serviceTier": {"header": "x", "default": "fast"}}"#,
            "serviceTier",
            "default: expected one of priority, default, flex, reserved",
        ),
        (r#"{"serviceTier": {"header": "x y"}}"#, "serviceTier.header", "expected a header's name"),
        (
            r#"{"serviceTier": {"header": "Host"}}"#,
            "serviceTier.header",
            "expected an end-to-end header, not one of the connection's own",
        ),
        (
            r#"{"serviceTier": {"header": "x", "value": "flex"}}"#,
            "serviceTier.value",
            "unknown key; known here: header, default",
        ),
        (r#"{"performanceLatency": "fast"}"#, "performanceLatency", "expected one of standard, optimized"),
        (r#"{"performanceLatency": true}"#, "performanceLatency", STRING_OR_OBJECT),
        (
            r#"{"requestMetadata": {"": "a"}}"#,
            r#"requestMetadata[""]"#,
            "expected a key of printable ASCII, 1 to 256 characters",
        ),
        (
            r#"{"requestMetadata": {"a": "b\n"}}"#,
            "requestMetadata.a",
            "expected a text of printable ASCII, 256 characters at most",
        ),
        (&long, "requestMetadata.a", "expected a text of printable ASCII, 256 characters at most"),
        (&seventeen, "requestMetadata", "expected 16 keys at most"),
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
        (r#"{"type": "credentialsFile"}"#, "", "expected exactly one of content, environmentVariable, listener"),
        (
            r#"{"type": "credentialsFile", "content": "", "environmentVariable": "A"}"#,
            "",
            "expected exactly one of content, environmentVariable, listener",
        ),
        (
            r#"{"type": "credentialsFile", "file": "a"}"#,
            ".file",
            "unknown key; known here: type, content, environmentVariable, listener, profile",
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
