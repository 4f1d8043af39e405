//! The metadata service of EC2 instances, IMDSv2: a token first, then what it opens. As much of it as credentials need.
//!
//! Headers and their rules are those of the EC2 user guide; answers look as `EC2ws` sends them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use http::{Method, StatusCode};
use serde_json::json;

use super::reply::{Failure, Granted, Reply};
use super::{ACCOUNT, Call, Served, Service, Session, timestamp};
use crate::request::Received;

const TOKEN_PATH: &str = "/latest/api/token";
const ROLES_PATH: &str = "/latest/meta-data/iam/security-credentials/";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";
const TEXT: &str = "text/plain";

/// How long a token may be good, in seconds.
const TTLS: std::ops::RangeInclusive<u64> = 1..=21_600;

/// How long keys are good, when nothing else is configured.
const LIFE: Duration = Duration::from_secs(6 * 3600);

/// The tokens and keys that are out.
#[derive(Debug, Default)]
pub struct State(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// Each token, and when it ends.
    tokens: HashMap<String, SystemTime>,
    current: Option<Session>,
}

/// Answers a request.
pub(super) fn serve(call: &Call<'_>) -> Served {
    let request = call.request;
    let (action, result) = match (&request.method, request.path()) {
        // Whoever comes through a proxy is not on the instance.
        _ if request.headers.contains_key("x-forwarded-for") => ("-", Err(refused(403))),
        (&Method::PUT, TOKEN_PATH) => ("token", token(call)),
        (&Method::PUT, _) => ("-", Err(refused(403))),
        (&Method::GET, path) => match path.strip_prefix(ROLES_PATH) {
            Some("") => ("role", role(call)),
            Some(role) => ("credentials", credentials(call, role)),
            None => ("-", check_token(call).and(Err(refused(404)))),
        },
        _ => ("-", Err(refused(405))),
    };
    Served { action, result }
}

/// Whether a request is one for credentials.
pub(super) fn has_document(request: &Received) -> bool {
    request.path().strip_prefix(ROLES_PATH).is_some_and(|role| !role.is_empty())
}

fn token(call: &Call<'_>) -> Result<Granted, Failure> {
    let ttl = call.request.header(TTL).and_then(|ttl| ttl.parse().ok()).filter(|ttl| TTLS.contains(ttl));
    let ttl = ttl.ok_or_else(|| refused(400))?;
    let token = URL_SAFE.encode(rand::random::<[u8; 40]>());
    let mut memory = call.state.metadata.memory();
    memory.tokens.retain(|_, end| *end > call.now);
    memory.tokens.insert(token.clone(), call.now + Duration::from_secs(ttl));
    let reply = Reply::new(200, TEXT, token).with(TTL, &ttl.to_string());
    Ok(Granted { outcome: "token handed out".into(), document: false, reply })
}

fn role(call: &Call<'_>) -> Result<Granted, Failure> {
    check_token(call)?;
    let role = call.config.credentials.instance_role.as_str();
    Ok(Granted { outcome: "role named".into(), document: false, reply: Reply::new(200, TEXT, role) })
}

fn credentials(call: &Call<'_>, role: &str) -> Result<Granted, Failure> {
    check_token(call)?;
    if role != call.config.credentials.instance_role {
        return Err(refused(404));
    }
    let session = current(call, role);
    let keys = &session.keys;
    // `EC2ws` says text/plain of it.
    let document = json!({
        "Code": "Success",
        "LastUpdated": timestamp(session.issued_at),
        "Type": "AWS-HMAC",
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key,
        "Token": keys.session_token,
        "Expiration": timestamp(session.expires_at),
    });
    let outcome = format!("handed out {}", keys.access_key_id);
    Ok(Granted { outcome, document: true, reply: Reply::new(200, TEXT, format!("{document:#}")) })
}

/// The keys that everybody gets, until they are in the last quarter of their life.
fn current(call: &Call<'_>, role: &str) -> Session {
    let mut memory = call.state.metadata.memory();
    if let Some(session) = memory.current.as_ref().filter(|session| !ends_soon(session, call.now)) {
        return session.clone();
    }
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/i-0123456789abcdef0");
    let session = call.issue(Service::InstanceMetadata, &arn, LIFE);
    memory.current = Some(session.clone());
    session
}

fn ends_soon(session: &Session, now: SystemTime) -> bool {
    let life = session.expires_at.duration_since(session.issued_at).unwrap_or_default();
    now >= session.expires_at - life / 4
}

fn check_token(call: &Call<'_>) -> Result<(), Failure> {
    let good = match call.request.header(TOKEN) {
        Some(token) => call.state.metadata.memory().tokens.get(token).is_some_and(|end| *end > call.now),
        None => call.config.credentials.imds_v1,
    };
    if good { Ok(()) } else { Err(refused(401)) }
}

impl State {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refusal has a status, and no words.
fn refused(status: u16) -> Failure {
    Failure::new(status, &status.to_string(), "")
}

/// A failure as a page. Of one with status 200 it is the document that says so: so IMDS tells that a role cannot be had.
pub(super) fn failed(failure: &Failure) -> Reply {
    let Failure { status, code, message } = failure;
    if *status == 200 {
        let updated = timestamp(SystemTime::now());
        let document = json!({ "Code": code, "Message": message, "LastUpdated": updated });
        return Reply::new(200, TEXT, format!("{document:#}"));
    }
    if *status == 403 && message.is_empty() {
        return Reply::new(403, TEXT, "");
    }
    let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let title = format!("{status} - {reason}");
    // `partial_escape` leaves quotes alone, which are harmless in a text.
    let message = quick_xml::escape::partial_escape(message.as_str());
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 \
         Transitional//EN\"\n\t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n<html \
         xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n <head>\n  <title>{title}</title>\n \
         </head>\n <body>\n  <h1>{title}</h1>\n{message} </body>\n</html>\n"
    );
    Reply::new(*status, "text/html", page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Issued;

    #[test]
    fn the_last_quarter() {
        let issued_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let session = Issued::default().issue(Service::InstanceMetadata, "", LIFE, issued_at);
        assert!(!ends_soon(&session, issued_at + Duration::from_secs(16_199)));
        assert!(ends_soon(&session, issued_at + Duration::from_secs(16_200)));
    }
}
