//! The answer's half of the story.

use super::count;
use super::failure::{self, FailedHead};
use super::headers::{Headers, upstream_value};
use super::local::LocalReply;
use super::reply::Reply;
use crate::anthropic::account::{Account, Document, Events, Usage};
use crate::bedrock::operation::Operation;
use crate::bedrock::stream::{Failure, Transcoder};
use crate::config::Config;
use crate::json::Paths;
use std::rc::Rc;

/// A document that is held, an error's or a count's, is read up to here.
const LONGEST_ERROR: usize = 64 * 1024;

/// The answer to a request that was sent.
pub struct Response {
    expected: Expected,
    frame_bytes: usize,
    document_paths: Rc<Paths>,
    request_id: Option<String>,
    state: State,
    /// What Bedrock's headers say of a document.
    usage: Option<Usage>,
    /// What a stream said of itself before it failed.
    failed: Account,
    ended: bool,
    /// Whether the head can wait for the body; else it goes at once, and what is said of it is said in the body.
    can_hold: bool,
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
    /// The body goes through as it is, and is read on its way.
    Reading(Box<Document>),
    /// Server-sent events go through as they are, and are read on their way.
    Listening(Box<Events>),
    /// An event stream becomes SSE.
    Transcoding(Box<Transcoder>),
    /// The client got another answer, or the SSE was ended with an error; what follows is swallowed.
    Failed,
    /// CountTokens' answer is gathered.
    Counting(Vec<u8>),
    /// An error document is gathered.
    Collecting(FailedHead, Vec<u8>),
    /// Envoy's own answer gets another body.
    Rewording(LocalReply),
}

/// Who made an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The upstream.
    Bedrock,
    /// Envoy, or a filter behind ours, with Envoy's response code details.
    Envoy(&'a [u8]),
}

impl<'a> Origin<'a> {
    /// By Envoy's response code details.
    pub fn of(details: &'a [u8]) -> Self {
        match details {
            // Envoy gives every answer of its own some.
            b"" | b"via_upstream" => Self::Bedrock,
            details => Self::Envoy(details),
        }
    }
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
    /// The same; it is an error of this type or ends with one, and nothing will follow.
    Failed(&'static str),
    /// Nothing goes; the head is held on.
    Held,
    /// Answer with this instead; only while the head is held.
    Reply(Reply),
    /// This one's body goes in place of what came; its head has gone already.
    Told(Reply),
}

impl Response {
    pub(super) fn new(config: &Config, expected: Expected) -> Self {
        Self {
            expected,
            frame_bytes: config.limits.frame_bytes,
            document_paths: config.document_paths.clone(),
            request_id: None,
            state: State::Waiting,
            usage: None,
            failed: Account::default(),
            ended: false,
            can_hold: !config.is_paired,
        }
    }

    /// The head of the answer has arrived; `end`: it has no body.
    pub fn head(&mut self, head: &Headers<'_>, origin: Origin<'_>, end: bool) -> Head {
        let status = head.text(":status").and_then(|status| status.parse().ok()).unwrap_or(502);
        self.request_id = upstream_value(head, "x-amzn-requestid");
        if status >= 400 {
            return self.error_head(status, head, origin, end);
        }
        let request_id = self.request_id.iter().map(|id| ("request-id", id.clone()));
        let content_type = head.text("content-type").unwrap_or_default();
        let is_stream = |kind| !end && status == 200 && content_type.starts_with(kind);
        match self.expected {
            Expected::TokenCount if end => {
                return self.replied(count::reply(b"", self.request_id.as_deref()));
            }
            Expected::TokenCount => {
                self.state = State::Counting(Vec::new());
                return self.held_or(status, request_id.collect());
            }
            Expected::EventStream if !is_stream("application/vnd.amazon.eventstream") => {
                return self.replied(failure::no_stream(self.request_id.as_deref()));
            }
            Expected::ServerSentEvents if !is_stream("text/event-stream") => {
                return self.replied(failure::no_stream(self.request_id.as_deref()));
            }
            Expected::Document => {
                self.ended = end;
                self.usage = usage(head);
                self.state = State::Reading(Box::new(Document::new(&self.document_paths)));
                return Head::Pass(Changes { set: request_id.collect(), remove: &[] });
            }
            Expected::ServerSentEvents => {
                self.state = State::Listening(Box::default());
                // An error event may come behind what the length counts.
                return Head::Pass(Changes { set: request_id.collect(), remove: &["content-length"] });
            }
            Expected::EventStream => {}
        }
        self.state = State::Transcoding(Box::new(Transcoder::new(self.frame_bytes)));
        let mut set = vec![
            ("content-type", "text/event-stream; charset=utf-8".to_owned()),
            ("cache-control", "no-cache".to_owned()),
        ];
        set.extend(request_id);
        let changes = Changes { set, remove: &["content-length", "x-amzn-bedrock-content-type"] };
        if self.can_hold { Head::HoldOnce(changes) } else { Head::Pass(changes) }
    }

