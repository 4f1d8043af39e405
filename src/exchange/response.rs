//! The answer's half of the story.

use super::failure::{self, FailedHead};
use super::headers::{Headers, upstream_value};
use super::local::LocalReply;
use super::reply::Reply;
use crate::bedrock::stream::Transcoder;

/// An error document is read up to here.
const LONGEST_ERROR: usize = 64 * 1024;

/// The answer to a request that was sent.
pub struct Response {
    stream: bool,
    frame_bytes: usize,
    request_id: Option<String>,
    state: State,
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
    /// The same; it is an error or ends with one, and nothing will follow.
    Failed,
    /// Nothing goes; the head is held on.
    Held,
    /// Answer with this instead; only while the head is held.
    Reply(Reply),
}

impl Response {
    pub(super) fn new(stream: bool, frame_bytes: usize) -> Self {
        Self { stream, frame_bytes, request_id: None, state: State::Waiting }
    }

    /// The head of the answer has arrived; `end`: it has no body.
    pub fn head(&mut self, head: &Headers<'_>, origin: Origin<'_>, end: bool) -> Head {
        let status = head.text(":status").and_then(|status| status.parse().ok()).unwrap_or(502);
        self.request_id = upstream_value(head, "x-amzn-requestid");
        if status >= 400 {
            return self.error_head(status, head, origin, end);
        }
        let request_id = self.request_id.iter().map(|id| ("request-id", id.clone()));
        if !self.stream {
            self.state = State::Passing;
            return Head::Pass(Changes { set: request_id.collect(), remove: &[] });
        }
        let content_type = head.text("content-type").unwrap_or_default();
        if end || status != 200 || !content_type.starts_with("application/vnd.amazon.eventstream") {
            return Head::Reply(failure::no_stream(self.request_id.as_deref()));
        }
        self.state = State::Transcoding(Box::new(Transcoder::new(self.frame_bytes)));
        let mut set = vec![
            ("content-type", "text/event-stream; charset=utf-8".to_owned()),
            ("cache-control", "no-cache".to_owned()),
        ];
        set.extend(request_id);
        Head::HoldOnce(Changes { set, remove: &["content-length", "x-amzn-bedrock-content-type"] })
    }

    fn error_head(&mut self, status: u16, head: &Headers<'_>, origin: Origin<'_>, end: bool) -> Head {
        if let Origin::Envoy(details) = origin {
            let local = LocalReply::new(status, details);
            if end {
                return Head::Reply(Reply::error(local.status, local.kind, &local.message()));
            }
            let set = vec![(":status", local.status.to_string()), ("content-type", "application/json".to_owned())];
            self.state = State::Rewording(local);
            return Head::Pass(Changes { set, remove: &["content-length"] });
        }
        let request_id = self.request_id.clone().or_else(|| upstream_value(head, "request-id"));
        let failed = FailedHead::new(status, head, request_id);
        if end {
            return Head::Reply(failed.reply(b""));
        }
        self.state = State::Collecting(failed, Vec::new());
        Head::Hold
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
                failure::end_stream(&failure, self.request_id.as_deref(), out);
                Body::Failed
            }
            State::Collecting(head, document) => {
                let room = LONGEST_ERROR.saturating_sub(document.len());
                document.extend_from_slice(piece.get(..room).unwrap_or(piece));
                if !end && piece.len() < room {
                    return Body::Held;
                }
                let reply = head.reply(document);
                self.state = State::Failed;
                Body::Reply(reply)
            }
            State::Rewording(local) => {
                local.push(piece, LONGEST_ERROR);
                if !end {
                    return Body::Replaced;
                }
                out.extend_from_slice(&local.envelope());
                self.state = State::Failed;
                Body::Failed
            }
        }
    }

    /// Whether the answer is a stream that broke off without the client being told, when it is gone.
    pub fn truncated(&self) -> bool {
        matches!(&self.state, State::Transcoding(transcoder) if !transcoder.finished())
    }
}
