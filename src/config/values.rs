//! The texts and numbers of the configuration, each with the rule it is checked by when it is read; those of `credentials` are in
//! `credential_values`.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, de};

use crate::bedrock::model_id::check_model_id;
use crate::bedrock::{catalogue, knobs};

/// A text that keeps a rule.
pub(super) struct Checked<R>(pub(super) String, pub(super) PhantomData<R>);

/// What a text has to be.
pub(super) trait Rule {
    /// The text as it is used; the error says what was expected and nothing of what was there.
    fn check(text: &str) -> Result<String, &'static str>;
}

impl<'de, R: Rule> Deserialize<'de> for Checked<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match checked(String::deserialize(deserializer)?, R::check) {
            Ok(text) => Ok(Self(text, PhantomData)),
            Err(expected) => Err(de::Error::custom(expected)),
        }
    }
}

/// Once for all rules.
#[inline(never)]
fn checked(text: String, check: fn(&str) -> Result<String, &'static str>) -> Result<String, &'static str> {
    check(&text)
}

impl<R> From<Checked<R>> for String {
    fn from(text: Checked<R>) -> Self {
        text.0
    }
}

/// A region of AWS.
pub(super) struct Region;

impl Rule for Region {
    fn check(text: &str) -> Result<String, &'static str> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let edged = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > 63 || edged || !text.bytes().all(plain) {
            return Err("expected a region such as us-east-1");
        }
        Ok(text.to_owned())
    }
}

/// A host, in lower case, with its port where it is not 443.
pub(super) struct Host;

impl Rule for Host {
    fn check(text: &str) -> Result<String, &'static str> {
        const EXPECTED: &str = "expected a host such as bedrock.example.com or 127.0.0.1:8080, without scheme and path";
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(plain);
        if name.len() > 253 || !name.split('.').all(label) {
            return Err(EXPECTED);
        }
        let name = name.to_ascii_lowercase();
        match port {
            None => Ok(name),
            Some(port) if !port.bytes().all(|byte| byte.is_ascii_digit()) => Err(EXPECTED),
            Some(port) => match port.parse::<u16>() {
                Ok(0) | Err(_) => Err("expected a port from 1 to 65535 behind the host"),
                Ok(443) => Ok(name),
                Ok(port) => Ok(format!("{name}:{port}")),
            },
        }
    }
}

/// The name of a request header, in lower case.
pub(super) struct HeaderName;

impl Rule for HeaderName {
    fn check(text: &str) -> Result<String, &'static str> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if text.is_empty() || !text.bytes().all(token) {
            return Err("expected a header's name");
        }
        let name = text.to_ascii_lowercase();
        // Envoy takes these off before a filter sees them, or turns them into something else (`host`): no rule would match.
        let lost = [
            "connection",
            "host",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        if lost.contains(&name.as_str()) {
            return Err("expected an end-to-end header, not one of the connection's own");
        }
        Ok(name)
    }
}

/// The value of a request header.
pub(super) struct HeaderValue;

impl Rule for HeaderValue {
    fn check(text: &str) -> Result<String, &'static str> {
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            return Err("expected a header's value: not empty, no control characters, no spaces around it");
        }
        Ok(text.to_owned())
    }
}

/// A model's name or id.
pub(super) struct Model;

impl Rule for Model {
    fn check(text: &str) -> Result<String, &'static str> {
        check_model_id(text).map(|()| text.to_owned())
    }
}

/// A name that the catalogue has, or a Bedrock id of it.
pub(super) struct BaseModel;

impl Rule for BaseModel {
    fn check(text: &str) -> Result<String, &'static str> {
        match catalogue::find_any(text) {
            Some(_) => Ok(text.to_owned()),
            None => Err("expected a model's name such as claude-sonnet-4-5, or its id at Bedrock"),
        }
    }
}

/// The name of a beta: it stands in lists that commas divide.
pub(super) struct Beta;

