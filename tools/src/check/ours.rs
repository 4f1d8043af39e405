//! Which plugins are this filter: by their names, or by a configuration that it would read.

use std::sync::LazyLock;

use bedrock_messages::config::Plugin;
use regex::Regex;

use crate::map;
use crate::value::Value;

static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?i)bedrock[-_]messages").expect("it is one"));

/// As many of its members are no accident: other plugins have a `region` too.
const ENOUGH: usize = 2;

/// Whether a plugin is this filter, going by its name, its code's address and its configuration.
pub fn is_ours(names: &[&str], config: &Value) -> bool {
    names.iter().any(|name| NAME.is_match(name)) || has_members(config)
}

/// Whether a configuration has members of this filter's, with values that it takes.
pub fn has_members(config: &Value) -> bool {
    let has_role = matches!(config.get("role").text(), Some("transform" | "hold"));
    has_role || config.entries().iter().filter(|(name, value)| is_member(name, value)).count() >= ENOUGH
}

/// Whether the filter's own parser takes a member.
fn is_member(name: &str, value: &Value) -> bool {
    let mut config = map! { "region": "us-east-1" };
    *config.entry(name) = value.clone();
    match Plugin::parse(config.to_json().as_bytes(), &|_| None) {
        Ok(_) => true,
        // A part of the member is wrong, and it is one.
        Err(error) => error.to_string().starts_with(&format!("{name}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_told_apart() {
        for (name, config, expected) in [
            ("bedrock-messages", "{}", true),
            ("http://files/Bedrock_Messages.wasm", "{}", true),
            ("registry.example.com/bedrock-messages:0.1.0", "null", true),
            ("claude-a", r#"{"region": "us-east-1", "models": {"a": "b"}, "regoin": "x"}"#, true),
            ("x", r#"{"region": "us-east-1", "credentials": {"type": "static"}}"#, true),
            ("x", r#"{"role": "hold"}"#, true),
            ("x", r#"{"region": "us-east-1"}"#, false),
            ("waf", r#"{"role": "reader", "upstream": "x"}"#, false),
            ("bedrock-audit-log", r#"{"sink": "x"}"#, false),
            ("bedrock-audit-log", "null", false),
        ] {
            let config = serde_json::from_str(config).expect("JSON");
            assert_eq!(is_ours(&[name], &config), expected, "{name} {config:?}");
        }
    }
}
