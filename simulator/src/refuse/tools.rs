//! Tools: their kinds, their fields, the types in their schemas.

use serde_json::{Map, Value};

use super::{Rules, blocks, extra, list, unexpected_tag};
use crate::errors::Refusal;

/// How the `type` of a tool begins that runs without a server's help, and the beta it needs.
const KINDS: &[(&str, Option<&str>)] = &[
    ("bash_", None),
    ("computer_20250124", Some("computer-use-2025-01-24")),
    ("computer_20251124", Some("computer-use-2025-11-24")),
    ("memory_", None),
    ("text_editor_", None),
    ("tool_search_tool_", Some("tool-search-tool-2025-10-19")),
];

/// What the refusal of another kind names.
const NAMED: &[&str] = &["bash_20250124", "custom", "memory_20250818", "text_editor_20250728"];

/// Fields of a tool that are never taken, and those that need a beta.
const FIELDS: &[(&str, Option<&str>)] = &[
    ("eager_input_streaming", None),
    ("defer_loading", Some("tool-search-tool-2025-10-19")),
    ("input_examples", Some("tool-examples-2025-10-29")),
];

/// The types of JSON Schema.
const SCHEMA_TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// Refuses the first thing in a tool that is not taken.
pub(super) fn check(members: &Map<String, Value>, rules: &Rules<'_>) -> Result<(), Refusal> {
    for (at, tool) in list(members.get("tools")).iter().enumerate() {
        check_tool(&format!("tools.{at}"), tool, rules)?;
    }
    Ok(())
}

fn check_tool(path: &str, tool: &Value, rules: &Rules<'_>) -> Result<(), Refusal> {
    let allowed = |beta: &Option<&str>| beta.is_none_or(|beta| rules.has_beta(beta));
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or("custom");
    if kind != "custom" && !KINDS.iter().any(|(start, beta)| kind.starts_with(start) && allowed(beta)) {
        return Err(unexpected_tag(path, kind, NAMED));
    }
    let path = format!("{path}.{kind}");
    for (field, beta) in FIELDS {
        if tool.get(field).is_some() && !beta.is_some_and(|beta| rules.has_beta(beta)) {
            return Err(extra(&format!("{path}.{field}")));
        }
    }
    if tool.get("input_schema").is_some_and(|schema| !has_known_types(schema)) {
        return Err(Refusal::validation(format!(
            "{path}.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 \
             (https://json-schema.org/draft/2020-12)."
        )));
    }
    blocks::check_cache_control(&path, tool, rules)
}

/// Whether every `type` in a schema is one of JSON Schema's; a property may well be called `type`.
fn has_known_types(schema: &Value) -> bool {
    let Some(schema) = schema.as_object() else { return true };
    schema.iter().all(|(keyword, value)| match (keyword.as_str(), value) {
        ("type", Value::String(kind)) => SCHEMA_TYPES.contains(&kind.as_str()),
        ("properties" | "$defs" | "definitions", Value::Object(schemas)) => schemas.values().all(has_known_types),
        ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => schemas.iter().all(has_known_types),
        ("items" | "additionalProperties" | "not", schema) => has_known_types(schema),
        _ => true,
    })
}
