//! The gateway's clock beside AWS's: a signature whose time is minutes off is refused.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// A difference that is worth a word, seconds. AWS allows five minutes.
const NOTABLE: u64 = 60;

/// How far the gateway's clock is from AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    aws: u64,
    own: u64,
}

impl Skew {
    /// By an answer's header `date` (`Sun, 22 Nov 2026 12:00:00 GMT`), if it is worth a word; `own` is the time now, seconds
    /// since 1970.
    pub fn by_date(date: &str, own: u64) -> Option<Self> {
        let date = OffsetDateTime::parse(date.trim(), &Rfc2822).ok()?;
        let skew = Self { aws: u64::try_from(date.unix_timestamp()).ok()?, own };
        (skew.aws.abs_diff(own) >= NOTABLE).then_some(skew)
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.own < self.aws { "behind" } else { "ahead of" };
        write!(f, "the gateway's clock is {} s {direction} AWS's", self.aws.abs_diff(self.own))
    }
}

#[cfg(test)]
mod tests {
    use super::Skew;

    #[test]
    fn what_is_worth_a_word() {
        const NOON: u64 = 1_795_348_800;
        for (date, own, said) in [
            ("Sun, 22 Nov 2026 12:00:00 GMT", NOON, None),
            ("Sun, 22 Nov 2026 12:00:59 GMT", NOON, None),
            ("Sun, 22 Nov 2026 12:01:00 GMT", NOON, Some("the gateway's clock is 60 s behind AWS's")),
            ("Sun, 22 Nov 2026 12:00:00 GMT", NOON + 3_600, Some("the gateway's clock is 3600 s ahead of AWS's")),
            (" Sun, 22 Nov 2026 12:00:00 GMT ", 0, Some("the gateway's clock is 1795348800 s behind AWS's")),
            ("Sun, 22 Nov 1926 12:00:00 GMT", NOON, None),
            ("2026-11-22T12:00:00Z", 0, None),
            ("soon", 0, None),
            ("", 0, None),
        ] {
            assert_eq!(Skew::by_date(date, own).map(|skew| skew.to_string()).as_deref(), said, "{date} {own}");
        }
    }
}
