//! Members that say how the model works: thinking, effort, format, context management.

use serde_json::{Map, Value};

use super::{Api, Rules, extra, list, text, unexpected_tag};
use crate::errors::Refusal;

/// Members of `thinking`, by its type.
const THINKING: &[(&str, &[&str])] =
    &[("adaptive", &["display", "type"]), ("disabled", &["type"]), ("enabled", &["budget_tokens", "display", "type"])];

/// Edits of the context: their type, the beta each needs, and whether InvokeModel takes them.
const EDITS: &[(&str, &str, bool)] = &[
    ("clear_thinking_20251015", "context-management-2025-06-27", false),
    ("clear_tool_uses_20250919", "context-management-2025-06-27", true),
    ("compact_20260112", "compact-2026-01-12", true),
];

/// Refuses the first setting that the model does not have.
pub(super) fn check(members: &Map<String, Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    check_thinking(members.get("thinking"), rules)?;
    check_output_config(members.get("output_config"), rules)?;
    check_edits(members.get("context_management"), rules)
}

fn check_thinking(thinking: Option<&Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    let Some(thinking) = thinking.and_then(Value::as_object) else { return Ok(()) };
    let kind = text(thinking.get("type"));
    if !rules.takes.thinking.contains(&kind) {
        return Err(unexpected_tag("thinking", kind, rules.takes.thinking));
    }
    let known = THINKING.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, members)| members);
    match thinking.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(extra(&format!("thinking.{kind}.{name}"))),
        None => Ok(()),
    }
}

fn check_output_config(config: Option<&Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    let Some(config) = config.and_then(Value::as_object) else { return Ok(()) };
    let levels = match rules.takes.effort_beta {
        Some(beta) if !rules.has_beta(beta) => &[],
        _ => rules.takes.effort,
    };
    for (name, value) in config {
        match name.as_str() {
            "effort" if !levels.is_empty() => {
                if !levels.contains(&text(Some(value))) {
                    let levels: Vec<String> = levels.iter().map(|level| format!("'{level}'")).collect();
                    return Err(Refusal::validation(format!(
                        "output_config.effort: Input should be one of {}",
                        levels.join(", ")
                    )));
                }
            }
            "format" if rules.takes.format => {}
            _ => return Err(extra(&format!("output_config.{name}"))),
        }
    }
    Ok(())
}

fn check_edits(management: Option<&Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    let taken =
        |(_, beta, invoke): &&(&str, &str, bool)| rules.has_beta(beta) && (*invoke || rules.api != Api::InvokeModel);
    let known: Vec<&str> = EDITS.iter().filter(taken).map(|(name, ..)| *name).collect();
    for (at, edit) in list(management.and_then(|management| management.get("edits"))).iter().enumerate() {
        let kind = text(edit.get("type"));
        if !known.contains(&kind) {
            return Err(unexpected_tag(&format!("context_management.edits.{at}"), kind, &known));
        }
    }
    Ok(())
}
