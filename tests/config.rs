//! The configuration's text: what is accepted, and what it becomes.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::aws::credentials::{AccessKey, Credentials, Secret};
use bedrock_messages::by_name::ByName;
use bedrock_messages::config::{
    Betas, Config, CountTokens, Destination, FieldMode, Fields, Guardrail, InferenceProfile, Setting, Source, Target,
    UnknownModels, Upstream,
};
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
        other => panic!("{other:?}"),
    }
}

fn missing(config: &Config) -> &str {
    match &config.credentials {
        Source::Missing(reason) => reason,
        other => panic!("{other:?}"),
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
        assert_eq!(config.mantle_host, "bedrock-mantle.us-east-1.api.aws");
        assert_eq!(config.upstream, Upstream::Invoke);
        assert_eq!(config.inference_profile, InferenceProfile::Auto);
        assert_eq!(config.unknown_models, UnknownModels::Forward);
        assert_eq!(config.count_tokens, CountTokens::Runtime);
        assert_eq!(config.betas, Betas::default());
        assert_eq!(config.fields, Fields::default());
        assert_eq!(config.fields.mode, FieldMode::Strip);
        assert_eq!((&config.guardrail, &config.service_tier, &config.performance_latency), (&None, &None, &None));
        assert!(config.request_metadata.is_empty());
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
    assert_eq!(
        *config.models.get("claude-sonnet-4-5").unwrap(),
        target("us.anthropic.claude-sonnet-4-5-20250929-v1:0")
    );
    assert!(config.allowed_models[0].matches("claude-opus-5") && !config.allowed_models[0].matches("x"));
    assert_eq!(config.path_prefix, "/anthropic/eu");
    assert_eq!((config.limits.request_bytes, config.limits.frame_bytes), (1024, 33_554_432));
}

fn target(id: &str) -> Target {
    Target { id: id.to_owned(), base_model: None, upstream: None }
}

fn literal(text: &str) -> Setting {
    Setting::Literal(text.to_owned())
}

fn header(name: &str, default: Option<&str>) -> Setting {
    Setting::Header { name: name.to_owned(), default: default.map(str::to_owned) }
}

fn map<V>(entries: impl IntoIterator<Item = (&'static str, V)>) -> ByName<V> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn models_and_where_they_are_asked_for() {
    let config = accepted(
        r#"{
            "endpoint": {"mantleHost": "Mantle.example.com:8443"},
            "upstream": "runtimeNative",
            "models": {
                "plain": "us.anthropic.claude-opus-5",
                "object": {"id": "us.anthropic.claude-opus-5"},
                "team-a": {"baseModel": "claude-sonnet-4-5", "id": "arn:aws:bedrock:us-east-1:1:p/a", "upstream": "mantle"}
            },
            "inferenceProfile": "us-gov",
            "unknownModels": "reject",
            "countTokens": "mantle"
        }"#,
    );
    let team = Target {
        base_model: Some("claude-sonnet-4-5".to_owned()),
        upstream: Some(Upstream::Mantle),
        ..target("arn:aws:bedrock:us-east-1:1:p/a")
    };
    let plain = target("us.anthropic.claude-opus-5");
    assert_eq!(config.models, map([("plain", plain.clone()), ("object", plain), ("team-a", team)]));
    assert_eq!(config.mantle_host, "mantle.example.com:8443");
    assert_eq!(config.host, "bedrock-runtime.us-east-1.amazonaws.com");
    assert_eq!(config.upstream, Upstream::RuntimeNative);
    assert_eq!(config.inference_profile, InferenceProfile::UsGov);
    assert_eq!(config.unknown_models, UnknownModels::Reject);
    assert_eq!(config.count_tokens, CountTokens::Mantle);
}

#[test]
fn a_base_model_by_any_of_its_names() {
    for name in [
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-0",
        "claude-3-7-sonnet-latest",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "us.anthropic.claude-opus-5",
    ] {
        let config = accepted(&format!(r#"{{"models": {{"a": {{"id": "arn:x", "baseModel": "{name}"}}}}}}"#));
        assert_eq!(config.models.get("a").unwrap().base_model.as_deref(), Some(name));
    }
}

#[test]
fn words_of_a_choice() {
    for (json, upstream) in
        [("invoke", Upstream::Invoke), ("runtimeNative", Upstream::RuntimeNative), ("mantle", Upstream::Mantle)]
    {
        assert_eq!(accepted(&format!(r#"{{"upstream": "{json}"}}"#)).upstream, upstream);
    }
    for (json, profile) in [
        ("auto", InferenceProfile::Auto),
        ("none", InferenceProfile::None),
        ("us", InferenceProfile::Us),
        ("eu", InferenceProfile::Eu),
        ("apac", InferenceProfile::Apac),
        ("jp", InferenceProfile::Jp),
        ("au", InferenceProfile::Au),
        ("us-gov", InferenceProfile::UsGov),
        ("global", InferenceProfile::Global),
    ] {
        assert_eq!(accepted(&format!(r#"{{"inferenceProfile": "{json}"}}"#)).inference_profile, profile);
    }
    for (json, mode) in [("strip", FieldMode::Strip), ("observe", FieldMode::Observe), ("strict", FieldMode::Strict)] {
        assert_eq!(accepted(&format!(r#"{{"fields": {{"mode": "{json}"}}}}"#)).fields.mode, mode);
    }
}

#[test]
fn betas_and_fields() {
    let config = accepted(
        r#"{
            "betas": {"allow": ["a-2026-01-01", "b!"], "deny": ["c"], "alias": {"advanced": "plain", "x": "y"}},
            "fields": {
                "mode": "observe",
                "allow": ["service_tier", "metadata.user_id", "messages[].content[].x"],
                "drop": ["a.b.c.d.e.f.g.h[]", "model-x", "messages[].model", "metadata.stream"]
            }
        }"#,
    );
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        config.betas,
        Betas {
            allow: texts(&["a-2026-01-01", "b!"]),
            deny: texts(&["c"]),
            alias: map([("advanced", "plain".to_owned()), ("x", "y".to_owned())]),
        }
    );
    assert_eq!(
        config.fields,
        Fields {
            mode: FieldMode::Observe,
            allow: texts(&["service_tier", "metadata.user_id", "messages[].content[].x"]),
            drop: texts(&["a.b.c.d.e.f.g.h[]", "model-x", "messages[].model", "metadata.stream"]),
        }
    );
}

#[test]
fn bedrocks_own_knobs() {
    let config = accepted(
        r#"{
            "guardrail": {
                "identifier": "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc",
                "version": {"header": "X-Guardrail-Version", "default": "DRAFT"},
                "trace": "ENABLED_FULL"
            },
            "serviceTier": {"header": "x-tier"},
            "performanceLatency": "optimized",
            "requestMetadata": {"team": {"header": "x-team", "default": ""}, "cost centre": "42 {\"a\"}"}
        }"#,
    );
    assert_eq!(
        config.guardrail,
        Some(Guardrail {
            identifier: literal("arn:aws:bedrock:us-east-1:123456789012:guardrail/abc"),
            version: Some(header("x-guardrail-version", Some("DRAFT"))),
            trace: Some(literal("ENABLED_FULL")),
        })
    );
    assert_eq!(config.service_tier, Some(header("x-tier", None)));
    assert_eq!(config.performance_latency, Some(literal("optimized")));
    assert_eq!(
        config.request_metadata,
        map([("team", header("x-team", Some(""))), ("cost centre", literal("42 {\"a\"}"))])
    );
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
