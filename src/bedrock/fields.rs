//! Members of a Messages request that Bedrock does not take, as data, and those of a configuration beside them.
//!
//! What it refuses is said in the Bedrock user guide ("Anthropic Claude Messages API") and in its answers ("…: Extra
//! inputs are not permitted"). `docs/compatibility.md` is made of this table.

use crate::config::{FieldMode, Fields};
use crate::json::{Drops, Found, Paths, Rule, Taking, When};
use std::rc::Rc;

/// Members that stand elsewhere in a request to Bedrock, and how long their values can be. A model id has 2,048 characters
/// at most, each of six bytes when it is escaped.
const TAKINGS: &[Taking] = &[
    Taking { name: "model", most: 2 + 6 * 2048 },
    Taking { name: "stream", most: 64 },
    Taking { name: "anthropic_version", most: 0 },
    Taking { name: "anthropic_beta", most: 16 * 1024 },
];
/// `model` among what the editor has taken out.
pub const MODEL: usize = 0;
/// `stream`.
pub const STREAM: usize = 1;
/// `anthropic_beta`.
pub const BETA: usize = 3;

/// A row of the table: a member that cannot stay as it is, at least in some requests.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// What the configuration and the documentation call it.
    pub name: &'static str,
    /// The objects it may stand in; `""` is the request itself.
    places: &'static [&'static str],
    /// Its path in these.
    member: &'static str,
    /// Which of its values cannot stay.
    pub when: When,
    /// Why it cannot stay.
    pub why: Why,
    /// A beta that does on Bedrock what the member asks for, or that it needs there; asked for where it is found.
    pub adds: Option<&'static str>,
}

