//! What the operator has to mend, in Envoy's log: every request may meet it, and one line a minute and worker is enough.

use super::abi;
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
    /// AWS has refused the gateway's credentials.
    pub fn refused(&self, refusal: &Refusal) {
        self.say(|now| {
            let skew = refusal.date.as_deref().and_then(|date| Skew::by_date(date, now / 1_000));
            let skew = skew.map(|skew| format!("; {skew}")).unwrap_or_default();
            format!("the gateway's AWS credentials were refused: {}{skew}", refusal.reason)
        });
    }

    /// The filter is not deployed as it has to be.
    pub fn misplaced(&self, what: &str) {
        self.say(|_| what.to_owned());
    }

    /// Writes a line, unless one was written less than a minute ago; `line` is told the time, milliseconds.
    fn say(&self, line: impl FnOnce(u64) -> String) {
        let now = abi::now().unwrap_or_default() / 1_000_000;
        if now >= self.silent_until.get() {
            self.silent_until.set(now.saturating_add(PAUSE));
            log::error!("bedrock-messages: {}", line(now));
        }
    }
}
