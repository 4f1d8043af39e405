//! The manifests of all files together, and how they refer to one another.

use crate::document::{Document, reference_namespace};
use crate::value::Value;

use super::entry::{Entry, Variables};

/// All manifests.
pub struct World<'a> {
    /// In the order they are applied in.
    pub documents: &'a [Document],
    /// The EnvoyExtensionPolicies with the filter in them.
    pub policies: Vec<Policy<'a>>,
}

/// An EnvoyExtensionPolicy with the filter in it.
pub struct Policy<'a> {
    /// The document.
    pub document: &'a Document,
    /// Those of its wasm entries that are this filter: the index and the configuration.
    pub entries: Vec<(usize, Entry)>,
    /// The routes that it is for, with the one rule where it is for that alone.
    pub routes: Vec<(&'a Document, Option<&'a str>)>,
}

/// What a policy is for.
pub struct Target<'a> {
    /// `HTTPRoute`, `Gateway` ….
    pub kind: &'a str,
    /// The rule of a route, the listener of a Gateway.
    pub section: Option<&'a str>,
    /// The object, where it is in the files.
    pub document: Option<&'a Document>,
}

impl<'a> World<'a> {
    /// Of the files' manifests.
    pub fn new(documents: &'a [Document]) -> Self {
        let mut world = Self { documents, policies: Vec::new() };
        let policies = world.of_kind("EnvoyExtensionPolicy").filter_map(|document| world.policy(document)).collect();
        world.policies = policies;
        world
    }

    /// All of a kind.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'a Document> + use<'a> {
        let kind = kind.to_owned();
        self.documents.iter().filter(move |document| document.kind() == kind)
    }

    /// The object of this name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&'a Document> {
        self.documents.iter().find(|document| document.is(kind, namespace, name))
    }

    fn policy(&self, document: &'a Document) -> Option<Policy<'a>> {
        let routes = self.routes_of(document);
        let mut entries = Vec::new();
        for (index, wasm) in document.spec().get("wasm").items().iter().enumerate() {
            let text = |path: &str| wasm.at(path).text().unwrap_or_default();
            let names = [text("name"), text("rootID"), text("code.image.url"), text("code.http.url")];
            if !Entry::is_ours(&names, wasm.get("config")) {
                continue;
            }
            let path = format!("spec.wasm[{index}].config");
            entries.push((index, Entry::of_value(wasm.get("config"), &path, Some(self.variables(wasm)))));
        }
        (!entries.is_empty()).then_some(Policy { document, entries, routes })
    }

    /// The variables that `env.hostKeys` hands on, with the values that an EnvoyProxy gives them.
    fn variables(&self, wasm: &Value) -> Variables {
        let keys = wasm.at("env.hostKeys").items().iter().filter_map(Value::text);
        keys.map(|key| (key.to_owned(), self.variable(key))).collect()
    }

    fn variable(&self, key: &str) -> Option<String> {
        self.of_kind("EnvoyProxy").find_map(|proxy| {
            let container = proxy.spec().at("provider.kubernetes.envoyDeployment.container");
            let of_key = |variable: &&Value| variable.get("name").text() == Some(key);
            container.get("env").items().iter().find(of_key)?.get("value").text().map(str::to_owned)
        })
    }

    /// What a policy is for.
    pub fn targets(&self, policy: &'a Document) -> Vec<Target<'a>> {
        let spec = policy.spec();
        let mut targets = Vec::new();
        for reference in spec.get("targetRefs").items().iter().chain([spec.get("targetRef")]) {
            let (Some(kind), Some(name)) = (reference.get("kind").text(), reference.get("name").text()) else {
                continue;
            };
            let section = reference.get("sectionName").text();
            targets.push(Target { kind, section, document: self.find(kind, policy.namespace(), name) });
        }
        for selector in spec.get("targetSelectors").items() {
            let kind = selector.get("kind").text().unwrap_or_default();
            let labels = selector.get("matchLabels").entries();
            let has_labels = |document: &&Document| {
                let own = document.value.at("metadata.labels");
                document.namespace() == policy.namespace() && labels.iter().all(|(key, value)| own.get(key) == value)
            };
            let selected = self.of_kind(kind).filter(has_labels);
            targets.extend(selected.map(|document| Target { kind, section: None, document: Some(document) }));
        }
        targets
    }

    fn routes_of(&self, policy: &'a Document) -> Vec<(&'a Document, Option<&'a str>)> {
        let mut routes = Vec::new();
        for target in self.targets(policy) {
            match (target.kind, target.document) {
                ("HTTPRoute", Some(route)) => routes.push((route, target.section)),
                ("Gateway", Some(gateway)) => {
                    let attached = self.of_kind("HTTPRoute").filter(|route| is_attached(route, gateway));
                    routes.extend(attached.map(|route| (route, None)));
                }
                _ => {}
            }
        }
        routes
    }

    /// The Gateways of a route that are in the files.
    pub fn gateways(&self, route: &'a Document) -> Vec<&'a Document> {
        self.of_kind("Gateway").filter(|gateway| is_attached(route, gateway)).collect()
    }

    /// The policies of a kind in force for a rule of a route: the most specific one, and those below it that it merges with.
    pub fn in_force(&self, kind: &str, route: &'a Document, rule: &Value) -> Vec<&'a Document> {
        let gateways = self.gateways(route);
        let mut ranked = Vec::new();
        for policy in self.of_kind(kind) {
            for target in self.targets(policy) {
                let Some(document) = target.document else { continue };
                let is_gateway = gateways.iter().any(|gateway| std::ptr::eq(*gateway, document));
                let rank = match target.section {
                    Some(section) if std::ptr::eq(document, route) => {
                        (rule.get("name").text() == Some(section)).then_some(0)
                    }
                    None if std::ptr::eq(document, route) => Some(1),
                    Some(_) if is_gateway => Some(2),
                    None if is_gateway => Some(3),
                    _ => None,
                };
                ranked.extend(rank.map(|rank| (rank, policy)));
            }
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut in_force = Vec::new();
        for (_, policy) in ranked {
            in_force.push(policy);
            if policy.spec().get("mergeType").is_null() {
                break;
            }
        }
        in_force
    }
}

/// Whether a route names this Gateway as a parent.
pub fn is_attached(route: &Document, gateway: &Document) -> bool {
    route.spec().get("parentRefs").items().iter().any(|parent| {
        parent.get("name").text() == Some(gateway.name())
            && reference_namespace(route, parent) == gateway.namespace()
            && parent.get("kind").text().unwrap_or("Gateway") == "Gateway"
    })
}
