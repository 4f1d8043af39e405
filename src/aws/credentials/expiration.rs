//! Until when credentials can be used.

use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

use super::FetchError;

/// `2026-11-22T12:00:00Z`, with a fraction or another offset too, as seconds since 1970.
pub fn unix_seconds(text: &str) -> Option<u64> {
    OffsetDateTime::parse(text.trim(), &Rfc3339).ok().and_then(seconds)
}

/// The same of HTTP's `date`: `Sun, 22 Nov 2026 12:00:00 GMT`.
pub fn of_http_date(text: &str) -> Option<u64> {
    OffsetDateTime::parse(text.trim(), &Rfc2822).ok().and_then(seconds)
}

fn seconds(time: OffsetDateTime) -> Option<u64> {
    u64::try_from(time.unix_timestamp()).ok()
}

/// Credentials that have expired already are none.
pub fn expires(who: &str, expires: Option<u64>, now: u64) -> Result<Option<u64>, FetchError> {
    match expires {
        Some(expires) if expires <= now => Err(FetchError::unusable(who, "credentials that have expired")),
        other => Ok(other),
    }
}
