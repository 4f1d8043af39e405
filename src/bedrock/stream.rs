//! Bedrock's answer to InvokeModelWithResponseStream as the events that Anthropic's API sends.
//!
//! Each message of the event stream is a member of Bedrock's `ResponseStream` union. A `chunk` carries one Anthropic
//! event, `{"bytes":"<base64 of the event's JSON>","p":"<padding>"}`; its JSON reaches the client byte for byte. The
//! other members are exceptions, which end the stream.

use std::fmt;

use base64_simd::STANDARD;
use memchr::memmem::Finder;
use memchr::{memchr, memchr2};
use serde_json::Value;

use crate::anthropic::account::{Account, Usage};
use crate::anthropic::sse;
use crate::aws::event_stream::{self, Decoder, Message};
use crate::json::{Taken, Taking, taken};

/// What Bedrock adds to an event, usually `message_stop`, and no Anthropic client expects.
const METRICS: &str = "amazon-bedrock-invocationMetrics";
/// The event that ends every answer.
const LAST_EVENT: &[u8] = b"message_stop";
/// The event that says why the answer ended.
const DELTA: &[u8] = b"message_delta";
/// Of an event's `type`, which becomes a line of its own.
const MAX_NAME_BYTES: usize = 64;

/// Takes the event stream in pieces and writes server-sent events.
#[derive(Debug)]
pub struct Transcoder {
    decoder: Decoder,
    chunks: Chunks,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// `message_stop` was written.
    Finished,
    Failed,
}

/// The figures of `amazon-bedrock-invocationMetrics`; one that is missing or no whole number is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvocationMetrics {
    /// Without those read from or written to the prompt cache.
    pub input_tokens: Option<u64>,
    /// Generated.
    pub output_tokens: Option<u64>,
    /// Read from the prompt cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Written to the prompt cache.
    pub cache_write_input_tokens: Option<u64>,
    /// Milliseconds to the answer's end.
    pub invocation_latency: Option<u64>,
    /// Milliseconds to the answer's first byte.
    pub first_byte_latency: Option<u64>,
}

/// Why a stream produces no more events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Bedrock reports an exception or an error.
    Exception {
        /// The union's member as it is written, `throttlingException`, or an error's code.
        name: String,
        /// Bedrock's own wording; empty when there is none.
        message: String,
        /// The status that the model answered Bedrock with, of a `modelStreamErrorException`.
        original_status: Option<u16>,
    },
    /// No event stream.
    Corrupt(event_stream::Error),
    /// A chunk that holds no event; says what is wrong with it.
    Undecodable(&'static str),
    /// The stream ended before `message_stop`.
    Truncated,
}

impl Transcoder {
    /// Messages of more than `max_message_bytes` are refused.
    pub fn new(max_message_bytes: usize) -> Self {
        Self { decoder: Decoder::new(max_message_bytes), chunks: Chunks::new(), state: State::Open }
    }

    /// Appends to `out` every event that `piece` completes.
    ///
    /// What follows `message_stop`, or a failure, is swallowed.
    ///
    /// # Errors
    ///
    /// What ends the stream, once; `out` has the events before it.
    pub fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.state != State::Open {
            return Ok(());
        }
        let Self { decoder, chunks, .. } = self;
        match decoder.feed(piece, |message| transcode(message, chunks, out)) {
            Ok(()) => Ok(()),
            Err(End::Stop) => {
                self.state = State::Finished;
                Ok(())
            }
            Err(End::Failure(failure)) => {
                self.state = State::Failed;
                Err(failure)
            }
        }
    }

    /// To be called when the upstream has ended.
    ///
    /// # Errors
    ///
    /// [`Failure::Truncated`] before `message_stop`, unless a failure was returned already.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if self.state != State::Open {
            return Ok(());
        }
        self.state = State::Failed;
        Err(Failure::Truncated)
    }

    /// Whether an event was written.
    pub fn started(&self) -> bool {
        self.chunks.started
    }

    /// Whether `message_stop` was written.
    pub fn finished(&self) -> bool {
        self.state == State::Finished
    }

    /// The figures, once Bedrock has sent them.
    pub fn metrics(&self) -> Option<&InvocationMetrics> {
        self.chunks.metrics.as_ref()
    }

    /// What the answer said of itself so far; its tokens are Bedrock's figures, once these were sent.
    pub fn account(&self) -> Account {
        let mut account = self.chunks.account.clone();
        if let Some(metrics) = self.metrics() {
            account.usage.update(Usage {
                input: metrics.input_tokens,
                output: metrics.output_tokens,
                cache_read: metrics.cache_read_input_tokens,
                cache_write: metrics.cache_write_input_tokens,
            });
        }
        account
    }
}

