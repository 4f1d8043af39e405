//! Requests that are complete and wait for the first credentials, in bounded number and for a bounded time. Nothing of
//! them is in the VM but what the exchange keeps of the head: their bodies are in Envoy's buffers.

use super::abi;
use super::handle::Handle;
use crate::deadline::Deadline;
use std::cell::RefCell;

/// So many of a worker's requests may wait.
const MOST: usize = 1_000;

/// The requests of a worker that wait.
#[derive(Default)]
pub struct Waiting(RefCell<Vec<Waiter>>);

struct Waiter {
    context: u32,
    handle: Handle,
    patience: Deadline,
}

impl Waiting {
    /// Takes one in; false when there is no room.
    pub fn add(&self, context: u32, handle: Handle, patience: Deadline) -> bool {
        let mut waiting = self.0.borrow_mut();
        let room = waiting.len() < MOST;
        if room {
            waiting.push(Waiter { context, handle, patience });
        }
        room
    }

    /// A stream is gone.
    pub fn release(&self, context: u32) {
        if let Ok(mut waiting) = self.0.try_borrow_mut() {
            waiting.retain(|waiter| waiter.context != context);
        }
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Lets all go on that are to: those whose time is up, and with `all` the others too.
    pub fn let_go(&self, all: bool, now: u64, go: impl Fn(&Handle)) {
        let (going, staying) = self.0.take().into_iter().partition(|waiter| all || waiter.patience.is_over(now));
        self.0.replace(staying);
        let going: Vec<Waiter> = going;
        // No borrow is held across a call to the host, which may come back in.
        for waiter in &going {
            // Refused when the stream is gone.
            if abi::set_effective_context(waiter.context).is_ok() {
                go(&waiter.handle);
            }
        }
    }
}