/// Why a member cannot stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Bedrock refuses it, and the answer is the same without it.
    Refused,
    /// Bedrock refuses it, and without it the request would ask for something else: so it is refused here. What it is.
    Impossible(&'static str),
    /// It needs this beta, and may stay as long as that is not taken off.
    Beta(&'static str),
    /// Only models of 4.7 and later take it.
    Newer,
    /// Messages take it, counting tokens on mantle does not.
    CountingOnMantle,
}

use Why::{Beta, CountingOnMantle, Impossible, Newer, Refused};

const TOP: &[&str] = &[""];
const TOOLS: &[&str] = &["tools[]"];
const EDITS: &[&str] = &["context_management.edits[]"];
/// Whatever can be a breakpoint of the prompt cache.
const BLOCKS: &[&str] = &[
    "tools[]",
    "system[]",
    "messages[].content[]",
    "messages[].content[].content[]",
    "messages[].content[].source.content[]",
];
const SOURCES: &[&str] = &[
    "messages[].content[].source",
    "messages[].content[].content[].source",
    "messages[].content[].source.content[].source",
];

const fn field(name: &'static str, places: &'static [&'static str], member: &'static str, why: Why) -> Field {
    Field { name, places, member, when: When::Present, why, adds: None }
}

const fn top(name: &'static str, why: Why) -> Field {
    field(name, TOP, name, why)
}

const TOOL_SEARCH: &str = "tool-search-tool-2025-10-19";
const TOOL_EXAMPLES: &str = "tool-examples-2025-10-29";
const FINE_GRAINED: &str = "fine-grained-tool-streaming-2025-05-14";

/// The table. Where a member has several rows, each is about other values of it.
pub const FIELDS: &[Field] = &[
    top("service_tier", Refused),
    top("cache_control", Refused),
    top("inference_geo", Refused),
    top("speed", Refused),
    top("fallbacks", Refused),
    top("thread", Refused),
    top("diagnostics", Refused),
    field("cache_control.scope", BLOCKS, "cache_control.scope", Refused),
    Field {
        when: When::Value(|value| value == b"true"),
        adds: Some(FINE_GRAINED),
        ..field("tools[].eager_input_streaming", TOOLS, "eager_input_streaming", Refused)
    },
    Field {
        when: When::Value(|value| value != b"true"),
        ..field("tools[].eager_input_streaming", TOOLS, "eager_input_streaming", Refused)
    },
    Field {
        when: When::Value(|value| !is_plain_metadata(value)),
        ..field("metadata.user_id", TOP, "metadata.user_id", Refused)
    },
    Field {
        when: When::OfElement(|value| value == br#""clear_thinking_20251015""#),
        ..field("context_management.edits[].type", EDITS, "type", Refused)
    },
    Field {
        when: When::OfElement(|value| value == br#""clear_tool_uses_20250919""#),
        ..field("context_management.edits[].type", EDITS, "type", Beta("context-management-2025-06-27"))
    },
    Field {
        when: When::OfElement(|value| value == br#""compact_20260112""#),
        ..field("context_management.edits[].type", EDITS, "type", Beta("compact-2026-01-12"))
    },
    field("tools[].defer_loading", TOOLS, "defer_loading", Beta(TOOL_SEARCH)),
    Field {
        adds: Some(TOOL_EXAMPLES),
        ..field("tools[].input_examples", TOOLS, "input_examples", Beta(TOOL_EXAMPLES))
    },
    field("output_config.effort", TOP, "output_config.effort", Beta("effort-2025-11-24")),
    top("safeguards", Beta("dangerous-tool-use-2026-09-03")),
    top("user_profile_id", Newer),
    top("mcp_servers", Impossible("the MCP connector")),
    top("container", Impossible("a container or a skill")),
    Field {
        when: When::Value(is_server_tool),
        ..field("tools[].type", TOOLS, "type", Impossible("a tool that runs at Anthropic"))
    },
    Field {
        when: When::Value(|value| matches!(value, br#""url""# | br#""file""#)),
        ..field("source.type", SOURCES, "type", Impossible("a source by URL or of the Files API"))
    },
    Field {
        when: When::Value(|value| value == br#""container_upload""#),
        ..field("messages[].content[].type", &["messages[].content[]"], "type", Impossible("a file of the Files API"))
    },
    // Of an answer, not of a prompt.
    top("max_tokens", CountingOnMantle),
    top("metadata", CountingOnMantle),
    top("stop_sequences", CountingOnMantle),
    top("temperature", CountingOnMantle),
    top("top_k", CountingOnMantle),
    top("top_p", CountingOnMantle),
    top("fallback_credit_token", CountingOnMantle),
];

/// How the types of tools that run at Anthropic, or need what only it has, begin.
pub const SERVER_TOOLS: &[&str] = &[
    "web_search_",
    "web_fetch_",
    "code_execution_",
    "advisor_",
    "mcp_toolset",
    "computer_toolset_",
    "browser_toolset_",
];

fn is_server_tool(value: &[u8]) -> bool {
    value.strip_prefix(b"\"").is_some_and(|name| SERVER_TOOLS.iter().any(|tool| name.starts_with(tool.as_bytes())))
}

/// Whether Bedrock takes a text as metadata. Its answer names a regular expression and does not show it: these characters
/// are those of Converse's request metadata, less the `:` of JSON texts, which are refused. Another type is Bedrock's to
/// refuse.
fn is_plain_metadata(value: &[u8]) -> bool {
    const LONGEST: usize = 256;
    let plain = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "_.@-+=/,#$".contains(c);
    match serde_json::from_slice::<serde_json::Value>(value) {
        Ok(serde_json::Value::String(text)) => text.len() <= LONGEST && text.chars().all(plain),
        Ok(_) => true,
        // Too long to be looked at.
        Err(_) => false,
    }
}

impl Field {
    /// Its paths from the top.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let whole =
            |place: &&str| if place.is_empty() { self.member.to_owned() } else { format!("{place}.{}", self.member) };
        self.places.iter().map(whole)
    }
}

/// What a request's treatment depends on, beside the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Treatment<'a> {
    /// Betas that the client asked for, by Bedrock's names, and that are not sent.
    pub betas_dropped: &'a [String],
    /// The model is of 4.7 or later.
    pub newer: bool,
    /// The request is a count of tokens on mantle.
    pub counting_on_mantle: bool,
}

impl Treatment<'_> {
    /// What most requests get, and what is assumed until a request is read.
    pub const USUAL: Treatment<'static> = Treatment { betas_dropped: &[], newer: true, counting_on_mantle: false };

    fn lets(&self, why: Why) -> bool {
        match why {
            Refused | Impossible(_) => false,
            Beta(beta) => !self.betas_dropped.iter().any(|dropped| dropped == beta),
            Newer => self.newer,
            CountingOnMantle => !self.counting_on_mantle,
        }
    }
}

/// The table and the members of a configuration as rules of the editor.
#[derive(Debug)]
pub struct FieldRules {
    rows: Vec<Row>,
    paths: Rc<Paths>,
    mode: FieldMode,
    usual: Drops,
}

#[derive(Debug)]
struct Row {
    name: String,
    why: Why,
    adds: Option<&'static str>,
}

impl FieldRules {
    /// The table, less what a configuration allows (by a row's name or one of its paths), and with the paths it drops.
    pub fn new(fields: &Fields) -> Self {
        let Fields { mode, allow, drop } = fields;
        let (mut rows, mut rules) = (Vec::new(), Vec::new());
        for field in FIELDS {
            for path in field.paths() {
                if !allow.iter().any(|allowed| *allowed == field.name || *allowed == path) && !drop.contains(&path) {
                    rows.push(Row { name: field.name.to_owned(), why: field.why, adds: field.adds });
                    rules.push(Rule { path, when: field.when });
                }
            }
        }
        for path in drop {
            rows.push(Row { name: path.clone(), why: Refused, adds: None });
            rules.push(Rule { path: path.clone(), when: When::Present });
        }
        let mut made = Self { rows, paths: Rc::new(Paths::new(TAKINGS, rules)), mode: *mode, usual: Drops::default() };
        made.usual = made.drops_of(&Treatment::USUAL);
        made
    }

    /// For the editor.
    pub fn paths(&self) -> &Rc<Paths> {
        &self.paths
    }

    /// Which rules drop what they find under a treatment.
    pub fn drops(&self, treatment: &Treatment<'_>) -> Drops {
        // Most betas that are not sent are needed by no member.
        let needed = |beta: &String| self.rows.iter().any(|row| matches!(row.why, Beta(needs) if needs == beta));
        let Treatment { betas_dropped, newer, counting_on_mantle } = treatment;
        if *newer && !counting_on_mantle && !betas_dropped.iter().any(needed) {
            return self.usual.clone();
        }
        self.drops_of(treatment)
    }

    fn drops_of(&self, treatment: &Treatment<'_>) -> Drops {
        let drops = |row: &Row| match row.why {
            Impossible(_) => false,
            CountingOnMantle => treatment.counting_on_mantle,
            why => self.mode != FieldMode::Observe && !treatment.lets(why),
        };
        self.rows.iter().map(drops).collect()
    }

    /// Betas that members which were found stand for.
    pub fn added_betas<'a>(&'a self, found: &'a [Found]) -> impl Iterator<Item = &'static str> + 'a {
        found.iter().filter_map(|found| self.rows.get(found.rule)?.adds)
    }

    /// What was found that cannot stay: its name, where it first stands, how often, and why.
    pub fn unfit<'a>(&'a self, found: &'a [Found], treatment: &'a Treatment<'a>) -> impl Iterator<Item = Unfit<'a>> {
        let rows = found.iter().filter_map(|found| Some((found, self.rows.get(found.rule)?)));
        let unfit = rows.filter(|(_, row)| !treatment.lets(row.why) && row.why != CountingOnMantle);
        unfit.map(|(found, row)| Unfit { name: &row.name, path: &found.path, count: found.count, why: row.why })
    }
}

/// A member that was found and cannot stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit<'a> {
    /// The row's name.
    pub name: &'a str,
    /// Where it first stands: `tools[2].type`.
    pub path: &'a str,
    /// How often.
    pub count: u32,
    /// Why.
    pub why: Why,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_that_bedrock_takes() {
        for (value, plain) in [
            (r#""""#, true),
            (r#""user_0a1b-2c@example.com x""#, true),
            (r#""\u0061""#, true),
            ("null", true),
            (r#""{\"device_id\":\"x\"}""#, false),
            (r#""a:b""#, false),
            (r#""é""#, false),
            ("", false),
        ] {
            assert_eq!(is_plain_metadata(value.as_bytes()), plain, "{value}");
        }
        assert!(!is_plain_metadata(format!("\"{}\"", "a".repeat(257)).as_bytes()));
    }

    #[test]
    fn server_tools_are_told_by_their_type() {
        assert!(is_server_tool(br#""web_search_20250305""#) && is_server_tool(br#""mcp_toolset""#));
        assert!(!is_server_tool(br#""custom""#) && !is_server_tool(br#""computer_20250124""#) && !is_server_tool(b"5"));
    }

    #[test]
    fn a_configuration_takes_rows_off_and_adds_paths() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let rules = |allow: &[&str], drop: &[&str]| {
            FieldRules::new(&Fields { mode: FieldMode::Strip, allow: texts(allow), drop: texts(drop) })
        };
        let (all, rows) = (rules(&[], &[]), |allow: &[&str], drop: &[&str]| rules(allow, drop).rows.len());
        assert_eq!(rows(&["service_tier"], &[]), all.rows.len() - 1);
        assert_eq!(rows(&["cache_control.scope"], &[]), all.rows.len() - BLOCKS.len());
        assert_eq!(rows(&["system[].cache_control.scope"], &[]), all.rows.len() - 1);
        assert_eq!(rows(&[], &["tools[].x", "y"]), all.rows.len() + 2);
        assert_eq!(rows(&[], &["metadata.user_id"]), all.rows.len());
    }
}
