//! The native Messages API, of the runtime and of mantle.

mod support;

use std::time::Duration;

use bedrock_simulator::Config;
use bedrock_simulator::errors::EXCEPTIONS;
use serde_json::{Value, json};
use support::{MODEL, OPUS, Reply, Simulator, ask_natively, ask_with};

/// [`OPUS`] on mantle.
const MANTLE_OPUS: &str = "anthropic.claude-opus-5";

async fn streamed(simulator: &Simulator, text: &str) -> Reply {
    simulator.send(&simulator.native_call(&ask_natively(OPUS, text, json!({ "stream": true })))).await
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn both_answer_what_invoke_answers() {
    let simulator = Simulator::start().await;
    let invoked = simulator.send(&simulator.call(OPUS, "invoke", &ask_with("Count to 5", json!({})))).await.json();
    for call in [
        simulator.native_call(&ask_natively(OPUS, "Count to 5", json!({}))),
        simulator.native_call(&ask_natively("anthropic.claude-opus-5", "Count to 5", json!({ "stream": false }))),
        simulator.mantle_call(&ask_natively(MANTLE_OPUS, "Count to 5", json!({}))),
    ] {
        let reply = simulator.send(&call).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body());
        let answer = reply.json();
        for member in ["type", "role", "model", "content", "stop_reason", "usage"] {
            assert_eq!(answer[member], invoked[member]);
        }
        assert_eq!((reply.header("x-amzn-requestid").len(), &reply.header("request-id")[..4]), (36, "req_"));
        assert_eq!(reply.header("x-amzn-bedrock-input-token-count"), "");
    }
    let record = simulator.get("/_simulator/last").await;
    assert_eq!(record["host"], "bedrock-mantle.us-east-1.api.aws");
    assert!(record["auth"].as_str().unwrap().ends_with("/us-east-1/bedrock-mantle"));
}

