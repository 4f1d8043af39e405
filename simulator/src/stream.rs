//! An answer as a script of what is written when, faults included.

use std::time::Duration;

use bytes::Bytes;

use crate::faults::{AtEvent, Faults};
use crate::frame;
use crate::message::Message;
use crate::script::{Script, Step};

/// How long what was written before a cut has to leave.
const BEFORE_CUT: Duration = Duration::from_millis(50);

/// The answer's event stream.
pub fn script(message: &Message, faults: &Faults, token_delay: Duration) -> Script {
    let frames = frames(message);
    let pace = if faults.coalesce { Duration::ZERO } else { faults.pace.unwrap_or(token_delay) };
    let last = frames.len() - 1;
    let mut at: Vec<(usize, &AtEvent)> = faults.at.iter().map(|(event, fault)| (*event.min(&last), fault)).collect();
    at.sort_by_key(|(event, _)| *event);
    let mut at = at.into_iter().peekable();

    let mut steps = Vec::with_capacity(frames.len() * 2);
    'frames: for (index, mut frame) in frames.into_iter().enumerate() {
        if index > 0 && !pace.is_zero() {
            steps.push(Step::Wait(pace));
        }
        while let Some((_, fault)) = at.next_if(|(event, _)| *event == index) {
            match fault {
                AtEvent::Exception(refusal) => {
                    steps.push(send(frame::exception(refusal)));
                    break 'frames;
                }
                AtEvent::ErrorFrame => {
                    steps.push(send(frame::error()));
                    break 'frames;
                }
                AtEvent::Cut => {
                    steps.extend(cut(frame));
                    break 'frames;
                }
                AtEvent::End => break 'frames,
                AtEvent::BadCrc => frame::break_crc(&mut frame),
                AtEvent::BadPrelude => frame::break_prelude(&mut frame),
                AtEvent::ImpossibleLength(length) => frame::announce_length(&mut frame, *length),
                AtEvent::Stall(time) => steps.push(Step::Wait(*time)),
                AtEvent::UnknownEvent => steps.push(send(frame::unknown())),
            }
        }
        steps.push(send(frame));
    }
    Script::new(if faults.coalesce { coalesce(steps) } else { steps }, faults.one_byte)
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
    let events = message.events().into_iter();
    events
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
