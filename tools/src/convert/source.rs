//! The objects of AI Gateway, and how they refer to one another.

use crate::document::{Document, reference_namespace};
use crate::value::Value;

use super::notes::Notes;

/// The group of AI Gateway's kinds.
pub const AI_GATEWAY: &str = "aigateway.envoyproxy.io";

/// Schemas of backends that the filter takes over.
const SCHEMAS: [&str; 2] = ["AWSBedrock", "AWSAnthropic"];

/// The input.
pub struct Source<'a> {
    /// All manifests.
    pub documents: &'a [Document],
}

/// AIGatewayRoutes that share Gateways and hostnames: they become one route, for the filter's chain is chosen before a model is known.
pub struct Group<'a> {
    /// They, in order; the first one gives the name.
    pub routes: Vec<&'a Document>,
    /// Their parents.
    pub parents: Vec<Value>,
}

/// A rule of an AIGatewayRoute with the backend that it leads to.
pub struct SourceRule<'a> {
    /// The route it is of.
    pub route: &'a Document,
    /// Its path there.
    pub path: String,
    /// What it says.
    pub rule: &'a Value,
    /// Its reference to the backend.
    pub reference: &'a Value,
    /// The backend.
    pub backend: &'a Document,
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

    /// The AIGatewayRoutes for Anthropic's API, grouped; of others a note says that they are left out.
    pub fn groups(&self, notes: &mut Notes) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for route in self.of_kind("AIGatewayRoute") {
            let schema = route.spec().at("schema.name").text().unwrap_or("Anthropic");
            if schema != "Anthropic" {
                notes.add(
                    route,
                    "spec.schema.name",
                    "left out with the whole route: the filter serves Anthropic's API alone",
                );
                continue;
            }
            let spec = route.spec();
            let parents =
                if spec.get("parentRefs").is_null() { spec.get("targetRefs") } else { spec.get("parentRefs") };
            let parents: Vec<Value> = parents.items().iter().map(parent_reference).collect();
            let is_same = |group: &&mut Group<'a>| {
                let first = group.routes[0];
                first.namespace() == route.namespace()
                    && group.parents == parents
                    && first.spec().get("hostnames") == spec.get("hostnames")
            };
            match groups.iter_mut().find(is_same) {
                Some(group) => {
                    notes.add(route, "", &format!("its rules are part of HTTPRoute/{} now", group.routes[0].name()));
                    group.routes.push(route);
                }
                None => groups.push(Group { routes: vec![route], parents }),
            }
        }
        groups
    }

    /// The rules of a group that lead to Bedrock; of others a note says that they are left out.
    pub fn rules(&self, group: &Group<'a>, notes: &mut Notes) -> Vec<SourceRule<'a>> {
        let mut rules = Vec::new();
        for route in &group.routes {
            for (index, rule) in route.spec().get("rules").items().iter().enumerate() {
                let path = format!("spec.rules[{index}]");
                let mut chosen = None;
                for (at, reference) in rule.get("backendRefs").items().iter().enumerate() {
                    let path = format!("{path}.backendRefs[{at}]");
                    let name = reference.get("name").text().unwrap_or_default();
                    let backend = self.find("AIServiceBackend", reference_namespace(route, reference), name);
                    let is_ours = |backend: &&Document| {
                        backend.spec().at("schema.name").text().is_some_and(|name| SCHEMAS.contains(&name))
                    };
                    match (backend, chosen) {
                        (None, _) => notes.add(route, &path, "left out: the files have no such AIServiceBackend"),
                        (Some(backend), _) if !is_ours(&backend) => {
                            notes.add(route, &path, "left out: its schema is not Bedrock's");
                        }
                        (Some(_), Some(_)) => {
                            notes.add(
                                route,
                                &path,
                                "left out: there are no weights and no failover, and the first backend gets all",
                            );
                        }
                        (Some(backend), None) => chosen = Some((reference, backend)),
                    }
                }
                if let Some((reference, backend)) = chosen {
                    rules.push(SourceRule { route, path, rule, reference, backend });
                }
            }
        }
        rules
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

/// A parent without what an older version of AI Gateway wanted there.
fn parent_reference(parent: &Value) -> Value {
    let kept = ["group", "kind", "namespace", "name", "sectionName", "port"];
    let members = parent.entries().iter().filter(|(key, _)| kept.contains(&key.as_str()));
    Value::Map(members.cloned().collect())
}

/// The host that a Backend or a Service of the type ExternalName leads to.
pub fn host(place: &Document) -> Option<&str> {
    let of_backend = place.spec().get("endpoints").items().iter().find_map(|one| one.at("fqdn.hostname").text());
    of_backend.or_else(|| place.spec().get("externalName").text())
}