#[tokio::test]
async fn server_sent_events() {
    let simulator = Simulator::start().await;
    let reply = streamed(&simulator, "Count to 3").await;
    assert_eq!(reply.header("content-type"), "text/event-stream; charset=utf-8");
    let events = reply.sse();
    assert_eq!(
        names(&events),
        [
            "message_start",
            "ping",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    for (name, data) in &events {
        assert_eq!(data["type"], *name);
    }
    assert_eq!(events.last().unwrap().1, json!({ "type": "message_stop" }));
    let raw = String::from_utf8(reply.body().to_vec()).unwrap();
    assert!(raw.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

#[tokio::test]
async fn silence_has_pings() {
    let simulator = Simulator::start().await;
    let pinged = streamed(&simulator, "Count to 3 [[fault: stall after=2 ms=2100]]").await.sse();
    assert_eq!(names(&pinged)[..5], ["message_start", "ping", "content_block_start", "ping", "content_block_delta"]);
    let invoked =
        simulator.send(&simulator.call(OPUS, "invoke-with-response-stream", &ask_with("hi", json!({})))).await;
    assert!(invoked.events().iter().all(|event| event["type"] != "ping"));
}

#[tokio::test]
async fn streams_that_fail() {
    let simulator = Simulator::start().await;
    let failed =
        streamed(&simulator, "Count to 9 [[fault: sse-error overloaded_error after=3 message=\"Busy\"]]").await;
    let events = failed.sse();
    assert!(failed.complete);
    assert_eq!(names(&events)[3..], ["content_block_delta", "error"]);
    assert_eq!(
        events.last().unwrap().1,
        json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Busy" } })
    );
    let first = streamed(&simulator, "hi [[fault: stream throttlingException after=0]]").await.sse();
    assert_eq!((names(&first), &first[0].1["error"]["type"]), (vec!["error"], &json!("rate_limit_error")));

    let cut = streamed(&simulator, "Count to 9 [[fault: cut after=4]]").await;
    assert!(!cut.complete && !cut.body().ends_with(b"\n\n"));
    let ended = streamed(&simulator, "Count to 9 [[fault: end after=4]]").await;
    assert!(ended.complete && !names(&ended.sse()).contains(&"message_stop"));
    let unknown = streamed(&simulator, "Count to 9 [[fault: unknown-event after=2]] [[fault: one-byte]]").await;
    assert!(names(&unknown.sse()).contains(&"future_event") && unknown.pieces.iter().all(|piece| piece.len() == 1));

    let senseless = streamed(&simulator, "hi [[fault: bad-crc]]").await.native_error();
    assert!(senseless.2.starts_with("simulator: "), "{senseless:?}");
    let senseless = simulator.stream(&ask_with("hi [[fault: sse-error api_error]]", json!({}))).await.refusal();
    assert!(senseless.2.starts_with("simulator: "), "{senseless:?}");
}

#[tokio::test]
async fn what_is_refused() {
    let simulator = Simulator::start().await;
    for (members, message) in [
        (json!({ "anthropic_version": "bedrock-2023-05-31" }), "anthropic_version: Extra inputs are not permitted"),
        (json!({ "anthropic_beta": [] }), "anthropic_beta: Extra inputs are not permitted"),
        (json!({ "cache_control": { "type": "ephemeral" } }), "cache_control: Extra inputs are not permitted"),
        (json!({ "service_tier": "auto" }), "service_tier: Extra inputs are not permitted"),
        (json!({ "stream": 1 }), "stream: Input should be a valid boolean"),
        (json!({ "max_tokens": null }), "max_tokens: Input should be a valid integer"),
        (json!({ "model": null }), "model: Input should be a valid string"),
        (json!({ "model": "claude-opus-5" }), "The provided model identifier is invalid."),
    ] {
        let reply = simulator.send(&simulator.native_call(&ask_natively(OPUS, "hi", members))).await;
        assert_eq!(reply.native_error(), (400, "invalid_request_error".into(), message.into()));
    }
    let retired = ask_natively("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "hi", json!({}));
    let retired = simulator.send(&simulator.native_call(&retired)).await.native_error();
    assert_eq!((retired.0, retired.1.as_str()), (404, "not_found_error"));
    for model in ["claude-opus-5", OPUS, "anthropic.claude-haiku-4-5-20251001-v1:0"] {
        let unknown = simulator.send(&simulator.mantle_call(&ask_natively(model, "hi", json!({})))).await;
        assert_eq!(unknown.native_error(), (404, "not_found_error".into(), format!("model: {model}")));
    }
    let mut call = simulator.native_call(&json!({}));
    call.body = "[".into();
    assert!(simulator.send(&call).await.native_error().2.starts_with("The request body is not valid JSON"));
    call.body = format!("\"{}\"", "a".repeat(32 << 20)).into();
    let large = simulator.send(&call).await.native_error();
    assert_eq!((large.0, large.1.as_str()), (413, "request_too_large"));
}

#[tokio::test]
async fn versions_and_betas_are_headers() {
    let simulator = Simulator::start().await;
    let with = async |version: Option<&str>, betas: &[&str], body: &Value| {
        let mut call = simulator.native_call(body);
        call.headers.retain(|(name, _)| *name != "anthropic-version");
        call.headers.extend(version.map(|version| ("anthropic-version", version.to_owned())));
        call.headers.extend(betas.iter().map(|beta| ("anthropic-beta", (*beta).to_owned())));
        // As clients do: only what Envoy will not change is signed, so these lines are added behind the signature.
        let plain = simulator.native_call(body);
        let mut headers = simulator.sign(&plain);
        headers.retain(|(name, _)| !["anthropic-version", "authorization"].contains(name));
        headers.push(("x-api-key", Config::API_KEY.into()));
        headers.extend(call.headers.iter().filter(|(name, _)| name.starts_with("anthropic-")).cloned());
        simulator.exchange("POST", &call.path, &headers, call.body.clone()).await
    };
    let plain = ask_natively(OPUS, "hi", json!({ "temperature": 1 }));
    assert_eq!(with(Some("2023-06-01"), &[], &plain).await.status, 200);
    assert_eq!(with(None, &[], &plain).await.native_error().2, "anthropic-version: header is required");
    assert!(with(Some("2024-01-01"), &[], &plain).await.native_error().2.ends_with("is not a valid version"));

    // The new version takes less.
    let documents = json!([
        { "role": "user", "content": [{ "type": "text", "text": "hi" }] },
        { "role": "assistant", "content": [{ "type": "document", "source": { "type": "text" } }] },
    ]);
    let cited = json!([{ "role": "user", "content": [{ "type": "text", "text": "hi", "citations": [{}] }] }]);
    for (members, message) in [
        (json!({ "temperature": 1 }), "temperature: Extra inputs are not permitted"),
        (
            json!({ "messages": documents }),
            "messages.1.content.0: document blocks are not permitted in assistant messages",
        ),
        (json!({ "messages": cited }), "messages.0.content.0.text.citations: Extra inputs are not permitted"),
    ] {
        let body = ask_natively(OPUS, "hi", members);
        assert_eq!(with(Some("2023-06-01"), &[], &body).await.status, 200);
        assert_eq!(with(Some("2026-10-21"), &[], &body).await.native_error().2, message);
    }

    let betas = ["context-management-2025-06-27, compact-2026-01-12", "effort-2025-11-24"];
    let edits = json!({ "context_management": { "edits": [
        { "type": "clear_thinking_20251015" }, { "type": "compact_20260112" },
    ] } });
    let edits = ask_natively(OPUS, "hi", edits);
    assert_eq!(with(Some("2023-06-01"), &betas, &edits).await.status, 200);
    assert_eq!(
        with(Some("2023-06-01"), &[], &edits).await.native_error().2,
        "context_management: Extra inputs are not permitted"
    );
    let unknown = with(Some("2023-06-01"), &["effort-2025-11-24,skills-2025-10-02"], &plain).await.native_error();
    assert_eq!(unknown, (400, "invalid_request_error".into(), "invalid beta flag".into()));
}

#[tokio::test]
async fn who_may_call() {
    let simulator = Simulator::start().await;
    let body = ask_natively(MANTLE_OPUS, "hi", json!({}));
    let mut native_as_mantle = simulator.native_call(&body);
    native_as_mantle.service = "bedrock-mantle";
    let mut mantle_as_native = simulator.mantle_call(&body);
    mantle_as_native.service = "bedrock";
    for (call, service) in [(native_as_mantle, "bedrock"), (mantle_as_native, "bedrock-mantle")] {
        let message = format!("Credential should be scoped to correct service: '{service}'.");
        assert_eq!(simulator.send(&call).await.refusal(), (403, "InvalidSignatureException".into(), message));
    }
    let call = simulator.mantle_call(&body);
    let with = async |name: &'static str, value: &str| {
        let mut headers = call.headers.clone();
        headers.push((name, value.into()));
        simulator.exchange("POST", &call.path, &headers, call.body.clone()).await
    };
    assert_eq!(with("x-api-key", Config::API_KEY).await.status, 200);
    assert_eq!(with("authorization", &format!("Bearer {}", Config::API_KEY)).await.status, 200);
    assert_eq!(with("x-api-key", "another").await.refusal().1, "AccessDeniedException");
    // It is the native API's way alone.
    let invoke = simulator.call(MODEL, "invoke", &ask_with("hi", json!({})));
    let key = [("x-api-key", Config::API_KEY.to_owned()), ("content-type", "application/json".into())];
    let refused = simulator.exchange("POST", &invoke.path, &key, invoke.body.clone()).await.refusal();
    assert_eq!(refused.1, "MissingAuthenticationTokenException");
    // And mantle knows no other.
    let mut invoke = invoke;
    invoke.headers.push(("host", "bedrock-mantle.us-east-1.api.aws".into()));
    assert_eq!(simulator.send(&invoke).await.refusal().0, 404);
}

#[tokio::test]
async fn tokens_are_counted_by_mantle_alone() {
    let simulator = Simulator::start().await;
    let mut body = ask_natively(MANTLE_OPUS, "Hello there", json!({}));
    body.as_object_mut().unwrap().remove("max_tokens");
    let mut call = simulator.mantle_call(&body);
    call.path.push_str("/count_tokens");
    let counted = simulator.send(&call).await;
    let asked = ask_with("Hello there", json!({}));
    let answer = simulator.send(&simulator.call(OPUS, "invoke", &asked)).await.json();
    assert_eq!((counted.status, &counted.json()["input_tokens"]), (200, &answer["usage"]["input_tokens"]));
    for member in ["max_tokens", "temperature", "stream", "metadata"] {
        let mut body = body.clone();
        body[member] = json!(true);
        call.body = body.to_string().into();
        let message = format!("{member}: Extra inputs are not permitted");
        assert_eq!(simulator.send(&call).await.native_error(), (400, "invalid_request_error".into(), message));
    }
    let mut call = simulator.native_call(&body);
    call.path.push_str("/count_tokens");
    let unknown = simulator.send(&call).await;
    assert_eq!(
        (unknown.status, unknown.json()),
        (
            200,
            json!({ "Output": { "__type": "com.amazon.coral.service#UnknownOperationException" }, "Version": "1.0" })
        )
    );
}

#[tokio::test]
async fn faults_in_the_answers_place() {
    let simulator = Simulator::start().await;
    for known in EXCEPTIONS {
        let text = format!("hi [[fault: {} message=\"m\"]]", known.name);
        let reply = simulator.send(&simulator.mantle_call(&ask_natively(MANTLE_OPUS, &text, json!({})))).await;
        if known.modeled {
            assert_eq!(reply.native_error().2, "m");
        } else {
            let status = if known.name == "ExpiredTokenException" { 401 } else { known.status };
            assert_eq!(reply.refusal(), (status, known.name.to_owned(), "m".to_owned()));
        }
    }
    let busy = streamed(&simulator, "hi [[fault: ServiceUnavailableException]]").await.native_error();
    assert_eq!((busy.0, busy.1.as_str()), (529, "overloaded_error"));
    let later = streamed(&simulator, "hi [[fault: ThrottlingException retry-after=3]]").await;
    assert_eq!((later.native_error().1.as_str(), later.header("retry-after")), ("rate_limit_error", "3"));
    let cut = streamed(&simulator, "hi [[fault: json-cut]]").await;
    assert_eq!((cut.status, cut.complete), (500, true));
    assert!(serde_json::from_slice::<Value>(&cut.body()).is_err());
    assert!(streamed(&simulator, "hi [[fault: huge-error]]").await.native_error().2.len() >= 300_000);
    let aws = streamed(&simulator, "hi [[fault: ThrottlingException name=code message=m]]").await.json();
    assert_eq!(aws, json!({ "code": "ThrottlingException", "message": "m" }));
    let expired = streamed(&simulator, "hi [[fault: ExpiredTokenException]]").await.refusal();
    assert_eq!(expired.0, 403);
    assert_eq!(streamed(&simulator, "hi [[fault: html-503]]").await.header("content-type"), "text/html");
}

#[tokio::test]
async fn events_come_one_by_one() {
    let simulator = Simulator::start_with(Config { token_delay: Duration::from_millis(10), ..Config::default() }).await;
    let reply = streamed(&simulator, "Count to 9").await;
    assert!(reply.pieces.len() >= reply.sse().len() - 1, "{} pieces", reply.pieces.len());
}
