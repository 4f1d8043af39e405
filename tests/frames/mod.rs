//! Builds messages of the event stream, well-formed or not.

#![allow(dead_code, reason = "each file of tests needs its part")]

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};

/// A message as AWS's own library writes it.
pub fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut message = Message::new(payload.to_vec());
    for (name, value) in headers {
        let value = HeaderValue::String(value.to_string().into());
        message = message.add_header(Header::new(name.to_string(), value));
    }
    let mut out = Vec::new();
    write_message_to(&message, &mut out).unwrap();
    out
}

/// A message with right lengths and checksums around whatever `headers` are.
pub fn frame_with_raw_headers(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    frame_announcing((16 + headers.len() + payload.len()) as u32, headers.len() as u32, &[headers, payload].concat())
}

/// A message with right checksums and any lengths.
pub fn frame_announcing(total: u32, headers: u32, content: &[u8]) -> Vec<u8> {
    let mut out = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(content);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}
