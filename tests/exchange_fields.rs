//! What becomes of members and betas that Bedrock does not take, through the whole of the request's story.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;

use exchange::{Outcome, POST, config, line, outcome, sent};
use serde_json::{Value, json};

const OPUS: &str = "us.anthropic.claude-opus-5";
const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The members that reach Bedrock, without those of the envelope; and the betas.
fn reaches(settings: &str, betas: &str, model: &str, members: &Value) -> (Value, Value) {
    let mut body = members.clone();
    body["model"] = model.into();
    let (_, text) = sent(&config(settings), &[("anthropic-beta", betas)], &body.to_string());
    let mut sent: Value = serde_json::from_str(&text).unwrap();
    let members = sent.as_object_mut().unwrap();
    assert_eq!(members.remove("anthropic_version"), Some("bedrock-2023-05-31".into()));
    let betas = members.remove("anthropic_beta").unwrap_or(json!([]));
    (sent, betas)
}

fn refusal(settings: &str, betas: &str, members: &Value) -> String {
    let mut body = members.clone();
    body["model"] = OPUS.into();
    match outcome(&config(settings), &[&POST[..], &[("anthropic-beta", betas)]].concat(), &body.to_string()) {
        Outcome::Answered(reply) => line(&reply),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_bedrock_refuses_is_taken_out_and_nothing_else() {
    let block =
        json!({"type": "text", "text": "cache_control", "cache_control": {"type": "ephemeral", "scope": "global"}});
    let clean = json!({"type": "text", "text": "cache_control", "cache_control": {"type": "ephemeral"}});
    let input = json!({"cache_control": {"scope": 1}, "service_tier": "x", "type": "web_search_20250305", "source": {"type": "url"}});
    for (members, left) in [
        (json!({"service_tier": "auto", "a": 1}), json!({"a": 1})),
        (
            json!({"speed": "fast", "inference_geo": "us", "fallbacks": [], "thread": {}, "diagnostics": {}, "cache_control": {"type": "ephemeral"}}),
            json!({}),
        ),
        (json!({"system": [block.clone()]}), json!({"system": [clean.clone()]})),
        (
            json!({"messages": [{"role": "user", "content": [block, {"type": "tool_result", "content": [block]}, {"type": "document", "source": {"type": "content", "content": [block]}}]}]}),
            json!({"messages": [{"role": "user", "content": [clean, {"type": "tool_result", "content": [clean]}, {"type": "document", "source": {"type": "content", "content": [clean]}}]}]}),
        ),
        (
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": input}]}]}),
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": input}]}]}),
        ),
        (
            json!({"tools": [{"name": "t", "input_schema": {"properties": {"eager_input_streaming": {}}}, "eager_input_streaming": false}]}),
            json!({"tools": [{"name": "t", "input_schema": {"properties": {"eager_input_streaming": {}}}}]}),
        ),
        (json!({"metadata": {"user_id": "{\"device_id\":\"x\"}"}}), json!({})),
        (json!({"metadata": {"user_id": "u-1"}}), json!({"metadata": {"user_id": "u-1"}})),
        (json!({"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}}), json!({})),
    ] {
        for model in [OPUS, SONNET] {
            assert_eq!(reaches("{}", "", model, &members).0, left, "{members}");
            assert_eq!(reaches(r#"{"fields":{"mode":"observe"}}"#, "", model, &members).0, members);
        }
    }
}

#[test]
fn fields_go_with_their_betas() {
    let management = "context-management-2025-06-27";
    let denied = |beta: &str| format!(r#"{{"betas":{{"deny":["{beta}"]}}}}"#);
    let clear = json!({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}, {"type": "clear_thinking_20251015"}]}});
    let cleared = json!({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}});
    assert_eq!(reaches("{}", management, OPUS, &clear), (cleared.clone(), json!([management])));
    assert_eq!(reaches(&denied(management), management, OPUS, &clear), (json!({}), json!([])));
    // Not asked for, it is the client's mistake, as it is at Anthropic.
    assert_eq!(reaches(&denied(management), "", OPUS, &clear).0, cleared);

    let effort = json!({"output_config": {"effort": "high"}});
    assert_eq!(reaches("{}", "effort-2025-11-24", OPUS, &effort).0, effort);
    assert_eq!(reaches(&denied("effort-2025-11-24"), "effort-2025-11-24", OPUS, &effort).0, json!({}));

    let tools = json!({"tools": [{"name": "a", "defer_loading": true, "input_examples": [1]}, {"name": "b"}]});
    let both = json!(["tool-search-tool-2025-10-19", "tool-examples-2025-10-29"]);
    assert_eq!(reaches("{}", "advanced-tool-use-2025-11-20", OPUS, &tools), (tools.clone(), both));
    let settings = r#"{"betas":{"deny":["tool-examples-2025-10-29","tool-search-tool-2025-10-19"]}}"#;
    let bare = json!({"tools": [{"name": "a"}, {"name": "b"}]});
    assert_eq!(reaches(settings, "advanced-tool-use-2025-11-20", OPUS, &tools), (bare, json!([])));

    let eager = json!({"tools": [{"name": "a", "eager_input_streaming": true}]});
    let fine = json!(["fine-grained-tool-streaming-2025-05-14"]);
    assert_eq!(reaches("{}", "", OPUS, &eager), (json!({"tools": [{"name": "a"}]}), fine));
}

#[test]
fn the_model_decides_where_it_matters() {
    let safeguards = json!({"safeguards": {"x": 1}});
    let beta = "dangerous-tool-use-2026-09-03";
    assert_eq!(reaches("{}", beta, OPUS, &safeguards), (safeguards.clone(), json!([beta])));
    assert_eq!(reaches("{}", beta, SONNET, &safeguards), (json!({}), json!([])));
    // Opaque, so nothing is known of it, unless the configuration says what it is.
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456";
    assert_eq!(reaches("{}", beta, arn, &safeguards), (json!({}), json!([])));
    let based = format!(r#"{{"models":{{"m":{{"id":"{arn}","baseModel":"claude-opus-5"}}}}}}"#);
    assert_eq!(reaches(&based, beta, "m", &safeguards), (safeguards, json!([beta])));

    let profile = json!({"user_profile_id": "p"});
    assert_eq!(reaches("{}", "", OPUS, &profile).0, profile);
    assert_eq!(reaches("{}", "", SONNET, &profile).0, json!({}));
}

#[test]
fn a_user_profile_comes_from_the_head() {
    let profile = |model: &str, body: &str| {
        let body = format!(r#"{{"model":"{model}"{body}}}"#);
        let (_, text) = sent(&config("{}"), &[("anthropic-user-profile-id", "p1")], &body);
        serde_json::from_str::<Value>(&text).unwrap()["user_profile_id"].clone()
    };
    assert_eq!(profile(OPUS, ""), "p1");
    assert_eq!(profile(OPUS, r#","user_profile_id":"p2""#), "p2");
    assert_eq!(profile(SONNET, ""), Value::Null);
}

#[test]
fn a_long_context_is_a_beta() {
    let (_, betas) = reaches("{}", "", "claude-sonnet-4-5[1m]", &json!({}));
    assert_eq!(betas, json!(["context-1m-2025-08-07"]));
}

#[test]
fn what_bedrock_can_never_do_is_refused_by_path() {
    let image = |kind: &str| json!({"type": "image", "source": {"type": kind}});
    for (members, expected) in [
        (json!({"mcp_servers": []}), "mcp_servers: the MCP connector is not available through AWS Bedrock"),
        (json!({"container": "c"}), "container: a container or a skill is not available through AWS Bedrock"),
        (
            json!({"tools": [{"name": "a"}, {"type": "custom"}, {"type": "web_search_20250305"}]}),
            "tools[2].type: a tool that runs at Anthropic is not available through AWS Bedrock",
        ),
        (
            json!({"messages": [{"content": "x"}, {"content": [image("base64"), image("url"), image("file")]}]}),
            "messages[1].content[1].source.type (and 1 more): a source by URL or of the Files API is not available through AWS Bedrock",
        ),
        (
            json!({"messages": [{"content": [{"type": "tool_result", "content": [image("url")]}]}], "container": {}}),
            "container: a container or a skill is not available through AWS Bedrock; \
             messages[0].content[0].content[0].source.type: a source by URL or of the Files API is not available through AWS Bedrock",
        ),
        (
            json!({"messages": [{"content": [{"type": "container_upload"}]}]}),
            "messages[0].content[0].type: a file of the Files API is not available through AWS Bedrock",
        ),
    ] {
        let expected = format!("400 invalid_request_error: {expected}");
        for settings in ["{}", r#"{"fields":{"mode":"strict"}}"#] {
            assert_eq!(refusal(settings, "", &members), expected);
        }
        assert_eq!(reaches(r#"{"fields":{"mode":"observe"}}"#, "", OPUS, &members).0, members);
    }
    let tools = json!({"tools": [{"type": "web_search_20250305"}]});
    assert_eq!(reaches(r#"{"fields":{"allow":["tools[].type"]}}"#, "", OPUS, &tools).0, tools);
}

#[test]
fn strict_names_every_path() {
    let members = json!({
        "service_tier": "auto",
        "tools": [{"cache_control": {"type": "ephemeral", "scope": "global"}}, {"eager_input_streaming": true}, {"eager_input_streaming": true}],
        "output_config": {"effort": "high"},
        "metadata": {"user_id": "{}"},
    });
    let settings = r#"{"fields":{"mode":"strict"},"betas":{"deny":["effort-2025-11-24"]}}"#;
    let refused = refusal(settings, "effort-2025-11-24", &members);
    for part in [
        "service_tier: not taken by AWS Bedrock",
        "tools[0].cache_control.scope: not taken by AWS Bedrock",
        "tools[1].eager_input_streaming (and 1 more): not taken by AWS Bedrock",
        "output_config.effort: not taken by AWS Bedrock without the beta effort-2025-11-24, which is not sent",
        "metadata.user_id: not taken by AWS Bedrock",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
}

#[test]
fn a_configuration_drops_and_allows() {
    let settings = r#"{"fields":{"drop":["top_k","tools[].x"],"allow":["service_tier"]}}"#;
    let members = json!({"top_k": 1, "service_tier": "auto", "tools": [{"x": 1, "name": "t"}]});
    assert_eq!(reaches(settings, "", OPUS, &members).0, json!({"service_tier": "auto", "tools": [{"name": "t"}]}));
}

#[test]
fn what_claude_code_sends_is_cleaned() {
    let betas = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,\
        thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,mid-conversation-tool-changes-2026-07-01,effort-2025-11-24";
    let system = json!([{"type": "text", "text": "x-anthropic-billing-header"}, {"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]);
    let members = json!({
        "max_tokens": 32000,
        "stream": true,
        "system": system,
        "messages": [{"role": "user", "content": "say hi"}, {"role": "system", "content": [{"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}}]}],
        "metadata": {"user_id": "{\"device_id\":\"0\",\"account_uuid\":\"\",\"session_id\":\"1\"}"},
        "thinking": {"type": "adaptive", "display": "omitted"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "tools": [{"name": "Task", "input_schema": {}, "defer_loading": true}],
        "output_config": {"effort": "high"},
    });
    let (sent, sent_betas) = reaches("{}", betas, "claude-opus-5", &members);
    let mut expected = members.clone();
    for gone in ["metadata", "context_management", "stream"] {
        expected.as_object_mut().unwrap().remove(gone);
    }
    assert_eq!(sent, expected);
    let expected = json!([
        "interleaved-thinking-2025-05-14",
        "context-management-2025-06-27",
        "tool-search-tool-2025-10-19",
        "mid-conversation-tool-changes-2026-07-01",
        "effort-2025-11-24"
    ]);
    assert_eq!(sent_betas, expected);
}
