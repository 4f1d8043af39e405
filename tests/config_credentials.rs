//! `credentials` of the configuration: the source that each of its types makes. Of those that need no call (access keys, texts
//! of files, the environment) more is in `config.rs`; what is refused is in `config_credentials_refused.rs`.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::aws::credentials::assume_role::AssumeRole;
use bedrock_messages::aws::credentials::container::Container;
use bedrock_messages::aws::credentials::instance_metadata::InstanceMetadata;
use bedrock_messages::aws::credentials::listener::{Listener, MountedFile};
use bedrock_messages::aws::credentials::oidc::{ClientAuthentication, Oidc};
use bedrock_messages::aws::credentials::sts::{Role, Sts};
use bedrock_messages::aws::credentials::web_identity::{Token, WebIdentity};
use bedrock_messages::aws::credentials::{AccessKey, Credentials, Provider, Secret};
use bedrock_messages::config::Source;
use configuration::{parse, parse_in};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:iam::123456789012:role/bedrock";
const KEY: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "s3cret");

fn read_in(credentials: &Value, more: &Value, variables: &[(&str, &str)]) -> Result<Source, String> {
    let mut whole = json!({ "credentials": credentials });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let outcome = parse_in(&whole.to_string(), &[variables, &[("AWS_REGION", "us-east-1")]].concat());
    outcome.map(|config| config.credentials)
}

fn provider_in(credentials: &Value, variables: &[(&str, &str)]) -> Provider {
    match read_in(credentials, &json!({}), variables) {
        Ok(Source::Fetched(provider)) => (*provider).clone(),
        other => panic!("{credentials}: {other:?}"),
    }
}

