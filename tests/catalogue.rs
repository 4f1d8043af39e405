//! The catalogue: what names and ids it knows, and what they become in each region.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use bedrock_messages::bedrock::catalogue::{Lifecycle, Model, all, find, find_any, of_id};
use bedrock_messages::bedrock::profile::InferenceProfile;
use exchange::{Outcome, POST, config, outcome, value};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::collections::BTreeSet;

/// Regions of AWS, with the prefixes of their geographies.
const REGIONS: &[(&str, &[&str])] = &[
    ("us-east-1", &["us"]),
    ("us-east-2", &["us"]),
    ("us-west-1", &["us"]),
    ("us-west-2", &["us"]),
    ("ca-central-1", &["us"]),
    ("ca-west-1", &["us"]),
    ("us-gov-east-1", &["us-gov"]),
    ("us-gov-west-1", &["us-gov"]),
    ("eu-central-1", &["eu"]),
    ("eu-central-2", &["eu"]),
    ("eu-north-1", &["eu"]),
    ("eu-south-1", &["eu"]),
    ("eu-south-2", &["eu"]),
    ("eu-west-1", &["eu"]),
    ("eu-west-2", &["eu"]),
    ("eu-west-3", &["eu"]),
    ("ap-east-1", &["apac"]),
    ("ap-east-2", &["apac"]),
    ("ap-northeast-1", &["jp", "apac"]),
    ("ap-northeast-2", &["apac"]),
    ("ap-northeast-3", &["jp", "apac"]),
    ("ap-south-1", &["apac"]),
    ("ap-south-2", &["apac"]),
    ("ap-southeast-1", &["apac"]),
    ("ap-southeast-2", &["au", "apac"]),
    ("ap-southeast-3", &["apac"]),
    ("ap-southeast-4", &["au", "apac"]),
    ("ap-southeast-5", &["apac"]),
    ("ap-southeast-7", &["apac"]),
    ("sa-east-1", &[]),
    ("mx-central-1", &[]),
    ("me-central-1", &[]),
    ("me-south-1", &[]),
    ("il-central-1", &[]),
    ("af-south-1", &[]),
    ("cn-north-1", &[]),
    ("eusc-de-east-1", &[]),
];

