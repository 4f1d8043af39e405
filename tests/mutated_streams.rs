//! Ten thousand streams that went wrong on the way: each ends in `message_stop`, in one error event or in one reply, with
//! every whole event before it and nothing behind it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod edits;
mod exchange;
mod frames;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_messages::exchange::{Body, Head, Origin, Reply, Response};
use exchange::{EVENT_STREAM, ID, headers, line, response};
use frames::{frame, frame_announcing};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use serde_json::Value;

/// A frame of the stream, or what is left of it.
#[derive(Clone, Debug)]
struct Frame {
    bytes: Vec<u8>,
    meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    /// A chunk with this event.
    Event(String),
    /// What is to be skipped.
    Nothing,
    /// The stream fails here, at the latest when it ends.
    Failure,
    /// Its checksums are right and its lengths are not: it may pass for something.
    Anything,
}

fn chunk(event: &str) -> Frame {
    let payload = format!(r#"{{"bytes":"{}","p":"abcdef"}}"#, STANDARD.encode(event));
    let bytes = frame(&[(":event-type", "chunk"), (":message-type", "event")], payload.as_bytes());
    Frame { bytes, meaning: Meaning::Event(event.to_owned()) }
}

fn failing(headers: &[(&str, &str)], payload: &str) -> Frame {
    Frame { bytes: frame(headers, payload.as_bytes()), meaning: Meaning::Failure }
}

/// What may stand between the frames.
fn inserted(kind: u8) -> Frame {
    let event = [(":event-type", "chunk"), (":message-type", "event")];
    let exception = |name| failing(&[(":exception-type", name), (":message-type", "exception")], r#"{"message":"no"}"#);
    match kind {
        0 => exception("throttlingException"),
        1 => exception("modelStreamErrorException"),
        2 => exception("aNewException"),
        3 => failing(&[(":message-type", "error"), (":error-code", "InternalFailure")], ""),
        4 => failing(&event, r#"{"bytes":"no base64"}"#),
        5 => failing(&event, r#"{"bytes":"bm8ganNvbg=="}"#),
        6 => failing(&event, "{}"),
        7 => chunk(r#"{"type":"ping"}"#),
        8 => chunk(r#"{"type":"an_event_of_tomorrow","x":"é\\"}"#),
        _ => Frame {
            bytes: frame(&[(":event-type", "aNewMember"), (":message-type", "event")], b"{}"),
            meaning: Meaning::Nothing,
        },
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, Index, u8),
    Shorten(Index, Index),
    Drop(Index),
    Double(Index),
    Swap(Index, Index),
    Insert(Index, u8),
    /// The frame announces another length: with right checksums, or with that of the lengths alone.
    Length(Index, u32, bool),
    HeadersLength(Index, u32),
    Garbage(Index, Vec<u8>),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let length = prop_oneof![0..200_u32, 1_u32 << 20..1 << 25, Just(u32::MAX)];
    prop_oneof![
        (at(), at(), 1..=255_u8).prop_map(|(frame, byte, mask)| Mutation::Flip(frame, byte, mask)),
        (at(), at()).prop_map(|(frame, byte)| Mutation::Shorten(frame, byte)),
        at().prop_map(Mutation::Drop),
        at().prop_map(Mutation::Double),
        (at(), at()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        (at(), 0..10_u8).prop_map(|(frame, kind)| Mutation::Insert(frame, kind)),
        (at(), length, any::<bool>()).prop_map(|(frame, length, right)| Mutation::Length(frame, length, right)),
        (at(), 0..200_u32).prop_map(|(frame, length)| Mutation::HeadersLength(frame, length)),
        (at(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(frame, bytes)| Mutation::Garbage(frame, bytes)),
    ]
}

fn mutate(stream: &mut Vec<Frame>, mutation: &Mutation) {
    if stream.is_empty() {
        return;
    }
    let place = |index: &Index| index.index(stream.len());
    match mutation {
        Mutation::Drop(at) => drop(stream.remove(place(at))),
        Mutation::Double(at) => stream.insert(place(at), stream[place(at)].clone()),
        Mutation::Swap(one, other) => {
            let (one, other) = (place(one), place(other));
            stream.swap(one, other);
        }
        Mutation::Insert(at, kind) => stream.insert(place(at), inserted(*kind)),
        Mutation::Garbage(at, bytes) => {
            stream.insert(place(at), Frame { bytes: bytes.clone(), meaning: Meaning::Failure });
        }
        Mutation::Flip(at, ..)
        | Mutation::Shorten(at, _)
        | Mutation::Length(at, ..)
        | Mutation::HeadersLength(at, _) => {
            let at = place(at);
            damage(&mut stream[at], mutation);
        }
    }
}

/// Damages a frame that is whole; a second damage could mend it.
fn damage(frame: &mut Frame, mutation: &Mutation) {
    let Frame { bytes, meaning } = frame;
    if matches!(meaning, Meaning::Failure | Meaning::Anything) {
        return;
    }
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let (total, headers) = (number(0), number(4));
    if matches!(mutation, Mutation::Length(_, length, _) if *length == total)
        || matches!(mutation, Mutation::HeadersLength(_, length) if *length == headers)
    {
        return;
    }
    let content = bytes[12..bytes.len() - 4].to_vec();
    *meaning = Meaning::Failure;
    match mutation {
        Mutation::Flip(_, at, mask) => {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        Mutation::Shorten(_, at) => bytes.truncate(1 + at.index(bytes.len() - 1)),
        Mutation::Length(_, length, true) => {
            *bytes = frame_announcing(*length, headers, &content);
            *meaning = Meaning::Anything;
        }
        Mutation::Length(_, length, false) => {
            bytes[..4].copy_from_slice(&length.to_be_bytes());
            let checksum = crc32fast::hash(&bytes[..8]);
            bytes[8..12].copy_from_slice(&checksum.to_be_bytes());
        }
        Mutation::HeadersLength(_, length) => {
            *bytes = frame_announcing(total, *length, &content);
            *meaning = Meaning::Anything;
        }
        _ => {}
    }
}

/// How the upstream's body ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    WithTheLastPiece,
    ByItself,
    /// The connection breaks.
    Broken,
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![4 => Just(Ending::WithTheLastPiece), 4 => Just(Ending::ByItself), 1 => Just(Ending::Broken)]
}

fn answer(texts: &[String]) -> Vec<Frame> {
    let delta = |text: &String| {
        let text = Value::from(text.as_str());
        chunk(&format!(r#"{{"type":"content_block_delta","delta":{{"type":"text_delta","text":{text}}}}}"#))
    };
    let mut stream = vec![chunk(r#"{"type":"message_start"}"#), chunk(r#"{"type":"content_block_start","index":0}"#)];
    stream.extend(texts.iter().map(delta));
    let rest = [r#"{"type":"content_block_stop"}"#, r#"{"type":"message_delta"}"#, r#"{"type":"message_stop"}"#];
    stream.extend(rest.map(chunk));
    stream
}

/// What the client gets, and whether the stream counts as one that broke off.
struct Outcome {
    sse: String,
    reply: Option<Reply>,
    unfinished: bool,
}

fn play(bytes: &[u8], sizes: &[usize], ending: Ending) -> Outcome {
    let mut response: Response = response(true);
    let head = response.head(&headers(&[(":status", "200"), EVENT_STREAM, ID]), Origin::Bedrock, false);
    assert!(matches!(head, Head::HoldOnce(_)));
    let mut pieces = Vec::new();
    let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        pieces.push((piece, matches!(ending, Ending::WithTheLastPiece) && behind.is_empty()));
        rest = behind;
    }
    if matches!(ending, Ending::ByItself) || (pieces.is_empty() && matches!(ending, Ending::WithTheLastPiece)) {
        pieces.push((b"", true));
    }

    let (mut out, mut failures) = (Vec::new(), 0);
    for (number, (piece, end)) in pieces.into_iter().enumerate() {
        let before = out.len();
        match response.body(piece, end, number == 0, &mut out) {
            Body::Replaced => {}
            Body::Failed(kind) => {
                failures += 1;
                assert!(String::from_utf8_lossy(&out).contains(&format!(r#""error":{{"type":"{kind}""#)));
                // With the headers held and nothing sent it had to be a reply.
                assert!(
                    number > 0 || out[before..].starts_with(b"event: ") && !out[before..].starts_with(b"event: error")
                );
            }
            Body::Reply(reply) => {
                assert!(number == 0 && out.is_empty(), "a reply behind events");
                return Outcome { sse: String::new(), reply: Some(reply), unfinished: response.is_unfinished() };
            }
            other => panic!("{other:?}"),
        }
    }
    let sse = String::from_utf8(out).unwrap();
    assert_eq!(failures, sse.matches("event: error\n").count());
    Outcome { sse, reply: None, unfinished: response.is_unfinished() }
}

/// The events of a stream; each is whole, and says what it is.
fn events(sse: &str) -> Vec<(&str, &str)> {
    let parts = sse.split_inclusive("\n\n").map(|part| {
        let (name, data) =
            part.strip_suffix("\n\n").unwrap().strip_prefix("event: ").unwrap().split_once('\n').unwrap();
        let data = data.strip_prefix("data: ").unwrap();
        let event: Value = serde_json::from_str(data).unwrap();
        assert_eq!(event["type"], name);
        (name, data)
    });
    parts.collect()
}

fn check(stream: &[Frame], sizes: &[usize], ending: Ending) {
    let bytes: Vec<u8> = stream.iter().flat_map(|frame| frame.bytes.clone()).collect();
    let outcome = play(&bytes, sizes, ending);
    let seen = events(&outcome.sse);

    let mut expected = Vec::new();
    let mut last = None;
    for frame in stream {
        match &frame.meaning {
            Meaning::Nothing => {}
            Meaning::Event(event) => {
                expected.push(event.as_str());
                if event.contains("message_stop") {
                    last = Some(&frame.meaning);
                    break;
                }
            }
            other => {
                last = Some(other);
                break;
            }
        }
    }
    let broken = matches!(ending, Ending::Broken);
    let is_last = |name: &str| name == "message_stop" || name == "error";
    let terminals = seen.iter().filter(|(name, _)| is_last(name)).count() + usize::from(outcome.reply.is_some());
    if let Some(reply) = &outcome.reply {
        assert!(expected.is_empty() && reply.status >= 400);
        line(reply);
    } else {
        assert!(seen.iter().map(|(_, data)| *data).zip(&expected).all(|(seen, expected)| seen == *expected));
        assert!(seen.len() >= expected.len(), "{} of {} events", seen.len(), expected.len());
    }
    // Where a damaged frame announces more than there is, a stream that breaks off is still waiting for it.
    assert!(terminals == 1 || (terminals == 0 && broken), "{terminals} ends: {}", outcome.sse);
    assert!(seen.iter().rev().skip(1).all(|(name, _)| !is_last(name)), "something behind the end: {}", outcome.sse);
    assert_eq!(outcome.unfinished, terminals == 0);
    match last {
        Some(Meaning::Event(_)) => assert_eq!(seen.len(), expected.len()),
        Some(Meaning::Anything) => {}
        // An exception, a damage or an end too early: one error and nothing else.
        _ if terminals == 1 && outcome.reply.is_none() => {
            assert_eq!((seen.len(), seen.last().unwrap().0), (expected.len() + 1, "error"));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10_000,
        rng_seed: RngSeed::Fixed(20_261_122),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_stream_has_one_end(
        texts in prop::collection::vec("[a-z\"\\\\\n é🙂]{0,20}", 0..8),
        mutations in prop::collection::vec(mutation(), 0..4),
        sizes in prop::collection::vec(1..400_usize, 1..6),
        ending in ending(),
    ) {
        let mut stream = answer(&texts);
        mutations.iter().for_each(|mutation| mutate(&mut stream, mutation));
        check(&stream, &sizes, ending);
    }
}
