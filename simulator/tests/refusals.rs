//! What Bedrock does not take, in its words.

mod support;

use serde_json::{Value, json};
use support::{MODEL, OPUS, Simulator, ask, ask_with};

async fn refused(simulator: &Simulator, body: &Value, message: &str) {
    let (status, name, text) = simulator.invoke(body).await.refusal();
    assert_eq!((status, name.as_str(), text.as_str()), (400, "ValidationException", message));
}

#[tokio::test]
async fn top_level_fields() {
    let simulator = Simulator::start().await;
    for field in [
        "model",
        "stream",
        "service_tier",
        "cache_control",
        "inference_geo",
        "speed",
        "fallbacks",
        "container",
        "mcp_servers",
        "thread",
        "diagnostics",
        "user_profile_id",
        "context_management",
        "safeguards",
        "unheard_of",
    ] {
        let body = ask_with("hi", json!({ field: null }));
        refused(&simulator, &body, &format!("{field}: Extra inputs are not permitted")).await;
    }
    let known = json!({
        "system": "s", "stop_sequences": ["x"], "temperature": 1, "top_p": 1, "top_k": 1, "tools": [],
        "tool_choice": { "type": "auto" }, "thinking": { "type": "disabled" }, "metadata": { "user_id": "a-b_c.d@e f" },
        "output_config": { "format": { "type": "json_schema", "schema": {} } }, "anthropic_beta": ["context-1m-2025-08-07"],
    });
    assert_eq!(simulator.invoke(&ask_with("hi", known)).await.status, 200);
}

#[tokio::test]
async fn what_is_required() {
    let simulator = Simulator::start().await;
    for (name, message) in [
        ("anthropic_version", "anthropic_version: Field required"),
        ("max_tokens", "max_tokens: Field required"),
        ("messages", "messages: Field required"),
    ] {
        let mut body = ask("hi");
        body.as_object_mut().unwrap().remove(name);
        refused(&simulator, &body, message).await;
    }
    for (members, message) in [
        (json!({ "anthropic_version": "2023-06-01" }), "Invalid API version: 2023-06-01"),
        (json!({ "max_tokens": 0 }), "max_tokens: Input should be greater than or equal to 1"),
        (json!({ "max_tokens": "9" }), "max_tokens: Input should be a valid integer"),
        (json!({ "messages": [] }), "messages: at least one message is required"),
        (
            json!({ "messages": [{ "role": "tool", "content": "" }] }),
            "messages.0.role: Input should be 'user' or 'assistant'",
        ),
    ] {
        refused(&simulator, &ask_with("hi", members), message).await;
    }
}

#[tokio::test]
async fn betas() {
    let simulator = Simulator::start().await;
    for (model, beta, taken) in [
        (MODEL, "interleaved-thinking-2025-05-14", true),
        (MODEL, "effort-2025-11-24", true),
        (MODEL, "mid-conversation-tool-changes-2026-07-01", false),
        (OPUS, "mid-conversation-tool-changes-2026-07-01", true),
        (OPUS, "dangerous-tool-use-2026-09-03", true),
        (OPUS, "advanced-tool-use-2025-11-20", false),
        (OPUS, "claude-code-20250219", false),
        (OPUS, "structured-outputs-2025-11-13", false),
    ] {
        let body = ask_with("hi", json!({ "anthropic_beta": ["context-1m-2025-08-07", beta] }));
        let reply = simulator.send(&simulator.call(model, "invoke", &body)).await;
        if taken {
            assert_eq!(reply.status, 200, "{model} {beta}");
        } else {
            let expected = (400, "ValidationException".into(), "invalid beta flag".into());
            assert_eq!(reply.refusal(), expected, "{model} {beta}");
        }
    }
    let body = ask_with("hi", json!({ "anthropic_beta": "effort-2025-11-24" }));
    refused(&simulator, &body, "anthropic_beta: Input should be a valid list").await;
}

