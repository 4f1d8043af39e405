//! Lines for the operator.

use std::collections::BTreeSet;

use crate::document::Document;

use super::source::AI_GATEWAY;

/// Lines, each with kind, name and path.
#[derive(Debug, Default)]
pub struct Notes {
    /// They, in order.
    pub lines: Vec<String>,
    has_namespaces: bool,
}

impl Notes {
    /// None yet. Objects are named with their namespaces where the documents have several.
    pub fn new(documents: &[Document]) -> Self {
        let is_local =
            |document: &&Document| document.group() == AI_GATEWAY || !document.value.at("metadata.namespace").is_null();
        let namespaces: BTreeSet<&str> = documents.iter().filter(is_local).map(Document::namespace).collect();
        Self { lines: Vec::new(), has_namespaces: namespaces.len() > 1 }
    }

    /// Adds a line, unless it is there.
    pub fn add(&mut self, document: &Document, path: &str, words: &str) {
        let path = if path.is_empty() { String::new() } else { format!(" {path}") };
        let line = format!("{}{path}: {words}", self.label(document));
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// How an object is called.
    pub fn label(&self, document: &Document) -> String {
        if self.has_namespaces {
            format!("{}/{}/{}", document.kind(), document.namespace(), document.name())
        } else {
            document.label()
        }
    }
}
