//! The clusters that `credentials` names.

use crate::document::Document;
use crate::input::documents;
use crate::value::Value;

use super::entry::Entry;
use super::world::{Policy, World};
use super::{Finding, Rule};

/// Each of them is in some document.
pub fn check_policy(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    let defined = defined(world);
    for (_, entry) in &policy.entries {
        check(policy.document, entry, &defined, found);
    }
}

/// Each of an entry's is among these.
pub fn check(document: &Document, entry: &Entry, defined: &[String], found: &mut Vec<Finding>) {
    for (path, cluster) in entry.clusters() {
        if !defined.iter().any(|known| known == cluster || cluster.starts_with(&format!("{known}/backend/"))) {
            let names = if defined.is_empty() { "none".to_owned() } else { defined.join(", ") };
            found.push(Finding::new(Rule::ClusterUnknown, document, path).detail(format!("defined are {names}")));
        }
    }
}

/// What an EnvoyProxy merges into Envoy's bootstrap.
pub fn bootstrap(proxy: &Document) -> Option<Result<Value, String>> {
    let text = proxy.spec().at("bootstrap.value").text()?;
    Some(documents(text).map(|documents| documents.into_iter().next().unwrap_or_default()))
}

fn defined(world: &World<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |cluster: &Value| names.extend(cluster.get("name").text().map(str::to_owned));
    for proxy in world.of_kind("EnvoyProxy") {
        if let Some(Ok(bootstrap)) = bootstrap(proxy) {
            bootstrap.at("static_resources.clusters").items().iter().for_each(&mut add);
        }
        proxy.spec().at("bootstrap.jsonPatches").items().iter().for_each(|patch| add(patch.get("value")));
    }
    for policy in world.of_kind("EnvoyPatchPolicy") {
        for patch in policy.spec().get("jsonPatches").items() {
            if patch.get("type").text().is_some_and(|kind| kind.ends_with("Cluster")) {
                add(patch.at("operation.value"));
            }
        }
    }
    for route in world.of_kind("HTTPRoute") {
        let rules = route.spec().get("rules").items().len();
        names.extend((0..rules).map(|rule| format!("httproute/{}/{}/rule/{rule}", route.namespace(), route.name())));
    }
    names
}
