//! What the operator has to mend, in Envoy's log: every request may meet it, and one line a minute and worker is enough.

use super::abi;
use crate::anthropic::error::ErrorType;
use crate::aws::clock::Skew;
use crate::deadline::Deadline;
use crate::exchange::{Refusal, Reply};
use std::cell::Cell;

/// Between two lines, milliseconds.
const PAUSE: u64 = 60_000;

/// Remembers when it spoke last.
#[derive(Default)]
pub struct Complaints {
    silence: Cell<Deadline>,
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

    /// The filter is not deployed as it has to be: what the client is told.
    pub fn misplaced(&self, what: &str) -> Reply {
        self.say(|_| what.to_owned());
        Reply::error(500, ErrorType::Api, what).with("x-should-retry", "false")
    }

    /// Writes a line, unless one was written less than a minute ago; `line` is told the time, milliseconds.
    fn say(&self, line: impl FnOnce(u64) -> String) {
        let now = abi::now().unwrap_or_default();
        if self.silence.get().is_over(now) {
            self.silence.set(Deadline::after(now, PAUSE));
            log::error!("bedrock-messages: {}", line(now));
        }
    }
}
