//! Credentials that come from Envoy's environment: whether they reach the filter.

use crate::document::Document;
use crate::value::{Value, join};

use super::entry::Entry;
use super::proxies::{variable, workload};
use super::world::Policy;
use super::{Finding, Rule};

/// A part of `credentials` that reads variables.
struct Source {
    path: String,
    /// One of them is enough.
    variables: Vec<String>,
    /// Whether there are others beside it.
    is_one_of_many: bool,
}

/// What is read is handed on.
pub fn check(document: &Document, entry: &Entry, handed_on: &[&str], found: &mut Vec<Finding>) {
    for source in sources(entry) {
        if source.variables.iter().any(|name| handed_on.contains(&name.as_str())) {
            continue;
        }
        let rule = if source.is_one_of_many { Rule::EnvProvider } else { Rule::EnvKeys };
        found.push(Finding::new(rule, document, source.path).detail(source.variables.join(" or ")));
    }
}

/// What is handed on is there, in the Envoys of the policy's EnvoyProxies.
pub fn check_policy(policy: &Policy<'_>, found: &mut Vec<Finding>) {
    let proxies = &policy.proxies;
    if !proxies.are_known || proxies.documents.iter().any(|proxy| workload(proxy).is_none()) {
        return;
    }
    let is_given = |name: &&String| proxies.documents.iter().any(|proxy| variable(proxy, name).is_some());
    for (_, entry) in &policy.entries {
        let handed_on = entry.handed_on().unwrap_or_default();
        for source in sources(entry).iter().filter(|source| !source.is_one_of_many) {
            let mut names = source.variables.iter().filter(|name| handed_on.contains(&name.as_str()));
            let Some(first) = names.clone().next().filter(|_| !names.any(|name| is_given(&name))) else { continue };
            found.push(Finding::new(Rule::EnvUnset, policy.document, &source.path).detail(first));
        }
    }
}

fn sources(entry: &Entry) -> Vec<Source> {
    let mut sources = Vec::new();
    if entry.serving().is_some() {
        add(entry.value.get("credentials"), join(&entry.path, "credentials"), false, &mut sources);
    }
    sources
}

fn add(credentials: &Value, path: String, is_one_of_many: bool, sources: &mut Vec<Source>) {
    let variables = match credentials.get("type").text().unwrap_or("environment") {
        "environment" => vec!["AWS_ACCESS_KEY_ID".to_owned(), "AWS_BEARER_TOKEN_BEDROCK".to_owned()],
        "credentialsFile" => credentials.get("environmentVariable").text().map(str::to_owned).into_iter().collect(),
        "assumeRole" => {
            return add(credentials.get("source"), join(&path, "source"), is_one_of_many, sources);
        }
        "chain" => {
            let providers = credentials.get("providers").items();
            for (index, provider) in providers.iter().enumerate() {
                add(provider, format!("{path}.providers[{index}]"), providers.len() > 1, sources);
            }
            return;
        }
        _ => Vec::new(),
    };
    if !variables.is_empty() {
        sources.push(Source { path, variables, is_one_of_many });
    }
}
