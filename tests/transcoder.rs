//! Bedrock's stream to SSE: bytes in, bytes out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod frames;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_messages::aws::event_stream::{self, HeaderError};
use bedrock_messages::bedrock::stream::{Failure, InvocationMetrics, Transcoder};
use frames::{frame, frame_announcing, frame_with_raw_headers};
use proptest::prelude::*;

const CAP: usize = 1 << 20;
const STOP: &str = r#"{"type":"message_stop"}"#;
const STOP_SSE: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

fn chunk_of_payload(payload: &[u8]) -> Vec<u8> {
    frame(&[(":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")], payload)
}

fn chunk(event: impl AsRef<[u8]>) -> Vec<u8> {
    chunk_of_payload(format!(r#"{{"bytes":"{}","p":"abcdef"}}"#, STANDARD.encode(event)).as_bytes())
}

fn exception(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":exception-type", name), (":content-type", "application/json"), (":message-type", "exception")];
    frame(&headers, payload.as_bytes())
}

fn failure(name: &str, message: &str, original_status: Option<u16>) -> Failure {
    Failure::Exception { name: name.to_owned(), message: message.to_owned(), original_status }
}

fn sse(name: &str, event: &str) -> String {
    format!("event: {name}\ndata: {event}\n\n")
}

/// What is written, how it ends, and the transcoder after that.
fn transcode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (String, Result<(), Failure>, Transcoder) {
    let mut transcoder = Transcoder::new(CAP);
    let mut out = Vec::new();
    let mut end = Ok(());
    for piece in pieces {
        let before = out.len();
        let fed = transcoder.feed(piece, &mut out);
        if end.is_err() {
            assert_eq!((&fed, out.len()), (&Ok(()), before), "a failure is told once, and is the end");
        } else {
            end = fed;
        }
    }
    let finished = transcoder.finish();
    assert_eq!(transcoder.finish(), Ok(()));
    if end.is_ok() {
        end = finished;
    }
    assert_eq!(transcoder.started(), !out.is_empty());
    assert_eq!(transcoder.finished(), end.is_ok());
    (String::from_utf8(out).unwrap(), end, transcoder)
}

/// The same for the whole stream, which must not differ for any cut into equal pieces.
fn run(stream: &[u8]) -> (String, Result<(), Failure>) {
    let (out, end, whole) = transcode([stream]);
    for size in [1, 2, 7, 12, 100] {
        let (cut_out, cut_end, cut) = transcode(stream.chunks(size));
        assert_eq!((&cut_out, &cut_end, cut.metrics()), (&out, &end, whole.metrics()), "pieces of {size}");
    }
    (out, end)
}

/// One event, as written.
fn event(json: impl AsRef<[u8]>) -> String {
    let (out, end) = run(&chunk(json));
    assert!(matches!(end, Ok(()) | Err(Failure::Truncated)), "{end:?}");
    out
}

fn metrics_of(event: &str) -> (String, Option<InvocationMetrics>) {
    let (out, _, transcoder) = transcode([chunk(event).as_slice()]);
    (out, transcoder.metrics().copied())
}