/// What one model takes, another does not.
#[tokio::test]
async fn what_depends_on_the_model() {
    const OPUS_4_5: &str = "us.anthropic.claude-opus-4-5-20251101-v1:0";
    const OPUS_4_6: &str = "us.anthropic.claude-opus-4-6-v1";
    const OPUS_4_7: &str = "us.anthropic.claude-opus-4-7";
    const FABLE: &str = "us.anthropic.claude-fable-5";
    const OLD: &str = "anthropic.claude-3-5-sonnet-20241022-v2:0";
    let simulator = Simulator::start().await;
    let thinking = |kind: &str| json!({ "thinking": { "type": kind, "display": "omitted" } });
    let no_thinking = json!({ "thinking": { "type": "disabled" } });
    let effort = |level: &str| json!({ "output_config": { "effort": level } });
    let with_beta = json!({ "output_config": { "effort": "high" }, "anthropic_beta": ["effort-2025-11-24"] });
    let format = json!({ "output_config": { "format": { "type": "json_schema", "schema": {} } } });
    let ttl =
        json!({ "system": [{ "type": "text", "text": "s", "cache_control": { "type": "ephemeral", "ttl": "1h" } }] });
    let system = json!({ "messages": [
        { "role": "user", "content": "hi" },
        { "role": "system", "content": [{ "type": "text", "text": "s", "cache_control": { "type": "ephemeral" } }] },
    ] });
    let role = "messages.1.role: Input should be 'user' or 'assistant'";
    let no_effort = "output_config.effort: Extra inputs are not permitted";
    let no_format = "output_config.format: Extra inputs are not permitted";
    let tag = |kind: &str, expected: &str| {
        format!("thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}")
    };
    for (model, members, refusal) in [
        (MODEL, thinking("enabled"), ""),
        (MODEL, thinking("adaptive"), &*tag("adaptive", "'disabled', 'enabled'")),
        (OPUS_4_6, thinking("enabled"), ""),
        (OPUS_4_6, thinking("adaptive"), ""),
        (OPUS, thinking("adaptive"), ""),
        (OPUS, thinking("enabled"), &*tag("enabled", "'adaptive', 'disabled'")),
        (OPUS, no_thinking.clone(), ""),
        (FABLE, no_thinking, &*tag("disabled", "'adaptive'")),
        (MODEL, effort("low"), no_effort),
        (MODEL, with_beta.clone(), no_effort),
        (OPUS_4_5, effort("high"), no_effort),
        (OPUS_4_5, with_beta, ""),
        (OPUS_4_6, effort("max"), ""),
        (OPUS_4_6, effort("xhigh"), "output_config.effort: Input should be one of 'low', 'medium', 'high', 'max'"),
        (OPUS, effort("xhigh"), ""),
        (MODEL, format.clone(), ""),
        (OPUS, format.clone(), no_format),
        (OLD, format, no_format),
        (MODEL, ttl.clone(), ""),
        (OLD, ttl, "system.0.cache_control.ephemeral.ttl: Extra inputs are not permitted"),
        (OPUS, system.clone(), ""),
        (OPUS_4_6, system.clone(), role),
        (OPUS_4_7, system, role),
        (OPUS, json!({ "user_profile_id": "p" }), ""),
        (OPUS_4_6, json!({ "user_profile_id": "p" }), "user_profile_id: Extra inputs are not permitted"),
        (OPUS, json!({ "safeguards": {}, "anthropic_beta": ["dangerous-tool-use-2026-09-03"] }), ""),
    ] {
        let reply = simulator.send(&simulator.call(model, "invoke", &ask_with("hi", members.clone()))).await;
        match refusal {
            "" => assert_eq!(reply.status, 200, "{model} {members}: {:?}", reply.body()),
            message => assert_eq!(reply.refusal().2, message, "{model} {members}"),
        }
    }
}

