//! The objects of AI Gateway, and how they refer to one another.

use crate::document::{Document, reference_namespace};
use crate::value::Value;

/// The group of AI Gateway's kinds.
pub const AI_GATEWAY: &str = "aigateway.envoyproxy.io";

/// The input.
pub struct Source<'a> {
    /// All manifests.
    pub documents: &'a [Document],
}

impl<'a> Source<'a> {
    /// The object of this name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&'a Document> {
        self.documents.iter().find(|document| document.is(kind, namespace, name))
    }

    /// All of a kind.
    pub fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &'a Document> {
        self.documents.iter().filter(move |document| document.kind() == kind)
    }

    /// The policy that says how an AIServiceBackend is called.
    pub fn security_policy(&self, backend: &'a Document) -> Option<&'a Document> {
        let reference = backend.spec().at("backendSecurityPolicyRef.name").text();
        self.of_kind("BackendSecurityPolicy").filter(|policy| policy.namespace() == backend.namespace()).find(
            |policy| {
                let targets = policy.spec().get("targetRefs").items();
                let is_target = |target: &Value| {
                    target.get("kind").text() == Some("AIServiceBackend")
                        && target.get("name").text() == Some(backend.name())
                };
                reference == Some(policy.name()) || targets.iter().any(is_target)
            },
        )
    }

    /// What an AIServiceBackend leads to: a Backend or a Service.
    pub fn place(&self, backend: &'a Document) -> Option<&'a Document> {
        let reference = backend.spec().get("backendRef");
        let kind = reference.get("kind").text().unwrap_or("Service");
        self.find(kind, reference_namespace(backend, reference), reference.get("name").text().unwrap_or_default())
    }
}

/// The host that a Backend or a Service of the type ExternalName leads to.
pub fn host(place: &Document) -> Option<&str> {
    let of_backend = place.spec().get("endpoints").items().iter().find_map(|one| one.at("fqdn.hostname").text());
    of_backend.or_else(|| place.spec().get("externalName").text())
}
