//! AWS Signature Version 4 in the `Authorization` header.
//!
//! The rules are those of the IAM User Guide, "Create a signed AWS API request"
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>), for every service but
//! S3: the path is normalised and encoded a second time, and no `x-amz-content-sha256` header is added.
//!
//! [`Signer`] goes all the way; each step is a function of its own, so that a vector names the step that differs.

use std::collections::BinaryHeap;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::credentials::{AccessKey, Secret};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SECONDS_PER_DAY: u64 = 86_400;
/// SHA-256's block, the length HMAC brings every key to (RFC 2104 §2).
const BLOCK: usize = 64;

/// What stays as it is in a canonical query (RFC 3986 §2.3, unreserved).
pub const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same in a canonical path, whose slashes stay too.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct SignableRequest<'a> {
    /// `POST`.
    pub method: &'a str,
    /// As sent on the wire, percent-encoded already, without the query.
    pub path: &'a str,
    /// As sent, without `?`; usually empty.
    pub query: &'a str,
    /// Lower-case names in any order, `host` included; `x-amz-date` and `x-amz-security-token` are added by the signer.
    pub headers: &'a [(&'a str, &'a str)],
    /// Of the body as sent.
    pub payload_sha256: [u8; 32],
}

/// What a signed request carries, besides `x-amz-security-token` when its key has a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The value of `authorization`.
    pub authorization: String,
    /// The value of `x-amz-date`, `20261122T120000Z`.
    pub amz_date: String,
}

/// Signs requests to one service in one region; derives the signing key once a day and access key.
#[derive(Debug)]
pub struct Signer {
    region: String,
    service: String,
    derived: Option<Derived>,
}

impl Signer {
    /// For `us-east-1` and `bedrock`, for example.
    pub fn new(region: &str, service: &str) -> Self {
        Self { region: region.to_owned(), service: service.to_owned(), derived: None }
    }

    /// Signs `request` with `key` as of `unix_seconds`. Times after the year 9999 count as 1970, which AWS refuses.
    pub fn sign(&mut self, request: &SignableRequest<'_>, key: &AccessKey, unix_seconds: u64) -> Signature {
        let amz_date = amz_date(unix_seconds);
        let headers = SignedHeaders::new(request.headers, &amz_date, key.session_token.as_ref().map(Secret::expose));
        let canonical = headers.canonical_request(request);

        let derived = match self.derived.take() {
            Some(derived) if derived.is_for(key, unix_seconds) => derived,
            _ => Derived::new(key, unix_seconds, &amz_date, &self.region, &self.service),
        };
        let derived = self.derived.insert(derived);
        let to_sign = string_to_sign(&amz_date, &derived.scope, &canonical);
        let signature = hex_mac(derived.mac.clone(), &to_sign);
        let authorization = authorization(&key.access_key_id, &derived.scope, &headers.names(), &signature);
        Signature { authorization, amz_date }
    }
}

/// A signing key ready for use, and what it was derived from.
struct Derived {
    day: u64,
    access_key_id: String,
    secret_access_key: Secret,
    scope: String,
    mac: Hmac<Sha256>,
}

impl Derived {
    fn new(key: &AccessKey, unix_seconds: u64, amz_date: &str, region: &str, service: &str) -> Self {
        let date = date(amz_date);
        let signing_key = Zeroizing::new(signing_key(key.secret_access_key.expose(), date, region, service));
        Self {
            day: unix_seconds / SECONDS_PER_DAY,
            access_key_id: key.access_key_id.clone(),
            secret_access_key: key.secret_access_key.clone(),
            scope: scope(date, region, service),
            mac: keyed(&*signing_key),
        }
    }

    fn is_for(&self, key: &AccessKey, unix_seconds: u64) -> bool {
        self.day == unix_seconds / SECONDS_PER_DAY
            && self.access_key_id == key.access_key_id
            && self.secret_access_key == key.secret_access_key
    }
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Derived").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// `20261122T120000Z`.
pub fn amz_date(unix_seconds: u64) -> String {
    let at = i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    format!("{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z", u8::from(month))
}

/// The credential scope, `20261122/us-east-1/bedrock/aws4_request`.
pub fn scope(date: &str, region: &str, service: &str) -> String {
    format!("{date}/{region}/{service}/aws4_request")
}

/// Step 1: the canonical request, with `x-amz-date` and, when there is one, the session token among its headers.
pub fn canonical_request(request: &SignableRequest<'_>, amz_date: &str, session_token: Option<&str>) -> String {
    SignedHeaders::new(request.headers, amz_date, session_token).canonical_request(request)
}

/// The names that [`canonical_request`] lists, `content-type;host;x-amz-date`.
pub fn signed_headers(request: &SignableRequest<'_>, session_token: Option<&str>) -> String {
    SignedHeaders::new(request.headers, "", session_token).names()
}

/// Steps 2 and 3: the canonical request's hash under its date and scope.
pub fn string_to_sign(amz_date: &str, scope: &str, canonical_request: &str) -> String {
    let hash = Sha256::digest(canonical_request);
    let mut out = String::with_capacity(128 + scope.len());
    for line in [ALGORITHM, "\n", amz_date, "\n", scope, "\n"] {
        out.push_str(line);
    }
    out.push_str(&hex::encode(hash));
    out
}

/// The key of a day (`20261122`), region and service.
pub fn signing_key(secret_access_key: &str, date: &str, region: &str, service: &str) -> [u8; 32] {
    let mut secret = Zeroizing::new(String::with_capacity(4 + secret_access_key.len()));
    secret.push_str("AWS4");
    secret.push_str(secret_access_key);
    let mut key = mac(secret.as_bytes(), date);
    for part in [region, service, "aws4_request"] {
        key = mac(&key, part);
    }
    key
}

/// Step 4: the signature, in lower-case hex.
pub fn signature(signing_key: &[u8; 32], string_to_sign: &str) -> String {
    hex_mac(keyed(signing_key), string_to_sign)
}

/// Step 5: the value of the `authorization` header.
pub fn authorization(access_key_id: &str, scope: &str, signed_headers: &str, signature: &str) -> String {
    format!("{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}")
}

/// The headers in the order in which they are signed.
struct SignedHeaders<'a>(Vec<(&'a str, &'a str)>);

impl<'a> SignedHeaders<'a> {
    fn new(headers: &[(&'a str, &'a str)], amz_date: &'a str, session_token: Option<&'a str>) -> Self {
        let mut all = Vec::with_capacity(headers.len() + 2);
        let more = [Some(("x-amz-date", amz_date)), session_token.map(|token| ("x-amz-security-token", token))];
        for header in headers.iter().copied().chain(more.into_iter().flatten()) {
            // The values of a repeated name keep the order in which they are sent.
            let place = all.partition_point(|(name, _)| *name <= header.0);
            all.insert(place, header);
        }
        Self(all)
    }

