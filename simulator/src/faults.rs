//! What goes wrong on demand: `[[fault: …]]` markers in the last text of the user, parsed.

mod parse;
mod shape;

use std::time::Duration;

use crate::errors::{NativeError, Refusal};

pub use shape::{Extent, NamePlace, Shape};

/// An answer in the place of the model's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// An exception, with another status than its own when one is given, and how it is written.
    Exception(Refusal, Shape),
    /// A load balancer's 503: HTML, no request id, no error name.
    Html503,
    /// A 500 with no body and no error name.
    Empty500,
}

/// A fault at one place of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtEvent {
    /// An exception frame; the stream ends with it.
    Exception(Refusal),
    /// An `error` event, where the stream is one of server-sent events; it ends with it.
    SseError(NativeError),
    /// A frame with `:message-type: error`; the stream ends with it.
    ErrorFrame,
    /// The connection is closed in the middle of the next frame.
    Cut,
    /// The HTTP body ends, properly.
    End,
    /// The next frame's message CRC is wrong.
    BadCrc,
    /// The next frame's prelude CRC is wrong.
    BadPrelude,
    /// The next frame announces this length, under a prelude CRC that is right.
    ImpossibleLength(u32),
    /// Nothing for that long.
    Stall(Duration),
    /// A frame of an unknown `:event-type`, and a chunk whose event has an unknown `type`.
    UnknownEvent,
}

/// One marker's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Instead(Instead),
    At(usize, AtEvent),
    Delay(Duration),
    Pace(Duration),
    OneByte,
    Coalesce,
    Json200,
}

/// One marker: what it does, and for how many requests with the same body (`times=N`; no limit without).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    fault: Fault,
    times: Option<u32>,
}

impl Marker {
    /// Whether it plays when `earlier` requests with the same body came before.
    fn plays(&self, earlier: u32) -> bool {
        self.times.is_none_or(|times| earlier < times)
    }
}

/// All that is to go wrong with one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Answered instead of the model's answer.
    pub instead: Option<Instead>,
    /// Waited before the response headers.
    pub delay: Option<Duration>,
    /// The pause between events, instead of the configured one.
    pub pace: Option<Duration>,
    /// Each byte is written and flushed by itself.
    pub one_byte: bool,
    /// All frames go out in one write.
    pub coalesce: bool,
    /// A stream request is answered with 200 and JSON.
    pub json_200: bool,
    /// Faults before the event of that index, counted from 0.
    pub at: Vec<(usize, AtEvent)>,
}

impl Faults {
    /// The faults of those markers that play now.
    pub fn of(markers: Vec<Marker>, earlier: u32) -> Self {
        let mut faults = Self::default();
        for marker in markers.into_iter().filter(|marker| marker.plays(earlier)) {
            match marker.fault {
                Fault::Instead(instead) => faults.instead = Some(instead),
                Fault::At(event, fault) => faults.at.push((event, fault)),
                Fault::Delay(delay) => faults.delay = Some(delay),
                Fault::Pace(pace) => faults.pace = Some(pace),
                Fault::OneByte => faults.one_byte = true,
                Fault::Coalesce => faults.coalesce = true,
                Fault::Json200 => faults.json_200 = true,
            }
        }
        faults
    }
}

/// Whether any of them counts its requests.
pub fn counted(markers: &[Marker]) -> bool {
    markers.iter().any(|marker| marker.times.is_some())
}

/// The markers in a text; one that cannot be understood is refused, so that a typing error does not pass for success.
pub fn find(text: &str) -> Result<Vec<Marker>, Refusal> {
    const OPEN: &str = "[[fault:";
    let mut markers = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let inside = rest.get(start + OPEN.len()..).unwrap_or_default();
        let Some(end) = inside.find("]]") else { break };
        let marker = inside.get(..end).unwrap_or_default();
        markers.push(parse::marker(marker).map_err(|reason| {
            Refusal::validation(format!("simulator: the marker [[fault:{marker}]] is not understood: {reason}"))
        })?);
        rest = inside.get(end..).unwrap_or_default();
    }
    Ok(markers)
}
