//! What a source asks of the host, and what came back.

use std::fmt;

use percent_encoding::{PercentEncode, percent_decode_str, utf8_percent_encode};

use super::Secret;
use super::error::LONGEST_DETAIL;
use crate::aws::sigv4::QUERY;

/// The most that is read of an answer, bytes. Credentials documents have some 1.5 KB, a token 20 KB at most.
pub const LONGEST_ANSWER: usize = 64 * 1024;

/// What is encoded more often is taken for a secret.
const MOST_ENCODINGS: usize = 8;
/// Less of a secret tells nothing of it, bytes.
const LEAST_PIECE: usize = 8;
/// So much of a secret inside of other words is too much, bytes.
const MOST_SHOWN: usize = 12;
/// It is looked for in so much of a text, bytes: no more is shown.
const LOOKED_AT: usize = 4 * LONGEST_DETAIL;

/// The content type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// How long the host waits for an answer, milliseconds.
pub const CALL_TIMEOUT: u32 = 5_000;

/// A request to send to one of Envoy's clusters.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The cluster's name in Envoy.
    pub cluster: String,
    /// `GET`, `POST` or `PUT`.
    pub method: &'static str,
    /// `:authority`.
    pub host: String,
    /// Percent-encoded already.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, Secret)>,
    /// Empty for none.
    pub body: Secret,
    /// What no error may show, should the other side say it back.
    secrets: Vec<Secret>,
}

impl Call {
    /// A request without headers and body.
    pub fn new(cluster: &str, method: &'static str, host: &str, path: &str) -> Self {
        let text = str::to_owned;
        Self {
            cluster: text(cluster),
            method,
            host: text(host),
            path: text(path),
            headers: Vec::new(),
            body: Secret::default(),
            secrets: Vec::new(),
        }
    }

    /// Adds a header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Secret::new(value)));
        self
    }

    /// Adds a header that no error may show.
    pub fn with_secret(self, name: &'static str, value: &str) -> Self {
        self.with(name, value).hiding(value)
    }

    /// Says what no error may show.
    pub fn hiding(mut self, secret: &str) -> Self {
        self.secrets.extend((!secret.is_empty()).then(|| Secret::new(secret)));
        self
    }

    /// Whether a text from the other side says back one of the secrets that it was told, or is a piece of one, or has a longer
    /// piece of one in it; as it is, or percent-encoded: a form is that already, and whoever quotes it may do it again.
    pub fn is_told_in(&self, text: &str) -> bool {
        let mut text = text.to_owned();
        for _ in 0..MOST_ENCODINGS {
            let is_piece = |secret: &str| text.len() >= LEAST_PIECE && secret.contains(&text);
            let pieces = || (0..LOOKED_AT.min(text.len())).filter_map(|at| text.get(at..at.saturating_add(MOST_SHOWN)));
            let has_piece = |secret: &str| pieces().any(|piece| secret.contains(piece));
            let is_told = |secret: &str| text.contains(secret) || is_piece(secret) || has_piece(secret);
            if self.secrets.iter().map(Secret::expose).any(is_told) {
                return true;
            }
            let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
            if decoded == text {
                return false;
            }
            text = decoded;
        }
        true
    }

    /// Makes it a form (`application/x-www-form-urlencoded`) of what is there of these fields.
    pub fn form(mut self, fields: &[(&str, Option<&str>)]) -> Self {
        let mut body = String::new();
        for (name, value) in fields {
            let Some(value) = value else { continue };
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(name);
            body.push('=');
            body.extend(encoded(value));
        }
        self.body = Secret::new(body);
        self.with("content-type", FORM)
    }
}

/// A text as it stands in a form.
pub(super) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, QUERY)
}

/// Neither headers nor body: they hold secrets.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{} by cluster {}", self.method, self.host, self.path, self.cluster)
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case; values that are no text are left out.
    pub headers: Vec<(String, Secret)>,
    /// Up to [`LONGEST_ANSWER`] bytes of it and one more, where it is longer.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value.expose())
    }

    /// The body as a text.
    pub fn text(&self) -> Result<&str, &'static str> {
        if self.body.len() > LONGEST_ANSWER {
            return Err("more than 64 KiB");
        }
        std::str::from_utf8(&self.body).map_err(|_| "something that is no text")
    }
}

/// Neither headers nor body: they hold secrets.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}

/// Why nothing came back. A timeout and a refused connection are answers: 504 and 503 by Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// Envoy has no cluster of that name, or not yet.
    NoCluster,
    /// Envoy could not send it: the cluster has no host to connect to, or a filter in its chain refuses the call.
    NotSent,
    /// The connection broke before the answer was complete.
    Broken,
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCluster => "Envoy has no such cluster",
            Self::NotSent => "the cluster has no host, or a filter of its refuses the call",
            Self::Broken => "the connection broke before the answer was complete",
        })
    }
}