    fn canonical_request(&self, request: &SignableRequest<'_>) -> String {
        let headers: usize = self.0.iter().map(|(name, value)| 2 * name.len() + value.len() + 3).sum();
        // The path may grow threefold; for what is usual there is room enough.
        let mut out = String::with_capacity(headers + 2 * request.path.len() + request.query.len() + 128);
        out.push_str(request.method);
        out.push('\n');
        push_path(&mut out, request.path);
        out.push('\n');
        push_query(&mut out, request.query);
        out.push('\n');
        self.push_lines(&mut out);
        out.push('\n');
        self.push_names(&mut out);
        out.push('\n');
        out.push_str(&hex::encode(request.payload_sha256));
        out
    }

    /// `name:value` and a line feed each; the values of a repeated name are joined by commas.
    fn push_lines(&self, out: &mut String) {
        for same in self.0.chunk_by(|(a, _), (b, _)| a == b) {
            for (index, (name, value)) in same.iter().enumerate() {
                out.push_str(if index == 0 { name } else { "" });
                out.push(if index == 0 { ':' } else { ',' });
                push_value(out, value);
            }
            out.push('\n');
        }
    }

    fn names(&self) -> String {
        let mut out = String::with_capacity(self.0.iter().map(|(name, _)| name.len() + 1).sum());
        self.push_names(&mut out);
        out
    }

    fn push_names(&self, out: &mut String) {
        for (index, (name, _)) in self.0.chunk_by(|(a, _), (b, _)| a == b).filter_map(<[_]>::first).enumerate() {
            out.push_str(if index == 0 { "" } else { ";" });
            out.push_str(name);
        }
    }
}

/// Trimmed, and each inner run of white space one space.
fn push_value(out: &mut String, value: &str) {
    for (index, word) in value.split_ascii_whitespace().enumerate() {
        out.push_str(if index == 0 { "" } else { " " });
        out.push_str(word);
    }
}

/// Normalised (RFC 3986 §5.2.4, and empty segments dropped), then encoded once more.
fn push_path(out: &mut String, path: &str) {
    let path_is_normal = path.starts_with('/') && !path.contains("//") && !path.contains("/.");
    if path_is_normal {
        out.extend(percent_encode(path.as_bytes(), PATH));
        return;
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    for segment in &kept {
        out.push('/');
        out.extend(percent_encode(segment.as_bytes(), PATH));
    }
    let ends_in_a_directory = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    if kept.is_empty() || ends_in_a_directory {
        out.push('/');
    }
}

/// Each name and value decoded and encoded anew, sorted by name, then value.
fn push_query(out: &mut String, query: &str) {
    if query.is_empty() {
        return;
    }
    let encoded = |text| percent_encode(&percent_decode_str(text).collect::<Vec<u8>>(), QUERY).to_string();
    // A heap sorts with a tenth of the code of `sort`.
    let members: BinaryHeap<(String, String)> = query
        .split('&')
        .filter(|member| !member.is_empty())
        .map(|member| member.split_once('=').unwrap_or((member, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    for (index, (name, value)) in members.into_sorted_vec().iter().enumerate() {
        let separator = if index == 0 { "" } else { "&" };
        // Writing to a String cannot fail.
        let _ = write!(out, "{separator}{name}={value}");
    }
}

/// `20261122` of `20261122T120000Z`.
fn date(amz_date: &str) -> &str {
    amz_date.split_once('T').map_or(amz_date, |(date, _)| date)
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    keyed(key).chain_update(text).finalize().into_bytes().into()
}

fn hex_mac(mac: Hmac<Sha256>, text: &str) -> String {
    hex::encode(mac.chain_update(text).finalize().into_bytes())
}

/// A key of any length as the block RFC 2104 §2 makes of it, which, unlike a slice, HMAC cannot refuse.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; BLOCK]);
    let hash: [u8; 32];
    let key = if key.len() > BLOCK {
        hash = Sha256::digest(key).into();
        &hash
    } else {
        key
    };
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::new((&*block).into())
}
