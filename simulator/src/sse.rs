//! Events as the native API streams them.

use std::time::Duration;

use crate::errors::NativeError;

/// The longest silence before a `ping`.
pub const PING_EVERY: Duration = Duration::from_secs(2);

/// One event, of a JSON text in one line that begins with its `type`: that is the event's name.
pub fn event(data: &str) -> Vec<u8> {
    let name = data.strip_prefix(r#"{"type":""#).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}

/// What shows that the connection lives.
pub fn ping() -> Vec<u8> {
    b"event: ping\ndata: {\"type\": \"ping\"}\n\n".to_vec()
}

/// What ends a stream that fails.
pub fn error(error: &NativeError) -> Vec<u8> {
    event(&serde_json::to_string(&error.envelope(None)).unwrap_or_default())
}

/// An event that a client of today does not know.
pub fn unknown() -> Vec<u8> {
    event(r#"{"type":"future_event","future":true}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_type() {
        for (written, expected) in [
            (event(r#"{"type":"message_stop"}"#), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
            (unknown(), "event: future_event\ndata: {\"type\":\"future_event\",\"future\":true}\n\n"),
        ] {
            assert_eq!(String::from_utf8(written).expect("text"), expected);
        }
    }
}