#[test]
fn an_answer() {
    let events = [
        ("message_start", r#"{"type":"message_start","message":{"id":"msg_1","type":"message","content":[]}}"#),
        ("ping", r#"{"type": "ping"}"#),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"é\n\u0000 漢"}}"#,
        ),
        ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
        ("some_future_event", r#"{"type":"some_future_event","type2":1}"#),
        ("message_delta", r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#),
        ("message_stop", STOP),
    ];
    let stream: Vec<u8> = events.iter().flat_map(|(_, event)| chunk(event)).collect();
    let expected: String = events.iter().map(|(name, event)| sse(name, event)).collect();
    assert_eq!(run(&stream), (expected, Ok(())));
}

#[test]
fn recorded_messages() {
    let stop = hex::decode(concat!(
        "000000940000004ba0aac6a10b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e742d747970650700106170706c6963",
        "6174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b226279746573223a2265794a306558426c496a6f6962",
        "57567a6332466e5a56397a64473977496e303d222c2270223a22616263646566227dcb26c508"
    ));
    let throttled = hex::decode(concat!(
        "000000b2000000613590d5d30f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e",
        "74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507000965786365707469",
        "6f6e7b226d657373616765223a22546f6f206d616e792072657175657374732c20706c656173652077616974206265666f72652074",
        "7279696e6720616761696e2e227de8ffb26a"
    ));
    assert_eq!(run(&stop.unwrap()), (STOP_SSE.to_owned(), Ok(())));
    let message = "Too many requests, please wait before trying again.";
    assert_eq!(run(&throttled.unwrap()), (String::new(), Err(failure("throttlingException", message, None))));
}

#[test]
fn chunk_payloads_of_every_shape() {
    let bytes = STANDARD.encode(r#"{"type":"ping","x":"???>>>"}"#);
    assert!(bytes.contains('/'));
    let escaped = bytes.replace('/', r"\/").replacen('e', r"\u0065", 1);
    for payload in [
        format!(r#"{{"bytes":"{bytes}"}}"#),
        format!(r#"{{"bytes":"{escaped}","p":"a"}}"#),
        format!(r#"{{"p":"a\"b","bytes":"{bytes}"}}"#),
        format!(r#" {{ "bytes" : "{bytes}" , "p" : "a" }} "#),
        format!(r#"{{"b\u0079tes":"{bytes}"}}"#),
        format!(r#"{{"z":{{"bytes":"AAAA"}},"n":[1,{{}}],"bytes":"{bytes}","p":null}}"#),
        format!(r#"{{"z":{}{},"bytes":"{bytes}"}}"#, "[".repeat(1000), "]".repeat(1000)),
    ] {
        let (out, _) = run(&chunk_of_payload(payload.as_bytes()));
        assert_eq!(out, sse("ping", r#"{"type":"ping","x":"???>>>"}"#), "{payload:.100}");
    }
}

#[test]
fn what_is_no_chunk() {
    for payload in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"p":"abc"}"#,
        r#"{"bytes":null}"#,
        r#"{"bytes":["e30="]}"#,
        r#"{"bytes":"e30"#,
        r#"{"bytes":"e30=""#,
        r#"{"bytes":"e30=","p":"#,
        r#"{"bytes":"e30=","bytes":"e30="} x"#,
        r#"{"bytes":"e30"}"#,
        r#"{"bytes":"e3!="}"#,
        r#"{"bytes":"e30=\n"}"#,
        r#"{"bytes":""}"#,
        "{\"bytes\":\"\u{e9}\"}",
    ] {
        let stream = [chunk(r#"{"type":"ping"}"#), chunk_of_payload(payload.as_bytes()), chunk(STOP)].concat();
        let (out, end) = run(&stream);
        assert_eq!(out, sse("ping", r#"{"type":"ping"}"#), "{payload}");
        assert!(matches!(end, Err(Failure::Undecodable(_))), "{payload}: {end:?}");
    }
}

#[test]
fn the_type_wherever_it_stands() {
    let cap = "n".repeat(64);
    for (name, json) in [
        ("ping", r#"{ "type" : "ping" }"#.to_owned()),
        ("ping", r#"{"index":0,"type":"ping"}"#.to_owned()),
        ("ping", r#"{"delta":{"type":"text_delta"},"a":["type"],"s":"\"type\":\"no\"","type":"ping"}"#.to_owned()),
        ("ping", r#"{"ty\u0070e":"p\u0069ng"}"#.to_owned()),
        ("Content-Block.9", r#"{"type":"Content-Block.9"}"#.to_owned()),
        ("été", r#"{"type":"été"}"#.to_owned()),
        ("a\"b", r#"{"type":"a\"b"}"#.to_owned()),
        (&cap, format!(r#"{{"type":"{cap}"}}"#)),
        ("ping", format!(r#"{{"a":{}{},"type":"ping"}}"#, "[".repeat(1000), "]".repeat(1000))),
    ] {
        assert_eq!(event(&json), sse(name, &json));
    }
}

#[test]
fn events_without_a_type_that_is_a_name() {
    let long = format!(r#"{{"type":"{}"}}"#, "n".repeat(65));
    for json in [
        "{}",
        "[]",
        "null",
        "",
        "x",
        r#"{"Type":"ping"}"#,
        r#"{"type":null}"#,
        r#"{"type":1}"#,
        r#"{"a":{"type":"ping"}}"#,
        r#"{"type":"ping\n\ndata: forged"}"#,
        r#"{"type":"\u0000"}"#,
        r#"{"type":"a\u0085b"}"#,
        "{\"type\":\"a\x7fb\"}",
        r#"{"a":1,"type":"ping""#,
        &long,
    ] {
        let (out, end) = run(&chunk(json));
        assert_eq!(out, "", "{json}");
        assert!(matches!(end, Err(Failure::Undecodable(_))), "{json}: {end:?}");
    }
}

#[test]
fn raw_line_breaks_become_spaces() {
    assert_eq!(event("{\"type\":\"ping\",\r\n\n\t\"a\":1\r}\n"), sse("ping", "{\"type\":\"ping\",   \t\"a\":1 } "));
    assert_eq!(event("{\n\"type\":\"ping\"}"), sse("ping", "{ \"type\":\"ping\"}"));
}

#[test]
fn invocation_metrics_are_taken_out() {
    let metrics = concat!(
        r#""amazon-bedrock-invocationMetrics":{"inputTokenCount":8,"outputTokenCount":9,"invocationLatency":1200,"#,
        r#""firstByteLatency":300,"cacheReadInputTokenCount":5,"cacheWriteInputTokenCount":6}"#
    );
    let expected = InvocationMetrics {
        input_tokens: Some(8),
        output_tokens: Some(9),
        cache_read_input_tokens: Some(5),
        cache_write_input_tokens: Some(6),
        invocation_latency: Some(1200),
        first_byte_latency: Some(300),
    };
    for (json, kept) in [
        (r#"{"type":"message_stop",METRICS}"#, r#"{"type":"message_stop"}"#),
        (r#"{METRICS,"type":"message_stop"}"#, r#"{"type":"message_stop"}"#),
        (r#"{"type":"message_stop",METRICS,"b":[1, 2]}"#, r#"{"type":"message_stop","b":[1, 2]}"#),
        (r#"{"a":{ },METRICS,"type":"ping"}"#, r#"{"a":{ },"type":"ping"}"#),
        (r#" { "type" : "ping" , METRICS } "#, r#" { "type" : "ping"   } "#),
        (r#"{  METRICS , "type":"ping"}"#, r#"{    "type":"ping"}"#),
    ] {
        let name = if kept.contains("ping") { "ping" } else { "message_stop" };
        let json = json.replace("METRICS", metrics);
        assert_eq!(metrics_of(&json), (sse(name, kept), Some(expected)), "{json}");
        let spaced = json.replace("Metrics\":{", "Metrics\" : { ");
        assert_eq!(metrics_of(&spaced), (sse(name, kept), Some(expected)), "{spaced}");
    }
}

#[test]
fn figures_that_are_none() {
    let some = |input| Some(InvocationMetrics { input_tokens: input, ..InvocationMetrics::default() });
    for (value, expected) in [
        ("{}", some(None)),
        ("null", some(None)),
        ("[1]", some(None)),
        (r#"{"inputTokenCount":1.5}"#, some(None)),
        (r#"{"inputTokenCount":-1}"#, some(None)),
        (r#"{"inputTokenCount":"8"}"#, some(None)),
        (r#"{"outputTokenCount":null,"inputTokenCount":8,"later":{"x":[]}}"#, some(Some(8))),
    ] {
        let json = format!(r#"{{"type":"message_stop","amazon-bedrock-invocationMetrics":{value}}}"#);
        assert_eq!(metrics_of(&json), (STOP_SSE.to_owned(), expected), "{value}");
    }
    assert_eq!(metrics_of(STOP), (STOP_SSE.to_owned(), None));
}

#[test]
fn what_only_looks_like_metrics_is_kept() {
    for json in [
        r#"{"type":"ping","a":{"amazon-bedrock-invocationMetrics":{"inputTokenCount":8}}}"#,
        r#"{"type":"ping","text":"\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":8}"}"#,
        r#"{"type":"ping","a":"amazon-bedrock-invocationMetrics"}"#,
        r#"{"type":"ping","amazon-bedrock-invocationMetrics2":{"inputTokenCount":8}}"#,
    ] {
        assert_eq!(metrics_of(json), (sse("ping", json), None));
    }
}

#[test]
fn exceptions() {
    for (payload, message, status) in [
        (r#"{"message":"Slow down."}"#, "Slow down.", None),
        (r#"{"Message":"Slow down."}"#, "Slow down.", None),
        (r#"{"message":"a","originalMessage":"b","originalStatusCode":424}"#, "a", Some(424)),
        (r#"{"originalMessage":"b","originalStatusCode":424}"#, "b", Some(424)),
        (r#"{"message":"","Message":null,"originalMessage":"b","originalStatusCode":70000}"#, "b", None),
        (r#"{"message":1,"originalStatusCode":"424"}"#, "", None),
        ("{}", "", None),
        ("", "", None),
        ("no json", "", None),
    ] {
        let stream = exception("modelStreamErrorException", payload);
        let expected = failure("modelStreamErrorException", message, status);
        assert_eq!(run(&stream), (String::new(), Err(expected)), "{payload}");
    }
}

#[test]
fn an_exception_inside_a_content_block_ends_the_stream() {
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half a sen"}}"#;
    let failed = exception("internalServerException", r#"{"message":"Try again."}"#);
    let stream = [chunk(delta), failed, chunk(STOP)].concat();
    let expected = (sse("content_block_delta", delta), Err(failure("internalServerException", "Try again.", None)));
    assert_eq!(run(&stream), expected);
}

#[test]
fn error_messages() {
    let stream = frame(
        &[(":message-type", "error"), (":error-code", "InternalError"), (":error-message", "An internal error.")],
        b"",
    );
    assert_eq!(run(&stream), (String::new(), Err(failure("InternalError", "An internal error.", None))));
    let bare = frame(&[(":message-type", "error")], b"");
    assert_eq!(run(&bare), (String::new(), Err(failure("", "", None))));
}

#[test]
fn messages_of_other_kinds_are_skipped() {
    let stream = [
        frame(&[], b""),
        frame(&[(":event-type", "chunk")], b"{}"),
        frame(&[(":message-type", "event")], b"{}"),
        frame(&[(":message-type", "event"), (":event-type", "metadata")], b"{}"),
        frame(&[(":message-type", "later"), (":event-type", "chunk")], b"{}"),
        frame_with_raw_headers(b"\x0d:message-type\0", b"{}"),
        chunk(STOP),
    ];
    assert_eq!(run(&stream.concat()), (STOP_SSE.to_owned(), Ok(())));
}

#[test]
fn headers_in_another_order() {
    let payload = format!(r#"{{"bytes":"{}"}}"#, STANDARD.encode(STOP));
    let stream = frame(&[(":message-type", "event"), ("new", "x"), (":event-type", "chunk")], payload.as_bytes());
    assert_eq!(run(&stream), (STOP_SSE.to_owned(), Ok(())));
}

#[test]
fn what_follows_message_stop_is_swallowed() {
    let tails =
        [chunk(r#"{"type":"ping"}"#), exception("throttlingException", "{}"), vec![0; 40], chunk(STOP)[..9].to_vec()];
    for tail in tails {
        assert_eq!(run(&[chunk(STOP), tail].concat()), (STOP_SSE.to_owned(), Ok(())));
    }
}

#[test]
fn a_stream_without_its_end() {
    assert_eq!(run(b""), (String::new(), Err(Failure::Truncated)));
    let ping = chunk(r#"{"type":"ping"}"#);
    assert_eq!(run(&ping).1, Err(Failure::Truncated));
    let stop = chunk(STOP);
    for cut in 1..stop.len() {
        assert_eq!(run(&stop[..cut]), (String::new(), Err(Failure::Truncated)));
    }
}

#[test]
fn a_corrupt_stream() {
    let mut stream = [chunk(r#"{"type":"ping"}"#), chunk(STOP)].concat();
    let last = stream.len() - 1;
    stream[last] ^= 1;
    let (out, end) = run(&stream);
    assert_eq!(out, sse("ping", r#"{"type":"ping"}"#));
    assert!(matches!(end, Err(Failure::Corrupt(event_stream::Error::MessageChecksum { .. }))));

    let cases = [
        (frame_announcing(15, 0, b""), event_stream::Error::Lengths { total: 15, headers: 0 }),
        (frame_announcing(2 << 20, 0, b""), event_stream::Error::TooLarge { total: 2 << 20, cap: CAP }),
        (frame_with_raw_headers(b"\0", b""), event_stream::Error::Headers(HeaderError::EmptyName)),
    ];
    for (stream, error) in cases {
        assert_eq!(run(&stream), (String::new(), Err(Failure::Corrupt(error))));
    }
}

#[test]
fn failures_are_told_without_what_a_client_sent() {
    for (failure, text) in [
        (failure("throttlingException", "secret", None), "bedrock reports throttlingException"),
        (Failure::Corrupt(event_stream::Error::Truncated), "corrupt event stream: the stream ended inside a message"),
        (Failure::Truncated, "the stream ended before message_stop"),
    ] {
        assert_eq!(failure.to_string(), text);
    }
}

/// JSON values with white space anywhere it may be, but no line breaks.
fn json() -> impl Strategy<Value = String> {
    let space = "[ \t]{0,2}";
    let string = r#""([a-z :,{}\[\]é漢]|\\["\\/bfnrt]|\\u00[0-7][0-9a-f]){0,12}""#;
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,5}(\\.[0-9]+)?(e-?[0-9])?",
        string
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let members = prop::collection::vec((space, string, space, inner.clone(), space), 0..5);
        prop_oneof![
            prop::collection::vec((space, inner, space), 0..5).prop_map(|items| format!(
                "[{}]",
                items.iter().map(|(a, b, c)| format!("{a}{b}{c}")).collect::<Vec<_>>().join(",")
            )),
            members.prop_map(|members| format!(
                "{{{}}}",
                members.iter().map(|(a, b, c, d, e)| format!("{a}{b}{c}:{d}{e}")).collect::<Vec<_>>().join(",")
            )),
        ]
    })
}

fn cut<'a>(mut stream: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        let (piece, rest) = stream.split_at(stream.len().min(*size));
        pieces.push(piece);
        stream = rest;
        if stream.is_empty() {
            break;
        }
    }
    pieces
}

proptest! {
    #[test]
    fn json_is_kept_byte_for_byte_and_metrics_leave_no_trace(
        before in prop::collection::vec(json(), 0..3),
        after in prop::collection::vec(json(), 0..3),
        metrics in prop::option::of(json()),
        sizes in prop::collection::vec(1_usize..200, 1..9),
    ) {
        let members = |at: &str, values: &[String]| -> Vec<String> {
            values.iter().enumerate().map(|(n, value)| format!(r#" "{at}{n}" :{value}"#)).collect()
        };
        let mut all = members("before", &before);
        all.push(r#""type":"ping""#.to_owned());
        let with_metrics = metrics.iter().map(|value| format!(r#""amazon-bedrock-invocationMetrics": {value}"#));
        let after = members("after", &after);
        let sent = [all.clone(), with_metrics.collect(), after.clone()].concat().join(",");
        let kept = [all, after].concat().join(",");

        let stream = [chunk(format!("{{{sent}}}")), chunk(STOP)].concat();
        let (out, end, transcoder) = transcode(cut(&stream, &sizes));
        prop_assert_eq!(out, sse("ping", &format!("{{{kept}}}")) + STOP_SSE);
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(transcoder.metrics().is_some(), metrics.is_some());
    }

    #[test]
    fn corruption_never_panics_and_ends_alike_however_it_is_cut(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        sizes in prop::collection::vec(1_usize..200, 1..9),
    ) {
        let metrics = r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":8}}"#;
        let mut stream = [chunk(r#"{"type":"ping"}"#), chunk(r#"{"a":1,"type":"ping"}"#), chunk(metrics)].concat();
        for (at, byte) in changes {
            let at = at.index(stream.len());
            stream[at] = byte;
        }
        let (out, end, _) = transcode([stream.as_slice()]);
        let (cut_out, cut_end, _) = transcode(cut(&stream, &sizes));
        prop_assert_eq!((cut_out, cut_end), (out, end));
    }

    /// Behind right checksums, so that every byte reaches the parsers.
    #[test]
    fn damaged_payloads_never_panic(
        which in 0_usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(br#"{}[]",:\ abtype0"#.to_vec())), 1..5),
    ) {
        let inner = br#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":8}}"#.to_vec();
        let mut inner = if which == 0 { br#"{"amazon-bedrock-invocationMetrics":{"a":[]},"type":"ping"}"#.to_vec() } else { inner };
        let mut payload = format!(r#"{{"bytes":"{}","p":"abc"}}"#, STANDARD.encode(&inner)).into_bytes();
        let damaged = if which < 2 { &mut inner } else { &mut payload };
        for (at, byte) in changes {
            let at = at.index(damaged.len());
            damaged[at] = byte;
        }
        let stream = if which < 2 { chunk(&inner) } else { chunk_of_payload(&payload) };
        let mut out = Vec::new();
        let _ = Transcoder::new(CAP).feed(&stream, &mut out);
        let lines = out.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
        prop_assert!(lines == 0 || lines == 3, "one event at most, and no line break in it");
    }
}
