//! The deterministic model, and the record of what was received.

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{MODEL, OPUS, Simulator, ask, ask_with};

async fn answer(simulator: &Simulator, body: &Value) -> Value {
    let reply = simulator.invoke(body).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body());
    reply.json()
}

fn text(answer: &Value) -> &str {
    answer["content"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap()
}

#[tokio::test]
async fn text_shows_what_was_read() {
    let simulator = Simulator::start().await;
    assert_eq!(text(&answer(&simulator, &ask("Count to 5")).await), "1, 2, 3, 4, 5");
    let body = ask_with("Hello, Bedrock", json!({ "system": [{ "type": "text", "text": "be nice now" }] }));
    let told = answer(&simulator, &body).await;
    assert_eq!(
        text(&told),
        "As instructed by the system prompt (3 words): I read 1 message. You said: “Hello, Bedrock”"
    );
    assert_eq!(told["model"], "claude-sonnet-4-5-20250929");
    assert!(told["id"].as_str().unwrap().starts_with("msg_bdrk_"));
    assert_eq!(
        (&told["type"], &told["role"], &told["stop_reason"]),
        (&json!("message"), &json!("assistant"), &json!("end_turn"))
    );
    let image = |kind: &str| json!({ "type": "image", "source": { "type": "base64", "media_type": kind, "data": "" } });
    let content = json!([image("image/png"), image("image/jpeg"), { "type": "text", "text": "What is it?" }]);
    let told = answer(&simulator, &ask_with("", json!({ "messages": [{ "role": "user", "content": content }] }))).await;
    assert_eq!(text(&told), "I read 1 message. I see 2 images: image/png, image/jpeg. You said: “What is it?”");
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let simulator = Simulator::start().await;
    let body = ask_with("Hello", json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 } }));
    assert_eq!(simulator.invoke(&body).await.body(), simulator.invoke(&body).await.body());
    assert_eq!(simulator.stream(&body).await.body(), simulator.stream(&body).await.body());
    assert_ne!(simulator.invoke(&body).await.body(), simulator.invoke(&ask("Hello")).await.body());
}

#[tokio::test]
async fn tools_are_called_and_their_results_read() {
    let simulator = Simulator::start().await;
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" }, "days": { "type": "integer" }, "note": { "type": "string" } },
        "required": ["city", "days"],
    });
    let tools = json!([{ "name": "get_time", "input_schema": {} }, { "name": "get_weather", "input_schema": schema }]);
    let body = ask_with("What is the weather?", json!({ "tools": tools }));
    let called = answer(&simulator, &body).await;
    let call = &called["content"][0];
    assert_eq!((&called["stop_reason"], &call["type"]), (&json!("tool_use"), &json!("tool_use")));
    assert_eq!((&call["name"], &call["input"]), (&json!("get_weather"), &json!({ "city": "Paris", "days": 1 })));
    assert!(call["id"].as_str().unwrap().starts_with("toolu_bdrk_"));

    let result = json!([{ "type": "tool_result", "tool_use_id": call["id"], "content": "Sunny, 21 °C" }]);
    let messages = json!([
        { "role": "user", "content": "What is the weather?" },
        { "role": "assistant", "content": called["content"] },
        { "role": "user", "content": result },
    ]);
    let told = answer(&simulator, &ask_with("", json!({ "tools": tools, "messages": messages }))).await;
    assert_eq!(text(&told), "The tool get_weather answered with 12 characters: Sunny, 21 °C");

    for (choice, name) in [
        (json!({ "type": "tool", "name": "get_time" }), json!("get_time")),
        (json!({ "type": "any" }), json!("get_time")),
        (json!({ "type": "none" }), Value::Null),
        (json!({ "type": "auto" }), Value::Null),
    ] {
        let body = ask_with("Hello", json!({ "tools": tools, "tool_choice": choice }));
        assert_eq!(answer(&simulator, &body).await["content"][0]["name"], name);
    }
}

