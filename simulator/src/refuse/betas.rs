//! The beta flags that are taken; any other one fails the whole request.

use serde_json::{Map, Value};

use crate::catalog::Abilities;
use crate::errors::Refusal;

/// Taken with any model.
const BETAS: &[&str] = &[
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

/// Taken from 4.7 on.
const NEW_BETAS: &[&str] = &[
    "dangerous-tool-use-2026-09-03",
    "mid-conversation-output-config-2026-07-01",
    "mid-conversation-tool-changes-2026-07-01",
    "thinking-binding-controls-2026-08-01",
    "thinking-display-updates-2026-08-18",
];

/// The flags in an InvokeModel body.
pub(super) fn of_body(members: &Map<String, Value>) -> Result<Vec<&str>, Refusal> {
    let wrong = || Refusal::validation("anthropic_beta: Input should be a valid list");
    match members.get("anthropic_beta") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(betas)) => betas.iter().map(|beta| beta.as_str().ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}

/// Refuses the request for a flag that the model does not take.
pub(super) fn check(betas: &[&str], takes: &Abilities) -> Result<(), Refusal> {
    let taken = |beta: &&str| BETAS.contains(beta) || (takes.new_generation && NEW_BETAS.contains(beta));
    if betas.iter().all(taken) { Ok(()) } else { Err(Refusal::validation("invalid beta flag")) }
}