/// What is left of Claude Code's requests when a gateway took out what Bedrock refuses.
#[tokio::test]
async fn claude_code() {
    let simulator = Simulator::start().await;
    let cached = json!({ "type": "ephemeral" });
    let tool = |name: &str| json!({ "name": name, "description": "d", "input_schema": { "type": "object" } });
    let mut deferred = tool("WebFetch");
    deferred["defer_loading"] = json!(true);
    let mut messages = json!([{ "role": "user", "content": [{ "type": "text", "text": "say hi" }] }]);
    let request = |messages: &Value| {
        json!({
            "max_tokens": 64000,
            "system": [{ "type": "text", "text": "Attribution" }, { "type": "text", "text": "You are", "cache_control": cached }],
            "messages": messages,
            "tools": [tool("Bash"), deferred],
        })
    };
    let mut on_sonnet = request(&messages);
    on_sonnet["thinking"] = json!({ "type": "enabled", "budget_tokens": 31999, "display": "omitted" });
    let betas =
        ["interleaved-thinking-2025-05-14", "context-management-2025-06-27", "tool-search-tool-2025-10-19"].as_slice();
    on_sonnet["anthropic_beta"] = json!(betas);
    let system = json!({ "role": "system", "content": [{ "type": "text", "text": "Note", "cache_control": cached }] });
    messages.as_array_mut().unwrap().push(system);
    let mut on_opus = request(&messages);
    on_opus["thinking"] = json!({ "type": "adaptive", "display": "omitted" });
    on_opus["output_config"] = json!({ "effort": "high" });
    let more = ["mid-conversation-tool-changes-2026-07-01", "effort-2025-11-24"];
    on_opus["anthropic_beta"] = json!([betas, &more].concat());
    for (model, body) in [(MODEL, on_sonnet), (OPUS, on_opus)] {
        let reply = simulator.send(&simulator.call(model, "invoke-with-response-stream", &ask_with("", body))).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body());
        assert_eq!(reply.events().last().unwrap()["type"], "message_stop");
    }
}

