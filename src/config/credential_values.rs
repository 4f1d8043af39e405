//! The texts of `credentials`, each with the rule it is checked by when it is read.

use std::marker::PhantomData;

use crate::aws::credentials::web_identity::token_text;
use crate::aws::credentials::{credentials_file, key_text};

use super::values::{Checked, Host, Rule};

/// A part of an AWS access key, or a Bedrock API key.
pub(super) struct Key;

impl Rule for Key {
    fn check(text: &str) -> Result<String, &'static str> {
        key_text(text).map(str::to_owned)
    }
}

/// A web identity token.
pub(super) struct WebToken;

impl Rule for WebToken {
    fn check(text: &str) -> Result<String, &'static str> {
        token_text(text).map(str::to_owned)
    }
}

/// The name of an environment variable.
pub(super) struct Variable;

impl Rule for Variable {
    fn check(text: &str) -> Result<String, &'static str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.is_empty() || text.starts_with(|first: char| first.is_ascii_digit()) || !text.bytes().all(plain) {
            return Err("expected the name of an environment variable");
        }
        Ok(text.to_owned())
    }
}

/// The name of a profile.
pub(super) struct Profile;

impl Rule for Profile {
    fn check(text: &str) -> Result<String, &'static str> {
        if !credentials_file::is_profile_name(text) {
            return Err("expected a profile's name: letters, digits and -_/.%@:+");
        }
        Ok(text.to_owned())
    }
}

impl Default for Checked<Profile> {
    fn default() -> Self {
        Self("default".to_owned(), PhantomData)
    }
}

/// The name of a cluster of Envoy's.
pub(super) struct Cluster;

impl Rule for Cluster {
    fn check(text: &str) -> Result<String, &'static str> {
        if text.is_empty() || text.chars().any(|char| char.is_control() || char.is_whitespace()) {
            return Err("expected the name of a cluster in Envoy");
        }
        Ok(text.to_owned())
    }
}

/// A host as in [`Host`], or an IPv6 address in brackets.
pub(super) struct Authority;

impl Rule for Authority {
    fn check(text: &str) -> Result<String, &'static str> {
        let Some((address, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) else {
            return Host::check(text);
        };
        let port_is_one = port
            .strip_prefix(':')
            .is_some_and(|port| !port.starts_with('+') && port.parse::<u16>().is_ok_and(|port| port > 0));
        if address.parse::<std::net::Ipv6Addr>().is_err() || !(port.is_empty() || port_is_one) {
            return Err("expected an IPv6 address in brackets, a port may follow");
        }
        Ok(text.to_ascii_lowercase())
    }
}

/// The path of a request, percent-encoded, a query may follow.
pub(super) struct RequestPath;

impl Rule for RequestPath {
    fn check(text: &str) -> Result<String, &'static str> {
        if !text.starts_with('/')
            || text.len() > 2048
            || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
        {
            return Err("expected a path such as /v1/credentials, percent-encoded");
        }
        Ok(text.to_owned())
    }
}

/// The ARN of an IAM role.
pub(super) struct RoleArn;

impl Rule for RoleArn {
    fn check(text: &str) -> Result<String, &'static str> {
        const EXPECTED: &str = "expected a role's ARN such as arn:aws:iam::123456789012:role/bedrock";
        let mut parts = text.splitn(6, ':');
        let mut part = || parts.next().unwrap_or_default();
        let (arn, partition, service, region, account, name) = (part(), part(), part(), part(), part(), part());
        let number = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        // Its path has at least one character between two slashes.
        let named = name.strip_prefix("role/").is_some_and(|name| match name.rsplit_once('/') {
            Some((path, name)) => !path.is_empty() && RoleName::check(name).is_ok(),
            None => RoleName::check(name).is_ok(),
        });
        let fits = arn == "arn" && partition.starts_with("aws") && service == "iam" && region.is_empty();
        if !fits || !number || !named || text.len() > 2048 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(EXPECTED);
        }
        Ok(text.to_owned())
    }
}

/// The name of a role's session.
pub(super) struct SessionName;

impl Rule for SessionName {
    fn check(text: &str) -> Result<String, &'static str> {
        if !(2..=64).contains(&text.len()) || !is_of(text, b"_+=,.@-") {
            return Err("expected 2 to 64 letters, digits and _+=,.@-");
        }
        Ok(text.to_owned())
    }
}

impl Default for Checked<SessionName> {
    fn default() -> Self {
        Self("bedrock-messages".to_owned(), PhantomData)
    }
}

/// What a role's trust policy asks for.
pub(super) struct ExternalId;

impl Rule for ExternalId {
    fn check(text: &str) -> Result<String, &'static str> {
        if !(2..=1224).contains(&text.len()) || !is_of(text, b"_+=,.@:/-") {
            return Err("expected 2 to 1224 letters, digits and _+=,.@:/-");
        }
        Ok(text.to_owned())
    }
}

/// A session policy.
pub(super) struct Policy;

impl Rule for Policy {
    fn check(text: &str) -> Result<String, &'static str> {
        let object = matches!(serde_json::from_str(text), Ok(serde_json::Value::Object(_)));
        if !object || text.chars().count() > 2048 {
            return Err("expected the JSON text of a policy, 2048 characters at most");
        }
        if text.chars().any(|char| char > '\u{ff}') {
            return Err("expected no character above U+00FF: STS takes none, JSON has \\u for it");
        }
        Ok(text.to_owned())
    }
}

/// The name of an IAM role.
pub(super) struct RoleName;

impl Rule for RoleName {
    fn check(text: &str) -> Result<String, &'static str> {
        if !(1..=64).contains(&text.len()) || !is_of(text, b"+=,.@_-") || matches!(text, "." | "..") {
            return Err("expected a role's name: 64 letters, digits and +=,.@_- at most");
        }
        Ok(text.to_owned())
    }
}

/// A text that is not empty and has no control characters.
pub(super) struct Words;

impl Rule for Words {
    fn check(text: &str) -> Result<String, &'static str> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err("expected a text: not empty, no control characters");
        }
        Ok(text.to_owned())
    }
}

fn is_of(text: &str, more: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}