#[tokio::test]
async fn thinking_comes_first() {
    let simulator = Simulator::start().await;
    for (model, kind) in [(MODEL, "enabled"), (OPUS, "adaptive")] {
        let body = ask_with("Hello", json!({ "thinking": { "type": kind } }));
        let told = simulator.send(&simulator.call(model, "invoke", &body)).await.json();
        assert_eq!((&told["content"][0]["type"], &told["content"][1]["type"]), (&json!("thinking"), &json!("text")));
        assert!(told["content"][0]["signature"].as_str().unwrap().len() > 100);
    }
}

#[tokio::test]
async fn limits_end_an_answer() {
    let simulator = Simulator::start().await;
    let cut = answer(&simulator, &ask_with("Count to 100", json!({ "max_tokens": 3 }))).await;
    assert_eq!((text(&cut), &cut["stop_reason"]), ("1, 2, 3, 4, ", &json!("max_tokens")));
    assert_eq!(cut["usage"]["output_tokens"], 3);
    let stopped = answer(&simulator, &ask_with("Count to 100", json!({ "stop_sequences": ["9", ", 4"] }))).await;
    assert_eq!((text(&stopped), &stopped["stop_reason"]), ("1, 2, 3", &json!("stop_sequence")));
    assert_eq!(stopped["stop_sequence"], ", 4");
}

#[tokio::test]
async fn usage_is_in_body_and_headers() {
    let simulator = Simulator::start().await;
    let block =
        |chars: usize| json!({ "type": "text", "text": "x".repeat(chars), "cache_control": { "type": "ephemeral" } });
    let reply = simulator.invoke(&ask_with("four", json!({ "system": [block(400), block(40)] }))).await;
    let usage = &reply.json()["usage"];
    assert_eq!(usage["input_tokens"], 1);
    assert_eq!(usage["cache_read_input_tokens"], 100);
    assert_eq!(usage["cache_creation_input_tokens"], 10);
    for (header, figure) in [
        ("x-amzn-bedrock-input-token-count", &usage["input_tokens"]),
        ("x-amzn-bedrock-output-token-count", &usage["output_tokens"]),
        ("x-amzn-bedrock-cache-read-input-token-count", &usage["cache_read_input_tokens"]),
        ("x-amzn-bedrock-cache-write-input-token-count", &usage["cache_creation_input_tokens"]),
    ] {
        assert_eq!(reply.header(header), figure.to_string());
    }
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("x-amzn-requestid").len(), 36);
    assert!(reply.header("x-amzn-bedrock-invocation-latency").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn what_was_received_can_be_asked_for() {
    let simulator = Simulator::start().await;
    let call = simulator.call(MODEL, "invoke", &ask("hi"));
    let reply = simulator.send(&call).await;
    let record = simulator.get("/_simulator/last").await;
    assert_eq!(record["requestId"], reply.header("x-amzn-requestid"));
    assert_eq!((&record["method"], record["path"].as_str().unwrap()), (&json!("POST"), call.path.as_str()));
    assert_eq!(STANDARD.decode(record["body"].as_str().unwrap()).unwrap(), call.body);
    let headers = record["headers"].as_array().unwrap();
    assert!(headers.iter().any(|header| header[0] == "authorization"));

    simulator.invoke(&ask("there")).await;
    let newer = simulator.get("/_simulator/requests?after=1").await;
    assert_eq!((newer["requests"].as_array().unwrap().len(), newer["last"].as_u64()), (1, Some(2)));
    for _ in 0..70 {
        simulator.exchange("GET", "/nothing", &[], Default::default()).await;
    }
    assert_eq!(simulator.get("/_simulator/requests").await["requests"].as_array().unwrap().len(), 64);
    assert_eq!(simulator.exchange("POST", "/_simulator/reset", &[], Default::default()).await.status, 204);
    assert_eq!(simulator.get("/_simulator/requests").await, json!({ "requests": [], "last": 0 }));
}
