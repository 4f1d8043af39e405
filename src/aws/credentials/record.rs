//! What the workers of one Envoy share of a source: its credentials, who fetches new ones, and what the last try came to.
//!
//! It lies in Proxy-Wasm's shared data as bytes, and each change is a compare-and-swap of the whole: so one worker at most
//! holds the lease that lets it fetch. All times are milliseconds since 1970.

use zeroize::Zeroizing;

use super::call::CALL_TIMEOUT;
use super::codec::{Reader, Writer};
use super::fetch::{Fetched, Outcome};
use super::schedule;
use super::{AccessKey, Credentials, FetchError, Secret};

/// First byte of the bytes. Another layout takes another number.
const VERSION: u8 = 2;

/// Where the record of a source lies, by the source's identity. Each version has its own: code that drains beside newer code
/// would else take the other's record for damaged, and fetch.
pub fn key(identity: &str) -> String {
    format!("bedrock_messages.credentials.v{VERSION}.{identity}")
}

/// New credentials are asked for because AWS has refused the old ones: once in so long a time. Should the cause be another,
/// a policy or a clock, new ones do not help.
const REFUSAL_PAUSE: u64 = 60_000;

/// How long a lease lasts from its last renewal, which each call is: a little longer than a call.
pub const LEASE: u64 = CALL_TIMEOUT as u64 + 1_000;

/// The state of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The newest credentials, good or expired.
    pub held: Option<Held>,
    /// Who fetches now.
    lease: Option<Lease>,
    /// Tries in a row that failed.
    failures: u32,
    /// No try before this.
    next_try: u64,
    /// When AWS last refused what is held and new ones were asked for because of that.
    refused: u64,
    /// Why the last try failed, in the words for clients; empty after a success.
    pub error: String,
}

/// Credentials, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What requests are authenticated with.
    pub credentials: Credentials,
    /// When AWS will refuse them.
    pub expires: Option<u64>,
    /// When new ones are due.
    pub refresh_at: u64,
    /// Which member of a chain gave them; [`REFUSED`] when AWS has refused them.
    pub member: u64,
}

/// Behind all members of any chain.
const REFUSED: u64 = u64::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lease {
    holder: u64,
    until: u64,
}

/// Whether a time of this record's is still to come. One that is further off than any is set was set before the clock was put
/// back, and nobody waits for it.
fn is_ahead(time: u64, now: u64) -> bool {
    (1..=LEASE).contains(&time.saturating_sub(now))
}

impl Held {
    /// Whether a request may be signed with them. Not in their last second: it has yet to arrive.
    pub fn is_usable(&self, now: u64) -> bool {
        self.expires.is_none_or(|expires| now.saturating_add(1_000) < expires)
    }

    /// What a try came to. While these are good, none of a source that stands behind theirs in the chain replaces them: theirs
    /// may have failed for a moment, and those are kept for hours. The errors of the members that were `passed` are that of the
    /// chain then.
    pub fn weighed(&self, outcome: Outcome, passed: &mut Vec<FetchError>, now: u64) -> Outcome {
        match outcome {
            Ok(fetched) if fetched.member > self.member && self.is_usable(now) => {
                Err(FetchError::of_chain(&std::mem::take(passed)))
            }
            outcome => outcome,
        }
    }

    /// Whether there is no need for new ones. What has no end is read again soon, and not later for a clock that was put back.
    fn is_fresh(&self, now: u64) -> bool {
        let left = self.refresh_at.saturating_sub(now);
        left > 0 && (self.expires.is_some() || left <= schedule::REREAD)
    }
}

impl Record {
    /// The credentials that a request may be signed with now.
    pub fn usable(&self, now: u64) -> Option<&Held> {
        self.held.as_ref().filter(|held| held.is_usable(now))
    }

    /// Whether new credentials are due and nobody fetches them.
    pub fn is_due(&self, now: u64) -> bool {
        let fresh = self.usable(now).is_some_and(|held| held.is_fresh(now));
        !fresh && !is_ahead(self.next_try, now) && self.lease.is_none_or(|lease| !is_ahead(lease.until, now))
    }

