//! What Bedrock does not take, in its words.

mod support;

use serde_json::{Value, json};
use support::{MODEL, Simulator, ask, ask_with};

async fn refused(simulator: &Simulator, body: &Value, message: &str) {
    let (status, name, text) = simulator.invoke(body).await.refusal();
    assert_eq!((status, name.as_str(), text.as_str()), (400, "ValidationException", message));
}

#[tokio::test]
async fn top_level_fields() {
    let simulator = Simulator::start().await;
    for field in ["model", "stream", "service_tier", "cache_control", "mcp_servers", "container", "speed", "unheard_of"]
    {
        let body = ask_with("hi", json!({ field: null }));
        refused(&simulator, &body, &format!("{field}: Extra inputs are not permitted")).await;
    }
    let known = json!({
        "system": "s", "stop_sequences": ["x"], "temperature": 1, "top_p": 1, "top_k": 1, "tools": [],
        "tool_choice": { "type": "auto" }, "thinking": { "type": "disabled" }, "metadata": { "user_id": "a-b_c.d@e f" },
        "output_config": { "effort": "high" }, "anthropic_beta": ["context-1m-2025-08-07"],
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
    let body = ask_with("hi", json!({ "anthropic_beta": ["interleaved-thinking-2025-05-14", "new-2099-01-01"] }));
    refused(&simulator, &body, "invalid beta flag").await;
    let body = ask_with("hi", json!({ "anthropic_beta": ["interleaved-thinking-2025-05-14"] }));
    assert_eq!(simulator.invoke(&body).await.status, 200);
}

#[tokio::test]
async fn fields_inside() {
    let simulator = Simulator::start().await;
    let scoped = json!({ "type": "text", "text": "t", "cache_control": { "type": "ephemeral", "scope": "global" } });
    let extra = |path: &str| format!("{path}: Extra inputs are not permitted");
    for (members, message) in [
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
             the expected tags: 'clear_tool_uses_20250919', 'compact_20260112'"
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
    let web = simulator.invoke(&ask_with("hi", json!({ "tools": [{ "type": "web_search_20250305" }] }))).await;
    assert!(web.refusal().2.starts_with("tools.0: Input tag 'web_search_20250305' found"));
}

#[tokio::test]
async fn models() {
    let simulator = Simulator::start().await;
    let invoke = async |model: &str| simulator.send(&simulator.call(model, "invoke", &ask("hi"))).await;
    assert_eq!(invoke("anthropic.claude-3-5-sonnet-20241022-v2:0").await.status, 200);
    assert_eq!(invoke("claude-sonnet-4-5").await.refusal().2, "The provided model identifier is invalid.");
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
