//! Envoy's own signing, which `external` leaves it to.

use crate::document::Document;
use crate::places::is_of_aws;
use crate::value::Value;

use super::entry::Entry;
use super::world::{Policy, World};
use super::{Finding, Rule, cluster_tls};

const SIGNER: &str = "aws_request_signing";

/// In Envoy Gateway, which has no member for it, it is in a patch.
pub fn check_policy(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    let patched = world.of_kind("EnvoyPatchPolicy").any(|patch| has_signer(&patch.value));
    let mut hosts = Vec::new();
    for backend in world.of_kind("Backend") {
        backend.value.objects("", &mut |object, _| hosts.extend(object.get("hostname").text()));
    }
    if !patched && hosts.into_iter().any(is_of_aws) {
        let entries = policy.entries.iter().map(|(_, entry)| entry);
        entries.for_each(|entry| add(policy.document, entry, found));
    }
}

/// In plain Envoy it is behind the filter, or in a cluster.
pub fn check_chain(document: &Document, chain: &Value, entry: &Entry, found: &mut Vec<Finding>) {
    let filters = chain.get("http_filters").items();
    let is_own = |index: usize| entry.path.contains(&format!("http_filters[{index}].typed_config.config"));
    let own = (0..filters.len()).find(|index| is_own(*index)).unwrap_or_default();
    let clusters = document.value.at("static_resources.clusters").items();
    let is_behind = filters.iter().skip(own + 1).chain(clusters).any(has_signer);
    if !is_behind && clusters.iter().any(|cluster| cluster_tls::place(cluster).is_some_and(is_of_aws)) {
        add(document, entry, found);
    }
}

fn add(document: &Document, entry: &Entry, found: &mut Vec<Finding>) {
    if entry.is_external() {
        found.push(Finding::new(Rule::ExternalSigner, document, format!("{}.credentials", entry.path)));
    }
}

fn has_signer(value: &Value) -> bool {
    let mut has = false;
    value.texts("", &mut |text, _| has |= text.contains(SIGNER));
    has
}
