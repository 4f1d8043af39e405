//! What the tests of `check` share: files as texts, and a sound one that is broken in one place.

use bedrock_messages_tools::check::{Finding, check};
use bedrock_messages_tools::input::Inputs;

/// What is found in one file.
pub fn findings(text: &str) -> Vec<Finding> {
    let mut inputs = Inputs::default();
    inputs.add("file.yaml", text).expect("it can be read");
    check(&inputs)
}

/// The rules that are broken, as `id path`.
pub fn broken(text: &str) -> Vec<String> {
    findings(text).iter().map(|finding| format!("{} {}", finding.rule.row().id, finding.path)).collect()
}

/// A text with one place changed, which has to be there.
pub fn changed(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "the fixture has no {old}");
    text.replace(old, new)
}

/// Each row breaks the sound text in one place, and that alone is found.
pub fn each_is_found(sound: &str, rows: &[(&str, &str, &[&str])]) {
    assert_eq!(broken(sound), Vec::<String>::new(), "the sound one");
    for (old, new, expected) in rows {
        assert_eq!(broken(&changed(sound, old, new)), *expected, "{old} → {new}");
    }
}
