//! `check`: finds in files, without a cluster and without Envoy, what would not work.

mod backends;
mod bootstraps;
mod buffers;
mod cluster_tls;
mod clusters;
mod code;
mod destinations;
mod entrances;
mod entry;
mod environment;
mod envoy;
mod envoy_routes;
mod finding;
mod labels;
mod matching;
mod mounts;
mod order;
mod ours;
mod patches;
mod precedence;
mod proxies;
mod roles;
mod routes;
mod rules;
mod secrets;
mod signers;
mod timeouts;
mod world;

pub use finding::Finding;
pub use rules::{RULES, Row, Rule, Severity};

use crate::document::{Document, last_of_each};
use crate::input::Inputs;
use crate::value::Value;
use entry::Entry;
use ours::has_members;
use world::World;

/// Everything that is wrong with the files, in their order.
pub fn check(inputs: &Inputs) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, text) in &inputs.plugins {
        found.extend(plugin(file, text));
    }
    let mut has_plain_filter = false;
    for document in &inputs.bootstraps {
        has_plain_filter |= envoy::check(document, &mut found);
    }
    let manifests = last_of_each(&inputs.manifests);
    let world = World::new(&manifests);
    let (plugins, others): (Vec<&Document>, Vec<&Document>) = manifests
        .iter()
        .filter(|document| document.kind().is_empty())
        .partition(|document| has_members(&document.value));
    for document in &plugins {
        found.extend(plugin(&document.file, &document.value.to_json()));
        // JSON has been told by its text.
        found.push(Finding::of(Rule::PluginConfig, &document.file, "configuration").detail("this is YAML, not JSON"));
    }
    found.extend(others.iter().map(|document| Finding::of(Rule::NotChecked, &document.file, "document")));
    for kind in ["AIGatewayRoute", "AIServiceBackend", "BackendSecurityPolicy"] {
        found.extend(world.of_kind(kind).map(|document| Finding::new(Rule::AiGateway, document, "")));
    }
    for policy in &world.policies {
        roles::check_policy(policy, &mut found);
        patches::check(&world, policy, &mut found);
        code::check(policy, &mut found);
        precedence::check(&world, policy, &mut found);
        signers::check_policy(&world, policy, &mut found);
        routes::check(&world, policy, &mut found);
        buffers::check(&world, policy, &mut found);
        timeouts::check(&world, policy, &mut found);
        clusters::check_policy(&world, policy, &mut found);
        environment::check_policy(policy, &mut found);
    }
    backends::check(&world, &mut found);
    bootstraps::check(&world, &mut found);
    mounts::check(&world, &mut found);
    order::check(&world, &mut found);
    secrets::check(&world, &mut found);
    let has_filter =
        has_plain_filter || !inputs.plugins.is_empty() || !plugins.is_empty() || !world.policies.is_empty();
    let is_said = found.iter().any(|finding| finding.rule == Rule::AiGateway)
        || (inputs.bootstraps.is_empty() && !others.is_empty() && others.len() == manifests.len());
    if !has_filter && !is_said {
        found.push(Finding::of(Rule::NoFilter, "", "all files"));
    }
    let place = |finding: &Finding| inputs.manifests.iter().position(|document| document.file == finding.file);
    found.sort_by_key(place);
    let mut differing: Vec<Finding> = Vec::new();
    for finding in found {
        if !differing.contains(&finding) {
            differing.push(finding);
        }
    }
    differing
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
