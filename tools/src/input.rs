//! Files to documents: what each of them is, and its documents in order.

use std::fmt;
use std::io::Read;

use serde_saphyr::budget::BudgetBreach;

use crate::document::Document;
use crate::value::Value;

/// What the files hold.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Configurations of the filter: the file's name and the text.
    pub plugins: Vec<(String, String)>,
    /// Configurations of Envoy.
    pub bootstraps: Vec<Document>,
    /// Everything else: manifests, and what is none.
    pub manifests: Vec<Document>,
}

/// A file that could not be read. It says where and what, and shows nothing of the file: there may be keys in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable {
    file: String,
    problem: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.problem)
    }
}

impl std::error::Error for Unreadable {}

impl Inputs {
    /// Reads files; `-` is the standard input.
    pub fn read(files: &[String]) -> Result<Self, Unreadable> {
        let mut inputs = Self::default();
        for file in files {
            let text = if file == "-" {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map(|_| text)
            } else {
                std::fs::read_to_string(file)
            };
            let unreadable = |error: std::io::Error| Unreadable { file: file.clone(), problem: error.to_string() };
            inputs.add(if file == "-" { "<stdin>" } else { file }, &text.map_err(unreadable)?)?;
        }
        Ok(inputs)
    }

    /// Adds a file's text.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Unreadable> {
        let values = documents(text);
        // The filter's configuration is JSON. What is meant as such is shown to its parser, which says what is wrong with it.
        if text.trim_start().starts_with('{') && values.as_deref().map_or(true, is_plugin) {
            self.plugins.push((file.to_owned(), text.to_owned()));
            return Ok(());
        }
        for value in values.map_err(|problem| Unreadable { file: file.to_owned(), problem })? {
            self.add_document(file, value);
        }
        Ok(())
    }

    fn add_document(&mut self, file: &str, value: Value) {
        if value.is_null() {
            return;
        }
        let is_list = value.get("kind").text().is_some_and(|kind| kind.ends_with("List"));
        if is_list && !value.get("items").is_null() {
            value.get("items").items().iter().for_each(|item| self.add_document(file, item.clone()));
            return;
        }
        let into = if is_bootstrap(&value) { &mut self.bootstraps } else { &mut self.manifests };
        let order = into.len();
        into.push(Document { file: file.to_owned(), order, value });
    }
}

fn is_plugin(values: &[Value]) -> bool {
    matches!(values, [value @ Value::Map(_)] if value.get("kind").is_null() && !is_bootstrap(value))
}

fn is_bootstrap(value: &Value) -> bool {
    value.get("kind").is_null() && !value.get("static_resources").is_null()
}

/// The documents of a YAML text. The problem names a place and nothing that stands there.
pub fn documents(text: &str) -> Result<Vec<Value>, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let problem = problem(&error);
        match error.location() {
            Some(place) => format!("line {} column {}: {problem}", place.line(), place.column()),
            None => problem,
        }
    })
}

/// What is wrong with a text, or the limit of this program that it is above.
fn problem(error: &serde_saphyr::Error) -> String {
    let serde_saphyr::Error::Budget { breach, .. } = error.without_snippet() else {
        return "not valid YAML".to_owned();
    };
    match breach {
        BudgetBreach::Documents { documents } => format!("too many documents in one file: {documents}"),
        BudgetBreach::Depth { depth } => format!("nested too deeply: {depth} levels"),
        BudgetBreach::Nodes { nodes } => format!("too many values in one file: {nodes}"),
        BudgetBreach::Events { events } => format!("too many values in one file: {events} events"),
        BudgetBreach::ScalarBytes { total_scalar_bytes } => {
            format!("too much text in one file: {total_scalar_bytes} bytes")
        }
        _ => "too large, or too many anchors and aliases".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::documents;

    #[test]
    fn a_limit_has_its_name() {
        for (text, problem) in [
            ("a: 1\n---\n".repeat(1100), "too many documents in one file"),
            (format!("a: {}{}", "[".repeat(100), "]".repeat(100)), "nested too deeply"),
            (format!("a: [{}]", "1,".repeat(260_000)), "too many values in one file"),
            ("a: [".to_owned(), "not valid YAML"),
        ] {
            let found = documents(&text).expect_err(problem);
            assert!(found.starts_with("line ") && found.contains(problem), "{found}");
        }
    }
}
