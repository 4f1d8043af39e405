//! An answer as a script of what is written when, faults included.

use std::time::Duration;

use bytes::Bytes;

use crate::errors::{NativeError, Refusal};
use crate::faults::{AtEvent, Faults};
use crate::message::{Message, Metrics};
use crate::script::{Script, Step};
use crate::{frame, sse};

/// How long what was written before a cut has to leave.
const BEFORE_CUT: Duration = Duration::from_millis(50);

/// How the events of a stream are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// AWS's binary frames.
    EventStream,
    /// Server-sent events, with pings.
    Sse,
}

/// The answer as a stream.
pub fn script(message: &Message, wire: Wire, faults: &Faults, token_delay: Duration) -> Script {
    let events = wire.events(message);
    let pace = if faults.coalesce { Duration::ZERO } else { faults.pace.unwrap_or(token_delay) };
    let last = events.len() - 1;
    let mut at: Vec<(usize, &AtEvent)> = faults.at.iter().map(|(event, fault)| (*event.min(&last), fault)).collect();
    at.sort_by_key(|(event, _)| *event);
    let mut at = at.into_iter().peekable();

    let mut steps = Vec::with_capacity(events.len() * 2);
    'events: for (index, mut event) in events.into_iter().enumerate() {
        if index > 0 {
            wire.wait(&mut steps, pace);
        }
        while let Some((_, fault)) = at.next_if(|(event, _)| *event == index) {
            match fault {
                AtEvent::Exception(refusal) => {
                    steps.push(send(wire.exception(refusal)));
                    break 'events;
                }
                AtEvent::SseError(error) => {
                    steps.push(send(sse::error(error)));
                    break 'events;
                }
                AtEvent::ErrorFrame => {
                    steps.push(send(frame::error()));
                    break 'events;
                }
                AtEvent::Cut => {
                    steps.extend(cut(event));
                    break 'events;
                }
                AtEvent::End => break 'events,
                AtEvent::BadCrc => frame::break_crc(&mut event),
                AtEvent::BadPrelude => frame::break_prelude(&mut event),
                AtEvent::ImpossibleLength(length) => frame::announce_length(&mut event, *length),
                AtEvent::Stall(time) => wire.wait(&mut steps, *time),
                AtEvent::UnknownEvent => steps.push(send(wire.unknown())),
            }
        }
        steps.push(send(event));
        if index == 0 && wire == Wire::Sse {
            steps.push(send(sse::ping()));
        }
    }
    Script::new(if faults.coalesce { coalesce(steps) } else { steps }, faults.one_byte)
}

impl Wire {
    /// The `content-type` of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::EventStream => "application/vnd.amazon.eventstream",
            Self::Sse => "text/event-stream; charset=utf-8",
        }
    }

    /// Whether a fault means anything in such a stream.
    pub fn has(self, fault: &AtEvent) -> bool {
        match fault {
            AtEvent::SseError(_) => self == Self::Sse,
            AtEvent::ErrorFrame | AtEvent::BadCrc | AtEvent::BadPrelude | AtEvent::ImpossibleLength(_) => {
                self == Self::EventStream
            }
            AtEvent::Exception(_) | AtEvent::Cut | AtEvent::End | AtEvent::Stall(_) | AtEvent::UnknownEvent => true,
        }
    }

    fn events(self, message: &Message) -> Vec<Vec<u8>> {
        match self {
            Self::EventStream => frames(message),
            Self::Sse => {
                let events = message.events(None);
                events.iter().map(|event| sse::event(&serde_json::to_string(event).unwrap_or_default())).collect()
            }
        }
    }

    fn exception(self, refusal: &Refusal) -> Vec<u8> {
        match self {
            Self::EventStream => frame::exception(refusal),
            Self::Sse => NativeError::of(refusal).map(|error| sse::error(&error)).unwrap_or_default(),
        }
    }

    fn unknown(self) -> Vec<u8> {
        match self {
            Self::EventStream => frame::unknown(),
            Self::Sse => sse::unknown(),
        }
    }

    /// Silence; where there are pings, none of it lasts long.
    fn wait(self, steps: &mut Vec<Step>, mut time: Duration) {
        while self == Self::Sse && time > sse::PING_EVERY {
            steps.extend([Step::Wait(sse::PING_EVERY), send(sse::ping())]);
            time -= sse::PING_EVERY;
        }
        if !time.is_zero() {
            steps.push(Step::Wait(time));
        }
    }
}

/// A JSON body; of the faults inside a stream those that have a meaning here: a stall, and the connection's end.
pub fn json_script(body: Vec<u8>, faults: &Faults) -> Script {
    let mut steps = Vec::new();
    let broken = faults.at.iter().any(|(_, fault)| matches!(fault, AtEvent::Cut | AtEvent::End));
    for (_, fault) in &faults.at {
        if let AtEvent::Stall(time) = fault {
            steps.push(Step::Wait(*time));
        }
    }
    if broken {
        steps.extend(cut(body))
    } else {
        steps.push(send(body))
    }
    Script::new(steps, faults.one_byte)
}

/// One frame an event, with padding of a length that the answer's id and the event's place choose.
fn frames(message: &Message) -> Vec<Vec<u8>> {
    let mut state = message
        .id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let events = message.events(Some(Metrics::of(&message.usage)));
    events
        .into_iter()
        .map(|event| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let padding = usize::try_from((state >> 33) % 60).unwrap_or_default() + 1;
            frame::chunk(&serde_json::to_string(&event).unwrap_or_default(), padding)
        })
        .collect()
}

fn cut(mut bytes: Vec<u8>) -> [Step; 3] {
    bytes.truncate(bytes.len() / 2);
    [send(bytes), Step::Wait(BEFORE_CUT), Step::Abort]
}

fn send(bytes: Vec<u8>) -> Step {
    Step::Send(Bytes::from(bytes))
}

/// What stands between two pauses in one piece.
fn coalesce(steps: Vec<Step>) -> Vec<Step> {
    let mut merged = Vec::new();
    let mut piece = Vec::new();
    for step in steps {
        match step {
            Step::Send(bytes) => piece.extend_from_slice(&bytes),
            other => {
                merged.push(send(std::mem::take(&mut piece)));
                merged.push(other);
            }
        }
    }
    merged.push(send(piece));
    merged
}
