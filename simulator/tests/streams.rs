//! Event streams, whole and broken.

mod support;

use std::time::{Duration, Instant};

use bedrock_simulator::Config;
use bedrock_simulator::errors::EXCEPTIONS;
use serde_json::{Value, json};
use support::{Reply, Simulator, ask, ask_with, header_of};

/// Frames of the answer to `Count to 9`, whose text has nine pieces.
const COUNT_FRAMES: usize = 2 + 9 + 3;

async fn count_with(simulator: &Simulator, fault: &str) -> Reply {
    simulator.stream(&ask(&format!("Count to 9 {fault}"))).await
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// The message that a client puts together out of a stream.
fn assemble(events: &[Value]) -> Value {
    let mut message = events[0]["message"].clone();
    let mut blocks = Vec::new();
    let mut json = String::new();
    for event in events {
        match event["type"].as_str().unwrap() {
            "content_block_start" => blocks.push(event["content_block"].clone()),
            "content_block_delta" => {
                let block = &mut blocks[event["index"].as_u64().unwrap() as usize];
                let delta = &event["delta"];
                match delta["type"].as_str().unwrap() {
                    "input_json_delta" => json.push_str(delta["partial_json"].as_str().unwrap()),
                    kind => {
                        let member = kind.strip_suffix("_delta").unwrap();
                        let grown = format!("{}{}", block[member].as_str().unwrap(), delta[member].as_str().unwrap());
                        block[member] = grown.into();
                    }
                }
            }
            "content_block_stop" if !json.is_empty() => {
                blocks.last_mut().unwrap()["input"] = serde_json::from_str(&json).unwrap();
            }
            "message_delta" => {
                message["stop_reason"] = event["delta"]["stop_reason"].clone();
                message["usage"] = event["usage"].clone();
            }
            _ => {}
        }
    }
    message["content"] = blocks.into();
    message
}

#[tokio::test]
async fn a_stream_says_what_the_whole_answer_says() {
    let simulator = Simulator::start().await;
    let tools = json!([{ "name": "get_weather", "input_schema": { "properties": { "city": { "type": "string" } } } }]);
    for body in [
        ask("Count to 9"),
        ask("Grüße, “größer” als 日本語テキスト"),
        ask_with("the weather?", json!({ "tools": tools, "thinking": { "type": "enabled" } })),
    ] {
        let reply = simulator.stream(&body).await;
        assert_eq!(reply.header("content-type"), "application/vnd.amazon.eventstream");
        assert_eq!(reply.header("x-amzn-bedrock-content-type"), "application/json");
        assert_eq!(reply.header("x-amzn-bedrock-input-token-count"), "");
        let events = reply.events();
        assert_eq!(assemble(&events), simulator.invoke(&body).await.json());
        let stop = &events.last().unwrap()["amazon-bedrock-invocationMetrics"];
        assert_eq!(stop["outputTokenCount"], events[events.len() - 2]["usage"]["output_tokens"]);
    }
}

#[tokio::test]
async fn the_order_of_events_and_headers() {
    let simulator = Simulator::start().await;
    let reply = count_with(&simulator, "").await;
    let frames = reply.frames().unwrap();
    assert_eq!(frames.len(), COUNT_FRAMES);
    let mut paddings = Vec::new();
    for frame in &frames {
        let names: Vec<&str> = frame.headers().iter().map(|header| header.name().as_str()).collect();
        assert_eq!(names, [":event-type", ":content-type", ":message-type"]);
        let payload: Value = serde_json::from_slice(frame.payload()).unwrap();
        paddings.push(payload["p"].as_str().unwrap().len());
    }
    paddings.dedup();
    assert!(paddings.len() > 3, "padding hides the length");
    let events = reply.events();
    assert_eq!(types(&events)[..3], ["message_start", "content_block_start", "content_block_delta"]);
    assert_eq!(types(&events)[COUNT_FRAMES - 3..], ["content_block_stop", "message_delta", "message_stop"]);
}

#[tokio::test]
async fn exceptions_instead_of_an_answer() {
    let simulator = Simulator::start().await;
    for known in EXCEPTIONS {
        let expected = (known.status, known.name.to_owned(), known.message.to_owned());
        assert_eq!(count_with(&simulator, &format!("[[fault: {}]]", known.name)).await.refusal(), expected);
    }
    let page = count_with(&simulator, "[[fault: html-503]]").await;
    assert_eq!((page.status, page.header("content-type"), page.header("x-amzn-requestid")), (503, "text/html", ""));
    let empty = count_with(&simulator, "[[fault: empty-500]]").await;
    assert_eq!((empty.status, empty.body().len(), empty.header("x-amzn-errortype")), (500, 0, ""));
    let json = count_with(&simulator, "[[fault: json-200]]").await;
    assert_eq!(
        (json.status, json.header("content-type"), &json.json()["type"]),
        (200, "application/json", &json!("message"))
    );
}

#[tokio::test]
async fn documents_of_other_shapes() {
    let simulator = Simulator::start().await;
    let throttled = async |options: &str| {
        let reply = count_with(&simulator, &format!("[[fault: ThrottlingException {options}]]")).await;
        assert_eq!((reply.status, reply.header("content-type")), (429, "application/json"), "{options}");
        reply
    };
    for (options, expected) in [
        ("message=m name=code", json!({ "message": "m", "code": "ThrottlingException" })),
        ("message=m name=Code message-key=Message", json!({ "Message": "m", "Code": "ThrottlingException" })),
        ("message=m name=__type", json!({ "message": "m", "__type": "com.amazon.coral.service#ThrottlingException" })),
        ("message=m name=none", json!({ "message": "m" })),
    ] {
        let reply = throttled(options).await;
        assert_eq!((reply.json(), reply.header("x-amzn-errortype")), (expected, ""), "{options}");
    }
    let named = throttled("message-key=Message name=header retry-after=7").await;
    assert!(named.header("x-amzn-errortype").starts_with("ThrottlingException:"));
    assert!(named.json()["Message"].is_string() && named.json()["message"].is_null());
    assert_eq!((named.header("retry-after"), throttled("").await.header("retry-after")), ("7", ""));

    let cut = count_with(&simulator, "[[fault: json-cut status=503]]").await;
    assert!(cut.complete && cut.body().starts_with(b"{\"message\":\"The system"));
    assert!(serde_json::from_slice::<Value>(&cut.body()).is_err());
    assert_eq!((cut.status, cut.header("content-length").to_owned()), (503, cut.body().len().to_string()));
    let huge = count_with(&simulator, "[[fault: huge-error]]").await;
    assert!(huge.body().len() > 300_000 && huge.body().len() < 300_100);
    assert_eq!((huge.refusal().0, huge.refusal().1.as_str()), (400, "ValidationException"));
}

#[tokio::test]
async fn a_fault_that_passes() {
    let simulator = Simulator::start().await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(count_with(&simulator, "[[fault: ThrottlingException times=2]]").await.status);
    }
    assert_eq!(statuses, [429, 429, 200]);
}

