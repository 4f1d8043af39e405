//! No message about a configuration shows a value, and no text panics.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod configuration;

use bedrock_messages::aws::credentials::Provider;
use bedrock_messages::config::{Config, Source};
use configuration::{TOP, TYPES, parse};
use proptest::prelude::*;

/// No text of this can be part of a key, and `!` of no profile's name, which a message does show.
const SECRET: &str = "s3cr3t!";
const SECRET_NUMBER: u64 = 91_827_364_550;

/// Any JSON, mostly of the keys and values that the configuration knows, with secrets all over it.
fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};

    let types: Vec<&str> = TYPES.trim_start_matches("expected one of ").split(", ").collect();
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
        prop::sample::select(types).prop_map(Value::from),
        Just(json!("arn:aws:iam::123456789012:role/bedrock")),
        Just(json!("/path")),
        Just(json!(format!("/{SECRET}\n"))),
        prop_oneof!["bedrock", "passthrough"].prop_map(Value::from),
    ];
    let key = prop::sample::select(
        &[
            "models",
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
            "listener",
            "cluster",
            "path",
            "roleArn",
            "sessionName",
            "externalId",
            "durationSeconds",
            "policy",
            "sts",
            "token",
            "oidc",
            "clientId",
            "clientSecret",
            "scope",
            "audience",
            "source",
            "authorization",
            "role",
            "v1Fallback",
            "providers",
            "value",
            "header",
            "name",
            "default",
            "requestBytes",
            "frameBytes",
            "mantleHost",
            "id",
            "baseModel",
            "upstream",
            "mode",
            "allow",
            "deny",
            "drop",
            "alias",
            "identifier",
            "version",
            "trace",
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

/// A value that rules take, or a secret.
fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};

    let secrets = [json!(SECRET), json!(format!("{SECRET} {SECRET}")), json!(SECRET_NUMBER), json!([SECRET])];
    let texts = ["a", "/a", "{}", "a.example.com", "arn:aws:iam::123456789012:role/bedrock"].map(Value::from);
    prop::sample::select([&texts[..], &texts[..], &secrets[..]].concat())
}

/// A source as it should be written, some of its values secrets that its rules do not take, or that they do.
fn source() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};

    let object = move |names: &'static [&'static str]| {
        let members: Vec<_> = names.iter().map(|name| (Just((*name).to_owned()), value())).collect();
        (members, 0..8_usize).prop_map(|(members, left_out)| {
            let members = members.into_iter().enumerate().filter(move |(at, _)| *at != left_out);
            members.map(|(_, member)| member).collect::<Value>()
        })
    };
    let listener = || object(&["cluster", "path"]);
    let token = prop_oneof![
        object(&["value"]),
        object(&["cluster", "host", "path", "clientId", "clientSecret", "scope"])
            .prop_map(|oidc| json!({ "oidc": oidc })),
        listener().prop_map(|listener| json!({ "listener": listener })),
    ];
    let with = |mut whole: Value, name: &str, value: Value| {
        whole[name] = value;
        whole
    };
    let named = move |whole: Value, name: &str| with(whole, "type", json!(name));
    let leaf = prop_oneof![
        object(&["accessKeyId", "secretAccessKey", "sessionToken"]).prop_map(move |whole| named(whole, "static")),
        object(&["value"]).prop_map(move |whole| named(whole, "apiKey")),
        Just(json!({ "type": "environment" })),
        object(&["content", "profile"]).prop_map(move |whole| named(whole, "credentialsFile")),
        listener().prop_map(|listener| json!({ "type": "credentialsFile", "listener": listener })),
        object(&["cluster", "path", "host", "authorization"]).prop_map(move |whole| named(whole, "container")),
        object(&["cluster"]).prop_map(move |whole| named(whole, "container")),
        object(&["cluster", "role", "host"]).prop_map(move |whole| named(whole, "instanceMetadata")),
        (object(&["roleArn", "sessionName", "policy"]), object(&["cluster", "host"]), token)
            .prop_map(move |(whole, sts, token)| named(with(with(whole, "sts", sts), "token", token), "webIdentity")),
    ];
    leaf.prop_recursive(5, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|sources| json!({ "type": "chain", "providers": sources })),
            (object(&["roleArn", "externalId"]), object(&["cluster"]), inner).prop_map(move |(whole, sts, source)| {
                named(with(with(whole, "sts", sts), "source", source), "assumeRole")
            }),
        ]
    })
}

/// Why what is known of a source cannot be used.
fn reasons(provider: &Provider) -> Vec<&str> {
    match provider {
        Provider::Fixed(_, Err(reason)) => vec![reason],
        Provider::Chain(sources) => sources.iter().flat_map(reasons).collect(),
        Provider::AssumeRole(role) => reasons(&role.source),
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn no_message_of_a_source_shows_a_value(written in source(), value in prop::sample::select(vec![SECRET, "/s3cr3t!\r\nx", "http://s3cr3t!", "https://a:s3cr3t!/"])) {
        let whole = serde_json::json!({ "credentials": written }).to_string();
        let variables = |name: &str| Some(if name == "AWS_REGION" { "us-east-1".to_owned() } else { value.to_owned() });
        match Config::parse(whole.as_bytes(), &variables) {
            Err(error) => {
                let message = format!("{error} {error:?}");
                prop_assert!(!message.contains("s3cr3t") && !message.contains("91827364550"), "{}: {}", whole, message);
            }
            Ok(config) => match config.credentials {
                Source::Missing(reason) => prop_assert!(!reason.contains("s3cr3t"), "{}: {}", whole, reason),
                Source::Fetched(provider) => {
                    for reason in reasons(&provider) {
                        prop_assert!(!reason.contains("s3cr3t"), "{}: {}", whole, reason);
                    }
                }
                Source::Ready(_) | Source::External => {}
            },
        }
    }

    #[test]
    fn no_message_shows_a_value(members in prop::collection::vec((any::<prop::sample::Index>(), json()), 1..4)) {
        let whole: serde_json::Map<_, _> =
            members.into_iter().map(|(member, value)| (member.get(&TOP).to_string(), value)).collect();
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