#[tokio::test]
async fn fields_inside() {
    let simulator = Simulator::start().await;
    let scoped = json!({ "type": "text", "text": "t", "cache_control": { "type": "ephemeral", "scope": "global" } });
    let extra = |path: &str| format!("{path}: Extra inputs are not permitted");
    let nested = json!({ "type": "content", "content": [scoped] });
    for (members, message) in [
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "tool_result", "content": [scoped] }] }] }),
            extra("messages.0.content.0.tool_result.content.0.text.cache_control.ephemeral.scope"),
        ),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "document", "source": nested }] }] }),
            extra("messages.0.content.0.document.source.content.content.0.text.cache_control.ephemeral.scope"),
        ),
        (
            json!({ "tools": [{ "name": "a", "cache_control": scoped["cache_control"] }] }),
            extra("tools.0.custom.cache_control.ephemeral.scope"),
        ),
        (json!({ "tools": [{ "name": "a", "input_examples": [] }] }), extra("tools.0.custom.input_examples")),
        (
            json!({ "tools": [{ "name": "a", "input_schema": { "properties": { "type": { "type": "custom" } } } }] }),
            "tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 \
             (https://json-schema.org/draft/2020-12)."
                .into(),
        ),
        (
            json!({
                "anthropic_beta": ["compact-2026-01-12"],
                "context_management": { "edits": [{ "type": "compact_20260112" }, { "type": "clear_tool_uses_20250919" }] },
            }),
            "context_management.edits.1: Input tag 'clear_tool_uses_20250919' found using 'type' does not match any of \
             the expected tags: 'compact_20260112'"
                .into(),
        ),
        (json!({ "thinking": { "type": "disabled", "display": "omitted" } }), extra("thinking.disabled.display")),
        (json!({ "output_config": { "unheard_of": 1 } }), extra("output_config.unheard_of")),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "document", "source": { "type": "file" } }] }] }),
            "messages.0.content.0.document.source: Input tag 'file' found using 'type' does not match any of the \
             expected tags: 'base64', 'content', 'text'"
                .into(),
        ),
        (json!({ "system": [scoped] }), extra("system.0.cache_control.ephemeral.scope")),
        (
            json!({ "messages": [{ "role": "user", "content": [scoped] }] }),
            extra("messages.0.content.0.text.cache_control.ephemeral.scope"),
        ),
        (
            json!({ "tools": [{ "name": "a" }, { "name": "b", "eager_input_streaming": false }] }),
            extra("tools.1.custom.eager_input_streaming"),
        ),
        (json!({ "tools": [{ "name": "a", "defer_loading": true }] }), extra("tools.0.custom.defer_loading")),
        (json!({ "context_management": { "edits": [] } }), extra("context_management")),
        (
            json!({
                "anthropic_beta": ["context-management-2025-06-27"],
                "context_management": { "edits": [{ "type": "clear_thinking_20251015" }] },
            }),
            "context_management.edits.0: Input tag 'clear_thinking_20251015' found using 'type' does not match any of \
             the expected tags: 'clear_tool_uses_20250919'"
                .into(),
        ),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "image", "source": { "type": "url" } }] }] }),
            "messages.0.content.0.image.source: Input tag 'url' found using 'type' does not match any of the expected \
             tags: 'base64'"
                .into(),
        ),
        (
            json!({ "metadata": { "user_id": "{\"device\":\"a\"}" } }),
            "Request metadata contains a value that violates the regular expression".into(),
        ),
    ] {
        refused(&simulator, &ask_with("hi", members), &message).await;
    }
    for (kind, beta, taken) in [
        ("web_search_20250305", "effort-2025-11-24", false),
        ("web_fetch_20250910", "effort-2025-11-24", false),
        ("code_execution_20250825", "effort-2025-11-24", false),
        ("mcp_toolset", "effort-2025-11-24", false),
        ("computer_toolset_20260801", "computer-use-2025-11-24", false),
        ("computer_20250124", "effort-2025-11-24", false),
        ("computer_20250124", "computer-use-2025-01-24", true),
        ("tool_search_tool_regex_20251119", "effort-2025-11-24", false),
        ("tool_search_tool_regex_20251119", "tool-search-tool-2025-10-19", true),
        ("bash_20250124", "effort-2025-11-24", true),
        ("text_editor_20250728", "effort-2025-11-24", true),
        ("memory_20250818", "effort-2025-11-24", true),
    ] {
        let body = ask_with("hi", json!({ "tools": [{ "type": kind, "name": "a" }], "anthropic_beta": [beta] }));
        let reply = simulator.invoke(&body).await;
        if taken {
            assert_eq!(reply.status, 200, "{kind}");
        } else {
            assert!(reply.refusal().2.starts_with(&format!("tools.0: Input tag '{kind}' found")));
        }
    }
}

