//! What has no counterpart: found by a table, and noted line by line.

use crate::document::Document;
use crate::value::{Value, join};

/// Lines for the operator, each with kind, name and path.
#[derive(Debug, Default)]
pub struct Notes(pub Vec<String>);

impl Notes {
    /// Adds a line, unless it is there.
    pub fn add(&mut self, document: &Document, path: &str, words: &str) {
        let path = if path.is_empty() { String::new() } else { format!(" {path}") };
        let line = format!("{}{path}: {words}", document.label());
        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Adds a line for each member of a document that the table has.
    pub fn add_lost(&mut self, document: &Document) {
        for (kind, path, words) in LOST.iter().filter(|(kind, ..)| *kind == document.kind()) {
            debug_assert_eq!(*kind, document.kind());
            for place in places(&document.value, path) {
                self.add(document, &place, words);
            }
        }
    }
}

/// Kind, path (`[]` is each element), what to know.
const LOST: &[(&str, &str, &str)] = &[
    (
        "AIGatewayRoute",
        "spec.llmRequestCosts",
        "left out: the filter counts tokens itself, for the access log and metrics (docs/observability.md); it writes no dynamic metadata that rate limits could read",
    ),
    ("AIGatewayRoute", "spec.rateLimitsFromHeaders", "left out: it has no counterpart"),
    ("AIGatewayRoute", "spec.filterConfig", "left out: there is no external processor any more"),
    (
        "AIGatewayRoute",
        "spec.rules[].modelsOwnedBy",
        "left out: the list of models has Anthropic's shape, without owners",
    ),
    (
        "AIGatewayRoute",
        "spec.rules[].modelsCreatedAt",
        "left out: the list of models has the dates that the filter knows",
    ),
    (
        "AIGatewayRoute",
        "spec.rules[].backendRefs[].headerMutation",
        "left out: only the filter's own headers go to Bedrock",
    ),
    (
        "AIGatewayRoute",
        "spec.rules[].backendRefs[].bodyMutation",
        "left out: bodies go as they are; `fields` of the filter takes members out, which Bedrock refuses",
    ),
    ("AIGatewayRoute", "spec.rules[].backendRefs[].priority", "left out: there is no failover; one backend is used"),
    ("AIServiceBackend", "spec.headerMutation", "left out: only the filter's own headers go to Bedrock"),
    (
        "AIServiceBackend",
        "spec.bodyMutation",
        "left out: bodies go as they are; `fields` of the filter takes members out, which Bedrock refuses",
    ),
    ("AIServiceBackend", "spec.responseBodyMutation", "left out: answers go as they are"),
    ("AIServiceBackend", "spec.timeouts", "left out: the route's timeouts count"),
    (
        "BackendSecurityPolicy",
        "spec.credentialOverride",
        "left out: the filter signs with the gateway's credentials alone",
    ),
];

/// The places in a value that a path of the table leads to.
fn places(value: &Value, path: &str) -> Vec<String> {
    let mut found = vec![(value, String::new())];
    for step in path.split('.') {
        let (key, is_list) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        let mut next = Vec::new();
        for (value, path) in found {
            let (member, path) = (value.get(key), join(&path, key));
            if is_list {
                next.extend(member.items().iter().enumerate().map(|(at, item)| (item, format!("{path}[{at}]"))));
            } else if !member.is_null() {
                next.push((member, path));
            }
        }
        found = next;
    }
    found.into_iter().map(|(_, path)| path).collect()
}
