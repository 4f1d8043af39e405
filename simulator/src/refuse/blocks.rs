//! Content blocks, of the system prompt and of messages: cache breakpoints, sources, and what a block may not hold.

use serde_json::{Map, Value};

use super::{Api, Rules, extra, list, text, unexpected_tag};
use crate::errors::Refusal;

/// Kinds of source, by kind of block.
const SOURCES: &[(&str, &[&str])] = &[("image", &["base64"]), ("document", &["base64", "content", "text"])];

/// How long a cache may be kept.
const TTLS: &[&str] = &["5m", "1h"];

/// Refuses the first thing in a block that is not taken.
pub(super) fn check(members: &Map<String, Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    for (at, block) in list(members.get("system")).iter().enumerate() {
        check_cache_control(&format!("system.{at}"), block, rules)?;
    }
    for (at, message) in list(members.get("messages")).iter().enumerate() {
        let path = format!("messages.{at}.content");
        if rules.api == (Api::Messages { strict: true }) {
            check_strictly(&path, text(message.get("role")), message.get("content"))?;
        }
        check_blocks(&path, message.get("content"), rules)?;
    }
    Ok(())
}

/// The blocks of a message, those in a tool's result, and those that a document is made of.
fn check_blocks(path: &str, content: Option<&Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    for (at, block) in list(content).iter().enumerate() {
        let kind = text(block.get("type"));
        let path = format!("{path}.{at}.{kind}");
        check_cache_control(&path, block, rules)?;
        if let Some((_, sources)) = SOURCES.iter().find(|(name, _)| *name == kind) {
            let source = block.get("source");
            let of = text(source.and_then(|source| source.get("type")));
            if !sources.contains(&of) {
                return Err(unexpected_tag(&format!("{path}.source"), of, sources));
            }
            check_blocks(&format!("{path}.source.{of}.content"), source.and_then(|it| it.get("content")), rules)?;
        }
        if kind == "tool_result" {
            check_blocks(&format!("{path}.content"), block.get("content"), rules)?;
        }
    }
    Ok(())
}

/// What the native version 2026-10-21 does not take any more.
fn check_strictly(path: &str, role: &str, content: Option<&Value>) -> Result<(), Refusal> {
    for (at, block) in list(content).iter().enumerate() {
        match (role, text(block.get("type"))) {
            ("assistant", "document") => {
                return Err(Refusal::validation(format!(
                    "{path}.{at}: document blocks are not permitted in assistant messages"
                )));
            }
            ("user", "text") if !list(block.get("citations")).is_empty() => {
                return Err(extra(&format!("{path}.{at}.text.citations")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses what a cache breakpoint may not hold, in a tool or a block.
pub(super) fn check_cache_control(path: &str, holder: &Value, rules: &Rules<'_>) -> Result<(), Refusal> {
    let Some(control) = holder.get("cache_control").and_then(Value::as_object) else { return Ok(()) };
    let kind = text(control.get("type"));
    if kind != "ephemeral" {
        return Err(unexpected_tag(&format!("{path}.cache_control"), kind, &["ephemeral"]));
    }
    for (name, value) in control {
        match name.as_str() {
            "type" => {}
            "ttl" if rules.takes.cache_ttl => {
                if !TTLS.contains(&text(Some(value))) {
                    return Err(Refusal::validation(format!(
                        "{path}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'"
                    )));
                }
            }
            _ => return Err(extra(&format!("{path}.cache_control.ephemeral.{name}"))),
        }
    }
    Ok(())
}
