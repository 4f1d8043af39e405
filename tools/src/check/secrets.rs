//! Secrets that still have an example's text.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::world::World;
use super::{Finding, Rule};

/// Texts that only stand where something has yet to be filled in.
const PLACEHOLDERS: &[&str] =
    &["YOUR_", "YOUR-", "REPLACE_ME", "REPLACE-ME", "REPLACE_WITH", "CHANGE_ME", "CHANGEME", "REPLACE-THIS"];

/// Whole values, or values behind a `=`, that examples have in place of a key.
const EXAMPLES: &[&str] = &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEDROCK_API_KEY"];

/// Whether a text has yet to be filled in.
pub fn is_placeholder(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let has_example = || upper.lines().any(|line| EXAMPLES.contains(&line.rsplit('=').next().unwrap_or(line).trim()));
    PLACEHOLDERS.iter().any(|placeholder| upper.contains(placeholder)) || has_example()
}

/// Every value of every Secret.
pub fn check(world: &World<'_>, found: &mut Vec<Finding>) {
    for secret in world.of_kind("Secret") {
        for member in ["stringData", "data"] {
            for (key, value) in secret.value.get(member).entries() {
                let Some(text) = value.text() else { continue };
                let decoded = BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let plain = if member == "data" { decoded.unwrap_or_default() } else { text.to_owned() };
                if is_placeholder(&plain) {
                    found.push(Finding::new(Rule::Placeholder, secret, format!("{member}.{key}")));
                }
            }
        }
    }
}
