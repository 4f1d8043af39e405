//! Refusals below the top level: tools, content blocks, cache breakpoints, sources, context management.

use serde_json::{Map, Value};

use super::fields;
use crate::errors::Refusal;

/// Refuses the first thing inside a known field that Bedrock does not take.
pub(super) fn check(members: &Map<String, Value>, betas: &[&str]) -> Result<(), Refusal> {
    for (at, tool) in list(members.get("tools")).iter().enumerate() {
        check_tool(&format!("tools.{at}"), tool, betas)?;
    }
    for (at, block) in list(members.get("system")).iter().enumerate() {
        check_cache_control(&format!("system.{at}"), block)?;
    }
    for (at, message) in list(members.get("messages")).iter().enumerate() {
        check_blocks(&format!("messages.{at}.content"), message.get("content"))?;
    }
    let edits = members.get("context_management").and_then(|management| management.get("edits"));
    for (at, edit) in list(edits).iter().enumerate() {
        let kind = text(edit.get("type"));
        if !fields::EDITS.contains(&kind) {
            return Err(unexpected_tag(&format!("context_management.edits.{at}"), kind, fields::EDITS));
        }
    }
    Ok(())
}

fn check_tool(path: &str, tool: &Value, betas: &[&str]) -> Result<(), Refusal> {
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or("custom");
    let begins = |starts: &[&str]| starts.iter().any(|start| kind.starts_with(start));
    if kind != "custom" && (!begins(fields::TOOL_TYPES) || begins(fields::NO_TOOL_TYPES)) {
        return Err(unexpected_tag(
            path,
            kind,
            &["bash_20250124", "custom", "memory_20250818", "text_editor_20250728"],
        ));
    }
    let inner = format!("{path}.{kind}");
    if tool.get("eager_input_streaming").is_some() {
        return Err(fields::extra(&format!("{inner}.eager_input_streaming")));
    }
    for (field, beta) in fields::TOOL_FIELDS_OF_BETAS {
        if tool.get(field).is_some() && !betas.contains(beta) {
            return Err(fields::extra(&format!("{inner}.{field}")));
        }
    }
    check_cache_control(&inner, tool)
}

/// Blocks of a message, and those inside a tool's result.
fn check_blocks(path: &str, content: Option<&Value>) -> Result<(), Refusal> {
    for (at, block) in list(content).iter().enumerate() {
        let kind = text(block.get("type"));
        let path = format!("{path}.{at}.{kind}");
        check_cache_control(&path, block)?;
        if let Some((_, sources)) = fields::SOURCES.iter().find(|(name, _)| *name == kind) {
            let source = text(block.get("source").and_then(|source| source.get("type")));
            if !sources.contains(&source) {
                return Err(unexpected_tag(&format!("{path}.source"), source, sources));
            }
        }
        if kind == "tool_result" {
            check_blocks(&format!("{path}.content"), block.get("content"))?;
        }
    }
    Ok(())
}

fn check_cache_control(path: &str, holder: &Value) -> Result<(), Refusal> {
    match holder.get("cache_control").and_then(|control| control.get("scope")) {
        Some(_) => Err(fields::extra(&format!("{path}.cache_control.ephemeral.scope"))),
        None => Ok(()),
    }
}

fn unexpected_tag(path: &str, found: &str, expected: &[&str]) -> Refusal {
    let expected: Vec<String> = expected.iter().map(|tag| format!("'{tag}'")).collect();
    Refusal::validation(format!(
        "{path}: Input tag '{found}' found using 'type' does not match any of the expected tags: {}",
        expected.join(", ")
    ))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}
