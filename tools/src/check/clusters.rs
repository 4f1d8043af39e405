//! The clusters that `credentials` names.

use crate::document::Document;
use crate::value::Value;

use super::bootstraps::parts;
use super::entry::Entry;
use super::world::{Policy, World};
use super::{Finding, Rule};

/// Each of them is in some document, and in force.
pub fn check_policy(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    let of_proxies = policy.proxies.documents.iter().flat_map(|proxy| of_proxy(world, proxy));
    let defined: Vec<String> = of_proxies.chain(of_routes(world)).collect();
    for (_, entry) in &policy.entries {
        for (path, cluster) in entry.clusters().into_iter().filter(|(_, cluster)| !is_among(cluster, &defined)) {
            let mut proxies = world.of_kind("EnvoyProxy");
            let finding = match proxies.find(|proxy| is_among(cluster, &of_proxy(world, proxy))) {
                Some(proxy) => Finding::new(Rule::ProxyUnused, policy.document, path).detail(proxy.label()),
                None => unknown(policy.document, path, &defined),
            };
            found.push(finding);
        }
    }
}

/// Each of an entry's is among these.
pub fn check(document: &Document, entry: &Entry, defined: &[String], found: &mut Vec<Finding>) {
    let unknown = |(path, cluster)| (!is_among(cluster, defined)).then(|| unknown(document, path, defined));
    found.extend(entry.clusters().into_iter().filter_map(unknown));
}

fn unknown(document: &Document, path: String, defined: &[String]) -> Finding {
    let names = if defined.is_empty() { "none".to_owned() } else { defined.join(", ") };
    Finding::new(Rule::ClusterUnknown, document, path).detail(format!("defined are {names}"))
}

fn is_among(cluster: &str, defined: &[String]) -> bool {
    defined.iter().any(|known| known == cluster || cluster.starts_with(&format!("{known}/backend/")))
}

/// Of what an EnvoyProxy merges into Envoy's bootstrap, and of what it has Envoy Gateway name by their backends.
fn of_proxy(world: &World<'_>, proxy: &Document) -> Vec<String> {
    let parts = parts(proxy);
    let clusters = parts.iter().flat_map(|(_, part)| part.at("static_resources.clusters").items());
    let mut names: Vec<String> = clusters.filter_map(|cluster| cluster.get("name").text()).map(str::to_owned).collect();
    if !proxy.spec().get("mergeBackends").is_null() {
        for backend in world.of_kind("Backend").chain(world.of_kind("Service")) {
            let place = format!("{}/{}/{}", backend.kind().to_lowercase(), backend.namespace(), backend.name());
            backend.spec().objects("", &mut |object, _| {
                names.extend(object.get("port").number().map(|port| format!("{place}/{port}")));
            });
        }
    }
    names
}

/// Of patches, and of the routes' rules.
fn of_routes(world: &World<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |cluster: &Value| names.extend(cluster.get("name").text().map(str::to_owned));
    for policy in world.of_kind("EnvoyPatchPolicy") {
        for patch in policy.spec().get("jsonPatches").items() {
            if patch.get("type").text().is_some_and(|kind| kind.ends_with("Cluster")) {
                add(patch.at("operation.value"));
            }
        }
    }
    for route in world.of_kind("HTTPRoute") {
        let rules = route.spec().get("rules").items().len();
        names.extend((0..rules).map(|rule| format!("httproute/{}/{}/rule/{rule}", route.namespace(), route.name())));
    }
    names
}
