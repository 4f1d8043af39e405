//! Times to come, by a clock that may be put back.

/// The end of a wait, milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deadline {
    begun: u64,
    ends: u64,
}

impl Deadline {
    /// So long after `now`.
    pub fn after(now: u64, wait: u64) -> Self {
        Self { begun: now, ends: now.saturating_add(wait) }
    }

    /// Whether it is over. It is too when the clock shows a time before its beginning: by that clock nobody can say.
    pub fn is_over(self, now: u64) -> bool {
        !(self.begun..self.ends).contains(&now)
    }
}

#[cfg(test)]
mod tests {
    use super::Deadline;

    #[test]
    fn a_clock_that_is_put_back_ends_a_wait() {
        let deadline = Deadline::after(1_000, 50);
        for (now, is_over) in [(1_000, false), (1_049, false), (1_050, true), (u64::MAX, true), (999, true), (0, true)]
        {
            assert_eq!(deadline.is_over(now), is_over, "{now}");
        }
        assert!(Deadline::default().is_over(0));
        assert!(!Deadline::after(u64::MAX - 1, 50).is_over(u64::MAX - 1));
    }
}
