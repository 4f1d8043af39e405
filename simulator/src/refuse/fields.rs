//! The tables: which top-level fields, betas, tools and sources are known.

use serde_json::{Map, Value};

use crate::errors::Refusal;

/// The only `anthropic_version`.
pub(super) const VERSION: &str = "bedrock-2023-05-31";

/// Betas that are taken; any other one fails the whole request.
pub(super) const BETAS: &[&str] = &[
    "compact-2026-01-12",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
];

/// Top-level fields that are taken, in some request.
const FIELDS: &[&str] = &[
    "anthropic_beta",
    "anthropic_version",
    "context_management",
    "max_tokens",
    "messages",
    "metadata",
    "output_config",
    "output_format",
    "safeguards",
    "stop_sequences",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// Top-level fields that are taken only with one of these betas.
const FIELDS_OF_BETAS: &[(&str, &[&str])] =
    &[("context_management", &["compact-2026-01-12", "context-management-2025-06-27"])];

/// Fields of a tool that are taken only with this beta.
pub(super) const TOOL_FIELDS_OF_BETAS: &[(&str, &str)] =
    &[("defer_loading", "tool-search-tool-2025-10-19"), ("input_examples", "tool-examples-2025-10-29")];

/// Kinds of context-management edits.
pub(super) const EDITS: &[&str] = &["clear_tool_uses_20250919", "compact_20260112"];

/// How the `type` of a tool that runs without a server's help begins.
pub(super) const TOOL_TYPES: &[&str] = &["bash_", "computer_", "memory_", "text_editor_", "tool_search_tool_"];

/// A tool type that begins like a known one and is not.
pub(super) const NO_TOOL_TYPES: &[&str] = &["computer_toolset_"];

/// Kinds of source, by kind of block.
pub(super) const SOURCES: &[(&str, &[&str])] = &[("image", &["base64"]), ("document", &["base64", "content", "text"])];

/// Refuses the first top-level field that Bedrock does not know.
pub(super) fn check(members: &Map<String, Value>, betas: &[&str]) -> Result<(), Refusal> {
    match members.keys().find(|name| !is_known(name, betas)) {
        Some(name) => Err(extra(name)),
        None => Ok(()),
    }
}

fn is_known(name: &str, betas: &[&str]) -> bool {
    match FIELDS_OF_BETAS.iter().find(|(field, _)| *field == name) {
        Some((_, needed)) => needed.iter().any(|beta| betas.contains(beta)),
        None => FIELDS.contains(&name),
    }
}

/// The refusal of a field that has no place where it stands.
pub(super) fn extra(path: &str) -> Refusal {
    Refusal::validation(format!("{path}: Extra inputs are not permitted"))
}

/// Whether a value fits the pattern for request metadata. Where its edges are is known in part: hex, UUIDs and `_ . @` fit, the
/// `{`, `"` and `:` of a JSON text do not; the rest is as in the pattern for Converse's request metadata.
pub(super) fn is_plain_metadata(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "_.@-+=/,#$".contains(c))
}