impl Rule for Beta {
    fn check(text: &str) -> Result<String, &'static str> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',') {
            return Err("expected a beta's name: printable ASCII without commas and spaces");
        }
        Ok(text.to_owned())
    }
}

/// The path of a member of a request's body, such as `tools[].eager_input_streaming`.
pub(super) struct MemberPath;

impl Rule for MemberPath {
    fn check(text: &str) -> Result<String, &'static str> {
        const DEEPEST: usize = 8;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let segment = |segment: &str| {
            let name = segment.strip_suffix("[]").unwrap_or(segment);
            !name.is_empty() && name.bytes().all(plain)
        };
        if text.split('.').count() > DEEPEST || !text.split('.').all(segment) {
            return Err("expected a member's path of 8 names at most, such as metadata.user_id or tools[].strict");
        }
        Ok(text.to_owned())
    }
}

/// The same, of a member that a request can do without.
pub(super) struct DroppedPath;

impl Rule for DroppedPath {
    fn check(text: &str) -> Result<String, &'static str> {
        // The filter reads or writes these itself, or Bedrock serves no request without them.
        let needed = ["model", "stream", "messages", "max_tokens", "anthropic_version", "anthropic_beta"];
        let path = MemberPath::check(text)?;
        if needed.contains(&path.strip_suffix("[]").unwrap_or(&path)) {
            return Err("expected a member that a request can do without");
        }
        Ok(path)
    }
}

/// A text that is checked elsewhere.
pub(super) struct AnyText;

impl Rule for AnyText {
    fn check(text: &str) -> Result<String, &'static str> {
        Ok(text.to_owned())
    }
}

/// Rules that `bedrock::knobs` has the words for.
macro_rules! knobs {
    ($($(#[$doc:meta])* $rule:ident: $check:ident;)*) => {$(
        $(#[$doc])*
        pub(super) struct $rule;

        impl Rule for $rule {
            fn check(text: &str) -> Result<String, &'static str> {
                knobs::$check(text).map(|()| text.to_owned())
            }
        }
    )*};
}

knobs! {
    /// A guardrail's id or ARN.
    GuardrailIdentifier: check_guardrail_identifier;
    /// A guardrail's version.
    GuardrailVersion: check_guardrail_version;
    /// Whether a guardrail's trace is wanted.
    Trace: check_trace;
    /// A service tier.
    ServiceTier: check_service_tier;
    /// A latency.
    Latency: check_latency;
    /// A key of the request metadata.
    MetadataKey: check_metadata_key;
    /// A value of the request metadata.
    MetadataValue: check_metadata_value;
}

/// What stands before the API's paths.
pub(super) struct PathPrefix;

impl Rule for PathPrefix {
    fn check(text: &str) -> Result<String, &'static str> {
        // Envoy may decode or merge anything else before the filter compares it.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
        let segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain);
        match text.strip_prefix('/') {
            None if text.is_empty() => Ok(String::new()),
            Some(segments) if segments.split('/').all(segment) => Ok(text.to_owned()),
            _ => Err("expected an empty text or a path such as /anthropic, unencoded, without a slash at its end"),
        }
    }
}

impl Default for Checked<PathPrefix> {
    fn default() -> Self {
        Self(String::new(), PhantomData)
    }
}

/// A whole number within bounds.
pub(super) struct Number<const LEAST: u32, const MOST: u32>(pub(super) u32);

impl<const LEAST: u32, const MOST: u32> Number<LEAST, MOST> {
    /// For use; no target of this crate has a smaller `usize`.
    pub(super) fn get(&self) -> usize {
        self.0 as usize
    }
}

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Number<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::try_from(u64::deserialize(deserializer)?)
            .ok()
            .filter(|number| (LEAST..=MOST).contains(number))
            .map(Self)
            .ok_or_else(|| de::Error::custom(format_args!("expected a whole number from {LEAST} to {MOST}")))
    }
}
