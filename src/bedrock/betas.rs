//! Which of Anthropic's beta features Bedrock takes. One that it does not know fails the whole request
//! ("invalid beta flag"), so only these are sent.
//!
//! AWS documents a part of them (Bedrock user guide, "Anthropic Claude Messages API", `anthropic_beta`); the others are
//! those that gateways in production send.

/// The models that take a beta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takers {
    All,
    /// Claude 4.7 and later.
    Newer,
}

use Takers::{All, Newer};

/// The table. `docs/compatibility.md` has it too.
const BETAS: &[(&str, Takers)] = &[
    ("compact-2026-01-12", All),
    ("computer-use-2025-01-24", All),
    ("computer-use-2025-11-24", All),
    ("context-1m-2025-08-07", All),
    ("context-management-2025-06-27", All),
    ("effort-2025-11-24", All),
    ("fine-grained-tool-streaming-2025-05-14", All),
    ("interleaved-thinking-2025-05-14", All),
    ("tool-examples-2025-10-29", All),
    ("tool-search-tool-2025-10-19", All),
    ("dangerous-tool-use-2026-09-03", Newer),
    ("mid-conversation-output-config-2026-07-01", Newer),
    ("mid-conversation-tool-changes-2026-07-01", Newer),
    ("thinking-binding-controls-2026-08-01", Newer),
    ("thinking-display-updates-2026-08-18", Newer),
];

/// Betas that Bedrock knows under another name.
pub const ALIASES: &[(&str, &str)] = &[("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19")];

/// What a million tokens of context need.
pub const LONG_CONTEXT: &str = "context-1m-2025-08-07";

/// Every beta that is taken, and whether only models of 4.7 and later take it.
pub fn all() -> impl Iterator<Item = (&'static str, bool)> {
    BETAS.iter().map(|(beta, takers)| (*beta, *takers == Newer))
}

/// Bedrock's name for a beta.
pub fn name(beta: &str) -> &str {
    ALIASES.iter().find(|(from, _)| *from == beta).map_or(beta, |(_, to)| to)
}

/// Whether Bedrock takes a beta, by its own name, for a model of 4.7 or later, or for an older one.
pub fn is_taken(beta: &str, newer: bool) -> bool {
    BETAS.iter().any(|(known, takers)| *known == beta && (newer || *takers == All))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_is_taken() {
        for (from, to) in ALIASES {
            assert!(is_taken(to, false) && !is_taken(from, true));
            assert_eq!(name(from), *to);
        }
        assert!(is_taken(LONG_CONTEXT, false));
        assert!(is_taken("dangerous-tool-use-2026-09-03", true) && !is_taken("dangerous-tool-use-2026-09-03", false));
    }
}