#[tokio::test]
async fn exceptions_inside_a_stream() {
    let simulator = Simulator::start().await;
    for known in EXCEPTIONS.iter().filter(|known| known.in_stream) {
        let member = known.name[..1].to_lowercase() + &known.name[1..];
        for after in [0, 3] {
            let reply = count_with(&simulator, &format!("[[fault: stream {member} after={after}]]")).await;
            assert_eq!((reply.status, reply.complete), (200, true));
            let frames = reply.frames().unwrap();
            assert_eq!(frames.len(), after + 1);
            let last = &frames[after];
            assert_eq!((header_of(last, ":message-type"), header_of(last, ":exception-type")), ("exception", &*member));
            let payload: Value = serde_json::from_slice(last.payload()).unwrap();
            assert_eq!(payload["message"], known.message);
        }
    }
    let reply = count_with(&simulator, "[[fault: error-frame after=2]]").await;
    let frames = reply.frames().unwrap();
    assert_eq!((frames.len(), header_of(&frames[2], ":message-type")), (3, "error"));
    assert_eq!(header_of(&frames[2], ":error-code"), "InternalFailure");
}

#[tokio::test]
async fn streams_that_end_too_early() {
    let simulator = Simulator::start().await;
    let whole = count_with(&simulator, "").await.body().len();
    let cut = count_with(&simulator, "[[fault: cut after=4]]").await;
    assert!(!cut.complete);
    assert_eq!(cut.frames().unwrap().len(), 4);
    let in_frame = cut.body().len();
    let ended = count_with(&simulator, "[[fault: end after=4]]").await;
    assert!(ended.complete);
    assert_eq!(ended.frames().unwrap().len(), 4);
    assert!(ended.body().len() < in_frame && in_frame < whole);
    let late = count_with(&simulator, "[[fault: end after=1000]]").await;
    assert_eq!(late.events().last().unwrap()["type"], "message_delta");
    let json = simulator.invoke(&ask("hi [[fault: cut]]")).await;
    assert!(!json.complete && !json.body().is_empty());
}

