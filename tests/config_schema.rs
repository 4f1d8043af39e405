//! The JSON Schema says what the reader accepts, and the one that is checked in is current.
//!
//! `cargo test --features schema` runs this.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use bedrock_messages::config::{Config, schema};
use serde_json::{Map, Value, json};

#[test]
fn the_checked_in_schema_is_current() {
    let current = format!("{:#}\n", schema().as_value());
    assert_eq!(
        include_str!("../docs/configuration.schema.json"),
        current,
        "cargo run --features schema --example config_schema > docs/configuration.schema.json"
    );
}

/// Every object of the schema, with the members around it that make it one of a whole configuration.
#[test]
fn the_reader_and_the_schema_agree() {
    check(schema().as_value(), "", &|value| value);
}

/// Checks one part of the schema; `whole` puts a value for it into a configuration.
fn check(schema: &Value, path: &str, whole: &dyn Fn(Value) -> Value) {
    // A source inside a source: it is checked where it is written out.
    if schema["$ref"] == "#/$defs/Credentials" {
        return;
    }
    if let Some(variants) = schema["oneOf"].as_array() {
        for variant in variants {
            check(variant, path, whole);
        }
        return;
    }
    if let Some(variants) = schema["anyOf"].as_array() {
        check_leaf(schema, path, whole);
        for variant in variants.iter().filter(|variant| variant["properties"].is_object()) {
            check(variant, path, whole);
        }
        return;
    }
    let Some(members) = schema["properties"].as_object() else {
        check_leaf(schema, path, whole);
        if let Some(items) = schema.get("items") {
            check(items, &format!("{path}[0]"), &|value| whole(json!([value])));
        }
        if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
            check(values, &format!("{path}.key"), &|value| whole(json!({ "key": value })));
        }
        return;
    };

    assert_eq!(schema["additionalProperties"], json!(false), "{path}");
    let required = required(schema);
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };

    // The keys that the reader names are those of the schema.
    let mut with_unknown = required.clone();
    with_unknown.insert("unknown".to_owned(), json!("s3cret"));
    let message = refusal(&whole(with_unknown.into()));
    let known = message.strip_prefix(&format!("{prefix}unknown: unknown key; known here: ")).expect(&message);
    let mut known: Vec<_> = known.split(", ").collect();
    known.sort_unstable();
    assert!(members.keys().eq(known), "{path}: {message}");

    for missing in required.keys() {
        let mut without = required.clone();
        without.remove(missing);
        let message = refusal(&whole(without.into()));
        assert!(message.starts_with(&format!("{prefix}{missing}: ")), "{message}");
    }

    for (key, member) in members {
        check(member, &format!("{prefix}{key}"), &|value| {
            let mut members = required.clone();
            members.insert(key.clone(), value);
            whole(members.into())
        });
    }
}

/// A value of another type than the schema's is refused under its path; for one of its type, the type is not the problem.
fn check_leaf(schema: &Value, path: &str, whole: &dyn Fn(Value) -> Value) {
    let kind = |schema: &Value| match schema["type"].as_str() {
        Some("string") => "string",
        Some("boolean") => "boolean",
        Some("integer") => "whole number",
        Some("array") => "list",
        Some("object") => "object",
        other => panic!("{path}: {other:?}"),
    };
    let kinds: Vec<_> = match schema["anyOf"].as_array() {
        Some(variants) => variants.iter().map(kind).collect(),
        None => vec![kind(schema)],
    };
    let expected = kinds[0];
    let of_type = |kind: &str| match kind {
        "string" => json!("s3cret"),
        "boolean" => json!(true),
        "whole number" => json!(7_777_777),
        "list" => json!(["s3cret"]),
        "object" => json!({ "key": "s3cret" }),
        _ => json!(null),
    };
    for kind in
        ["string", "boolean", "whole number", "list", "object", "null"].into_iter().filter(|kind| !kinds.contains(kind))
    {
        let message = refusal(&whole(of_type(kind)));
        assert!(message.starts_with(&format!("{path}: expected ")), "{path} as {kind}: {message}");
    }
    let valid = schema.get("const").or_else(|| schema.get("default")).or_else(|| schema.get("minimum"));
    let valid = valid.cloned().unwrap_or_else(|| of_type(expected));
    if let Err(message) = parse(&whole(valid)) {
        assert!(!message.contains(&format!("expected a {expected}")), "{path}: {message}");
        assert!(!message.contains("unknown key"), "{path}: {message}");
    }
}

/// The members that have to be there, as the schema wants them.
fn required(schema: &Value) -> Map<String, Value> {
    let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names
        .map(|name| {
            let member = &schema["properties"][name];
            let value = member.get("const").or_else(|| member["examples"].get(0));
            (name.to_owned(), value.cloned().unwrap_or_else(|| json!("x")))
        })
        .collect()
}

fn parse(configuration: &Value) -> Result<Config, String> {
    let environment = |name: &str| (name == "AWS_REGION").then(|| "us-east-1".to_owned());
    Config::parse(configuration.to_string().as_bytes(), &environment).map_err(|error| error.to_string())
}

fn refusal(configuration: &Value) -> String {
    let message = parse(configuration).err().unwrap_or_else(|| panic!("accepted: {configuration}"));
    assert!(!message.contains("s3cret") && !message.contains("7777777"), "{message}");
    message
}