    /// Holds the head of an answer that is gathered; where it cannot be held, it goes as it will have to be.
    fn held_or(&self, status: u16, mut set: Vec<(&'static str, String)>) -> Head {
        if self.can_hold {
            return Head::Hold;
        }
        set.extend([(":status", status.to_string()), ("content-type", "application/json".to_owned())]);
        Head::Pass(Changes { set, remove: &["content-length", "x-amzn-errortype"] })
    }

    fn error_head(&mut self, status: u16, head: &Headers<'_>, origin: Origin<'_>, end: bool) -> Head {
        if let Origin::Envoy(details) = origin {
            let local = LocalReply::new(status, details);
            if end {
                return self.replied(Reply::error(local.status, local.kind, &local.message()));
            }
            let set = vec![(":status", local.status.to_string()), ("content-type", "application/json".to_owned())];
            self.state = State::Rewording(local);
            return Head::Pass(Changes { set, remove: &["content-length"] });
        }
        let request_id = self.request_id.clone().or_else(|| upstream_value(head, "request-id"));
        let failed = FailedHead::new(status, head, request_id);
        if end {
            return self.replied(failed.reply(b""));
        }
        if self.can_hold {
            self.state = State::Collecting(failed, Vec::new());
            return Head::Hold;
        }
        let (status, headers) = failed.early();
        self.state = State::Collecting(failed, Vec::new());
        self.held_or(status, headers)
    }

    fn replied(&mut self, reply: Reply) -> Head {
        self.state = State::Failed;
        Head::Reply(reply)
    }

    /// A piece of the answer's body, and whether it is the last; `held`: the head has not gone yet.
    pub fn body(&mut self, piece: &[u8], end: bool, held: bool, out: &mut Vec<u8>) -> Body {
        self.ended |= end;
        match &mut self.state {
            State::Waiting => Body::Untouched,
            State::Reading(document) => {
                document.feed(piece);
                Body::Untouched
            }
            State::Listening(events) => {
                events.feed(piece);
                if !end || events.ended() {
                    return Body::Untouched;
                }
                // What the upstream left half-written ends here, whatever a client makes of it.
                out.extend_from_slice(piece);
                out.extend_from_slice(b"\n\n");
                self.failed = events.account().clone();
                self.state = State::Failed;
                Body::Failed(failure::end_stream(&Failure::Truncated, self.request_id.as_deref(), out).name())
            }
            State::Failed => Body::Replaced,
            State::Transcoding(transcoder) => {
                out.reserve(piece.len());
                let fed = transcoder.feed(piece, out);
                let fed = if end { fed.and_then(|()| transcoder.finish()) } else { fed };
                let Err(failure) = fed else { return Body::Replaced };
                let nothing_sent = held && !transcoder.started();
                self.failed = transcoder.account();
                self.state = State::Failed;
                if nothing_sent {
                    return Body::Reply(failure::reply_of_stream(&failure, self.request_id.as_deref()));
                }
                Body::Failed(failure::end_stream(&failure, self.request_id.as_deref(), out).name())
            }
            State::Counting(document) => {
                if !is_gathered(document, piece, end) {
                    return if self.can_hold { Body::Held } else { Body::Replaced };
                }
                let reply = count::reply(document, self.request_id.as_deref());
                self.state = State::Failed;
                self.gathered(reply)
            }
            State::Collecting(head, document) => {
                if !is_gathered(document, piece, end) {
                    return if self.can_hold { Body::Held } else { Body::Replaced };
                }
                let reply = head.reply(document);
                self.state = State::Failed;
                self.gathered(reply)
            }
            State::Rewording(local) => {
                local.push(piece, LONGEST_ERROR);
                if !end {
                    return Body::Replaced;
                }
                out.extend_from_slice(&local.envelope());
                let kind = local.kind.name();
                self.state = State::Failed;
                Body::Failed(kind)
            }
        }
    }

    fn gathered(&self, reply: Reply) -> Body {
        if self.can_hold { Body::Reply(reply) } else { Body::Told(reply) }
    }

    /// The answer ended with trailers. Nothing can be added to its body then, so one that is not whole has to be broken off.
    pub fn trailers(&mut self) -> Option<Reply> {
        self.ended = true;
        self.is_unfinished().then(|| failure::reply_of_stream(&Failure::Truncated, self.request_id.as_deref()))
    }

    /// Whether the answer has not come to its end, and the client was not told so.
    pub fn is_unfinished(&self) -> bool {
        match &self.state {
            State::Transcoding(transcoder) => !transcoder.finished(),
            State::Listening(events) => !events.ended(),
            State::Reading(_) | State::Waiting => !self.ended,
            // These are left when the document is complete.
            State::Counting(_) | State::Collecting(..) | State::Rewording(_) => true,
            State::Failed => false,
        }
    }

    /// Whether it is a stream: one that is unfinished has a beginning that the client has seen.
    pub fn is_stream(&self) -> bool {
        matches!(self.state, State::Transcoding(_) | State::Listening(_))
    }

    /// The type of the error that a native upstream has ended its stream with.
    pub fn native_error(&self) -> Option<&'static str> {
        match &self.state {
            State::Listening(events) => Some(events.error()?.name()),
            _ => None,
        }
    }

    /// What the answer has said of itself so far.
    pub fn account(&self) -> Account {
        match &self.state {
            State::Transcoding(transcoder) => transcoder.account(),
            State::Listening(events) => events.account().clone(),
            State::Reading(document) => document.account(self.usage),
            _ => self.failed.clone(),
        }
    }
}

/// Adds a piece to a document that is held; whether that is all of it, or all that is read.
fn is_gathered(document: &mut Vec<u8>, piece: &[u8], end: bool) -> bool {
    let room = LONGEST_ERROR.saturating_sub(document.len());
    document.extend_from_slice(piece.get(..room).unwrap_or(piece));
    end || piece.len() >= room
}

/// What InvokeModel's response headers say of the tokens; a native upstream has none of these.
fn usage(head: &Headers<'_>) -> Option<Usage> {
    let figure = |name| head.text(name)?.parse().ok();
    let input = figure("x-amzn-bedrock-input-token-count")?;
    Some(Usage {
        input: Some(input),
        output: figure("x-amzn-bedrock-output-token-count"),
        cache_read: figure("x-amzn-bedrock-cache-read-input-token-count"),
        cache_write: figure("x-amzn-bedrock-cache-write-input-token-count"),
    })
}
