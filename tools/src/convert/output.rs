//! The manifests as text.

use crate::value::Value;

/// The order in which kinds are written; others come first, as they stood.
const ORDER: &[&str] = &[
    "GatewayClass",
    "Gateway",
    "Secret",
    "ConfigMap",
    "EnvoyProxy",
    "Backend",
    "ReferenceGrant",
    "BackendTLSPolicy",
    "HTTPRoute",
    "HTTPRouteFilter",
    "BackendTrafficPolicy",
    "ClientTrafficPolicy",
    "SecurityPolicy",
    "EnvoyPatchPolicy",
    "EnvoyExtensionPolicy",
];

/// Comments, then the documents.
pub fn rendered(mut documents: Vec<Value>, notes: &[String]) -> String {
    let rank = |document: &Value| ORDER.iter().position(|kind| document.get("kind").text() == Some(kind));
    documents.sort_by_key(|document| rank(document).map_or(0, |rank| rank + 1));
    let mut text =
        "# Written by `bedrock-messages convert`; docs/migrating-from-ai-gateway.md explains it.\n".to_owned();
    if !notes.is_empty() {
        text.push_str("#\n# What has no counterpart, or needs a hand:\n");
        // A line break in a name would end the comment.
        notes.iter().for_each(|note| text.push_str(&format!("#   {}\n", note.replace(['\n', '\r'], " "))));
    }
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        text.extend(document.to_yaml().lines().map(|line| format!("{}\n", quoted(line))));
    }
    text
}

/// A digest in quotation marks: readers of YAML take some for numbers.
fn quoted(line: &str) -> String {
    match line.split_once("sha256: ") {
        Some((before, digest)) if digest.len() == 64 && before.trim().is_empty() => {
            format!("{before}sha256: \"{digest}\"")
        }
        _ => line.to_owned(),
    }
}
