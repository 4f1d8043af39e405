//! Files to documents: what each of them is, and its documents in order.

use std::fmt;
use std::io::Read;

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
        let as_json = serde_json::from_str::<Value>(text).ok().filter(|value| matches!(value, Value::Map(_)));
        if as_json.as_ref().is_some_and(|value| value.get("kind").is_null() && !is_bootstrap(value)) {
            self.plugins.push((file.to_owned(), text.to_owned()));
            return Ok(());
        }
        for value in documents(text).map_err(|problem| Unreadable { file: file.to_owned(), problem })? {
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

fn is_bootstrap(value: &Value) -> bool {
    value.get("kind").is_null() && !value.get("static_resources").is_null()
}

/// The documents of a YAML text. The problem names a place and nothing that stands there.
pub fn documents(text: &str) -> Result<Vec<Value>, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| match error.location() {
        Some(place) => format!("line {} column {}: not valid YAML", place.line(), place.column()),
        None => "not valid YAML".to_owned(),
    })
}
