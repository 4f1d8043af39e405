//! `check`: finds in files, without a cluster and without Envoy, what would not work.

mod backends;
mod bootstraps;
mod clusters;
mod code;
mod entry;
mod envoy;
mod envoy_routes;
mod finding;
mod matching;
mod order;
mod patches;
mod roles;
mod routes;
mod rules;
mod secrets;
mod traffic;
mod world;

pub use finding::Finding;
pub use rules::{RULES, Row, Rule, Severity};

use crate::document::Document;
use crate::input::Inputs;
use crate::value::Value;
use entry::Entry;
use world::World;

/// Everything that is wrong with the files, in their order.
pub fn check(inputs: &Inputs) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, text) in &inputs.plugins {
        found.extend(plugin(file, text));
    }
    for document in &inputs.bootstraps {
        envoy::check(document, &mut found);
    }
    let manifests = last_of_each(&inputs.manifests);
    let world = World::new(&manifests);
    for document in manifests.iter().filter(|document| document.kind().is_empty()) {
        let mut finding = Finding::new(Rule::NotChecked, document, "");
        finding.document = "document".to_owned();
        found.push(finding);
    }
    for kind in ["AIGatewayRoute", "AIServiceBackend", "BackendSecurityPolicy"] {
        found.extend(world.of_kind(kind).map(|document| Finding::new(Rule::AiGateway, document, "")));
    }
    for policy in &world.policies {
        roles::check_policy(policy, &mut found);
        patches::check(&world, policy, &mut found);
        code::check(policy, &mut found);
        routes::check(&world, policy, &mut found);
        traffic::check(&world, policy, &mut found);
        clusters::check_policy(&world, policy, &mut found);
    }
    backends::check(&world, &mut found);
    bootstraps::check(&world, &mut found);
    order::check(&world, &mut found);
    secrets::check(&world, &mut found);
    let place = |finding: &Finding| inputs.manifests.iter().position(|document| document.file == finding.file);
    found.sort_by_key(place);
    found.dedup();
    found
}

/// An object that is given again replaces what came before.
fn last_of_each(documents: &[Document]) -> Vec<Document> {
    let mut last: Vec<Document> = Vec::new();
    for document in documents {
        let is_same = |other: &&mut Document| {
            !document.name().is_empty() && other.is(document.kind(), document.namespace(), document.name())
        };
        match last.iter_mut().find(is_same) {
            Some(other) if other.spec() == document.spec() => {}
            Some(other) => *other = document.clone(),
            None => last.push(document.clone()),
        }
    }
    last
}

/// A file that is a configuration of the filter.
fn plugin(file: &str, text: &str) -> Vec<Finding> {
    let document = Document { file: file.to_owned(), order: 0, value: Value::Null };
    let entry = Entry::of_text(text, "", None);
    let mut found = Vec::new();
    entry.check(&document, &mut found);
    found.iter_mut().for_each(|finding| finding.document = "configuration".to_owned());
    found
}
