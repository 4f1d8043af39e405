//! What the operator has to mend, in Envoy's log: every request may meet it, and one line a minute and worker is enough.

use super::abi;
use std::cell::Cell;

/// Between two lines, nanoseconds.
const PAUSE: u64 = 60_000_000_000;

/// Remembers when it spoke last.
#[derive(Default)]
pub struct Complaints {
    silent_until: Cell<u64>,
}

impl Complaints {
    /// Writes a line, unless one was written less than a minute ago.
    pub fn say(&self, what: &str) {
        let now = abi::now().unwrap_or_default();
        if now >= self.silent_until.get() {
            self.silent_until.set(now.saturating_add(PAUSE));
            log::error!("bedrock-messages: the gateway's AWS credentials were refused: {what}");
        }
    }
}
