//! The configuration's text: what is accepted, and what it becomes.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::aws::credentials::{AccessKey, Credentials, Secret};
use bedrock_messages::config::{Config, Destination, Source};
use configuration::{parse, parse_in};

const FILE: &str = "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = default+secret\n\
    [team]\naws_access_key_id = ASIATEAM\naws_secret_access_key = team/secret\naws_session_token = team==\n";

fn accepted(json: &str) -> Config {
    parse(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn access_key(id: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials::AccessKey(AccessKey {
        access_key_id: id.to_owned(),
        secret_access_key: Secret::new(secret),
        session_token: token.map(Secret::new),
    })
}

fn ready(config: &Config) -> &Credentials {
    match &config.credentials {
        Source::Ready(credentials) => credentials,
        Source::Missing(reason) => panic!("{reason}"),
    }
}

fn missing(config: &Config) -> &str {
    match &config.credentials {
        Source::Ready(credentials) => panic!("{credentials:?}"),
        Source::Missing(reason) => reason,
    }
}

#[test]
fn defaults() {
    for json in ["", " \r\n", "{}"] {
        let config = accepted(json);
        assert_eq!(config.region, "us-east-1");
        assert_eq!(config.host, "bedrock-runtime.us-east-1.amazonaws.com");
        assert!(config.routing.header.is_none() && config.routing.models.is_empty());
        assert_eq!(config.routing.default, Destination::Bedrock);
        assert!(config.models.is_empty());
        assert!(config.allowed_models.iter().any(|pattern| pattern.matches("any")));
        assert_eq!(config.path_prefix, "");
        assert_eq!(config.limits.request_bytes, 33_554_432);
        assert_eq!(config.limits.frame_bytes, 4_194_304);
    }
}

#[test]
fn regions_and_hosts() {
    for (json, region, host) in [
        (r#"{"region": "eu-west-1"}"#, "eu-west-1", "bedrock-runtime.eu-west-1.amazonaws.com"),
        (r#"{"endpoint": {}}"#, "us-east-1", "bedrock-runtime.us-east-1.amazonaws.com"),
        (r#"{"endpoint": {"fips": true}}"#, "us-east-1", "bedrock-runtime-fips.us-east-1.amazonaws.com"),
        (
            r#"{"region": "cn-north-1", "endpoint": {"dualStack": true, "fips": true}}"#,
            "cn-north-1",
            "bedrock-runtime-fips.cn-north-1.api.amazonwebservices.com.cn",
        ),
        (r#"{"endpoint": {"host": "127.0.0.1:8080"}}"#, "us-east-1", "127.0.0.1:8080"),
        (r#"{"endpoint": {"host": "Simulator.example.com:443", "fips": false}}"#, "us-east-1", "simulator.example.com"),
        // A host of AWS says its region, the environment is not asked.
        (
            r#"{"endpoint": {"host": "bedrock-runtime.eu-west-1.amazonaws.com"}}"#,
            "eu-west-1",
            "bedrock-runtime.eu-west-1.amazonaws.com",
        ),
        (
            r#"{"region": "us-west-2", "endpoint": {"host": "vpce-1-a.bedrock-runtime.us-west-2.vpce.amazonaws.com:8443"}}"#,
            "us-west-2",
            "vpce-1-a.bedrock-runtime.us-west-2.vpce.amazonaws.com:8443",
        ),
        (
            r#"{"endpoint": {"host": "bedrock-runtime.eusc-de-east-1.amazonaws.eu"}}"#,
            "eusc-de-east-1",
            "bedrock-runtime.eusc-de-east-1.amazonaws.eu",
        ),
    ] {
        let config = accepted(json);
        assert_eq!((config.region.as_str(), config.host.as_str()), (region, host), "{json}");
    }
}

#[test]
fn the_region_of_the_environment() {
    let of = |variables: &[(&str, &str)]| parse_in("{}", variables).map(|config| config.region);
    assert_eq!(of(&[("AWS_DEFAULT_REGION", "us-west-2")]).unwrap(), "us-west-2");
    assert_eq!(of(&[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "us-west-2")]).unwrap(), "eu-west-1");
    assert_eq!(of(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "us-west-2\n")]).unwrap(), "us-west-2");
    assert_eq!(
        of(&[]).unwrap_err(),
        "region: expected a region such as us-east-1, here or in the variable AWS_REGION or AWS_DEFAULT_REGION"
    );
    assert_eq!(
        of(&[("AWS_REGION", "N. Virginia")]).unwrap_err(),
        "region: expected a region such as us-east-1 in the variable AWS_REGION"
    );
    let host = r#"{"endpoint": {"host": "bedrock-runtime.eu-west-1.amazonaws.com"}}"#;
    assert_eq!(parse_in(host, &[]).unwrap().region, "eu-west-1");
}

#[test]
fn credentials_in_the_configuration() {
    let file = serde_json::Value::from(FILE);
    for (json, credentials) in [
        (
            r#"{"type": "static", "accessKeyId": "AKID", "secretAccessKey": " s/e+c= "}"#.to_owned(),
            access_key("AKID", "s/e+c=", None),
        ),
        (
            r#"{"sessionToken": "t", "secretAccessKey": "s", "accessKeyId": "ASIA", "type": "static"}"#.to_owned(),
            access_key("ASIA", "s", Some("t")),
        ),
        (r#"{"type": "apiKey", "value": "ABSK0=\n"}"#.to_owned(), Credentials::ApiKey(Secret::new("ABSK0="))),
        (
            format!(r#"{{"type": "credentialsFile", "content": {file}}}"#),
            access_key("AKIDDEFAULT", "default+secret", None),
        ),
        (
            format!(r#"{{"type": "credentialsFile", "content": {file}, "profile": "team"}}"#),
            access_key("ASIATEAM", "team/secret", Some("team==")),
        ),
    ] {
        assert_eq!(ready(&accepted(&format!(r#"{{"credentials": {json}}}"#))), &credentials, "{json}");
    }
}

#[test]
fn credentials_in_the_environment() {
    let with = |credentials: &str, variables: &[(&str, &str)]| {
        parse_in(&format!(r#"{{"region": "us-east-1", "credentials": {credentials}}}"#), variables).unwrap()
    };
    let environment = r#"{"type": "environment"}"#;
    let key = ("AWS_ACCESS_KEY_ID", "AKID");
    assert_eq!(ready(&with(environment, &[key, ("AWS_SECRET_ACCESS_KEY", "s")])), &access_key("AKID", "s", None));
    assert_eq!(
        missing(&with(environment, &[key])),
        "credentials from the environment: AWS_SECRET_ACCESS_KEY is not set"
    );

    let file = r#"{"type": "credentialsFile", "environmentVariable": "AWS_FILE", "profile": "team"}"#;
    assert_eq!(ready(&with(file, &[("AWS_FILE", FILE)])), &access_key("ASIATEAM", "team/secret", Some("team==")));
    for (variables, reason) in [
        (&[][..], "credentials file in the variable AWS_FILE: not set"),
        (&[("AWS_FILE", " ")], "credentials file in the variable AWS_FILE: not set"),
        (&[("AWS_FILE", "[dev]")], "credentials file in the variable AWS_FILE: no profile team"),
        (
            &[("AWS_FILE", "s3cret")],
            "credentials file in the variable AWS_FILE: line 1: expected a [profile] before the first property",
        ),
    ] {
        assert_eq!(missing(&with(file, variables)), reason);
    }
}

#[test]
fn routing_models_and_the_rest() {
    let config = accepted(
        r#"{
            "routing": {
                "header": {"name": "X-Provider", "value": "aws"},
                "models": ["anthropic.claude-*", "arn:aws*:bedrock:*"],
                "default": "passthrough"
            },
            "models": {"claude-sonnet-4-5": "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "a.b/c": "x"},
            "allowedModels": ["claude-*"],
            "pathPrefix": "/anthropic/eu",
            "limits": {"requestBytes": 1024.0, "frameBytes": 33554432}
        }"#,
    );
    let header = config.routing.header.unwrap();
    assert_eq!((header.name.as_str(), header.value.as_str()), ("x-provider", "aws"));
    assert!(config.routing.models[1].matches("arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/x"));
    assert_eq!(config.routing.default, Destination::Passthrough);
    assert_eq!(config.models["claude-sonnet-4-5"], "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    assert!(config.allowed_models[0].matches("claude-opus-5") && !config.allowed_models[0].matches("x"));
    assert_eq!(config.path_prefix, "/anthropic/eu");
    assert_eq!((config.limits.request_bytes, config.limits.frame_bytes), (1024, 33_554_432));
}

#[test]
fn debug_shows_no_secret() {
    let file = serde_json::Value::from(FILE);
    for credentials in [
        r#"{"type": "static", "accessKeyId": "AKID", "secretAccessKey": "the-secret", "sessionToken": "the-secret"}"#,
        r#"{"type": "apiKey", "value": "the-secret"}"#,
        &format!(r#"{{"type": "credentialsFile", "content": {file}, "profile": "team"}}"#),
        r#"{"type": "environment"}"#,
    ] {
        let json = format!(r#"{{"region": "us-east-1", "credentials": {credentials}}}"#);
        let variables = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "the-secret")];
        let shown = format!("{:?}", parse_in(&json, &variables).unwrap());
        assert!(shown.contains("[secret]"), "{shown}");
        assert!(
            !shown.contains("the-secret") && !shown.contains("team/secret") && !shown.contains("team=="),
            "{shown}"
        );
    }
}

#[test]
fn the_reference_holds_configurations_that_work() {
    let reference = include_str!("../docs/configuration.md");
    let blocks: Vec<_> =
        reference.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(blocks.len() > 10);
    for block in blocks {
        accepted(block);
    }
}
