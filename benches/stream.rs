//! What an event costs on its way from Bedrock's event stream to SSE.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_messages::aws::event_stream::{self, Decoder};
use bedrock_messages::bedrock::stream::Transcoder;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

/// Messages in one buffer; all are alike.
const EVENTS: usize = 500;
const MAX_MESSAGE_BYTES: usize = 16 << 20;

fn main() {
    divan::main();
}

/// Text deltas of 60 bytes.
#[allow(clippy::unwrap_used, reason = "no input from outside")]
fn stream() -> Vec<u8> {
    let text = "The quick brown fox jumps over the lazy dog, then it rests. ";
    let event =
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#);
    let payload = format!(r#"{{"bytes":"{}","p":"abcdefghijklmnopqrstuvwxyz"}}"#, STANDARD.encode(event));
    let header = |name, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new(payload)
        .add_header(header(":event-type", "chunk"))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", "event"));
    let mut out = Vec::new();
    for _ in 0..EVENTS {
        write_message_to(&message, &mut out).unwrap();
    }
    out
}

/// The time of an item is that of an event.
#[divan::bench]
fn transcode(bencher: Bencher<'_, '_>) {
    let stream = stream();
    let mut out = Vec::with_capacity(stream.len());
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(stream.len())).bench_local(|| {
        out.clear();
        Transcoder::new(MAX_MESSAGE_BYTES).feed(black_box(&stream), &mut out)
    });
}

#[divan::bench]
fn transcode_in_pieces_of_1000_bytes(bencher: Bencher<'_, '_>) {
    let stream = stream();
    let mut out = Vec::with_capacity(stream.len());
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(stream.len())).bench_local(|| {
        let mut transcoder = Transcoder::new(MAX_MESSAGE_BYTES);
        out.clear();
        black_box(&stream).chunks(1000).try_for_each(|piece| transcoder.feed(piece, &mut out))
    });
}

#[divan::bench]
fn decode_only(bencher: Bencher<'_, '_>) {
    let stream = stream();
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(stream.len())).bench_local(|| {
        Decoder::new(MAX_MESSAGE_BYTES).feed(black_box(&stream), |message| {
            black_box(message);
            Ok::<_, event_stream::Error>(())
        })
    });
}
