//! The keys that were handed out, as long as somebody may sign with them.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Service;
use super::counts::millis;
use crate::config::AccessKeys;

/// How long keys are remembered after their end: so long they are refused as expired, later as unknown.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// How the session tokens of AWS begin. What a URL, a form or a header would change of a token stands in it.
const TOKEN_PREFIX: &str = "IQoJb3JpZ2luX2VjEJ3//////////wEaCXVzLWVhc3QtMSJ+";

/// The alphabet of key ids.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Keys with an end.
#[derive(Clone, Debug)]
pub struct Session {
    /// The keys, with a session token.
    pub keys: AccessKeys,
    /// The ARN of the session: `arn:aws:sts::…:assumed-role/{role}/{session}`.
    pub arn: String,
    /// Who handed them out.
    pub service: Service,
    /// When.
    pub issued_at: SystemTime,
    /// From when on they are refused: a whole second, so that AWS's timestamps say it exactly.
    pub expires_at: SystemTime,
    uses: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Issued(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    sessions: Vec<Session>,
    expired_uses: u64,
}

impl Issued {
    /// New keys for a session, good for at least that long.
    pub fn issue(&self, service: Service, arn: &str, life: Duration, now: SystemTime) -> Session {
        let keys = AccessKeys {
            access_key_id: format!("ASIA{}", identifier(&rand::random::<[u8; 16]>())),
            secret_access_key: STANDARD.encode(rand::random::<[u8; 30]>()),
            session_token: Some(session_token()),
        };
        let expires_at = whole_second(now + life);
        let session = Session { keys, arn: arn.into(), service, issued_at: now, expires_at, uses: 0 };
        let mut memory = self.memory();
        memory.sessions.retain(|session| session.expires_at + REMEMBERED > now);
        memory.sessions.push(session.clone());
        session
    }

    /// The session whose keys have that id.
    pub fn find(&self, access_key_id: &str) -> Option<Session> {
        self.memory().sessions.iter().rev().find(|session| session.keys.access_key_id == access_key_id).cloned()
    }

    /// Counts a request that was accepted, if these are keys of a session.
    pub fn used(&self, access_key_id: &str) {
        let mut memory = self.memory();
        let sessions = &mut memory.sessions;
        if let Some(session) = sessions.iter_mut().rev().find(|session| session.keys.access_key_id == access_key_id) {
            session.uses += 1;
        }
    }

    /// Counts a request that was signed with keys of a session that has ended.
    pub fn used_expired(&self) {
        self.memory().expired_uses += 1;
    }

    /// The sessions, oldest first, without any secret; and how often expired ones were used.
    pub fn listing(&self) -> (Vec<Value>, u64) {
        let memory = self.memory();
        let shown = memory.sessions.iter().map(|session| {
            json!({
                "accessKeyId": session.keys.access_key_id,
                "service": session.service.name(),
                "issuedAt": millis(session.issued_at),
                "expiresAt": millis(session.expires_at),
                "uses": session.uses,
            })
        });
        (shown.collect(), memory.expired_uses)
    }

    /// Forgets what was counted; the keys stay good.
    pub fn reset(&self) {
        let mut memory = self.memory();
        memory.expired_uses = 0;
        memory.sessions.iter_mut().for_each(|session| session.uses = 0);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One character of an AWS id for each byte.
pub(super) fn identifier(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(BASE32[usize::from(byte % 32)])).collect()
}

/// Several hundred characters of base64 with padding, as AWS's tokens are.
fn session_token() -> String {
    let mut bytes = [0; 361];
    rand::fill(&mut bytes);
    let mut token = TOKEN_PREFIX.to_owned();
    let _ = write!(token, "{}", STANDARD.encode(bytes));
    token
}

/// That moment, or the next one without a fraction of a second.
fn whole_second(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs() + u64::from(since.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sts::123456789012:assumed-role/gateway-role/i-0";

    #[test]
    fn keys_look_as_awss_do() {
        let issued = Issued::default();
        let one = issued.issue(Service::Sts, ARN, Duration::from_secs(900), SystemTime::now());
        let other = issued.issue(Service::Sts, ARN, Duration::from_secs(900), SystemTime::now());
        let token = one.keys.session_token.clone().expect("a token");
        assert!(one.keys.access_key_id.len() == 20 && one.keys.access_key_id.starts_with("ASIA"));
        assert_eq!(one.keys.secret_access_key.len(), 40);
        assert!(token.len() > 400 && "/+=".chars().all(|c| token.contains(c)), "{token}");
        assert_ne!(one.keys.access_key_id, other.keys.access_key_id);
        assert_ne!(one.keys.session_token, other.keys.session_token);
    }

    #[test]
    fn keys_are_forgotten_ten_minutes_after_their_end() {
        let issued = Issued::default();
        let start = UNIX_EPOCH + Duration::from_millis(1_000_000_500);
        let first = issued.issue(Service::Sts, ARN, Duration::from_secs(900), start);
        assert_eq!(first.expires_at, UNIX_EPOCH + Duration::from_secs(1_000_901));
        for (later, known) in [(901 + 599, true), (901 + 601, false)] {
            issued.issue(Service::Sts, ARN, Duration::from_secs(900), start + Duration::from_secs(later));
            assert_eq!(issued.find(&first.keys.access_key_id).is_some(), known, "{later}");
        }
    }
}