/// What ends the decoding.
enum End {
    Stop,
    Failure(Failure),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<event_stream::Error> for End {
    fn from(error: event_stream::Error) -> Self {
        Self::Failure(Failure::Corrupt(error))
    }
}

fn transcode(message: Message<'_>, chunks: &mut Chunks, out: &mut Vec<u8>) -> Result<(), End> {
    match message.string(":message-type") {
        Some("event") if message.string(":event-type") == Some("chunk") => chunks.write(message.payload, out),
        Some("exception") => Err(End::Failure(exception(&message))),
        Some("error") => Err(End::Failure(Failure::Exception {
            name: message.string(":error-code").unwrap_or_default().to_owned(),
            message: message.string(":error-message").unwrap_or_default().to_owned(),
            original_status: None,
        })),
        // What a later version of the protocol may add.
        _ => Ok(()),
    }
}

fn exception(message: &Message<'_>) -> Failure {
    let payload: serde_json::Value = serde_json::from_slice(message.payload).unwrap_or_default();
    let text = |name| payload.get(name).and_then(|text| text.as_str()).filter(|text| !text.is_empty());
    let status = payload.get("originalStatusCode").and_then(|status| status.as_u64());
    Failure::Exception {
        name: message.string(":exception-type").unwrap_or_default().to_owned(),
        message: text("message")
            .or_else(|| text("Message"))
            .or_else(|| text("originalMessage"))
            .unwrap_or_default()
            .to_owned(),
        original_status: status.and_then(|status| status.try_into().ok()),
    }
}

/// Turns chunks into events.
#[derive(Debug)]
struct Chunks {
    /// The event being written; kept for its capacity.
    event: Vec<u8>,
    metrics_name: Finder<'static>,
    metrics: Option<InvocationMetrics>,
    account: Account,
    started: bool,
}

impl Chunks {
    fn new() -> Self {
        Self {
            event: Vec::new(),
            metrics_name: Finder::new(METRICS),
            metrics: None,
            account: Account::default(),
            started: false,
        }
    }

    fn write(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), End> {
        decode(payload, &mut self.event)?;
        // A raw line break would end the data; between tokens, the one place JSON allows it, a space does as well.
        if memchr2(b'\r', b'\n', &self.event).is_some() {
            for byte in self.event.iter_mut().filter(|byte| matches!(byte, b'\r' | b'\n')) {
                *byte = b' ';
            }
        }

        let is_last = match usual_type(&self.event) {
            Some(name) if self.metrics_name.find(&self.event).is_none() => {
                sse::event(out, name, &self.event);
                if name == DELTA {
                    self.account.read_event(&self.event);
                }
                name == LAST_EVENT
            }
            _ => self.write_unusual(out)?,
        };
        self.started = true;
        if is_last { Err(End::Stop) } else { Ok(()) }
    }

