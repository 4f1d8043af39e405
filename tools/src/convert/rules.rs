//! The rules of AIGatewayRoutes, and the backend that each leads to.

use std::cmp::Reverse;

use crate::document::{Document, reference_namespace};
use crate::value::Value;

use super::groups::Group;
use super::notes::Notes;
use super::source::Source;

/// Schemas of backends that the filter takes over.
const SCHEMAS: [&str; 2] = ["AWSBedrock", "AWSAnthropic"];

/// A rule of an AIGatewayRoute with the backend that it leads to.
pub struct SourceRule<'a> {
    /// The route it is of.
    pub route: &'a Document,
    /// Its path there.
    pub path: String,
    /// What it says.
    pub rule: &'a Value,
    /// Its reference to the backend.
    pub reference: &'a Value,
    /// The backend.
    pub backend: &'a Document,
}

/// A rule that leads elsewhere.
pub struct OtherRule<'a> {
    /// The route it is of.
    pub route: &'a Document,
    /// Its path there.
    pub path: String,
    /// What it says.
    pub rule: &'a Value,
}

/// A reference to a backend of Bedrock's: its path, itself, the backend.
type Candidate<'a> = (String, &'a Value, &'a Document);

impl<'a> Source<'a> {
    /// The rules of a group that lead to Bedrock, and those that do not: a note says that they are left out.
    pub fn rules(&self, group: &Group<'a>, notes: &mut Notes) -> (Vec<SourceRule<'a>>, Vec<OtherRule<'a>>) {
        let (mut rules, mut others) = (Vec::new(), Vec::new());
        for &route in &group.routes {
            for (index, rule) in route.spec().get("rules").items().iter().enumerate() {
                let path = format!("spec.rules[{index}]");
                match self.backend(route, rule, &path, notes) {
                    Some((_, reference, backend)) => rules.push(SourceRule { route, path, rule, reference, backend }),
                    None => others.push(OtherRule { route, path, rule }),
                }
            }
        }
        (rules, others)
    }

    /// The one backend that a rule keeps: the first by priority, of those the one with most of the weight.
    fn backend(&self, route: &'a Document, rule: &'a Value, path: &str, notes: &mut Notes) -> Option<Candidate<'a>> {
        let mut candidates: Vec<Candidate<'a>> = Vec::new();
        for (at, reference) in rule.get("backendRefs").items().iter().enumerate() {
            let path = format!("{path}.backendRefs[{at}]");
            let name = reference.get("name").text().unwrap_or_default();
            let kind = reference.get("kind").text().unwrap_or("AIServiceBackend");
            let backend = self
                .find("AIServiceBackend", reference_namespace(route, reference), name)
                .filter(|_| kind == "AIServiceBackend");
            let Some(backend) = backend else {
                notes.add(route, &path, "left out: the files have no such AIServiceBackend");
                continue;
            };
            let schema = backend.spec().at("schema.name").text();
            if !schema.is_some_and(|schema| SCHEMAS.contains(&schema)) {
                notes.add(route, &path, "left out: its schema is not Bedrock's");
            } else if weight(reference) == 0 {
                notes.add(route, &path, "left out: its weight is 0");
            } else {
                candidates.push((path, reference, backend));
            }
        }
        let priority = |reference: &Value| reference.get("priority").number().unwrap_or(0);
        candidates.sort_by_key(|(_, reference, _)| (priority(reference), Reverse(weight(reference))));
        let mut candidates = candidates.into_iter();
        let chosen = candidates.next()?;
        for (path, ..) in candidates {
            let words =
                format!("left out: there are no weights and no failover, and {} gets all", notes.label(chosen.2));
            notes.add(route, &path, &words);
        }
        Some(chosen)
    }
}

fn weight(reference: &Value) -> u64 {
    reference.get("weight").number().unwrap_or(1)
}
