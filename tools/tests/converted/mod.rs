//! What the tests of `convert` share: small manifests of AI Gateway, which are changed in one place.

use bedrock_messages_tools::convert::{Converted, Options, convert};
use bedrock_messages_tools::input::{Inputs, documents};
use bedrock_messages_tools::value::Value;

/// One route, one backend, one policy.
pub const BASE: &str = include_str!("../fixtures/convert/base.yaml");

pub fn try_to_convert(text: &str) -> Result<Converted, String> {
    let mut inputs = Inputs::default();
    inputs.add("file.yaml", text).expect("it can be read");
    convert(&inputs, &Options::default())
}

pub fn converted(text: &str) -> Converted {
    try_to_convert(text).expect("it can be converted")
}

/// The base with one place changed, which has to be there.
pub fn changed(old: &str, new: &str) -> String {
    assert!(BASE.contains(old), "the fixture has no {old}");
    BASE.replace(old, new)
}

/// The base with other documents after it.
pub fn with(more: &str) -> String {
    format!("{BASE}---\n{more}")
}

/// A document of what was written.
pub fn written(converted: &Converted, kind: &str, name: &str) -> Value {
    let documents = documents(&converted.text).expect("it can be read");
    let mut same = documents
        .into_iter()
        .filter(|one| one.get("kind").text() == Some(kind) && one.at("metadata.name").text() == Some(name));
    let found = same.next().unwrap_or_else(|| panic!("no {kind}/{name} in\n{}", converted.text));
    assert_eq!(same.next(), None, "two of {kind}/{name}");
    found
}

/// Whether a line begins so.
pub fn has_line(converted: &Converted, line: &str) -> bool {
    converted.notes.iter().any(|note| note.starts_with(line))
}
