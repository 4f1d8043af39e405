//! The BackendTrafficPolicy of a route, and policies that no longer reach it.

use crate::document::{Document, reference_namespace};
use crate::value::Value;

use super::manifests as write;
use super::notes::Notes;
use super::target::Target;

impl Target<'_> {
    /// Buffer and timeouts: in a policy that is there for the route, else in a new one.
    pub(super) fn add_traffic(&mut self, route: &Document, routes: &[String], idle: &str) -> Result<(), String> {
        let (namespace, name) = (route.namespace(), route.name());
        let is_own = |document: &&mut Document| {
            document.kind() == "BackendTrafficPolicy"
                && document.namespace() == namespace
                && targets(document, "HTTPRoute", name)
        };
        if let Some(own) = self.kept.iter_mut().find(is_own) {
            let mut all = own.spec().get("targetRefs").clone();
            let old = own.value.entry("spec").remove("targetRef");
            if !old.is_null() {
                all.push(old);
            }
            let more = write::route_targets(&routes[1..]);
            more.items().iter().for_each(|target| all.push(target.clone()));
            *own.value.entry_at("spec.targetRefs") = all;
            write::complete_traffic(&mut own.value, idle);
            return Ok(());
        }
        let mut policy = write::traffic_policy((namespace, name), routes);
        write::complete_traffic(&mut policy, idle);
        self.create(policy)
    }

    /// Says of policies that the route's own ones take the place of them, or would be in their way.
    pub(super) fn note_policies(&self, route: &Document, parents: &[Value], notes: &mut Notes) {
        let (namespace, name) = (route.namespace(), route.name());
        for document in &self.kept {
            if !matches!(document.kind(), "BackendTrafficPolicy" | "EnvoyExtensionPolicy") {
                continue;
            }
            let mut gateways = parents.iter().map(|parent| (reference_namespace(route, parent), parent.get("name")));
            if gateways.any(|(of, gateway)| {
                document.namespace() == of && gateway.text().is_some_and(|name| targets(document, "Gateway", name))
            }) {
                let words = format!(
                    "it counts no more for HTTPRoute/{name}, which has a policy of its own: copy there what you need"
                );
                notes.add(document, "spec.targetRefs", &words);
            }
            if document.namespace() != namespace {
                continue;
            }
            let words = format!(
                "it is for HTTPRoute/{name}, and Envoy Gateway takes one {} for a route: put what you need of it into the route's own",
                document.kind()
            );
            if document.kind() == "EnvoyExtensionPolicy" && targets(document, "HTTPRoute", name) {
                notes.add(document, "spec.targetRefs", &words);
            }
            if document.spec().get("targetSelectors").items().iter().any(|selector| selects(selector, route)) {
                notes.add(document, "spec.targetSelectors", &words);
            }
        }
    }
}

fn targets(policy: &Document, kind: &str, name: &str) -> bool {
    let spec = policy.spec();
    let mut references = spec.get("targetRefs").items().iter().chain([spec.get("targetRef")]);
    references.any(|target| target.get("kind").text() == Some(kind) && target.get("name").text() == Some(name))
}

/// Whether a selector is for HTTPRoutes with this one's labels; what it says by expressions is taken to fit.
fn selects(selector: &Value, route: &Document) -> bool {
    let labels = route.value.at("metadata.labels");
    let mut wanted = selector.get("matchLabels").entries().iter();
    selector.get("kind").text() == Some("HTTPRoute") && wanted.all(|(key, value)| labels.get(key) == value)
}
