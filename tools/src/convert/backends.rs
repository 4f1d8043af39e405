//! The Backend that a route leads to: itself, its TLS, and the right to refer to it.

use crate::document::{Document, ENVOY_GATEWAY};
use crate::map;
use crate::places::is_of_aws;
use crate::value::Value;

use super::manifests as write;
use super::notes::Notes;
use super::target::Target;

impl Target<'_> {
    /// A Backend in place of a Service, and TLS where there is none; what the route refers to it with.
    pub(super) fn add_backend(
        &mut self,
        route: &Document,
        (place, host): (&Document, &str),
        port: &Value,
        notes: &mut Notes,
    ) -> Result<Value, String> {
        let name = (place.namespace(), place.name());
        let mut reference = map! { "group": ENVOY_GATEWAY, "kind": "Backend", "name": name.1 };
        if name.0 != route.namespace() {
            *reference.entry("namespace") = name.0.into();
            self.create(write::reference_grant(route.namespace(), name))?;
            let words =
                format!("a new ReferenceGrant lets the HTTPRoutes of namespace {} lead to it", route.namespace());
            notes.add(place, "", &words);
        }
        if place.kind() == "Service" {
            self.kept.retain(|document| !document.is("Service", name.0, name.1));
            self.retarget_tls(name, notes);
            self.create(write::backend(name, host))?;
        } else if !port.is_null() {
            *reference.entry("port") = port.clone();
        }
        // With a `sectionName` it is for references with this port alone.
        let port = reference.get("port").number().map(|port| port.to_string());
        let is_for = |target: &Value| {
            let section = target.get("sectionName").text();
            is_target(target, "Backend", name.1) && (section.is_none() || section == port.as_deref())
        };
        let has_tls = self.kept.iter().any(|policy| {
            policy.kind() == "BackendTLSPolicy"
                && policy.namespace() == name.0
                && policy.spec().get("targetRefs").items().iter().any(is_for)
        });
        if !has_tls && place.spec().get("tls").is_null() && is_of_aws(host) {
            self.create(write::backend_tls(name, host))?;
        }
        Ok(reference)
    }

    /// TLS of a Service becomes that of the Backend in its place.
    fn retarget_tls(&mut self, (namespace, name): write::Name<'_>, notes: &mut Notes) {
        for policy in self.kept.iter_mut() {
            if policy.kind() != "BackendTLSPolicy" || policy.namespace() != namespace {
                continue;
            }
            let mut targets = policy.spec().get("targetRefs").clone();
            let Value::List(references) = &mut targets else { continue };
            let services = references.iter_mut().filter(|target| is_target(target, "Service", name));
            let backend = map! { "group": ENVOY_GATEWAY, "kind": "Backend", "name": name };
            if services.map(|target| *target = backend.clone()).count() > 0 {
                notes.add(policy, "spec.targetRefs", &format!("it is for Backend/{name} now, in place of the Service"));
                *policy.value.entry_at("spec.targetRefs") = targets;
            }
        }
    }
}

fn is_target(target: &Value, kind: &str, name: &str) -> bool {
    target.get("kind").text() == Some(kind) && target.get("name").text() == Some(name)
}
