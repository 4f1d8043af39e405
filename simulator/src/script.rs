//! A response body as a script: pieces, pauses, and the connection's end before the body's.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::time::Sleep;

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write these bytes and flush.
    Send(Bytes),
    /// Wait.
    Wait(Duration),
    /// Close the connection.
    Abort,
}

/// A body that plays a script.
#[derive(Debug, Default)]
pub struct Script {
    steps: VecDeque<Step>,
    one_byte: bool,
    pause: Option<Pin<Box<Sleep>>>,
    flush: bool,
}

impl Script {
    /// Plays these steps; with `one_byte` each byte is a piece of its own.
    pub fn new(steps: impl IntoIterator<Item = Step>, one_byte: bool) -> Self {
        Self { steps: steps.into_iter().collect(), one_byte, pause: None, flush: false }
    }

    /// Sends all of it at once.
    pub fn whole(body: impl Into<Bytes>) -> Self {
        Self::new([Step::Send(body.into())], false)
    }

    /// The next piece to send, taken off the script.
    fn piece(&mut self) -> Option<Bytes> {
        match self.steps.front_mut() {
            Some(Step::Send(bytes)) if self.one_byte && bytes.len() > 1 => Some(bytes.split_to(1)),
            Some(Step::Send(_)) => match self.steps.pop_front() {
                Some(Step::Send(bytes)) => Some(bytes),
                _ => None,
            },
            _ => None,
        }
    }
}

impl http_body::Body for Script {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        // The server flushes when a body has nothing ready: so each piece is followed by a moment of nothing.
        if std::mem::take(&mut self.flush) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            if let Some(bytes) = self.piece() {
                if bytes.is_empty() {
                    continue;
                }
                self.flush = true;
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match self.steps.pop_front() {
                Some(Step::Wait(time)) => self.pause = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Abort) => return Poll::Ready(Some(Err(Aborted))),
                Some(Step::Send(_)) => {}
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.pause.is_none()
    }
}

/// The script closed the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault closed the connection")
    }
}

impl std::error::Error for Aborted {}