/// Headers of InvokeModel: each value, and what it breaks.
#[tokio::test]
async fn headers() {
    let simulator = Simulator::start().await;
    let with = async |headers: &[(&'static str, &str)], signed: bool| {
        let mut call = simulator.call(MODEL, "invoke", &ask("hi"));
        let more: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        if signed {
            call.headers.extend(more);
            return simulator.send(&call).await;
        }
        let headers = [simulator.sign(&call), more].concat();
        simulator.exchange("POST", &call.path, &headers, call.body.clone()).await
    };
    let good = [
        ("x-amzn-bedrock-guardrailidentifier", "gr123"),
        ("x-amzn-bedrock-guardrailversion", "DRAFT"),
        ("x-amzn-bedrock-trace", "ENABLED_FULL"),
        ("x-amzn-bedrock-performanceconfig-latency", "optimized"),
        ("x-amzn-bedrock-service-tier", "flex"),
        ("x-amzn-bedrock-request-metadata", r#"{"team":"a b"}"#),
    ];
    for signed in [true, false] {
        let reply = with(&good, signed).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body());
        for (name, value) in &good[3..5] {
            assert_eq!(reply.header(name), *value);
        }
        assert_eq!(reply.header("x-amzn-bedrock-trace"), "");
    }
    for (name, value, end) in [
        ("x-amzn-bedrock-guardrailidentifier", "GR!", "guardrail/[a-z0-9]+))"),
        (
            "x-amzn-bedrock-guardrailidentifier",
            "gr123",
            "Guardrail version is required when a guardrail identifier is provided.",
        ),
        ("x-amzn-bedrock-guardrailversion", "0", "pattern: (|([1-9][0-9]{0,7})|(DRAFT))"),
        ("x-amzn-bedrock-trace", "enabled", "enum value set: [ENABLED, DISABLED, ENABLED_FULL]"),
        (
            "x-amzn-bedrock-performanceconfig-latency",
            "fast",
            "Value 'fast' at 'performanceConfigLatency' failed to satisfy constraint: Member must satisfy enum value \
             set: [standard, optimized]",
        ),
        ("x-amzn-bedrock-service-tier", "auto", "enum value set: [priority, default, flex, reserved]"),
        ("x-amzn-bedrock-request-metadata", "team=a", "a JSON object whose values are strings."),
        ("x-amzn-bedrock-request-metadata", r#"{"team":1}"#, "a JSON object whose values are strings."),
        (
            "x-amzn-bedrock-request-metadata",
            &format!(r#"{{"a":"{}"}}"#, "x".repeat(8500)),
            "less than or equal to 8500",
        ),
    ] {
        let (status, kind, message) = with(&[(name, value)], true).await.refusal();
        assert_eq!((status, kind.as_str()), (400, "ValidationException"));
        assert!(message.ends_with(end), "{message}");
    }
    let config = json!({ "amazon-bedrock-guardrailConfig": { "tagSuffix": "x" } });
    let message = "A guardrail identifier is required when amazon-bedrock-guardrailConfig is in the request body.";
    refused(&simulator, &ask_with("hi", config), message).await;
}

#[tokio::test]
async fn models() {
    let simulator = Simulator::start().await;
    let invoke = async |model: &str| simulator.send(&simulator.call(model, "invoke", &ask("hi"))).await;
    assert_eq!(invoke("anthropic.claude-3-5-sonnet-20241022-v2:0").await.status, 200);
    assert_eq!(invoke("claude-sonnet-4-5").await.refusal().2, "The provided model identifier is invalid.");
    let retired = invoke("us.anthropic.claude-3-7-sonnet-20250219-v1:0").await.refusal();
    assert_eq!((retired.0, retired.1.as_str()), (404, "ResourceNotFoundException"));
    assert!(retired.2.starts_with("This model version has reached the end of its life."));
    assert_eq!(
        invoke("anthropic.claude-sonnet-4-6").await.refusal().2,
        "Invocation of model ID anthropic.claude-sonnet-4-6 with on-demand throughput isn't supported. Retry your \
         request with the ID or ARN of an inference profile that contains this model."
    );
}

#[tokio::test]
async fn bodies_that_are_no_request() {
    let simulator = Simulator::start().await;
    let mut call = simulator.call(MODEL, "invoke", &ask("hi"));
    for body in [&b"{\"a\":"[..], b"[]", b""] {
        call.body = body.into();
        let message = simulator.send(&call).await.refusal().2;
        assert!(message.starts_with("Malformed input request: "), "{message}");
    }
    let mut call = simulator.call(MODEL, "invoke", &ask("hi"));
    call.headers = vec![("content-type", "text/plain".into())];
    assert_eq!(
        simulator.send(&call).await.refusal().2,
        "The provided Content Type is invalid or not supported for this model"
    );
}

#[tokio::test]
async fn long_bodies() {
    let simulator = Simulator::start().await;
    let call = simulator.call(MODEL, "invoke", &ask(&"a".repeat(20_000_000)));
    assert_eq!(simulator.send(&call).await.status, 200);
    let record = simulator.get("/_simulator/last").await;
    assert_eq!((&record["body"], record["bodyLength"].as_u64()), (&Value::Null, Some(call.body.len() as u64)));
    let call = simulator.call(MODEL, "invoke", &ask(&"a".repeat(25_000_000)));
    let (status, name, message) = simulator.send(&call).await.refusal();
    assert_eq!((status, name.as_str()), (400, "ValidationException"));
    assert!(message.ends_with("Member must have length less than or equal to 25000000"));
}