/// The id that a name is sent under, and the ids of `GET /v1/models`.
fn sent_id(config: &std::rc::Rc<bedrock_messages::config::Config>, name: &str) -> String {
    let Outcome::Sent(outgoing, _) = outcome(config, &POST, &format!(r#"{{"model":"{name}"}}"#)) else {
        panic!("{name}")
    };
    let path = value(&outgoing, ":path").strip_prefix("/model/").unwrap().strip_suffix("/invoke").unwrap();
    percent_decode_str(path).decode_utf8().unwrap().into_owned()
}

fn listed(config: &std::rc::Rc<bedrock_messages::config::Config>) -> Vec<String> {
    let head = [(":method", "GET"), (":path", "/v1/models?limit=1000")];
    let Outcome::Answered(reply) = outcome(config, &head, "") else { panic!() };
    let page: Value = serde_json::from_slice(&reply.body).unwrap();
    page["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

fn prefixes(model: &Model) -> BTreeSet<&'static str> {
    model.prefixes.iter().map(|prefix| prefix.name()).collect()
}

/// Every name of the catalogue in every region.
#[test]
fn names_become_ids_that_exist() {
    let mut bare = 0;
    for (region, geography) in REGIONS {
        let config = config(&format!(r#"{{"region": "{region}"}}"#));
        let listed = listed(&config);
        for model in all() {
            let has = prefixes(model);
            let near = geography.iter().copied().chain(["global"]).find(|prefix| has.contains(prefix));
            let expected = near.map_or(model.base_id.to_owned(), |prefix| format!("{prefix}.{}", model.base_id));
            for name in model.names() {
                assert_eq!(sent_id(&config, name), expected, "{name} in {region}");
            }
            let offered = near.is_some() && model.lifecycle != Lifecycle::Retired;
            assert_eq!(
                listed.iter().any(|id| model.names().any(|name| name == id)),
                offered,
                "{} in {region}",
                model.name
            );
            bare += usize::from(near.is_none());
        }
    }
    assert!(bare > 0, "no region lacks a model: the bare ids were not tried");
}

#[test]
fn some_names_and_what_they_become() {
    use InferenceProfile::{Apac, Au, Auto, Eu, Global, Jp, None, Us, UsGov};
    for (name, region, profile, expected) in [
        ("claude-sonnet-4-5", "us-west-2", Auto, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5", "eu-west-1", Auto, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5", "ap-northeast-3", Auto, "jp.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5", "ap-southeast-4", Auto, "au.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-sonnet-4-5", "us-gov-west-1", Auto, "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        // No `apac` of its own.
        ("claude-sonnet-4-5", "ap-south-1", Auto, "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("claude-opus-4-6", "us-east-1", Auto, "us.anthropic.claude-opus-4-6-v1"),
        ("claude-fable-5", "ap-northeast-1", Auto, "apac.anthropic.claude-fable-5"),
        ("claude-opus-5", "sa-east-1", Auto, "global.anthropic.claude-opus-5"),
        ("claude-mythos-5", "eu-west-1", Auto, "anthropic.claude-mythos-5"),
        ("claude-opus-5", "eu-west-1", None, "anthropic.claude-opus-5"),
        ("claude-opus-5", "eu-west-1", Us, "us.anthropic.claude-opus-5"),
        ("claude-opus-5", "eu-west-1", Eu, "eu.anthropic.claude-opus-5"),
        ("claude-opus-5", "eu-west-1", Apac, "apac.anthropic.claude-opus-5"),
        ("claude-opus-5", "eu-west-1", Jp, "jp.anthropic.claude-opus-5"),
        ("claude-opus-5", "eu-west-1", Au, "au.anthropic.claude-opus-5"),
        ("claude-opus-5", "eu-west-1", UsGov, "us-gov.anthropic.claude-opus-5"),
        ("claude-opus-5", "eu-west-1", Global, "global.anthropic.claude-opus-5"),
        // A chosen prefix is not exchanged for another.
        ("claude-mythos-5", "eu-west-1", Eu, "anthropic.claude-mythos-5"),
        ("claude-opus-4-1", "eu-west-1", Global, "anthropic.claude-opus-4-1-20250805-v1:0"),
    ] {
        assert_eq!(find(name).unwrap().id_in(region, profile), expected, "{name} in {region}");
    }
}

#[test]
fn names_are_found_however_they_are_written() {
    for (name, expected) in [
        ("claude-haiku-4-5", Some("claude-haiku-4-5")),
        ("claude-haiku-4-5-20251001", Some("claude-haiku-4-5")),
        ("claude-haiku-4-5-latest", Some("claude-haiku-4-5")),
        ("claude-haiku-4-5[1m]", Some("claude-haiku-4-5")),
        ("claude-haiku-4-5-20251001[1m]", Some("claude-haiku-4-5")),
        ("claude-haiku-4-5-latest[1m]", Some("claude-haiku-4-5")),
        ("claude-haiku-4-5:51k", Some("claude-haiku-4-5")),
        ("claude-haiku-4-5:51k[1m]", Some("claude-haiku-4-5")),
        ("claude-sonnet-4-0", Some("claude-sonnet-4-0")),
        ("claude-sonnet-4-20250514", Some("claude-sonnet-4-0")),
        ("claude-4-sonnet-20250514", Some("claude-sonnet-4-0")),
        ("claude-opus-4-0", Some("claude-opus-4-0")),
        ("claude-opus-4-20250514", Some("claude-opus-4-0")),
        ("claude-4-opus-20250514", Some("claude-opus-4-0")),
        ("claude-3-7-sonnet-latest", Some("claude-3-7-sonnet")),
        ("claude-3-7-sonnet-20250219", Some("claude-3-7-sonnet")),
        ("claude-3-5-haiku-latest", Some("claude-3-5-haiku")),
        ("claude-mythos-preview", Some("claude-mythos-preview")),
        ("Claude-haiku-4-5", None),
        ("claude-haiku-4-5-20251002", None),
        ("claude-haiku-4-5[2m]", None),
        ("claude-haiku", None),
        ("claude-3-5-sonnet-20241022", None),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", None),
        ("[1m]", None),
        ("-latest", None),
        ("", None),
    ] {
        assert_eq!(find(name).map(|model| model.name), expected, "{name}");
    }
}

#[test]
fn ids_and_arns_say_their_model() {
    const HAIKU: Option<&str> = Some("claude-haiku-4-5");
    for (id, expected) in [
        ("anthropic.claude-haiku-4-5-20251001-v1:0", HAIKU),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", HAIKU),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", HAIKU),
        // A geography that may come.
        ("ca.anthropic.claude-haiku-4-5-20251001-v1:0", HAIKU),
        ("anthropic.claude-haiku-4-5", HAIKU),
        ("anthropic.claude-haiku-4-5-20251001-v1:0:200k", HAIKU),
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", Some("claude-sonnet-4-5")),
        ("anthropic.claude-opus-4-6-v1", Some("claude-opus-4-6")),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0", HAIKU),
        (
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.anthropic.claude-opus-5",
            Some("claude-opus-5"),
        ),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0", HAIKU),
        // These hide it.
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl", None),
        ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl", None),
        ("arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl", None),
        ("arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghijkl", None),
        ("arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1", None),
        ("arn:aws:bedrock:us-east-1:123456789012:prompt-router/abcdefghijkl", None),
        ("arn:aws:bedrock", None),
        ("arn:", None),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", None),
        ("amazon.nova-pro-v1:0", None),
        ("us.eu.anthropic.claude-opus-5", None),
        ("claude-opus-5", None),
        ("", None),
    ] {
        assert_eq!(of_id(id).map(|model| model.name), expected, "{id}");
    }
    assert_eq!(find_any("claude-opus-5"), find_any("jp.anthropic.claude-opus-5"));
}

/// What a new row could get wrong.
#[test]
fn the_table_is_sound() {
    let mut names = BTreeSet::new();
    let mut dates: Vec<_> = Vec::new();
    for model in all() {
        for name in model.names() {
            assert!(names.insert(name), "{name} stands for two models");
            assert_eq!(find(name), Some(model), "{name}");
            assert_eq!(find(&format!("{name}[1m]")), Some(model), "{name}");
        }
        for id in [model.base_id, model.mantle_id] {
            assert_eq!(of_id(id), Some(model), "{id}");
            assert!(id.starts_with("anthropic.claude-"), "{id}");
        }
        if let Some(dated) = model.dated {
            let day: String = model.created_at[..10].split('-').collect();
            assert!(dated.ends_with(&day), "{dated} {}", model.created_at);
            assert!(model.base_id.starts_with(&format!("anthropic.{dated}-v")), "{dated} {}", model.base_id);
            assert!(!model.mantle_id.contains(&day), "{}", model.mantle_id);
        }
        assert!(model.created_at.len() == 20 && model.created_at.ends_with("T00:00:00Z"), "{}", model.created_at);
        assert_eq!(prefixes(model).len(), model.prefixes.len(), "{}", model.name);
        assert!(!model.display_name.is_empty() && !model.prefixes.is_empty());
        if !model.created_at.starts_with("1970") {
            dates.push(model.created_at);
        }
    }
    assert!(dates.is_sorted_by(|newer, older| newer >= older), "{dates:?}");
    assert!(all().len() > 20);
}

/// What the runtime's CountTokens serves, and what it does not.
#[test]
fn generations() {
    for (name, count_tokens) in [
        ("claude-haiku-4-5", true),
        ("claude-sonnet-4-6", true),
        ("claude-opus-4-6", true),
        ("claude-opus-4-7", false),
        ("claude-opus-4-8", false),
        ("claude-sonnet-5", false),
        ("claude-fable-5", false),
        ("claude-mythos-preview", false),
    ] {
        let model = find(name).unwrap();
        assert_eq!((model.count_tokens, model.generation_4_7), (count_tokens, !count_tokens), "{name}");
    }
}

#[test]
fn the_reference_has_the_same_table() {
    let reference = include_str!("../docs/configuration.md");
    let rows: Vec<_> = reference.lines().filter(|line| line.starts_with("| `claude-")).collect();
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let expected: Vec<_> = all()
        .iter()
        .map(|model| {
            let retired = if model.lifecycle == Lifecycle::Retired { " (retired)" } else { "" };
            let prefixes: Vec<_> = model.prefixes.iter().map(|prefix| prefix.name()).collect();
            let dated: Vec<_> = model.dated.into_iter().collect();
            format!(
                "| `{}`{retired} | {} | {} | `{}` | {} |",
                model.name,
                quoted(&dated),
                quoted(model.aliases),
                model.base_id,
                prefixes.join(" ")
            )
        })
        .collect();
    assert_eq!(rows, expected);
}
