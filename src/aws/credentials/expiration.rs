//! Until when credentials can be used.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::FetchError;
use super::call::Answer;

/// `2026-11-22T12:00:00Z`, with a fraction or another offset too, as seconds since 1970.
pub fn unix_seconds(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp()).ok()
}

/// Credentials that have expired already are none; or the gateway's clock is ahead, as the answer's date then says.
pub fn expires(who: &str, expires: Option<u64>, answer: &Answer, now: u64) -> Result<Option<u64>, FetchError> {
    match expires {
        Some(expires) if expires <= now => {
            Err(FetchError::unusable(who, "credentials that have expired").with_clock(answer, now))
        }
        other => Ok(other),
    }
}