#[tokio::test]
async fn frames_that_are_broken() {
    let simulator = Simulator::start().await;
    for (fault, expected) in [
        ("bad-crc after=2", "checksum"),
        ("bad-prelude after=2", "checksum"),
        ("impossible-length after=2 length=7", "length"),
    ] {
        let reply = count_with(&simulator, &format!("[[fault: {fault}]]")).await;
        assert!(reply.complete);
        let error = reply.frames().expect_err(fault);
        assert!(error.contains(expected), "{fault}: {error}");
    }
    // A decoder without a limit waits for 4 GiB.
    let reply = count_with(&simulator, "[[fault: impossible-length after=2]]").await;
    assert_eq!(reply.frames().unwrap().len(), 2);
}

#[tokio::test]
async fn events_that_nobody_knows() {
    let simulator = Simulator::start().await;
    let reply = count_with(&simulator, "[[fault: unknown-event after=2]]").await;
    let frames = reply.frames().unwrap();
    assert_eq!((frames.len(), header_of(&frames[2], ":event-type")), (COUNT_FRAMES + 2, "futureEvent"));
    assert_eq!(types(&reply.events())[2], "future_event");
}

#[tokio::test]
async fn pieces_of_every_size() {
    let simulator = Simulator::start().await;
    let plain = count_with(&simulator, "").await;
    let small = count_with(&simulator, "[[fault: one-byte]]").await;
    assert_eq!(types(&small.events()), types(&plain.events()));
    assert!(small.pieces.iter().all(|piece| piece.len() == 1));
    let large = count_with(&simulator, "[[fault: coalesce]]").await;
    assert_eq!((large.pieces.len(), large.events().len()), (1, COUNT_FRAMES));
}

#[tokio::test]
async fn events_come_one_by_one() {
    let simulator = Simulator::start_with(Config { token_delay: Duration::from_millis(10), ..Config::default() }).await;
    let begun = Instant::now();
    let paced = count_with(&simulator, "").await;
    assert_eq!(paced.pieces.len(), COUNT_FRAMES);
    assert!(begun.elapsed() >= Duration::from_millis(10 * (COUNT_FRAMES as u64 - 1)));
    for fault in ["delay ms=300", "stall after=2 ms=300", "pace ms=30"] {
        let begun = Instant::now();
        count_with(&simulator, &format!("[[fault: {fault}]]")).await;
        assert!(begun.elapsed() >= Duration::from_millis(300), "{fault}");
    }
}

#[tokio::test]
async fn faults_may_stand_together() {
    let simulator = Simulator::start().await;
    let text = "[[fault: one-byte]] [[fault: unknown-event after=1]] [[fault: stream throttlingException after=3]]";
    let reply = count_with(&simulator, text).await;
    assert!(reply.pieces.iter().all(|piece| piece.len() == 1));
    assert_eq!(reply.frames().unwrap().len(), 3 + 2 + 1);
    let (status, _, message) = count_with(&simulator, "[[fault: nonsense]]").await.refusal();
    assert_eq!(status, 400);
    assert!(message.starts_with("simulator: the marker "));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_at_once() {
    let simulator = std::sync::Arc::new(Simulator::start().await);
    let streams: Vec<_> = (0..50)
        .map(|n| {
            let simulator = std::sync::Arc::clone(&simulator);
            tokio::spawn(async move {
                let reply = simulator.stream(&ask(&format!("Count to {}", 100 + n))).await;
                reply.events().len()
            })
        })
        .collect();
    for (n, stream) in streams.into_iter().enumerate() {
        assert_eq!(stream.await.unwrap(), 100 + n + 5);
    }
}
