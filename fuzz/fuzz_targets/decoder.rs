//! The event stream's decoder: in one piece and in pieces, and what it gives out against AWS's own decoder.

#![no_main]

mod cuts;
mod repair;

use aws_smithy_eventstream::frame::read_message_from;
use bedrock_messages::aws::event_stream::{Decoder, Error, HeaderValue};
use cuts::Cuts;
use libfuzzer_sys::fuzz_target;

const CAP: usize = 4096;

#[derive(Debug, PartialEq)]
struct Owned {
    /// Name, and `Debug` of the value.
    headers: Vec<(String, String)>,
    payload: Vec<u8>,
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Owned>, Result<(), Error>) {
    let mut decoder = Decoder::new(CAP);
    let mut messages = Vec::new();
    for piece in pieces {
        let fed = decoder.feed(piece, |message| {
            let headers: Vec<_> = message.headers().collect();
            for (name, value) in &headers {
                let text = if let HeaderValue::String(text) = *value { Some(text) } else { None };
                assert_eq!(message.string(name), text);
            }
            let headers = headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
            messages.push(Owned { headers, payload: message.payload.to_vec() });
            Ok::<_, Error>(())
        });
        if fed.is_err() {
            assert_eq!(decoder.feed(b"", |_| Ok::<_, Error>(())), fed);
            assert_eq!(decoder.finish(), fed);
            return (messages, fed);
        }
    }
    (messages, decoder.finish())
}

fuzz_target!(|input: &[u8]| {
    let Some((mode, rest)) = input.split_first() else { return };
    let Some(cuts) = Cuts::read(rest) else { return };
    let mut stream = cuts.text.to_vec();
    match mode % 3 {
        0 => {}
        1 => repair::repair(&mut stream, false),
        _ => repair::repair(&mut stream, true),
    }
    let whole = decode([stream.as_slice()]);
    assert_eq!(whole, decode(cuts.pieces(&stream)));

    let (messages, end) = whole;
    let mut rest = stream.as_slice();
    for ours in &messages {
        let total = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let (frame, behind) = rest.split_at(total);
        let theirs = read_message_from(frame).expect("AWS's decoder takes what ours takes");
        assert_eq!(theirs.payload().as_ref(), ours.payload);
        let names = theirs.headers().iter().map(|header| header.name().as_str());
        assert!(names.eq(ours.headers.iter().map(|(name, _)| name.as_str())));
        rest = behind;
    }
    // A complete stream leaves nothing over.
    assert!(end.is_err() || rest.is_empty());
});
