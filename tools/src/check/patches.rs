//! `single` in Envoy Gateway, which needs a patch of the plugin's configuration.

use regex::Regex;

use crate::document::Document;
use crate::value::Value;

use super::entry::Role;
use super::world::{Policy, World};
use super::{Finding, Rule};

const OPTION: &str = "allow_on_headers_stop_iteration";

/// Each `single` has its patch, and that comes first.
pub fn check(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    for (index, entry) in policy.entries.iter().filter(|(_, entry)| entry.role == Role::Single) {
        let patches: Vec<&Document> =
            world.of_kind("EnvoyPatchPolicy").filter(|patch| is_for(world, patch, policy, *index)).collect();
        if patches.is_empty() {
            found.push(Finding::new(Rule::PatchMissing, policy.document, &entry.path));
        } else if patches.iter().all(|patch| patch.order > policy.document.order) {
            found.push(Finding::new(Rule::PatchOrder, patches[0], "spec.jsonPatches"));
        }
    }
}

fn is_for(world: &World<'_>, patch: &Document, policy: &Policy<'_>, index: usize) -> bool {
    let target = patch.spec().get("targetRef");
    let of_gateway = || {
        let mut gateways = policy.routes.iter().flat_map(|(route, _)| world.gateways(route)).peekable();
        gateways.peek().is_none()
            || gateways.any(|gateway| {
                gateway.namespace() == patch.namespace() && target.get("name").text() == Some(gateway.name())
            })
    };
    let is_of_target = target.get("kind").text() != Some("Gateway") || of_gateway();
    let name = format!(
        "envoy.filters.http.wasm/envoyextensionpolicy/{}/{}/wasm/{index}",
        policy.document.namespace(),
        policy.document.name()
    );
    is_of_target && patch.spec().get("jsonPatches").items().iter().any(|patch| sets_option(patch, &name))
}

/// Whether a patch sets the option for the filter of this name.
fn sets_option(patch: &Value, filter: &str) -> bool {
    let operation = patch.get("operation");
    let text = |key: &str| operation.get(key).text().unwrap_or_default();
    let (json_path, path) = (text("jsonPath"), text("path"));
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
