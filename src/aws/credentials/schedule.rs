//! When credentials are fetched anew. All times are milliseconds.

/// New ones are fetched so long before the old ones expire …
const LEAD: u64 = 15 * 60 * 1_000;
/// … or in the last part of a shorter life.
const LAST_PART: u64 = 4;
/// What has no end, a mounted file, is read again after this.
pub const REREAD: u64 = 60 * 1_000;
/// Between two tries, at least.
pub const LEAST_PAUSE: u64 = 1_000;
/// Between two tries, at most. It is less than requests wait by default.
const MOST_PAUSE: u64 = 4_000;

/// When credentials that were fetched `now` are to be replaced. The jitter, a fifth of the time that is left for it, keeps
/// gateways that started together from asking together.
pub fn refresh_at(expires: Option<u64>, now: u64, random: u64) -> u64 {
    let Some(expires) = expires else { return now.saturating_add(jittered(REREAD, random)) };
    let life = expires.saturating_sub(now);
    let lead = LEAD.min(life / LAST_PART);
    expires.saturating_sub(jittered(lead, random))
}

/// The pause after so many failures in a row: 1 s, then twice as long each time.
pub fn pause(failures: u32, random: u64) -> u64 {
    let doubled = LEAST_PAUSE.checked_shl(failures.saturating_sub(1).min(8)).unwrap_or(MOST_PAUSE);
    jittered(doubled.min(MOST_PAUSE), random).max(LEAST_PAUSE)
}

/// Between four fifths and the whole of it.
fn jittered(span: u64, random: u64) -> u64 {
    let fifth = span / 5;
    span.saturating_sub(random.checked_rem(fifth.saturating_add(1)).unwrap_or_default())
}
