//! Where the module comes from.

use super::secrets::is_placeholder;
use super::world::Policy;
use super::{Finding, Rule};

/// Pinned, and filled in.
pub fn check(policy: &Policy<'_>, found: &mut Vec<Finding>) {
    for (index, _) in &policy.entries {
        let wasm = &policy.document.spec().get("wasm").items()[*index];
        let kind = if wasm.at("code.image").is_null() { "http" } else { "image" };
        if wasm.at("code.type").text().is_some_and(|written| !written.eq_ignore_ascii_case(kind)) {
            found.push(Finding::new(Rule::CodeType, policy.document, format!("spec.wasm[{index}].code.type")));
        }
        let source = wasm.get("code").get(kind);
        let path = |member: &str| format!("spec.wasm[{index}].code.{kind}.{member}");
        let sha256 = source.get("sha256");
        let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let in_url = source.get("url").text().is_some_and(|url| url.contains("@sha256:"));
        let finding = match sha256.text() {
            None if sha256.is_null() && in_url => None,
            None if sha256.is_null() => Some(Rule::CodeSha256),
            Some(text) if is_placeholder(text) => Some(Rule::Placeholder),
            Some(text) if is_digest(text) => None,
            _ => Some(Rule::CodeSha256Form),
        };
        found.extend(finding.map(|rule| Finding::new(rule, policy.document, path("sha256"))));
        if source.get("url").text().is_some_and(is_placeholder) {
            found.push(Finding::new(Rule::Placeholder, policy.document, path("url")));
        }
    }
}
