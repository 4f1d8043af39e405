//! The configuration: no text panics, no message shows a value, what is accepted keeps the rules.

#![no_main]

use bedrock_messages::config::{Config, Source};
use libfuzzer_sys::fuzz_target;

/// Stands in values where the input has `~`, and must not come back in a message.
const SECRET: &[u8] = b"s3cr3t";

/// Members whose values are names, which a message may repeat.
const NAMES: &[&[u8]] = &[b"profile", b"environmentVariable"];

/// Puts the secret into every text that is a value. Names of members stay: messages show them.
fn plant(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    let mut name: &[u8] = b"";
    while let Some((&byte, behind)) = rest.split_first() {
        if byte != b'"' {
            out.push(byte);
            rest = behind;
            continue;
        }
        let mut escaped = false;
        let end = behind.iter().position(|&byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let (text, behind) = behind.split_at(end.unwrap_or(behind.len()));
        let behind = behind.get(1..).unwrap_or_default();
        let is_name = behind.trim_ascii_start().starts_with(b":");
        out.push(b'"');
        if is_name || NAMES.contains(&name) || name.contains(&b'\\') {
            out.extend_from_slice(text);
        } else {
            planted(text, &mut out);
        }
        out.push(b'"');
        name = if is_name { text } else { name };
        rest = behind;
    }
    out
}

fn planted(text: &[u8], out: &mut Vec<u8>) {
    for (index, part) in text.split(|byte| *byte == b'~').enumerate() {
        out.extend_from_slice(if index == 0 { b"" } else { SECRET });
        out.extend_from_slice(part);
    }
}

fn shows_secret(text: &str) -> bool {
    text.as_bytes().windows(SECRET.len()).any(|window| window == SECRET)
}

fuzz_target!(|input: &[u8]| {
    let Some((&set, rest)) = input.split_first() else { return };
    if rest.windows(SECRET.len()).any(|window| window == SECRET) {
        return;
    }
    // What follows the first NUL is in the environment.
    let (json, variable) = match rest.iter().position(|byte| *byte == 0) {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &b"~"[..]),
    };
    let json = plant(json);
    let mut value = Vec::new();
    planted(variable, &mut value);
    let value = String::from_utf8_lossy(&value);
    let environment = |name: &str| {
        let (bit, usual) = match name {
            "AWS_REGION" => (0, Some("us-east-1")),
            "AWS_DEFAULT_REGION" => (1, None),
            "AWS_ACCESS_KEY_ID" => (2, Some("AKIDs3cr3t")),
            "AWS_SECRET_ACCESS_KEY" => (3, Some("s3cr3t")),
            "AWS_SESSION_TOKEN" => (4, Some("s3cr3t==")),
            "AWS_BEARER_TOKEN_BEDROCK" => (5, None),
            _ => (6, None),
        };
        match (set >> bit & 1 == 1, usual) {
            (false, _) => None,
            (true, Some(usual)) if set >> 7 == 0 => Some(usual.to_owned()),
            (true, _) => Some(value.clone().into_owned()),
        }
    };

    match Config::parse(&json, &environment) {
        Err(error) => {
            assert!(!shows_secret(&error.to_string()), "{error}");
            assert!(!shows_secret(&format!("{error:?}")));
        }
        Ok(config) => {
            if let Source::Missing(reason) = &config.credentials {
                assert!(!shows_secret(reason), "{reason}");
            }
            let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(plain(&config.region) && plain(&config.host));
            assert!(config.path_prefix.is_empty() || config.path_prefix.starts_with('/'));
            assert!(!config.path_prefix.ends_with('/'));
            assert!((1024..=268_435_456).contains(&config.limits.request_bytes));
            assert!((1024..=33_554_432).contains(&config.limits.frame_bytes));
            let header = config.routing.header.as_ref();
            assert!(header.is_none_or(|rule| plain(&rule.name) && !rule.value.contains(char::is_control)));
            for pattern in config.routing.models.iter().chain(&config.allowed_models) {
                pattern.matches("us.anthropic.claude-opus-5");
            }
        }
    }
});
