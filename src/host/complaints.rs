//! What the operator has to mend, in Envoy's log: every request may meet it, and one line a minute and worker is enough.

use crate::aws::clock::Skew;
use crate::exchange::Refusal;
use std::cell::Cell;

/// Between two lines, milliseconds.
const PAUSE: u64 = 60_000;

/// Remembers when it spoke last.
#[derive(Default)]
pub struct Complaints {
    silent_until: Cell<u64>,
}

impl Complaints {
    /// Writes a line, unless one was written less than a minute ago; `now` is in milliseconds.
    pub fn say(&self, refusal: &Refusal, now: u64) {
        if now < self.silent_until.get() {
            return;
        }
        self.silent_until.set(now.saturating_add(PAUSE));
        let skew = refusal.date.as_deref().and_then(|date| Skew::by_date(date, now / 1_000));
        let skew = skew.map(|skew| format!("; {skew}")).unwrap_or_default();
        log::error!("bedrock-messages: the gateway's AWS credentials were refused: {}{skew}", refusal.reason);
    }
}
