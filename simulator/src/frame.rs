//! Frames of the event stream, made by AWS's own encoder, and the ways to break one.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::errors::Refusal;

/// The bytes of the prelude that its CRC covers.
const LENGTHS: usize = 8;
/// The prelude, its CRC included.
const PRELUDE: usize = 12;

/// What padding is cut from.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A `chunk` around one event's JSON, with `padding` bytes (62 at most) in `p`.
pub fn chunk(event: &str, padding: usize) -> Vec<u8> {
    // Written by hand for the order of Bedrock: `bytes`, then `p`.
    let padding = PADDING.get(..padding.min(PADDING.len())).unwrap_or(PADDING);
    let payload = format!(r#"{{"bytes":"{}","p":"{padding}"}}"#, STANDARD.encode(event));
    event_frame("chunk", payload)
}

/// A frame of any event type.
pub fn event_frame(event_type: &str, payload: String) -> Vec<u8> {
    encode(
        &[(":event-type", event_type), (":content-type", "application/json"), (":message-type", "event")],
        payload.into_bytes(),
    )
}

/// An exception, which ends a stream.
pub fn exception(refusal: &Refusal) -> Vec<u8> {
    encode(
        &[
            (":exception-type", &refusal.stream_member()),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ],
        Value::Object(refusal.body()).to_string().into_bytes(),
    )
}

/// An unmodeled error, which ends a stream.
pub fn error() -> Vec<u8> {
    encode(
        &[
            (":error-code", "InternalFailure"),
            (":error-message", "The request processing has failed because of an unknown error."),
            (":message-type", "error"),
        ],
        Vec::new(),
    )
}

/// Two frames that a client of today does not know: an event type, and a chunk with an event's type.
pub fn unknown() -> Vec<u8> {
    let mut frames = event_frame("futureEvent", json!({ "future": true }).to_string());
    frames.extend(chunk(r#"{"type":"future_event","future":true}"#, 3));
    frames
}

fn encode(headers: &[(&str, &str)], payload: Vec<u8>) -> Vec<u8> {
    let headers = headers
        .iter()
        .map(|(name, value)| Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into())));
    let message = Message::new_from_parts(headers.collect(), payload);
    let mut frame = Vec::new();
    if let Err(error) = write_message_to(&message, &mut frame) {
        // Only headers or payloads beyond the format's limits can fail; no event comes near them.
        tracing::error!(%error, "a frame could not be encoded");
    }
    frame
}

/// Makes the message CRC wrong.
pub fn break_crc(frame: &mut [u8]) {
    if let Some(last) = frame.last_mut() {
        *last ^= 0xff;
    }
}

/// Makes the prelude CRC wrong; the message CRC, which covers it, stays right.
pub fn break_prelude(frame: &mut [u8]) {
    if let Some(byte) = frame.get_mut(LENGTHS) {
        *byte ^= 0xff;
        refresh_message_crc(frame);
    }
}

/// Announces another length; both CRCs are right.
pub fn announce_length(frame: &mut [u8], length: u32) {
    if let Some(announced) = frame.get_mut(..4) {
        announced.copy_from_slice(&length.to_be_bytes());
    }
    let crc = crc32fast::hash(frame.get(..LENGTHS).unwrap_or_default());
    if let Some(place) = frame.get_mut(LENGTHS..PRELUDE) {
        place.copy_from_slice(&crc.to_be_bytes());
    }
    refresh_message_crc(frame);
}

fn refresh_message_crc(frame: &mut [u8]) {
    if let Some((covered, place)) = frame.split_last_chunk_mut::<4>() {
        *place = crc32fast::hash(covered).to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_botocores() {
        assert_eq!(
            hex::encode(chunk(r#"{"type":"message_stop"}"#, 6)),
            "000000940000004ba0aac6a10b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e742d74797065070010\
             6170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b226279746573223a2265\
             794a306558426c496a6f696257567a6332466e5a56397a64473977496e303d222c2270223a22616263646566227dcb26c508"
                .replace(' ', "")
        );
        let throttling = Refusal::new("ThrottlingException", "Too many requests, please wait before trying again.");
        assert!(hex::encode(exception(&throttling)).ends_with("e8ffb26a"));
    }
}
