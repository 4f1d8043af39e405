//! Writes server-sent events the way Anthropic's API does.

/// Appends `event: <name>` and `data: <data>` as one event. Neither may contain a line break (WHATWG HTML §9.2.5).
pub fn event(out: &mut Vec<u8>, name: &[u8], data: &[u8]) {
    for part in [b"event: ", name, b"\ndata: ", data, b"\n\n"] {
        out.extend_from_slice(part);
    }
}
