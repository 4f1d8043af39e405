//! Finds out that Envoy runs the filter without `allow_on_headers_stop_iteration`: then a held request never gets a body
//! callback and would hang. The first body callback of a held stream proves that the option is in effect; a body that Envoy
//! has received without one, that it is not.

use crate::deadline::Deadline;
use std::cell::{Cell, RefCell};

/// How long a held stream may be without a body callback, milliseconds. With the tick it makes under five seconds.
const PATIENCE: u64 = 3_000;

/// Held streams of this worker, as long as the option is not known to be in effect.
pub struct Watchdog {
    in_effect: Cell<bool>,
    /// Few, since it is soon known.
    held: RefCell<Vec<Held>>,
}

/// A stream whose headers are held.
#[derive(Clone, Copy)]
pub struct Held {
    pub context: u32,
    patience: Deadline,
    /// So much of it Envoy had received then, bytes; nothing where that cannot be said.
    received: Option<u64>,
}

impl Held {
    /// Whether Envoy has received more, by what it has received now.
    pub fn has_grown(&self, received: Option<u64>) -> bool {
        // Where it cannot be said, a request that hangs is the worse of the two mistakes.
        self.received.zip(received).is_none_or(|(then, now)| now > then)
    }
}

impl Watchdog {
    /// One that looks; without `is_needed` there is nothing to look for.
    pub fn new(is_needed: bool) -> Self {
        Self { in_effect: Cell::new(!is_needed), held: RefCell::default() }
    }

    /// A stream's headers are held from now on; the host says when that is, and what Envoy has received.
    pub fn hold(&self, context: u32, host: impl FnOnce() -> (u64, Option<u64>)) {
        if !self.in_effect.get() {
            // Asked before the borrow: none is held across a call to the host, which may come back in.
            let (now, received) = host();
            self.held.borrow_mut().push(Held { context, patience: Deadline::after(now, PATIENCE), received });
        }
    }

    /// A held stream got a body callback.
    pub fn body_came(&self) {
        if !self.in_effect.replace(true) {
            self.held.borrow_mut().clear();
        }
    }

    /// A stream is gone.
    pub fn release(&self, context: u32) {
        if !self.in_effect.get() {
            self.held.borrow_mut().retain(|held| held.context != context);
        }
    }

    /// There is nothing to look for any more.
    pub fn is_done(&self) -> bool {
        self.in_effect.get()
    }

    /// The streams that have waited too long, if Envoy has their bodies.
    pub fn overdue(&self, now: u64) -> Vec<Held> {
        self.held.borrow().iter().filter(|held| held.patience.is_over(now)).copied().collect()
    }
}
