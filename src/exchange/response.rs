//! The answer's half of the story.

use super::count;
use super::failure::{self, FailedHead};
use super::headers::{Headers, sanitized};
use super::reply::Reply;
use crate::bedrock::operation::Operation;
use crate::bedrock::stream::Transcoder;

/// An error document is read up to here.
const LONGEST_ERROR: usize = 64 * 1024;

/// The answer to a request that was sent.
pub struct Response {
    expected: Expected,
    frame_bytes: usize,
    request_id: Option<String>,
    state: State,
}

/// What an answer with a good status has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A document that the client gets as it is.
    Document,
    /// An event stream, which becomes server-sent events.
    EventStream,
    /// Server-sent events, which the client gets as they are.
    ServerSentEvents,
    /// CountTokens' document, which becomes Anthropic's.
    TokenCount,
}

impl Expected {
    /// Of an operation; `stream`: the client wants one.
    pub fn of(operation: Operation, stream: bool) -> Self {
        match operation {
            Operation::InvokeModelWithResponseStream => Expected::EventStream,
            Operation::Messages if stream => Expected::ServerSentEvents,
            Operation::CountTokens => Expected::TokenCount,
            Operation::InvokeModel | Operation::Messages | Operation::MessagesCountTokens => Expected::Document,
        }
    }
}

enum State {
    /// The head is not there yet.
    Waiting,
    /// The body goes through as it is.
    Passing,
    /// An event stream becomes SSE.
    Transcoding(Box<Transcoder>),
    /// The SSE was ended with an error; what follows is swallowed.
    Failed,
    /// CountTokens' answer is gathered.
    Counting(Vec<u8>),
    /// An error document is gathered.
    Collecting(FailedHead, Origin, Vec<u8>),
}

/// Who made an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The upstream.
    Bedrock,
    /// Envoy, or a filter behind ours.
    Envoy,
}

/// What is to be done with the head of the answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Head {
    /// Set and remove these headers, let it go.
    Pass(Changes),
    /// Set and remove these headers, and hold it until the first piece of the body was read.
    HoldOnce(Changes),
    /// Hold it until a reply comes.
    Hold,
    /// Answer with this instead.
    Reply(Reply),
}

/// Changes to response headers.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes {
    /// Headers to set.
    pub set: Vec<(&'static str, String)>,
    /// Headers to remove.
    pub remove: &'static [&'static str],
}

/// What is to be done with a piece of the answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// It goes as it is.
    Untouched,
    /// What was written to `out` goes in its place.
    Replaced,
    /// The same; it ends with an `error` event, and nothing will follow.
    Failed,
    /// Nothing goes; the head is held on.
    Held,
    /// Answer with this instead; only while the head is held.
    Reply(Reply),
}

impl Response {
    pub(super) fn new(expected: Expected, frame_bytes: usize) -> Self {
        Self { expected, frame_bytes, request_id: None, state: State::Waiting }
    }

    /// The head of the answer has arrived; `end`: it has no body.
    pub fn head(&mut self, head: &Headers<'_>, origin: Origin, end: bool) -> Head {
        let status = head.text(":status").and_then(|status| status.parse().ok()).unwrap_or(502);
        let value = |name| head.get(name).map(sanitized).filter(|value| !value.is_empty());
        self.request_id = value("x-amzn-requestid");
        let request_id = self.request_id.iter().map(|id| ("request-id", id.clone()));
        if status >= 400 {
            let failed = FailedHead {
                status,
                name: value("x-amzn-errortype"),
                request_id: self.request_id.clone(),
                retry_after: value("retry-after"),
            };
            if end {
                return Head::Reply(failure::reply(&failed, origin, b""));
            }
            self.state = State::Collecting(failed, origin, Vec::new());
            return Head::Hold;
        }
        let content_type = head.text("content-type").unwrap_or_default();
        let is_stream = |kind| !end && status == 200 && content_type.starts_with(kind);
        match self.expected {
            Expected::TokenCount if end => {
                return Head::Reply(count::reply(b"", self.request_id.as_deref()));
            }
            Expected::TokenCount => {
                self.state = State::Counting(Vec::new());
                return Head::Hold;
            }
            Expected::EventStream if !is_stream("application/vnd.amazon.eventstream") => {
                return Head::Reply(failure::no_stream(self.request_id.as_deref()));
            }
            Expected::ServerSentEvents if !is_stream("text/event-stream") => {
                return Head::Reply(failure::no_stream(self.request_id.as_deref()));
            }
            Expected::Document | Expected::ServerSentEvents => {
                self.state = State::Passing;
                return Head::Pass(Changes { set: request_id.collect(), remove: &[] });
            }
            Expected::EventStream => {}
        }
        self.state = State::Transcoding(Box::new(Transcoder::new(self.frame_bytes)));
        let mut set = vec![
            ("content-type", "text/event-stream; charset=utf-8".to_owned()),
            ("cache-control", "no-cache".to_owned()),
        ];
        set.extend(request_id);
        Head::HoldOnce(Changes { set, remove: &["content-length", "x-amzn-bedrock-content-type"] })
    }

    /// Whether the body goes through as it is.
    pub fn passes(&self) -> bool {
        matches!(self.state, State::Waiting | State::Passing)
    }

    /// A piece of the answer's body, and whether it is the last; `held`: the head has not gone yet.
    pub fn body(&mut self, piece: &[u8], end: bool, held: bool, out: &mut Vec<u8>) -> Body {
        match &mut self.state {
            State::Waiting | State::Passing => Body::Untouched,
            State::Failed => Body::Replaced,
            State::Transcoding(transcoder) => {
                let fed = transcoder.feed(piece, out);
                let fed = if end { fed.and_then(|()| transcoder.finish()) } else { fed };
                let Err(failure) = fed else { return Body::Replaced };
                let nothing_sent = held && !transcoder.started();
                self.state = State::Failed;
                if nothing_sent {
                    return Body::Reply(failure::reply_of_stream(&failure, self.request_id.as_deref()));
                }
                failure::end_stream(&failure, out);
                Body::Failed
            }
            State::Counting(document) => {
                let room = LONGEST_ERROR.saturating_sub(document.len());
                document.extend_from_slice(piece.get(..room).unwrap_or(piece));
                if !end && piece.len() < room {
                    return Body::Held;
                }
                let reply = count::reply(document, self.request_id.as_deref());
                self.state = State::Failed;
                Body::Reply(reply)
            }
            State::Collecting(_, Origin::Envoy, document)
                if end && document.is_empty() && failure::is_envelope(piece) =>
            {
                self.state = State::Passing;
                Body::Untouched
            }
            State::Collecting(head, origin, document) => {
                let room = LONGEST_ERROR.saturating_sub(document.len());
                document.extend_from_slice(piece.get(..room).unwrap_or(piece));
                if !end && piece.len() < room {
                    return Body::Held;
                }
                let reply = failure::reply(head, *origin, document);
                self.state = State::Failed;
                Body::Reply(reply)
            }
        }
    }

    /// Whether the answer is a stream that broke off without the client being told, when it is gone.
    pub fn truncated(&self) -> bool {
        matches!(&self.state, State::Transcoding(transcoder) if !transcoder.finished())
    }
}
