//! What an answer says of itself: its tokens, and why it ended. Read beside its way to the client, and never in its way: an
//! answer that cannot be read so is passed on all the same.

use super::error::ErrorType;
use super::sse::Lines;
use crate::json::{Drops, Editor, Paths, Taking};
use serde_json::Value;
use std::rc::Rc;

/// Tokens of an answer, as in `usage` (<https://docs.claude.com/en/api/messages>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Without those read from or written to the prompt cache.
    pub input: Option<u64>,
    /// Generated.
    pub output: Option<u64>,
    /// Read from the prompt cache.
    pub cache_read: Option<u64>,
    /// Written to the prompt cache.
    pub cache_write: Option<u64>,
}

impl Usage {
    /// All of them together, if any is known.
    pub fn total(&self) -> Option<u64> {
        [self.input, self.output, self.cache_read, self.cache_write].into_iter().flatten().reduce(u64::saturating_add)
    }

    /// Takes over what another one knows.
    pub fn update(&mut self, other: Usage) {
        self.input = other.input.or(self.input);
        self.output = other.output.or(self.output);
        self.cache_read = other.cache_read.or(self.cache_read);
        self.cache_write = other.cache_write.or(self.cache_write);
    }

    fn read(usage: &Value) -> Self {
        let figure = |name| usage.get(name).and_then(Value::as_u64);
        Self {
            input: figure("input_tokens"),
            output: figure("output_tokens"),
            cache_read: figure("cache_read_input_tokens"),
            cache_write: figure("cache_creation_input_tokens"),
        }
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Tokens.
    pub usage: Usage,
    /// `end_turn`, `tool_use` …
    pub stop_reason: Option<String>,
}

impl Account {
    /// Reads an event of a stream: `message_start` and `message_delta` say something.
    pub fn read_event(&mut self, event: &[u8]) {
        let event: Value = serde_json::from_slice(event).unwrap_or_default();
        for usage in [event.pointer("/message/usage"), event.get("usage")].into_iter().flatten() {
            self.usage.update(Usage::read(usage));
        }
        self.stopped(event.pointer("/delta/stop_reason"));
    }

    /// Only what looks like a reason is one: it goes into logs.
    fn stopped(&mut self, reason: Option<&Value>) {
        const LONGEST: usize = 64;
        let plain = |text: &&str| text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some(reason) = reason.and_then(Value::as_str).filter(plain) {
            self.stop_reason = Some(reason.to_owned());
        }
    }
}

const TAKINGS: &[Taking] = &[Taking { name: "stop_reason", most: 128 }, Taking { name: "usage", most: 4096 }];

/// Where a document has it; to be made once.
pub fn paths() -> Rc<Paths> {
    Rc::new(Paths::new(TAKINGS, Vec::new()))
}

/// Reads a document that passes in pieces.
pub struct Document(Option<Editor>);

impl Document {
    /// `paths` are [`paths`].
    pub fn new(paths: &Rc<Paths>) -> Self {
        Self(Some(Editor::new(paths, &Drops::default(), None)))
    }

    /// The next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        if self.0.as_mut().is_some_and(|editor| editor.feed(piece).is_err()) {
            self.0 = None;
        }
    }

    /// What was read; `known` is its usage, where that is known already.
    pub fn account(&self, known: Option<Usage>) -> Account {
        let value = |index| {
            let taken = self.0.as_ref().and_then(|editor| editor.taken(index))?;
            serde_json::from_slice::<Value>(&taken.value).ok()
        };
        let mut account = Account::default();
        account.stopped(value(0).as_ref());
        account.usage = known.unwrap_or_else(|| Usage::read(&value(1).unwrap_or_default()));
        account
    }
}

/// Reads server-sent events that pass in pieces.
#[derive(Debug, Default)]
pub struct Events {
    lines: Lines,
    account: Account,
    ended: bool,
    error: Option<ErrorType>,
}

impl Events {
    /// The next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        let Self { lines, account, ended, error } = self;
        lines.feed(piece, |data| match event_type(data) {
            Some(b"message_start" | b"message_delta") => account.read_event(data),
            Some(b"message_stop") => *ended = true,
            Some(b"error") => *error = Some(error_type(data)),
            _ => {}
        });
    }

    /// What was read.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether the answer was whole, or said itself that it is not.
    pub fn ended(&self) -> bool {
        self.ended || self.error.is_some()
    }

    /// The type of the `error` event that ended it.
    pub fn error(&self) -> Option<ErrorType> {
        self.error
    }
}

fn error_type(event: &[u8]) -> ErrorType {
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    event.pointer("/error/type").and_then(Value::as_str).and_then(ErrorType::named).unwrap_or(ErrorType::Api)
}

/// The `type` of an event that begins with it, as Anthropic's do.
fn event_type(event: &[u8]) -> Option<&[u8]> {
    let rest = event.strip_prefix(br#"{"type":"#)?.trim_ascii_start().strip_prefix(b"\"")?;
    rest.split(|byte| *byte == b'"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Usage = Usage { input: Some(3), output: Some(9), cache_read: Some(5), cache_write: Some(7) };

    #[test]
    fn a_document_says_it_in_any_pieces() {
        let text = br#"{"content":[{"text":"\"stop_reason\":\"x\""},{"input":{"stop_reason":"y","usage":{"input_tokens":1}}}],"stop_reason":"tool_use",
            "usage":{"input_tokens":3,"cache_creation_input_tokens":7,"cache_read_input_tokens":5,"output_tokens":9,"x":{}}}"#;
        for size in [1, 7, 1000] {
            let mut document = Document::new(&paths());
            text.chunks(size).for_each(|piece| document.feed(piece));
            assert_eq!(document.account(None), Account { usage: WHOLE, stop_reason: Some("tool_use".to_owned()) });
            assert_eq!(WHOLE.total(), Some(24));
        }
        for other in
            [&b""[..], b"[]", b"{", b"{\"stop_reason\":5,\"usage\":null}", b"{\"stop_reason\":\"a b\"}", b"\xff"]
        {
            let mut document = Document::new(&paths());
            document.feed(other);
            assert_eq!(document.account(None), Account::default());
            assert_eq!(document.account(Some(WHOLE)), Account { usage: WHOLE, stop_reason: None });
        }
    }

    #[test]
    fn events_say_it_in_any_pieces() {
        let text = "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3,\
            \"cache_creation_input_tokens\":7,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\r\n\r\n\
            event: ping\ndata: {\"type\": \"ping\"}\n\n\
            event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"usage\":{\"input_tokens\":1000}}\n\n\
            event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n";
        for size in [1, 7, 1000] {
            let mut events = Events::default();
            text.as_bytes().chunks(size).for_each(|piece| events.feed(piece));
            assert_eq!(events.account(), &Account { usage: WHOLE, stop_reason: Some("end_turn".to_owned()) });
            assert!(!events.ended());
            b"data: {\"type\":\"message_stop\"}\n".chunks(size).for_each(|piece| events.feed(piece));
            assert!(events.ended() && events.error().is_none());
        }
        let mut events = Events::default();
        events.feed(b"data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n");
        assert!(events.ended() && events.error() == Some(ErrorType::Overloaded));
    }
}
