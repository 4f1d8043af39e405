//! One document of a file: a manifest, or a configuration of Envoy's.

use std::collections::HashMap;

use crate::value::Value;

/// The group of Envoy Gateway's own kinds.
pub const ENVOY_GATEWAY: &str = "gateway.envoyproxy.io";

/// A document and where it stands.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file's name as it was given.
    pub file: String,
    /// Counted over all files: what is applied first is lower.
    pub order: usize,
    /// What it says.
    pub value: Value,
}

impl Document {
    /// Its kind; empty where it has none.
    pub fn kind(&self) -> &str {
        self.value.get("kind").text().unwrap_or_default()
    }

    /// The group of its `apiVersion`; empty for the core of Kubernetes.
    pub fn group(&self) -> &str {
        self.value.get("apiVersion").text().and_then(|version| version.split_once('/')).map_or("", |(group, _)| group)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.value.at("metadata.name").text().unwrap_or_default()
    }

    /// Its namespace; `default` where it says none.
    pub fn namespace(&self) -> &str {
        self.value.at("metadata.namespace").text().unwrap_or("default")
    }

    /// `Kind/name`, as findings show it.
    pub fn label(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// Its `spec`.
    pub fn spec(&self) -> &Value {
        self.value.get("spec")
    }

    /// Whether it is this object.
    pub fn is(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.kind() == kind && self.namespace() == namespace && self.name() == name
    }
}

/// The namespace that a reference of `document` points into.
pub fn reference_namespace<'a>(document: &'a Document, reference: &'a Value) -> &'a str {
    reference.get("namespace").text().unwrap_or_else(|| document.namespace())
}

/// The last of each object, where the first one stood: an object that is given again replaces what came before.
pub fn last_of_each(documents: &[Document]) -> Vec<Document> {
    let mut places = HashMap::new();
    let mut last: Vec<Document> = Vec::new();
    for document in documents {
        let identity = (document.kind(), document.group(), document.namespace(), document.name());
        let place = if document.name().is_empty() { last.len() } else { *places.entry(identity).or_insert(last.len()) };
        match last.get_mut(place) {
            // The same once more changes nothing, not even its place.
            Some(earlier) if earlier.value == document.value => {}
            Some(earlier) => *earlier = document.clone(),
            None => last.push(document.clone()),
        }
    }
    last
}
