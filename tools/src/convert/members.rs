//! The members of AI Gateway's kinds: those that something is made of, and what to know of all others.

use crate::document::Document;
use crate::value::{Value, join};

use super::notes::Notes;

/// Adds a line for each member that nothing is made of.
pub fn note_left_out(document: &Document, notes: &mut Notes) {
    let kind = document.kind();
    let read = READ.iter().filter(|(of, _)| of.is_empty() || *of == kind);
    let read: Vec<&str> = read.flat_map(|(_, paths)| paths.iter().copied()).collect();
    let mut found = Vec::new();
    left_out(&document.value, "", "", &read, &mut found);
    for (pattern, path) in found {
        let row = WORDS.iter().find(|(of, known, _)| *of == kind && *known == pattern);
        notes.add(document, &path, row.map_or("left out: it has no counterpart", |(.., words)| words));
    }
}

/// Kind and the paths that are read there, each with all below it; `[]` is each element. Without a kind: of all.
const READ: &[(&str, &[&str])] = &[
    ("", &["apiVersion", "kind", "metadata", "status"]),
    (
        "AIGatewayRoute",
        &[
            "spec.schema.name",
            "spec.schema.version",
            "spec.parentRefs",
            "spec.targetRefs",
            "spec.hostnames",
            "spec.rules[].name",
            "spec.rules[].matches[].headers[].type",
            "spec.rules[].matches[].headers[].name",
            "spec.rules[].matches[].headers[].value",
            "spec.rules[].backendRefs[].group",
            "spec.rules[].backendRefs[].kind",
            "spec.rules[].backendRefs[].namespace",
            "spec.rules[].backendRefs[].name",
            "spec.rules[].backendRefs[].weight",
            "spec.rules[].backendRefs[].priority",
            "spec.rules[].backendRefs[].modelNameOverride",
            "spec.rules[].timeouts.request",
            "spec.rules[].timeouts.backendRequest",
            "spec.rules[].streamIdleTimeout",
        ],
    ),
    (
        "AIServiceBackend",
        &[
            "spec.schema.name",
            "spec.schema.version",
            "spec.modelNameOverride",
            "spec.backendRef.group",
            "spec.backendRef.kind",
            "spec.backendRef.namespace",
            "spec.backendRef.name",
            "spec.backendRef.port",
            "spec.backendSecurityPolicyRef",
        ],
    ),
    (
        "BackendSecurityPolicy",
        &[
            "spec.type",
            "spec.targetRefs",
            "spec.apiKey.secretRef",
            "spec.awsAPIKey.secretRef",
            "spec.awsApiKey.secretRef",
            "spec.awsCredentials.region",
            "spec.awsCredentials.credentialsFile.secretRef",
            "spec.awsCredentials.credentialsFile.profile",
            "spec.awsCredentials.oidcExchangeToken.awsRoleArn",
            "spec.awsCredentials.oidcExchangeToken.roleArn",
            "spec.awsCredentials.oidcExchangeToken.grantType",
            "spec.awsCredentials.oidcExchangeToken.aud",
            "spec.awsCredentials.oidcExchangeToken.oidc.provider.issuer",
            "spec.awsCredentials.oidcExchangeToken.oidc.provider.tokenEndpoint",
            "spec.awsCredentials.oidcExchangeToken.oidc.clientID",
            "spec.awsCredentials.oidcExchangeToken.oidc.clientSecret",
            "spec.awsCredentials.oidcExchangeToken.oidc.scopes",
            "spec.awsCredentials.oidcConfig.awsRoleArn",
            "spec.awsCredentials.oidcConfig.roleArn",
            "spec.awsCredentials.oidcConfig.grantType",
            "spec.awsCredentials.oidcConfig.aud",
            "spec.awsCredentials.oidcConfig.oidc.provider.issuer",
            "spec.awsCredentials.oidcConfig.oidc.provider.tokenEndpoint",
            "spec.awsCredentials.oidcConfig.oidc.clientID",
            "spec.awsCredentials.oidcConfig.oidc.clientSecret",
            "spec.awsCredentials.oidcConfig.oidc.scopes",
        ],
    ),
];

/// Kind, path, what to know in place of "it has no counterpart".
const WORDS: &[(&str, &str, &str)] = &[
    (
        "AIGatewayRoute",
        "spec.schema.prefix",
        "left out: what clients have before /v1/messages is said with --path-prefix",
    ),
    (
        "AIGatewayRoute",
        "spec.llmRequestCosts",
        "left out: the filter counts tokens itself, for the access log and metrics (docs/observability.md); it writes no dynamic metadata that rate limits could read",
    ),
    ("AIGatewayRoute", "spec.filterConfig", "left out: there is no external processor any more"),
    (
        "AIGatewayRoute",
        "spec.rules[].modelsOwnedBy",
        "left out: the list of models has Anthropic's shape, without owners",
    ),
    (
        "AIGatewayRoute",
        "spec.rules[].modelsCreatedAt",
        "left out: the list of models has the dates that the filter knows",
    ),
    ("AIGatewayRoute", "spec.rules[].backendRefs[].headerMutation", HEADERS),
    ("AIGatewayRoute", "spec.rules[].backendRefs[].bodyMutation", BODIES),
    ("AIServiceBackend", "spec.headerMutation", HEADERS),
    ("AIServiceBackend", "spec.bodyMutation", BODIES),
    ("AIServiceBackend", "spec.responseBodyMutation", "left out: answers go as they are"),
    ("AIServiceBackend", "spec.timeouts", "left out: the route's timeouts count"),
    ("AIGatewayRoute", "spec.rules[].backendRefs[].credentialOverride", CREDENTIALS),
    ("BackendSecurityPolicy", "spec.credentialOverride", CREDENTIALS),
];

const HEADERS: &str = "left out: only the filter's own headers go to Bedrock";
const CREDENTIALS: &str = "left out: the filter signs with the gateway's credentials alone";
const BODIES: &str = "left out: bodies go as they are; `fields` of the filter takes members out, which Bedrock refuses";

/// Where a value has members that are not read: the path as the tables have it, and the place.
fn left_out(value: &Value, pattern: &str, path: &str, read: &[&str], found: &mut Vec<(String, String)>) {
    for (key, member) in value.entries() {
        let (pattern, path) = (join(pattern, key), join(path, key));
        let rest = |known: &&str| known.strip_prefix(&pattern).is_some_and(|rest| rest.starts_with(['.', '[']));
        if read.contains(&pattern.as_str()) || member.is_null() {
            continue;
        }
        if read.iter().any(rest) {
            left_out(member, &pattern, &path, read, found);
        } else {
            found.push((pattern, path));
        }
    }
    for (index, item) in value.items().iter().enumerate() {
        left_out(item, &format!("{pattern}[]"), &format!("{path}[{index}]"), read, found);
    }
}
