//! `single` in Envoy Gateway, which needs a patch of the plugin's configuration.

use regex::Regex;

use crate::document::Document;
use crate::value::Value;

use super::entrances::entrances;
use super::entry::Role;
use super::world::{Policy, World};
use super::{Finding, Rule};

const OPTION: &str = "allow_on_headers_stop_iteration";

/// Each `single` has its patch in each listener, and that comes first.
pub fn check(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    let mut listeners: Vec<Vec<String>> = entrances(world, policy).into_iter().map(|entrance| entrance.names).collect();
    if listeners.is_empty() {
        listeners.push(Vec::new());
    }
    for (index, entry) in policy.entries.iter().filter(|(_, entry)| entry.role == Role::Single) {
        for names in &listeners {
            let patches: Vec<&Document> = world
                .of_kind("EnvoyPatchPolicy")
                .filter(|patch| is_of_gateway(world, patch, policy) && is_for(patch, names, policy, *index))
                .collect();
            if patches.is_empty() {
                let name = names.first().map(|name| format!("the listener is {name}")).unwrap_or_default();
                found.push(Finding::new(Rule::PatchMissing, policy.document, &entry.path).detail(name));
            } else if patches.iter().all(|patch| patch.order > policy.document.order) {
                found.push(Finding::new(Rule::PatchOrder, patches[0], "spec.jsonPatches"));
            }
        }
    }
}

fn is_of_gateway(world: &World<'_>, patch: &Document, policy: &Policy<'_>) -> bool {
    let target = patch.spec().get("targetRef");
    let mut gateways = policy.scopes.iter().flat_map(|scope| world.gateways(scope.route)).peekable();
    target.get("kind").text() != Some("Gateway")
        || gateways.peek().is_none()
        || gateways.any(|gateway| {
            gateway.namespace() == patch.namespace() && target.get("name").text() == Some(gateway.name())
        })
}

/// Whether a policy has a patch for one of these listeners that sets the option.
fn is_for(policy: &Document, listeners: &[String], of: &Policy<'_>, index: usize) -> bool {
    let (namespace, name) = (of.document.namespace(), of.document.name());
    let filter = format!("envoy.filters.http.wasm/envoyextensionpolicy/{namespace}/{name}/wasm/{index}");
    policy.spec().get("jsonPatches").items().iter().any(|patch| {
        let name = patch.get("name").text();
        let is_here = listeners.is_empty() || listeners.iter().any(|listener| Some(listener.as_str()) == name);
        is_here && sets_option(patch, &filter)
    })
}

/// Whether a patch sets the option for the filter of this name.
fn sets_option(patch: &Value, filter: &str) -> bool {
    let operation = patch.get("operation");
    let text = |key: &str| operation.get(key).text().unwrap_or_default();
    let (json_path, path) = (text("jsonPath"), text("path"));
    if !matches!(text("op"), "add" | "replace") {
        return false;
    }
    if operation.get("value").boolean() != Some(true) || !(path.contains(OPTION) || json_path.contains(OPTION)) {
        return false;
    }
    // What stands in quotation marks selects filters: by their name, or by a regular expression for all of it.
    let quoted: Vec<&str> =
        json_path.split(['\'', '"']).skip(1).step_by(2).filter(|text| text.contains("wasm")).collect();
    let matches = |text: &&str| {
        let whole = Regex::new(&format!("^(?:{text})$"));
        *text == filter || whole.is_ok_and(|whole| whole.is_match(filter))
    };
    if quoted.is_empty() { json_path.contains("wasm") } else { quoted.iter().any(matches) }
}