    /// The record with a lease for `holder`, taken or renewed; nothing when another one has it.
    pub fn leased(mut self, holder: u64, now: u64) -> Option<Self> {
        if self.lease.is_some_and(|lease| lease.holder != holder && is_ahead(lease.until, now)) {
            return None;
        }
        self.lease = Some(Lease { holder, until: now.saturating_add(LEASE) });
        Some(self)
    }

    /// Whether `holder` may write what it fetched.
    pub fn is_leased_to(&self, holder: u64) -> bool {
        self.lease.is_some_and(|lease| lease.holder == holder)
    }

    /// The record after a success; `random` is any number.
    pub fn fetched(&self, fetched: &Fetched, now: u64, random: u64) -> Self {
        let expires = fetched.expires.map(|seconds| seconds.saturating_mul(1_000));
        let refresh_at = schedule::refresh_at(expires, now, random);
        let held = Held { credentials: fetched.credentials.clone(), expires, refresh_at, member: fetched.member };
        // Credentials that are hardly good any more are not asked for again and again.
        let next_try = now.saturating_add(schedule::LEAST_PAUSE);
        Self { held: Some(held), lease: None, failures: 0, next_try, refused: self.refused, error: String::new() }
    }

    /// The record after a failure; `random` is any number. What is held serves on until it expires.
    pub fn failed(&self, error: &FetchError, now: u64, random: u64) -> Self {
        let failures = self.failures.saturating_add(1);
        let next_try = now.saturating_add(schedule::pause(failures, random));
        let error = error.text.clone();
        Self { held: self.held.clone(), lease: None, failures, next_try, refused: self.refused, error }
    }

    /// The record after AWS has refused what is held: new ones are due, of any member of a chain; nothing where that is so
    /// already or was a moment ago.
    pub fn refused(mut self, now: u64) -> Option<Self> {
        let held = self.held.as_mut()?;
        if held.refresh_at > now {
            if self.refused > 0 && now.abs_diff(self.refused) < REFUSAL_PAUSE {
                return None;
            }
            held.refresh_at = now;
            self.refused = now;
        } else if held.member == REFUSED {
            return None;
        }
        held.member = REFUSED;
        Some(self)
    }

    /// As bytes.
    pub fn encoded(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::new(VERSION);
        out.number(u64::from(self.failures));
        out.number(self.next_try);
        out.number(self.refused);
        out.text(&self.error);
        let lease = self.lease.unwrap_or(Lease { holder: 0, until: 0 });
        out.number(lease.holder);
        out.number(lease.until);
        if let Some(held) = &self.held {
            out.number(held.refresh_at);
            out.number(held.member);
            // No credentials expire in 1970.
            out.number(held.expires.unwrap_or_default());
            match &held.credentials {
                Credentials::ApiKey(key) => out.text(key.expose()),
                Credentials::AccessKey(key) => {
                    out.text(key.secret_access_key.expose());
                    out.text(&key.access_key_id);
                    if let Some(token) = &key.session_token {
                        out.text(token.expose());
                    }
                }
            }
        }
        Zeroizing::new(out.finish())
    }

    /// Reads bytes; nothing where they are of another version, or damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut read = Reader::new(bytes, VERSION)?;
        let mut record = Self {
            failures: u32::try_from(read.number()?).ok()?,
            next_try: read.number()?,
            refused: read.number()?,
            error: read.text()?.to_owned(),
            ..Self::default()
        };
        let lease = Lease { holder: read.number()?, until: read.number()? };
        record.lease = (lease.until > 0).then_some(lease);
        if !read.is_at_end() {
            let refresh_at = read.number()?;
            let member = read.number()?;
            let expires = Some(read.number()?).filter(|expires| *expires > 0);
            let secret = Secret::new(read.text()?);
            let credentials = if read.is_at_end() {
                Credentials::ApiKey(secret)
            } else {
                let access_key_id = read.text()?.to_owned();
                let session_token = if read.is_at_end() { None } else { Some(Secret::new(read.text()?)) };
                Credentials::AccessKey(AccessKey { access_key_id, secret_access_key: secret, session_token })
            };
            record.held = Some(Held { credentials, expires, refresh_at, member });
        }
        read.is_at_end().then_some(record)
    }
}
