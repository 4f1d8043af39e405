//! Manifests as a cluster gives them out: without what it wrote into them itself.

use crate::document::{Document, last_of_each};

use super::notes::Notes;
use super::source::AI_GATEWAY;

/// What the API server writes, and refuses or mistakes in a manifest that is applied.
const SERVER: &[&str] = &["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"];
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The documents that are converted: the last of each object, and none that AI Gateway made.
pub fn cleaned(documents: &[Document], notes: &mut Notes) -> Vec<Document> {
    let mut kept = Vec::new();
    for mut document in last_of_each(documents) {
        let owners = document.value.at("metadata.ownerReferences").items();
        let mut versions = owners.iter().filter_map(|owner| owner.get("apiVersion").text());
        if versions.any(|version| version.split('/').next() == Some(AI_GATEWAY)) {
            notes.add(&document, "", "left out: AI Gateway made it");
            continue;
        }
        if !document.value.get("metadata").is_null() {
            let metadata = document.value.entry("metadata");
            SERVER.iter().for_each(|member| drop(metadata.remove(member)));
            if !metadata.get("annotations").get(LAST_APPLIED).is_null() {
                metadata.entry("annotations").remove(LAST_APPLIED);
                if metadata.get("annotations").entries().is_empty() {
                    metadata.remove("annotations");
                }
            }
        }
        kept.push(document);
    }
    kept
}
