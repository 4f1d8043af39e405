//! Finds out that Envoy runs the filter without `allow_on_headers_stop_iteration`: then a held request never gets a body
//! callback and would hang. The first body callback of a held stream proves that the option is in effect.

use crate::deadline::Deadline;
use std::cell::{Cell, RefCell};

/// How long a held stream may be without a body callback, milliseconds. With the tick it makes under five seconds.
const PATIENCE: u64 = 3_000;

/// Held streams of this worker, as long as the option is not known to be in effect.
pub struct Watchdog {
    in_effect: Cell<bool>,
    /// Few, since it is soon known.
    held: RefCell<Vec<(u32, Deadline)>>,
}

impl Watchdog {
    /// One that looks; without `is_needed` there is nothing to look for.
    pub fn new(is_needed: bool) -> Self {
        Self { in_effect: Cell::new(!is_needed), held: RefCell::default() }
    }

    /// A stream's headers are held from `now` on.
    pub fn hold(&self, context: u32, now: impl FnOnce() -> u64) {
        if !self.in_effect.get() {
            // Asked before the borrow: none is held across a call to the host, which may come back in.
            let patience = Deadline::after(now(), PATIENCE);
            self.held.borrow_mut().push((context, patience));
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
            self.held.borrow_mut().retain(|(held, _)| *held != context);
        }
    }

    /// There is nothing to look for any more.
    pub fn is_done(&self) -> bool {
        self.in_effect.get()
    }

    /// Takes out the streams that have waited too long.
    pub fn overdue(&self, now: u64) -> Vec<u32> {
        let mut held = self.held.borrow_mut();
        let overdue = held.iter().filter(|(_, patience)| patience.is_over(now)).map(|(context, _)| *context).collect();
        held.retain(|(_, patience)| !patience.is_over(now));
        overdue
    }
}
