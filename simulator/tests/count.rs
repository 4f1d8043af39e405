//! CountTokens.

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{MODEL, Reply, Simulator, ask, ask_with};

/// The base id of [`MODEL`].
const BASE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

async fn count_by(simulator: &Simulator, id: &str, body: &Value) -> Reply {
    let request = json!({ "input": { "invokeModel": { "body": STANDARD.encode(body.to_string()) } } });
    simulator.send(&simulator.call(id, "count-tokens", &request)).await
}

#[tokio::test]
async fn the_count_is_that_of_the_answer() {
    let simulator = Simulator::start().await;
    let block =
        |chars: usize| json!({ "type": "text", "text": "x".repeat(chars), "cache_control": { "type": "ephemeral" } });
    for body in [
        ask("Hello"),
        ask_with("four", json!({ "system": [block(400), block(40)] })),
        ask_with("Hello", json!({ "tools": [{ "name": "get_weather", "input_schema": { "type": "object" } }] })),
    ] {
        let counted = count_by(&simulator, BASE, &body).await;
        let usage = &simulator.invoke(&body).await.json()["usage"];
        let figure = |member: &str| usage[member].as_u64().unwrap();
        let total = figure("input_tokens") + figure("cache_creation_input_tokens") + figure("cache_read_input_tokens");
        assert_eq!((counted.status, counted.json()), (200, json!({ "inputTokens": total })));
        assert_eq!(counted.header("content-type"), "application/json");
        assert_eq!(counted.header("x-amzn-bedrock-input-token-count"), "");
    }
    let record = simulator.get("/_simulator/requests").await;
    assert_eq!(record["requests"][0]["auth"].as_str().unwrap().split(' ').next(), Some("SigV4"));
}

#[tokio::test]
async fn the_inner_body_is_an_invoke_body() {
    let simulator = Simulator::start().await;
    let mut without = ask("hi");
    without.as_object_mut().unwrap().remove("max_tokens");
    for (body, message) in [
        (without, "max_tokens: Field required"),
        (ask_with("hi", json!({ "model": MODEL })), "model: Extra inputs are not permitted"),
        (ask_with("hi", json!({ "stream": false })), "stream: Extra inputs are not permitted"),
        (ask_with("hi", json!({ "anthropic_beta": ["new-2099-01-01"] })), "invalid beta flag"),
    ] {
        let refusal = count_by(&simulator, BASE, &body).await.refusal();
        assert_eq!(refusal, (400, "ValidationException".into(), message.into()));
    }
    let raw = simulator.send(&simulator.call(BASE, "count-tokens", &ask("hi"))).await.refusal();
    assert_eq!((raw.0, raw.1.as_str()), (400, "ValidationException"));
}

#[tokio::test]
async fn ids_that_are_not_counted() {
    let simulator = Simulator::start().await;
    for id in [
        MODEL,
        "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        "anthropic.claude-opus-5",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456",
    ] {
        let refusal = count_by(&simulator, id, &ask("hi")).await.refusal();
        let message = "The provided model doesn't support counting tokens.";
        assert_eq!(refusal, (400, "ValidationException".into(), message.into()), "{id}");
    }
    let unknown = count_by(&simulator, "claude-sonnet-4-5", &ask("hi")).await.refusal();
    assert_eq!(unknown.2, "The provided model identifier is invalid.");
}

#[tokio::test]
async fn signatures_and_faults_as_for_invoke() {
    let simulator = Simulator::start().await;
    let mut call = simulator.call(BASE, "count-tokens", &json!({}));
    call.config.keys.secret_access_key = "another".into();
    assert_eq!(simulator.send(&call).await.refusal().1, "InvalidSignatureException");
    let throttled = count_by(&simulator, BASE, &ask("hi [[fault: ThrottlingException]]")).await.refusal();
    assert_eq!((throttled.0, throttled.1.as_str()), (429, "ThrottlingException"));
}
