//! Bedrock's stream to SSE: the same for every cut, whole events only, the events as they were sent.

#![no_main]

mod cuts;
mod members;
mod repair;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_messages::bedrock::stream::{Failure, InvocationMetrics, Transcoder};
use bedrock_messages::config::Config;
use bedrock_messages::exchange::{Access, Begin, Body, Finish, Headers, Origin, Response, Signers, begin};
use cuts::Cuts;
use libfuzzer_sys::fuzz_target;
use members::Members;
use serde_json::Value;
use std::rc::Rc;

const CAP: usize = 4096;
const METRICS: &str = "amazon-bedrock-invocationMetrics";

type Outcome = (Vec<u8>, Result<(), Failure>, Option<InvocationMetrics>);

fn transcode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut transcoder = Transcoder::new(CAP);
    let (mut out, mut end) = (Vec::new(), Ok(()));
    for piece in pieces {
        let before = out.len();
        let fed = transcoder.feed(piece, &mut out);
        if end.is_err() {
            assert_eq!((&fed, out.len()), (&Ok(()), before), "a failure is told once");
        } else {
            end = fed;
        }
    }
    let finished = transcoder.finish();
    let end = end.and(finished);
    assert_eq!(transcoder.finish(), Ok(()));
    assert_eq!(transcoder.finished(), end.is_ok());
    assert_eq!(transcoder.started(), !out.is_empty());
    (out, end, transcoder.metrics().copied())
}

fn response() -> Response {
    thread_local! {
        static CONFIG: Rc<Config> = Rc::new(
            Config::parse(
                br#"{"region":"us-east-1","credentials":{"type":"apiKey","value":"k"},"limits":{"frameBytes":4096}}"#,
                &|_| None,
            )
            .unwrap(),
        );
    }
    let headers = |lines: &[(&'static str, &'static str)]| {
        Headers(lines.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect())
    };
    let head = headers(&[(":method", "POST"), (":path", "/v1/messages")]);
    let Begin::Take(mut request) = CONFIG.with(|config| begin(config, &head)) else { panic!() };
    request.body(br#"{"model":"m","stream":true}"#).unwrap();
    let Ok(Finish::Send(_, mut response)) = request.finish(Access::External, &mut Signers::new("us-east-1"), 0) else {
        panic!()
    };
    let head = headers(&[(":status", "200"), ("content-type", "application/vnd.amazon.eventstream")]);
    response.head(&head, Origin::Bedrock, false);
    response
}

/// What the client gets of a stream whose headers have gone.
fn respond<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut response, mut out) = (response(), Vec::new());
    for piece in pieces {
        assert!(matches!(response.body(piece, false, false, &mut out), Body::Replaced | Body::Failed(_)));
    }
    assert!(matches!(response.body(b"", true, false, &mut out), Body::Replaced | Body::Failed(_)));
    assert!(!response.is_unfinished());
    out
}

/// Names and data of the events.
fn events(sse: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut events = Vec::new();
    let mut lines = sse.split(|byte| *byte == b'\n');
    loop {
        match lines.next() {
            Some(b"") if lines.next().is_none() => return events,
            Some(line) => {
                let name = line.strip_prefix(b"event: ").expect("an event begins with its name");
                let data = lines.next().and_then(|line| line.strip_prefix(b"data: ")).expect("data follows");
                assert_eq!(lines.next(), Some(&b""[..]), "an empty line ends the event");
                assert!(!name.contains(&b'\r') && !data.contains(&b'\r'));
                events.push((name, data));
            }
            None => panic!("the last event has no end"),
        }
    }
}

/// A stream out of parts that 0xFF ends; the first byte of a part says what it is.
fn build<'a>(script: &'a [u8], sent: &mut Vec<Option<&'a [u8]>>) -> Vec<u8> {
    let mut stream = Vec::new();
    for part in script.split(|byte| *byte == 0xFF) {
        let Some((kind, content)) = part.split_first() else { continue };
        let (name, payload) = match content.iter().position(|byte| *byte == b'|') {
            Some(at) => (&content[..at], &content[at + 1..]),
            None => (&b"throttlingException"[..], content),
        };
        stream.extend(match kind {
            b'c' => {
                sent.push(Some(content));
                let payload = format!(r#"{{"bytes":"{}","p":"abc"}}"#, STANDARD.encode(content));
                repair::message(&[(":event-type", b"chunk"), (":message-type", b"event")], payload.as_bytes())
            }
            b'p' => {
                sent.push(None);
                repair::message(&[(":event-type", b"chunk"), (":message-type", b"event")], content)
            }
            b'x' => repair::message(&[(":exception-type", name), (":message-type", b"exception")], payload),
            b'e' => {
                let headers = [(":error-code", name), (":error-message", payload), (":message-type", b"error")];
                repair::message(&headers, b"")
            }
            _ => repair::message(&[(":event-type", name), (":message-type", b"event")], payload),
        });
    }
    stream
}

/// Whether the data of an event is what was sent: but for line breaks, or else but for the metrics.
fn is_same(sent: &[u8], data: &[u8]) -> bool {
    let spaced: Vec<u8> = sent.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }).collect();
    let is_metrics = |(name, _): &(String, &str)| name == METRICS;
    if data == spaced {
        // Spelled with an escape it is nothing that Bedrock adds.
        let members = serde_json::from_slice(data).map(|Members(members)| members).unwrap_or_default();
        return !members.iter().any(is_metrics) || data.contains(&b'\\');
    }
    // What is no UTF-8, or has lone surrogates in a name, cannot be compared.
    let Ok(Members(mut before)) = serde_json::from_slice(&spaced) else { return true };
    let Ok(Members(after)) = serde_json::from_slice(data) else { return false };
    let count = before.len();
    before.retain(|member| !is_metrics(member));
    before == after && count == after.len() + 1
}

fuzz_target!(|input: &[u8]| {
    let Some((mode, rest)) = input.split_first() else { return };
    let Some(cuts) = Cuts::read(rest) else { return };
    let mut sent = Vec::new();
    let stream = if mode % 2 == 0 {
        build(cuts.text, &mut sent)
    } else {
        let mut stream = cuts.text.to_vec();
        repair::repair(&mut stream, true);
        stream
    };

    let whole = transcode([stream.as_slice()]);
    assert_eq!(whole, transcode(cuts.pieces(&stream)));
    let (out, end, _) = whole;
    let written = events(&out);
    for (sent, (_, data)) in sent.iter().zip(&written) {
        assert!(sent.is_none_or(|sent| is_same(sent, data)), "another event than was sent");
    }

    // The client gets just this, and one event more when it failed.
    let answer = respond([stream.as_slice()]);
    assert_eq!(answer, respond(cuts.pieces(&stream)));
    let told = answer.strip_prefix(out.as_slice()).expect("the same events");
    match events(told).as_slice() {
        [] => assert_eq!(end, Ok(())),
        [(b"error", data)] => {
            let error: Value = serde_json::from_slice(data).expect("JSON");
            assert!(error["error"]["type"].is_string() && error["error"]["message"].is_string() && end.is_err());
        }
        other => panic!("{} events after the end", other.len()),
    }
});
