//! How the two instances of a pair speak with each other about one request. `transform`, the first in the chain, says in the
//! request's filter state whether it takes it. `hold`, the second, then holds the headers, and says there where it can be
//! told of: its own queue, and the stream in its VM. When the body is complete, `transform` puts the headers into that queue.
//! All of it happens on one worker's thread; the queue only crosses from one VM to the other.

use super::abi::{self, Result};

/// Filter state: whether `transform` takes the request.
const FLOW: &str = "bedrock.flow";
const TAKEN: &[u8] = b"taken";
const PASSED: &[u8] = b"passed";
/// Filter state: where `hold` can be told of the request.
const HELD: &str = "bedrock.held";

/// What `transform` has said of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It takes it: the headers are to be held.
    Taken,
    /// It is not the filter's.
    Passed,
    /// There is no `transform` before.
    Unsaid,
}

/// `transform` says whether it takes the request.
pub fn say(taken: bool) -> Result<()> {
    abi::set_filter_state(FLOW, if taken { TAKEN } else { PASSED })
}

/// What `hold` hears of that.
pub fn said() -> Flow {
    match abi::property(FLOW).as_deref() {
        Ok(TAKEN) => Flow::Taken,
        Ok(PASSED) => Flow::Passed,
        _ => Flow::Unsaid,
    }
}

/// `hold` says where it can be told of the request.
pub fn hold(queue: u32, context: u32) -> Result<()> {
    let mut place = queue.to_le_bytes().to_vec();
    place.extend_from_slice(&context.to_le_bytes());
    abi::set_filter_state(HELD, &place)?;
    // A second `hold` would wait for ever: it is told that there is nothing to hold.
    say(false)
}

/// Whether a `hold` has the request.
pub fn is_held() -> bool {
    abi::property(HELD).is_ok()
}

/// `transform` tells `hold` how the request leaves: by these headers, or as it came. Nothing where nobody holds it.
pub fn release(headers: Option<&[(&str, Vec<u8>)]>) -> Option<Result<()>> {
    let place = abi::property(HELD).ok()?;
    let (queue, context) = place.split_first_chunk::<4>()?;
    let mut message = context.to_vec();
    if let Some(headers) = headers {
        message.extend_from_slice(&abi::encoded(headers));
    }
    Some(abi::enqueue(u32::from_le_bytes(*queue), &message))
}

/// A message of `transform`'s: the stream in `hold`'s VM, and the header map in the ABI's encoding, empty for none.
pub fn read(message: &[u8]) -> Option<(u32, &[u8])> {
    let (context, headers) = message.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*context), headers))
}
