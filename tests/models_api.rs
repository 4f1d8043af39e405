//! The endpoints that the filter answers itself: models, and that it is there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use bedrock_messages::bedrock::catalogue::all;
use bedrock_messages::config::Config;
use exchange::{Outcome, config, header, line, outcome};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::rc::Rc;

fn ask(config: &Rc<Config>, method: &str, path: &str, lines: &[(&str, &str)]) -> Result<Value, String> {
    let head = [&[(":method", method), (":path", path)], lines].concat();
    match outcome(config, &head, "") {
        Outcome::Answered(reply) if reply.status == 200 => {
            assert_eq!(header(&reply, "content-type"), Some("application/json"));
            Ok(serde_json::from_slice(&reply.body).unwrap())
        }
        Outcome::Answered(reply) => {
            let allow = header(&reply, "allow").map(|methods| format!(" [{methods}]")).unwrap_or_default();
            Err(format!("{}{allow}", line(&reply)))
        }
        other => Err(format!("{other:?}")),
    }
}

fn get(config: &Rc<Config>, path: &str) -> Result<Value, String> {
    ask(config, "GET", path, &[])
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[test]
fn the_shape_is_anthropics() {
    let config = config(r#"{"models": {"team": {"id": "arn:x", "baseModel": "claude-sonnet-4-5"}, "x": "y"}}"#);
    let page = get(&config, "/v1/models?limit=3&beta=true").unwrap();
    assert_eq!(
        page,
        json!({
            "data": [
                {"type": "model", "id": "team", "display_name": "team", "created_at": "2025-09-29T00:00:00Z", "lifecycle": "deprecated"},
                {"type": "model", "id": "x", "display_name": "x", "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active"},
                {"type": "model", "id": "claude-haiku-5-5", "display_name": "Claude Haiku 5.5", "created_at": "2026-10-07T00:00:00Z", "lifecycle": "active"},
            ],
            "has_more": true,
            "first_id": "team",
            "last_id": "claude-haiku-5-5",
        })
    );
}

#[test]
fn pages_meet_without_gap_or_overlap() {
    let config = config(r#"{"models": {"a b&c=d": "x"}}"#);
    let whole = get(&config, "/v1/models?limit=1000").unwrap();
    let whole = ids(&whole);
    assert!(whole.len() > 20 - 5 && whole.contains(&"claude-sonnet-4-5-20250929"), "{whole:?}");
    assert_eq!(get(&config, "/v1/models").unwrap()["data"].as_array().unwrap().len(), whole.len().min(20));
    let encoded = |id: &str| id.replace('&', "%26").replace('=', "%3D").replace(' ', "+");
    for limit in 1..=whole.len() + 1 {
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        let mut query = String::new();
        loop {
            let page = get(&config, &format!("/v1/models?limit={limit}{query}")).unwrap();
            assert_eq!(page["first_id"], page["data"][0]["id"]);
            forwards.extend(ids(&page).into_iter().map(str::to_owned));
            if page["has_more"] == false {
                break;
            }
            assert_eq!(ids(&page).len(), limit);
            query = format!("&after_id={}", encoded(page["last_id"].as_str().unwrap()));
        }
        assert_eq!(forwards, whole);
        let mut before = whole[whole.len() - 1].to_owned();
        loop {
            let page = get(&config, &format!("/v1/models?before_id={}&limit={limit}", encoded(&before))).unwrap();
            assert!(ids(&page).len() <= limit);
            backwards.splice(0..0, ids(&page).into_iter().map(str::to_owned));
            if page["has_more"] == false {
                break;
            }
            before = page["first_id"].as_str().unwrap().to_owned();
        }
        assert_eq!(backwards, whole[..whole.len() - 1]);
    }
    let last = get(&config, &format!("/v1/models?after_id={}", whole[whole.len() - 1])).unwrap();
    assert_eq!(last, json!({"data": [], "has_more": false, "first_id": null, "last_id": null}));
}

#[test]
fn a_wrong_parameter_is_named() {
    let config = config("{}");
    for (query, expected) in [
        ("limit=0", "limit: expected a whole number from 1 to 1000"),
        ("limit=1001", "limit: expected a whole number from 1 to 1000"),
        ("limit=", "limit: expected a whole number from 1 to 1000"),
        ("limit", "limit: expected a whole number from 1 to 1000"),
        ("limit=-1", "limit: expected a whole number from 1 to 1000"),
        ("limit=99999999999999999999", "limit: expected a whole number from 1 to 1000"),
        ("after_id=claude", "after_id: no model here has this id"),
        ("after_id=", "after_id: no model here has this id"),
        ("before_id=%ff", "before_id: no model here has this id"),
        ("after_id=claude-opus-5&before_id=claude-opus-5", "before_id: expected no after_id beside it"),
    ] {
        let expected = Err(format!("400 invalid_request_error: {expected}"));
        assert_eq!(get(&config, &format!("/v1/models?{query}")), expected, "{query}");
    }
    for query in ["", "&", "limits=0", "x=limit=0", "limit=1&limit=0", "=&limit=%31", "beta=true#limit=0"] {
        assert!(get(&config, &format!("/v1/models?{query}")).is_ok(), "{query}");
    }
}

#[test]
fn a_model_by_any_of_its_names() {
    let config = config(r#"{"models": {"team/a é": "x", "claude-opus-5": "global.anthropic.claude-opus-5"}}"#);
    for (path, expected) in [
        ("claude-sonnet-4-5-20250929", Ok("claude-sonnet-4-5-20250929")),
        ("claude-sonnet-4-5?beta=true", Ok("claude-sonnet-4-5-20250929")),
        ("claude-sonnet-4-5-latest", Ok("claude-sonnet-4-5-20250929")),
        ("claude-sonnet-4-5%5B1m%5D", Ok("claude-sonnet-4-5-20250929")),
        ("claude-3-5-haiku-latest", Ok("claude-3-5-haiku-20241022")),
        ("claude%2dopus-4%2E8", Err("model: claude-opus-4.8")),
        ("claude%2dopus-4-8", Ok("claude-opus-4-8")),
        ("team%2Fa%20%C3%A9", Ok("team/a é")),
        ("team/a%20%c3%a9", Ok("team/a é")),
        ("claude-opus-5[1m]", Ok("claude-opus-5")),
        // Retired, not in the region's geography, unknown.
        ("claude-3-7-sonnet-20250219", Err("model: claude-3-7-sonnet-20250219")),
        ("gpt-5", Err("model: gpt-5")),
        ("a%0d%0ab", Err("model: ab")),
        ("", Err("model: ")),
    ] {
        let found = get(&config, &format!("/v1/models/{path}"));
        match expected {
            Ok(id) => assert_eq!(found.unwrap()["id"], id, "{path}"),
            Err(message) => assert_eq!(found, Err(format!("404 not_found_error: {message}")), "{path}"),
        }
    }
}

#[test]
fn what_is_listed_can_be_asked_for() {
    let listed = |json: &str| {
        let page = get(&config(json), "/v1/models?limit=1000").unwrap();
        ids(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let has = |models: &[String], id: &str| models.iter().any(|model| model == id);
    let gov = listed(r#"{"region": "us-gov-west-1", "inferenceProfile": "us-gov"}"#);
    assert!(has(&gov, "claude-opus-5") && !has(&gov, "claude-opus-4-7") && !has(&gov, "claude-haiku-4-5-20251001"));
    let active = all().iter().filter(|model| model.lifecycle.name() != "retired").count();
    assert_eq!(listed(r#"{"inferenceProfile": "none"}"#).len(), active);
    assert_eq!(listed(r#"{"region": "eu-west-1", "upstream": "mantle"}"#).len(), active);
    let auto = listed(r#"{"region": "eu-west-1"}"#);
    assert!(
        !has(&auto, "claude-mythos-5") && has(&auto, "claude-mythos-5-1") && has(&auto, "claude-opus-4-1-20250805")
    );
    assert!(!has(&auto, "claude-opus-4-20250514"), "retired");

    let allowed = r#"{"allowedModels": ["claude-sonnet-4-5", "*.anthropic.claude-opus-5", "team-*"],
        "models": {"team-a": "x", "other": "y"}}"#;
    assert_eq!(listed(allowed), ["team-a", "claude-opus-5", "claude-sonnet-4-5"]);
    let denied = get(&config(allowed), "/v1/models/other");
    assert_eq!(denied, Err("404 not_found_error: model: other".to_owned()));

    // The configuration's word stands in place of the catalogue's.
    let own = get(&config(r#"{"models": {"claude-opus-5": "x"}}"#), "/v1/models?limit=1000").unwrap();
    assert_eq!(ids(&own).iter().filter(|id| **id == "claude-opus-5").count(), 1);
    assert_eq!(
        (&own["data"][0]["id"], &own["data"][0]["display_name"]),
        (&json!("claude-opus-5"), &json!("claude-opus-5"))
    );
}

#[test]
fn methods_prefixes_and_routing() {
    let plain = config("{}");
    let prefixed = config(r#"{"pathPrefix": "/anthropic"}"#);
    let routing = r#"{"header": {"name": "x-provider", "value": "aws"}, "default": "passthrough"}"#;
    let away = config(&format!(r#"{{"routing": {routing}, "models": {{"a": "b"}}}}"#));
    let (aws, other) = ([("x-provider", "aws")], [("x-provider", "other")]);
    let wrong = |path: &str| format!("405 invalid_request_error: {path}: method not allowed here [GET, HEAD]");
    for (config, method, path, lines, expected) in [
        (&plain, "GET", "/v1/models", &[][..], "ok".to_owned()),
        (&plain, "HEAD", "/v1/models", &[], "ok".to_owned()),
        (&plain, "GET", "/v1/models", &[("anthropic-version", "2026-10-21")], "ok".to_owned()),
        (&plain, "POST", "/v1/models", &[], wrong("/v1/models")),
        (&plain, "DELETE", "/v1/models/claude-opus-5?x", &[], wrong("/v1/models/claude-opus-5")),
        (&plain, "GET", "/v1/modelsx", &[], "PassedAtOnce".to_owned()),
        (&plain, "HEAD", "/api/hello", &[], "ok".to_owned()),
        (&plain, "GET", "/api/hello?x", &[], "ok".to_owned()),
        (&plain, "POST", "/api/hello", &[], wrong("/api/hello")),
        (&plain, "GET", "/api/hello/x", &[], "PassedAtOnce".to_owned()),
        (&plain, "GET", "/api", &[], "PassedAtOnce".to_owned()),
        (&prefixed, "GET", "/anthropic/v1/models?limit=1", &[], "ok".to_owned()),
        (&prefixed, "GET", "/anthropic/v1/models/claude-opus-5", &[], "ok".to_owned()),
        (&prefixed, "HEAD", "/anthropic/api/hello", &[], "ok".to_owned()),
        (&prefixed, "GET", "/v1/models", &[], "PassedAtOnce".to_owned()),
        (&prefixed, "POST", "/anthropic/v1/models", &[], wrong("/anthropic/v1/models")),
        (&away, "GET", "/v1/models", &[], "PassedAtOnce".to_owned()),
        (&away, "POST", "/v1/models", &[], "PassedAtOnce".to_owned()),
        (&away, "HEAD", "/api/hello", &[], "PassedAtOnce".to_owned()),
        (&away, "GET", "/v1/models", &aws, "ok".to_owned()),
        (&away, "GET", "/v1/models/a", &aws, "ok".to_owned()),
        (&away, "HEAD", "/api/hello", &aws, "ok".to_owned()),
        (&away, "GET", "/v1/models", &other, "PassedAtOnce".to_owned()),
    ] {
        let found = ask(config, method, path, lines).map_or_else(|refusal| refusal, |_| "ok".to_owned());
        assert_eq!(found, expected, "{method} {path} {lines:?}");
    }
}

proptest! {
    /// Whatever a client writes behind the path, it is answered, and never with a failure of ours.
    #[test]
    fn any_query_and_any_name_is_answered(
        query in "(limit|after_id|before_id|[&=+%?#é]|%[0-9a-f]{2}|[0-9]|claude-opus-5){0,8}",
        name in "(claude-|opus|-latest|\\[1m\\]|:51k|[/.:%é]|%[0-9a-f]{2}|anthropic\\.|arn:){0,8}",
    ) {
        let config = config("{}");
        for path in [format!("/v1/models?{query}"), format!("/v1/models/{name}")] {
            let refused = get(&config, &path).err().unwrap_or_else(|| "200".to_owned());
            prop_assert!(["200", "400", "404"].contains(&&refused[..3]), "{}: {}", path, refused);
        }
    }
}
