//! What is said of `credentials` that are refused: the key's path and what was expected, never a value. Of those that need no
//! call more is in `config_refused.rs`.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::config::Source;
use configuration::{parse, parse_in};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:iam::123456789012:role/bedrock";

fn read(credentials: &Value) -> Result<Source, String> {
    let whole = json!({ "credentials": credentials }).to_string();
    let outcome = parse(&whole).map(|config| config.credentials);
    // Variables change nothing of what is refused.
    let more = [("AWS_REGION", "us-east-1"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/x")];
    assert_eq!(parse_in(&whole, &more).err().as_ref(), outcome.as_ref().err());
    outcome
}

fn static_key() -> Value {
    json!({ "type": "static", "accessKeyId": "A", "secretAccessKey": "s3cret" })
}

/// So deep and no deeper.
#[test]
fn sources_inside_one_another() {
    let nest = |source: Value, role: bool| match role {
        true => json!({ "type": "assumeRole", "roleArn": ARN, "sts": { "cluster": "sts" }, "source": source }),
        false => json!({ "type": "chain", "providers": [{ "type": "environment" }, source] }),
    };
    let mut written = static_key();
    for depth in 2..=4 {
        written = nest(written, depth % 2 == 0);
        read(&written).unwrap();
    }
    let error = |written: &Value| read(written).unwrap_err();
    let problem = "expected no more than 4 sources inside one another";
    let path = "credentials.providers[1].source.providers[1].source";
    assert_eq!(error(&nest(written.clone(), false)), format!("{path}: {problem}"));
    let path = "credentials.source.source.providers[1].source";
    assert_eq!(error(&nest(written, true)), format!("{path}: {problem}"));
    let mut deep = static_key();
    for _ in 0..100 {
        deep = nest(deep, false);
    }
    let said = error(&deep);
    assert!(!said.contains("s3cret"), "{said}");
}

const HOST: &str = "expected a host such as bedrock.example.com or 127.0.0.1:8080, without scheme and path";
const CLUSTER: &str = "expected the name of a cluster in Envoy";
const PATH: &str = "expected a path such as /v1/credentials, percent-encoded";
const WORDS: &str = "expected a text: not empty, no control characters";
const ROLE_ARN: &str = "expected a role's ARN such as arn:aws:iam::123456789012:role/bedrock";
const SESSION_NAME: &str = "expected 2 to 64 letters, digits and _+=,.@-";
const POLICY: &str = "expected the JSON text of a policy, 2048 characters at most";
const KEY_TEXT: &str = "expected printable ASCII without spaces";
const MISSING: &str = "missing, and required";

/// A source that is accepted, and what is wrong with it as soon as a member (`null` takes it away) is another.
#[test]
fn what_is_refused_is_named() {
    let web =
        json!({ "type": "webIdentity", "roleArn": ARN, "sts": { "cluster": "sts" }, "token": { "value": "s3cret" } });
    let oidc = json!({
        "type": "webIdentity", "roleArn": ARN, "sts": { "cluster": "sts" }, "token": { "oidc": {
            "cluster": "oidc", "host": "issuer.example.com", "path": "/token", "clientId": "a", "clientSecret": "s3cret"
        } }
    });
    let token_file = json!({
        "type": "webIdentity", "roleArn": ARN, "sts": { "cluster": "sts" },
        "token": { "listener": { "cluster": "files", "path": "/token", "header": "x-token" } }
    });
    let role = json!({ "type": "assumeRole", "roleArn": ARN, "sts": { "cluster": "sts" }, "source": static_key() });
    let container = json!({ "type": "container", "cluster": "ecs", "path": "/x" });
    let metadata = json!({ "type": "instanceMetadata", "cluster": "imds" });
    let file = json!({ "type": "credentialsFile", "listener": { "cluster": "files", "path": "/x" } });
    let chain = json!({ "type": "chain", "providers": [static_key()] });
    let long_arn = format!("{ARN}{}", "s3cret".repeat(400));
    let long_policy = format!(r#"{{"a": "{}"}}"#, "s3cret".repeat(350));
    let long = "s3cret".repeat(400);
    let token_keys = "expected exactly one of value, oidc, listener";
    let file_keys = "expected exactly one of content, environmentVariable, listener";
    let whole = "expected a whole number";
    let number = "expected a whole number from 900 to 43200";
    let rows: Vec<(&Value, &str, Value, &str, &str)> = vec![
        (&web, "/roleArn", Value::Null, "roleArn", MISSING),
        (&web, "/roleArn", json!(1), "roleArn", "expected a string"),
        (&web, "/roleArn", json!(""), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::123456789012:user/s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::12345678901:role/s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::12345678901x:role/s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam:us-east-1:123456789012:role/s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:sts::123456789012:role/s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:gcp:iam::123456789012:role/s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::123456789012:role/"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::123456789012:role/s3 cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::123456789012:role/s3:cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::123456789012:role//s3cret"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::123456789012:role/path/"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!("arn:aws:iam::123456789012:role//"), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!(format!("{ARN}{}", "x".repeat(60))), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!(format!("{ARN}\n")), "roleArn", ROLE_ARN),
        (&web, "/roleArn", json!(long_arn), "roleArn", ROLE_ARN),
        (&web, "/sessionName", json!("x"), "sessionName", SESSION_NAME),
        (&web, "/sessionName", json!("s3 cret"), "sessionName", SESSION_NAME),
        (&web, "/sessionName", json!("s3cretü"), "sessionName", SESSION_NAME),
        (&web, "/sessionName", json!("s3cret/"), "sessionName", SESSION_NAME),
        (&web, "/sessionName", json!("s".repeat(65)), "sessionName", SESSION_NAME),
        (&web, "/durationSeconds", json!(899), "durationSeconds", number),
        (&web, "/durationSeconds", json!(43_201), "durationSeconds", number),
        (&web, "/durationSeconds", json!(-900), "durationSeconds", whole),
        (&web, "/durationSeconds", json!(900.5), "durationSeconds", whole),
        (&web, "/durationSeconds", json!("s3cret"), "durationSeconds", whole),
        (&web, "/policy", json!("s3cret"), "policy", POLICY),
        (&web, "/policy", json!("[\"s3cret\"]"), "policy", POLICY),
        (&web, "/policy", json!(""), "policy", POLICY),
        (&web, "/policy", json!(long_policy), "policy", POLICY),
        (&web, "/policy", json!({ "s3cret": 1 }), "policy", "expected a string"),
        (
            &web,
            "/policy",
            json!("{\"s3cret\": \"ĀBC\"}"),
            "policy",
            "expected no character above U+00FF: STS takes none, JSON has \\u for it",
        ),
        (&web, "/sts", Value::Null, "sts", MISSING),
        (&web, "/sts", json!("s3cret"), "sts", "expected an object"),
        (&web, "/sts", json!({}), "sts.cluster", MISSING),
        (&web, "/sts/cluster", json!(""), "sts.cluster", CLUSTER),
        (&web, "/sts/cluster", json!("s3 cret"), "sts.cluster", CLUSTER),
        (&web, "/sts/cluster", json!("s3cret\n"), "sts.cluster", CLUSTER),
        (&web, "/sts/host", json!("https://s3cret.example.com"), "sts.host", HOST),
        (&web, "/sts/host", json!("s3cret.example.com/x"), "sts.host", HOST),
        (&web, "/sts/port", json!(1), "sts.port", "unknown key; known here: cluster, host"),
        (&web, "/token", Value::Null, "token", MISSING),
        (&web, "/token", json!("s3cret"), "token", "expected an object"),
        (&web, "/token", json!({}), "token", token_keys),
        (&web, "/token/listener", json!({ "cluster": "files", "path": "/s3cret" }), "token", token_keys),
        (&web, "/token/value", json!("s3 cret"), "token.value", KEY_TEXT),
        (&web, "/token/value", json!("s3c"), "token.value", "expected a token of 4 to 20000 characters"),
        (
            &web,
            "/token/value",
            json!("s3cret".repeat(3_334)),
            "token.value",
            "expected a token of 4 to 20000 characters",
        ),
        (&web, "/token/value", json!(" "), "token.value", "expected a text that is not empty"),
        (&web, "/token/file", json!("s3cret"), "token.file", "unknown key; known here: value, oidc, listener"),
        (
            &web,
            "/externalId",
            json!("s3cret"),
            "externalId",
            "unknown key; known here: type, roleArn, sessionName, durationSeconds, policy, sts, token",
        ),
        (&oidc, "/token/oidc/cluster", Value::Null, "token.oidc.cluster", MISSING),
        (&oidc, "/token/oidc/host", Value::Null, "token.oidc.host", MISSING),
        (&oidc, "/token/oidc/path", Value::Null, "token.oidc.path", MISSING),
        (&oidc, "/token/oidc/clientId", Value::Null, "token.oidc.clientId", MISSING),
        (&oidc, "/token/oidc/clientSecret", Value::Null, "token.oidc.clientSecret", MISSING),
        (&oidc, "/token/oidc/host", json!("s3 cret"), "token.oidc.host", HOST),
        (&oidc, "/token/oidc/path", json!("s3cret"), "token.oidc.path", PATH),
        (&oidc, "/token/oidc/path", json!("/s3cret#x"), "token.oidc.path", PATH),
        (&oidc, "/token/oidc/path", json!("/s3 cret"), "token.oidc.path", PATH),
        (&oidc, "/token/oidc/path", json!(format!("/{long}")), "token.oidc.path", PATH),
        (&oidc, "/token/oidc/clientId", json!(""), "token.oidc.clientId", WORDS),
        (&oidc, "/token/oidc/clientSecret", json!("s3cret\n"), "token.oidc.clientSecret", WORDS),
        (&oidc, "/token/oidc/clientSecret", json!(["s3cret"]), "token.oidc.clientSecret", "expected a string"),
        (
            &oidc,
            "/token/oidc/clientAuthentication",
            json!("s3cret"),
            "token.oidc.clientAuthentication",
            "expected one of form, basic",
        ),
        (&oidc, "/token/oidc/scope", json!(""), "token.oidc.scope", WORDS),
        (&oidc, "/token/oidc/audience", json!("s3cret\u{0}"), "token.oidc.audience", WORDS),
        (
            &oidc,
            "/token/oidc/grantType",
            json!("s3cret"),
            "token.oidc.grantType",
            "unknown key; known here: cluster, host, path, clientId, clientSecret, clientAuthentication, scope, audience",
        ),
        (&token_file, "/token/listener/path", Value::Null, "token.listener.path", MISSING),
        (&token_file, "/token/listener/header", json!("s3 cret"), "token.listener.header", "expected a header's name"),
        (&token_file, "/token/listener/header", json!(":s3cret"), "token.listener.header", "expected a header's name"),
        (
            &token_file,
            "/token/listener/host",
            json!("x"),
            "token.listener.host",
            "unknown key; known here: cluster, path, header",
        ),
        (
            &role,
            "/source",
            json!({ "type": "apiKey", "value": "s3cret" }),
            "source",
            "expected a source of access keys: an API key cannot assume a role",
        ),
        (
            &role,
            "/source",
            json!({ "type": "chain", "providers": [static_key(), { "type": "apiKey", "value": "s3cret" }] }),
            "source.providers[1]",
            "expected a source of access keys: an API key cannot assume a role",
        ),
        (&role, "/source", Value::Null, "source", MISSING),
        (&role, "/source", json!("s3cret"), "source", "expected an object"),
        (&role, "/source", json!({ "type": "external" }), "source", "expected a source with credentials, not external"),
        (&role, "/source/secretAccessKey", json!("s3 cret"), "source.secretAccessKey", KEY_TEXT),
        (&role, "/externalId", json!("x"), "externalId", "expected 2 to 1224 letters, digits and _+=,.@:/-"),
        (&role, "/externalId", json!("s3 cret"), "externalId", "expected 2 to 1224 letters, digits and _+=,.@:/-"),
        (&role, "/externalId", json!(long), "externalId", "expected 2 to 1224 letters, digits and _+=,.@:/-"),
        (&container, "/cluster", Value::Null, "cluster", MISSING),
        (&container, "/path", json!("s3cret"), "path", PATH),
        (&container, "/path", json!("/s3cret\r\nx: y"), "path", PATH),
        (&container, "/host", json!("[s3cret]"), "host", "expected an IPv6 address in brackets, a port may follow"),
        (&container, "/host", json!("[::1]:0"), "host", "expected an IPv6 address in brackets, a port may follow"),
        (&container, "/host", json!("[::1]:+80"), "host", "expected an IPv6 address in brackets, a port may follow"),
        (&container, "/host", json!("[::1]s3cret"), "host", "expected an IPv6 address in brackets, a port may follow"),
        (&container, "/host", json!("::1"), "host", HOST),
        (
            &container,
            "/authorization",
            json!("s3cret\r\nx: y"),
            "authorization",
            "expected a header's value: not empty, no control characters, no spaces around it",
        ),
        (&metadata, "/cluster", json!(""), "cluster", CLUSTER),
        (
            &metadata,
            "/role",
            json!("s3/cret"),
            "role",
            "expected a role's name: 64 letters, digits and +=,.@_- at most",
        ),
        (&metadata, "/role", json!(""), "role", "expected a role's name: 64 letters, digits and +=,.@_- at most"),
        (&metadata, "/role", json!(".."), "role", "expected a role's name: 64 letters, digits and +=,.@_- at most"),
        (&metadata, "/v1Fallback", json!("true"), "v1Fallback", "expected a boolean"),
        (
            &metadata,
            "/token",
            json!("s3cret"),
            "token",
            "unknown key; known here: type, cluster, role, host, v1Fallback",
        ),
        (&file, "/content", json!("[s3cret]"), "", file_keys),
        (&file, "/listener", json!({ "cluster": "files" }), "listener.path", MISSING),
        (&file, "/listener/path", json!(""), "listener.path", PATH),
        (&file, "/listener/header", json!("x"), "listener.header", "unknown key; known here: cluster, path"),
        (&chain, "/providers", Value::Null, "providers", MISSING),
        (&chain, "/providers", json!([]), "providers", "expected at least one source"),
        (&chain, "/providers", json!({ "s3cret": 1 }), "providers", "expected a list"),
        (&chain, "/providers/0", json!("s3cret"), "providers[0]", "expected an object"),
        (
            &chain,
            "/providers/0",
            json!({ "type": "external" }),
            "providers[0]",
            "expected a source with credentials, not external",
        ),
        (&chain, "/providers/0/accessKeyId", Value::Null, "providers[0].accessKeyId", MISSING),
        (
            &chain,
            "/providers/0/content",
            json!("s3cret"),
            "providers[0].content",
            "unknown key; known here: type, accessKeyId, secretAccessKey, sessionToken",
        ),
        (
            &chain,
            "/providers/0",
            json!({ "type": "credentialsFile", "content": "[default]\ns3cret" }),
            "providers[0].content",
            "line 2: expected name = value",
        ),
    ];
    let chained = "expected 3600 at most: a role that a role assumes lasts no longer";
    let over_roles = |source: &Value| json!({ "type": "assumeRole", "roleArn": ARN, "durationSeconds": 3_600, "sts": { "cluster": "sts" }, "source": source });
    let chain_of_roles =
        json!({ "type": "chain", "providers": [static_key(), { "type": "chain", "providers": [web] }] });
    let (over_web, over_role, over_chain) = (over_roles(&web), over_roles(&role), over_roles(&chain_of_roles));
    let in_chain = json!({ "type": "chain", "providers": [over_web] });
    let rows = rows.into_iter().chain([
        (&over_web, "/durationSeconds", json!(3_601), "durationSeconds", chained),
        (&over_role, "/durationSeconds", json!(43_200), "durationSeconds", chained),
        (&over_chain, "/durationSeconds", json!(3_601), "durationSeconds", chained),
        (&in_chain, "/providers/0/durationSeconds", json!(3_601), "providers[0].durationSeconds", chained),
    ]);
    for (base, pointer, value, path, problem) in rows {
        read(base).unwrap();
        let mut written = base.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match written.pointer_mut(parent).unwrap() {
            Value::Object(members) if value.is_null() => drop(members.remove(name)),
            Value::Object(members) => drop(members.insert(name.to_owned(), value)),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            other => panic!("{other}"),
        }
        let said = read(&written).unwrap_err();
        let separator = if path.is_empty() { "" } else { "." };
        assert_eq!(said, format!("credentials{separator}{path}: {problem}"), "{written}");
    }
}
