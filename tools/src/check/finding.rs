//! What was found, and how it is shown.

use std::fmt;

use crate::document::Document;
use crate::{map, value::Value};

use super::rules::{Rule, Severity};

/// A rule that a document breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file; empty where it is about all of them.
    pub file: String,
    /// `Kind/name`.
    pub document: String,
    /// Path inside of the document.
    pub path: String,
    /// Which rule.
    pub rule: Rule,
    /// What more there is to say; never a secret, and never a value of `credentials`.
    pub detail: String,
}

impl Finding {
    /// Of a document, with nothing more to say than the rule does.
    pub fn new(rule: Rule, document: &Document, path: impl Into<String>) -> Self {
        let label = if document.kind().is_empty() { "Envoy/bootstrap".to_owned() } else { document.label() };
        Self { file: document.file.clone(), document: label, path: path.into(), rule, detail: String::new() }
    }

    /// Of what is no document with a name.
    pub fn of(rule: Rule, file: &str, what: &str) -> Self {
        Self { file: file.to_owned(), document: what.to_owned(), path: String::new(), rule, detail: String::new() }
    }

    /// With more to say.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.rule.row().severity
    }

    /// What is wrong, and what to do.
    pub fn message(&self) -> String {
        let row = self.rule.row();
        let detail = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        format!("{}{detail}. {}.", row.wrong, row.mend)
    }

    /// For `--format json`.
    pub fn to_value(&self) -> Value {
        let severity = if self.severity() == Severity::Error { "error" } else { "warning" };
        map! {
            "file": &self.file,
            "document": &self.document,
            "path": &self.path,
            "rule": self.rule.row().id,
            "severity": severity,
            "message": self.message(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = if self.severity() == Severity::Warning { "warning: " } else { "" };
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        f.write_str(&self.document)?;
        if !self.path.is_empty() {
            write!(f, " {}", self.path)?;
        }
        write!(f, ": [{}] {warning}{}", self.rule.row().id, self.message())
    }
}