    /// Writes an event whose type is not at its beginning, or that has metrics to be taken out.
    fn write_unusual(&mut self, out: &mut Vec<u8>) -> Result<bool, Failure> {
        let mut members = taken(&self.event, MEMBERS).unwrap_or_default().into_iter();
        let name = members.next().flatten().and_then(|name| name.text());
        let name = name.ok_or(Failure::Undecodable("the event is no json with a type"))?;
        if name.len() > MAX_NAME_BYTES || name.contains(char::is_control) {
            return Err(Failure::Undecodable("the event's type is no name"));
        }
        let name = name.as_bytes();
        let metrics = members.next().flatten();
        let kept = metrics.as_ref().and_then(|metrics| without_metrics(&self.event, metrics));
        match kept {
            Some(parts) => sse::event(out, name, &parts.concat()),
            None => sse::event(out, name, &self.event),
        }
        if let Some(metrics) = metrics {
            self.metrics = Some(InvocationMetrics::parse(&metrics.value));
        }
        Ok(name == LAST_EVENT)
    }
}

/// What is read of a chunk's payload.
const BYTES: &[Taking] = &[Taking { name: "bytes", most: usize::MAX }];

/// What is read of an Anthropic event.
const MEMBERS: &[Taking] = &[Taking { name: "type", most: usize::MAX }, Taking { name: METRICS, most: usize::MAX }];

/// Replaces `event` by the event in a chunk's payload.
fn decode(payload: &[u8], event: &mut Vec<u8>) -> Result<(), Failure> {
    event.clear();
    if usual_bytes(payload).is_some_and(|text| STANDARD.decode_append(text, event).is_ok()) {
        return Ok(());
    }
    event.clear();
    let bytes = taken(payload, BYTES).and_then(|members| members.into_iter().next()??.text());
    let bytes = bytes.ok_or(Failure::Undecodable("the chunk is no json with bytes"))?;
    let decoded = STANDARD.decode_append(bytes.as_bytes(), event);
    decoded.map_err(|_| Failure::Undecodable("the chunk's bytes are no base64"))
}

/// The `bytes` of a payload that begins with them, as Bedrock's do. Escapes are left in: they are no base64.
fn usual_bytes(payload: &[u8]) -> Option<&[u8]> {
    let rest = payload.strip_prefix(br#"{"bytes":""#)?;
    let (text, rest) = rest.split_at_checked(memchr(b'"', rest)?)?;
    matches!(rest, [_, b'}'] | [_, b',', .., b'}']).then_some(text)
}

/// The `type` of an event that begins with it, as Anthropic's do, if it can be taken as it stands.
fn usual_type(event: &[u8]) -> Option<&[u8]> {
    let rest = event.strip_prefix(br#"{"type":""#)?;
    let name = rest.get(..MAX_NAME_BYTES + 1).unwrap_or(rest);
    let (name, _) = name.split_at_checked(memchr(b'"', name)?)?;
    name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_').then_some(name)
}

/// `event` less the member whose value is `metrics`, and less one comma; no other byte is dropped.
fn without_metrics<'a>(event: &'a [u8], metrics: &Taken) -> Option<[&'a [u8]; 3]> {
    let (before, rest) = event.split_at_checked(metrics.at.try_into().ok()?)?;
    let (_, after) = rest.split_at_checked(metrics.value.len())?;
    let before = before.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let before = before.strip_suffix(b"\"")?.strip_suffix(METRICS.as_bytes())?.strip_suffix(b"\"")?;

    let (head, space) = before.split_at_checked(before.trim_ascii_end().len())?;
    if let Some(head) = head.strip_suffix(b",") {
        return Some([head, space, after]);
    }
    // The first member: the comma to go is the one behind it.
    let tail = after.trim_ascii_start();
    let (space, _) = after.split_at_checked(after.len().checked_sub(tail.len())?)?;
    Some([before, space, tail.strip_prefix(b",").unwrap_or(tail)])
}

impl InvocationMetrics {
    fn parse(metrics: &[u8]) -> Self {
        let figures: Value = serde_json::from_slice(metrics).unwrap_or_default();
        let figure = |name| figures.get(name).and_then(Value::as_u64);
        Self {
            input_tokens: figure("inputTokenCount"),
            output_tokens: figure("outputTokenCount"),
            cache_read_input_tokens: figure("cacheReadInputTokenCount"),
            cache_write_input_tokens: figure("cacheWriteInputTokenCount"),
            invocation_latency: figure("invocationLatency"),
            first_byte_latency: figure("firstByteLatency"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The wording may repeat what the client sent.
            Self::Exception { name, .. } => write!(f, "bedrock reports {name}"),
            Self::Corrupt(error) => write!(f, "corrupt event stream: {error}"),
            Self::Undecodable(what) => f.write_str(what),
            Self::Truncated => f.write_str("the stream ended before message_stop"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Corrupt(error) => Some(error),
            _ => None,
        }
    }
}