fn provider(credentials: &Value) -> Provider {
    match parse(&json!({ "credentials": credentials }).to_string()).map(|config| config.credentials) {
        Ok(Source::Fetched(provider)) => (*provider).clone(),
        other => panic!("{credentials}: {other:?}"),
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn sts() -> Sts {
    Sts { cluster: text("sts"), host: text("sts.us-east-1.amazonaws.com"), region: text("us-east-1") }
}

fn role() -> Role {
    Role { arn: text(ARN), session_name: text("bedrock-messages"), duration_seconds: None, policy: None }
}

fn fixed_key() -> Provider {
    let key = AccessKey { access_key_id: text("A"), secret_access_key: Secret::new("s3cret"), session_token: None };
    Provider::Fixed("static", Ok(Credentials::AccessKey(key)))
}

/// What is written for [`fixed_key`].
fn static_key() -> Value {
    json!({ "type": "static", "accessKeyId": "A", "secretAccessKey": "s3cret" })
}

#[test]
fn web_identity() {
    let source = |token, role, sts| Provider::WebIdentity(Box::new(WebIdentity { sts, role, token }));
    let policy = r#"{"Version":"2012-10-17"}"#;
    let full_role =
        Role { session_name: text("gw@eu"), duration_seconds: Some(43_200), policy: Some(text(policy)), ..role() };
    let oidc = Oidc {
        cluster: text("oidc"),
        host: text("issuer.example.com:8443"),
        path: text("/oauth2/token?a=b"),
        client_id: text("gateway"),
        client_secret: Secret::new("s3cret & more"),
        client_authentication: ClientAuthentication::Form,
        scope: None,
        audience: None,
    };
    let full_oidc = Oidc {
        host: text("[::1]:8443"),
        scope: Some(text("sts aws")),
        audience: Some(text("https://sts.amazonaws.com")),
        client_authentication: ClientAuthentication::Basic,
        ..oidc.clone()
    };
    let written_oidc = json!({
        "cluster": "oidc", "host": "Issuer.example.com:8443", "path": "/oauth2/token?a=b", "clientId": "gateway",
        "clientSecret": "s3cret & more"
    });
    let mut written_full_oidc = written_oidc.clone();
    written_full_oidc["host"] = json!("[::1]:8443");
    written_full_oidc["scope"] = json!("sts aws");
    written_full_oidc["audience"] = json!("https://sts.amazonaws.com");
    written_full_oidc["clientAuthentication"] = json!("basic");
    let listener = || Listener { cluster: text("files"), path: text("/token") };
    for (token, expected) in [
        (json!({ "value": " s3cret.token\n" }), Token::Value(Secret::new("s3cret.token"))),
        (json!({ "oidc": written_oidc }), Token::Oidc(oidc)),
        (json!({ "oidc": written_full_oidc }), Token::Oidc(full_oidc)),
        (
            json!({ "listener": { "cluster": "files", "path": "/token" } }),
            Token::Listener { listener: listener(), header: None },
        ),
        (
            json!({ "listener": { "cluster": "files", "path": "/token", "header": "X-Token" } }),
            Token::Listener { listener: listener(), header: Some(text("x-token")) },
        ),
    ] {
        let written = json!({ "type": "webIdentity", "roleArn": ARN, "sts": { "cluster": "sts" }, "token": token });
        assert_eq!(provider(&written), source(expected, role(), sts()), "{written}");
    }
    let written = json!({
        "type": "webIdentity", "roleArn": ARN, "sessionName": "gw@eu", "durationSeconds": 43_200, "policy": policy,
        "sts": { "cluster": "sts", "host": "sts.amazonaws.com:443" }, "token": { "value": "s3cret" }
    });
    let global = Sts { host: text("sts.amazonaws.com"), ..sts() };
    assert_eq!(provider(&written), source(Token::Value(Secret::new("s3cret")), full_role, global));
    // What STS takes is taken: a path in the ARN, a policy in Latin letters.
    for (member, value) in [
        ("roleArn", json!("arn:aws-us-gov:iam::123456789012:role/a:b/c!d/x_+=,.@-9")),
        ("roleArn", json!(format!("arn:aws:iam::123456789012:role/{}", "x".repeat(64)))),
        ("policy", json!("{\"ü\": \"\\u0100\"}\n")),
    ] {
        let mut written = written.clone();
        written[member] = value;
        provider(&written);
    }
}

#[test]
fn assume_role() {
    let source = |source, role, external_id: Option<&str>| {
        let external_id = external_id.map(str::to_owned);
        Provider::AssumeRole(Box::new(AssumeRole { sts: sts(), role, external_id, source }))
    };
    let written =
        |source: Value| json!({ "type": "assumeRole", "roleArn": ARN, "sts": { "cluster": "sts" }, "source": source });
    assert_eq!(provider(&written(static_key())), source(fixed_key(), role(), None));
    let mut full = written(static_key());
    full["externalId"] = json!("a:b/c");
    full["sessionName"] = json!("xy");
    full["durationSeconds"] = json!(900);
    full["policy"] = json!("{}");
    let full_role = Role { session_name: text("xy"), duration_seconds: Some(900), policy: Some(text("{}")), ..role() };
    assert_eq!(provider(&full), source(fixed_key(), full_role, Some("a:b/c")));
    let twice = source(source(fixed_key(), role(), None), role(), None);
    assert_eq!(provider(&written(written(static_key()))), twice);

    // An API key in the environment is for Bedrock: a role is assumed with the access keys.
    let environment = || json!({ "type": "environment" });
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", "s3cret");
    for inner in [environment(), json!({ "type": "chain", "providers": [environment(), static_key()] })] {
        let Provider::AssumeRole(found) = provider_in(&written(inner), &[KEY, SECRET, bearer]) else { panic!() };
        let first = match &found.source {
            Provider::Chain(sources) => &sources[0],
            source => source,
        };
        assert!(matches!(first, Provider::Fixed("environment", Ok(Credentials::AccessKey(_)))), "{first:?}");
    }
}

/// STS's host and the region that is signed for, by the region, `endpoint.fips` and `sts.host`.
#[test]
fn hosts_of_sts() {
    for (region, fips, written, host, signed_for) in [
        ("us-east-1", false, None, "sts.us-east-1.amazonaws.com", "us-east-1"),
        ("eu-central-1", false, None, "sts.eu-central-1.amazonaws.com", "eu-central-1"),
        ("us-west-2", true, None, "sts-fips.us-west-2.amazonaws.com", "us-west-2"),
        ("us-gov-west-1", false, None, "sts.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("us-gov-west-1", true, None, "sts.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("cn-north-1", false, None, "sts.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("eusc-de-east-1", false, None, "sts.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("us-east-1", false, Some("sts.amazonaws.com"), "sts.amazonaws.com", "us-east-1"),
        ("eu-west-1", true, Some("sts.amazonaws.com"), "sts.amazonaws.com", "us-east-1"),
        ("us-east-1", false, Some("STS.eu-west-1.amazonaws.com:443"), "sts.eu-west-1.amazonaws.com", "eu-west-1"),
        ("us-east-1", false, Some("sts-fips.us-east-2.amazonaws.com"), "sts-fips.us-east-2.amazonaws.com", "us-east-2"),
        (
            "us-east-1",
            false,
            Some("vpce-0a1b-2c3d.sts.eu-west-1.vpce.amazonaws.com"),
            "vpce-0a1b-2c3d.sts.eu-west-1.vpce.amazonaws.com",
            "eu-west-1",
        ),
        (
            "us-east-1",
            false,
            Some("sts.cn-northwest-1.amazonaws.com.cn"),
            "sts.cn-northwest-1.amazonaws.com.cn",
            "cn-northwest-1",
        ),
        // A name of one's own: that of the configuration.
        ("eu-west-1", false, Some("127.0.0.1:8080"), "127.0.0.1:8080", "eu-west-1"),
        ("eu-west-1", false, Some("sts.internal"), "sts.internal", "eu-west-1"),
        ("eu-west-1", true, Some("simulator.example.com"), "simulator.example.com", "eu-west-1"),
    ] {
        let mut sts = json!({ "cluster": "sts" });
        if let Some(written) = written {
            sts["host"] = json!(written);
        }
        let more = json!({ "region": region, "endpoint": { "fips": fips } });
        let expected = Sts { cluster: text("sts"), host: text(host), region: text(signed_for) };
        let written = json!({ "type": "webIdentity", "roleArn": ARN, "sts": sts, "token": { "value": "s3cret" } });
        let Ok(Source::Fetched(provider)) = read_in(&written, &more, &[]) else { panic!("{written}") };
        let Provider::WebIdentity(source) = &*provider else { panic!() };
        assert_eq!(source.sts, expected, "{written}");
        let written = json!({ "type": "assumeRole", "roleArn": ARN, "sts": sts, "source": static_key() });
        let Ok(Source::Fetched(provider)) = read_in(&written, &more, &[]) else { panic!("{written}") };
        let Provider::AssumeRole(source) = &*provider else { panic!() };
        assert_eq!(source.sts, expected, "{written}");
    }
}

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const AUTHORIZATION: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

#[test]
fn container() {
    let bare = json!({ "type": "container", "cluster": "ecs" });
    let written = json!({
        "type": "container", "cluster": "ecs", "path": "/v1/credentials", "host": "[FD00:ec2::23]:80",
        "authorization": "Bearer s3cret"
    });
    let path = json!({ "type": "container", "cluster": "ecs", "path": "/own" });
    let host = json!({ "type": "container", "cluster": "ecs", "host": "127.0.0.1:8080" });
    let all = [(RELATIVE, "/relative"), (FULL, "http://localhost:1/full"), (AUTHORIZATION, "s3cret of the variable")];
    for (written, variables, host, path, authorization) in [
        // What is written wins, then the relative URI.
        (&written, &all[..], "[fd00:ec2::23]:80", "/v1/credentials", Some("Bearer s3cret")),
        (&written, &[], "[fd00:ec2::23]:80", "/v1/credentials", Some("Bearer s3cret")),
        (&path, &all, "169.254.170.2", "/own", Some("s3cret of the variable")),
        (&path, &[], "169.254.170.2", "/own", None),
        (&bare, &all, "169.254.170.2", "/relative", Some("s3cret of the variable")),
        (&bare, &all[..1], "169.254.170.2", "/relative", None),
        (&bare, &all[1..2], "localhost:1", "/full", None),
        (
            &bare,
            &[(RELATIVE, " "), (FULL, " http://169.254.170.23/v1/credentials\n")],
            "169.254.170.23",
            "/v1/credentials",
            None,
        ),
        (&bare, &[(FULL, "https://credentials.example.com:443")], "credentials.example.com", "/", None),
        (&bare, &[(FULL, "http://[fd00:ec2::23]/v1?a=b#c")], "[fd00:ec2::23]", "/v1?a=b", None),
        (&bare, &[(FULL, "http://127.1.2.3:9/x")], "127.1.2.3:9", "/x", None),
        (&host, &all[1..2], "127.0.0.1:8080", "/full", None),
        (&host, &all[..1], "127.0.0.1:8080", "/relative", None),
        (&bare, &[all[0], (AUTHORIZATION, " s3cret\r\n")], "169.254.170.2", "/relative", Some("s3cret")),
        (&bare, &[all[0], (AUTHORIZATION, "  ")], "169.254.170.2", "/relative", None),
    ] {
        let expected = Container {
            cluster: text("ecs"),
            host: text(host),
            path: text(path),
            authorization: authorization.map(Secret::new),
        };
        assert_eq!(provider_in(written, variables), Provider::Container(expected), "{written} {variables:?}");
    }
}

#[test]
fn instance_metadata() {
    let bare = json!({ "type": "instanceMetadata", "cluster": "imds" });
    let expected =
        InstanceMetadata { cluster: text("imds"), host: text("169.254.169.254"), role: None, v1_fallback: false };
    assert_eq!(provider(&bare), Provider::InstanceMetadata(expected.clone()));
    let written = json!({
        "type": "instanceMetadata", "cluster": "imds", "role": "a+=,.@_-Z9", "host": "[fd00:ec2::254]", "v1Fallback": true
    });
    let full = InstanceMetadata {
        host: text("[fd00:ec2::254]"),
        role: Some(text("a+=,.@_-Z9")),
        v1_fallback: true,
        ..expected.clone()
    };
    assert_eq!(provider(&written), Provider::InstanceMetadata(full));
    for value in ["", "false", "1", "yes", "s3cret"] {
        let variables = [("AWS_EC2_METADATA_DISABLED", value)];
        assert_eq!(provider_in(&bare, &variables), Provider::InstanceMetadata(expected.clone()), "{value}");
    }
}

#[test]
fn mounted_files() {
    let source = |profile| {
        let listener = Listener { cluster: text("files"), path: text("/credentials") };
        Provider::MountedFile(MountedFile { listener, profile: text(profile) })
    };
    let listener = json!({ "cluster": "files", "path": "/credentials" });
    assert_eq!(provider(&json!({ "type": "credentialsFile", "listener": listener })), source("default"));
    let written = json!({ "type": "credentialsFile", "listener": listener, "profile": "team" });
    assert_eq!(provider(&written), source("team"));
}

#[test]
fn chains() {
    let environment = || json!({ "type": "environment" });
    let chain = |providers: Value| json!({ "type": "chain", "providers": providers });
    // A first that is known is all there is to it.
    for (written, variables) in [
        (chain(json!([static_key(), { "type": "instanceMetadata", "cluster": "imds" }])), &[][..]),
        (chain(json!([environment(), static_key()])), &[KEY, SECRET]),
        (chain(json!([environment(), static_key()])), &[]),
        (chain(json!([{ "type": "apiKey", "value": "s3cret" }])), &[]),
    ] {
        let outcome = read_in(&written, &json!({}), variables);
        assert!(matches!(outcome, Ok(Source::Ready(_))), "{written}: {outcome:?}");
    }
    let imds =
        InstanceMetadata { cluster: text("imds"), host: text("169.254.169.254"), role: None, v1_fallback: false };
    let written = chain(json!([
        environment(),
        { "type": "credentialsFile", "environmentVariable": "AWS_FILE" },
        { "type": "instanceMetadata", "cluster": "imds" },
        chain(json!([static_key()])),
    ]));
    let expected = Provider::Chain(vec![
        Provider::Fixed("environment", Err(text("AWS_SECRET_ACCESS_KEY is not set"))),
        Provider::Fixed("credentialsFile", Err(text("credentials file in the variable AWS_FILE: not set"))),
        Provider::InstanceMetadata(imds),
        // A chain in a chain is one chain.
        fixed_key(),
    ]);
    assert_eq!(provider_in(&written, &[KEY]), expected);
}

#[test]
fn external() {
    let outcome = read_in(&json!({ "type": "external" }), &json!({}), &[KEY, SECRET]);
    assert!(matches!(outcome, Ok(Source::External)), "{outcome:?}");
}
