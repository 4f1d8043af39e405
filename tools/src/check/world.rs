//! The manifests of all files together, and how they refer to one another.

use crate::document::{Document, ENVOY_GATEWAY, reference_namespace};
use crate::value::Value;

use super::entrances::listeners;
use super::entry::{Entry, Variables};
use super::labels;
use super::ours::is_ours;
use super::proxies::{Proxies, proxies, variable};

/// The groups of all kinds that are looked at; others have kinds of the same names, Istio's `Gateway` for one.
const GROUPS: &[&str] = &["", "gateway.networking.k8s.io", "aigateway.envoyproxy.io", ENVOY_GATEWAY];

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
    /// The routes that it is for.
    pub scopes: Vec<Scope<'a>>,
    /// The EnvoyProxies in force there.
    pub proxies: Proxies<'a>,
}

/// A route that a policy is for, or a part of it.
pub struct Scope<'a> {
    /// The route.
    pub route: &'a Document,
    /// The one rule, where it is for that alone.
    pub rule: Option<&'a str>,
    /// The one listener that the route's requests come in by, where it is for that alone.
    pub listener: Option<&'a Value>,
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
        self.documents.iter().filter(move |document| document.kind() == kind && GROUPS.contains(&document.group()))
    }

    /// The object of this name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&'a Document> {
        self.of_kind(kind).find(|document| document.namespace() == namespace && document.name() == name)
    }

    fn policy(&self, document: &'a Document) -> Option<Policy<'a>> {
        let scopes = self.scopes(document);
        let proxies = proxies(self, &scopes);
        let mut entries = Vec::new();
        for (index, wasm) in document.spec().get("wasm").items().iter().enumerate() {
            let text = |path: &str| wasm.at(path).text().unwrap_or_default();
            let names = [text("name"), text("rootID"), text("code.image.url"), text("code.http.url")];
            if !is_ours(&names, wasm.get("config")) {
                continue;
            }
            let path = format!("spec.wasm[{index}].config");
            entries.push((index, Entry::of_value(wasm.get("config"), &path, Some(variables(wasm, &proxies)))));
        }
        (!entries.is_empty()).then_some(Policy { document, entries, scopes, proxies })
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
            let selected = self.of_kind(kind).filter(|document| {
                document.namespace() == policy.namespace()
                    && labels::select(selector, document.value.at("metadata.labels"))
            });
            targets.extend(selected.map(|document| Target { kind, section: None, document: Some(document) }));
        }
        targets
    }

    fn scopes(&self, policy: &'a Document) -> Vec<Scope<'a>> {
        let mut scopes = Vec::new();
        for target in self.targets(policy) {
            match (target.kind, target.document) {
                ("HTTPRoute", Some(route)) => scopes.push(Scope { route, rule: target.section, listener: None }),
                ("Gateway", Some(gateway)) => {
                    for route in self.of_kind("HTTPRoute").filter(|route| self.is_attached(route, gateway)) {
                        let Some(section) = target.section else {
                            scopes.push(Scope { route, rule: None, listener: None });
                            continue;
                        };
                        let listener = listener_of(route, gateway, section);
                        scopes.extend(listener.map(|listener| Scope { route, rule: None, listener: Some(listener) }));
                    }
                }
                _ => {}
            }
        }
        scopes
    }

    /// The Gateways of a route that are in the files.
    pub fn gateways(&self, route: &'a Document) -> Vec<&'a Document> {
        self.of_kind("Gateway").filter(|gateway| self.is_attached(route, gateway)).collect()
    }

    /// Whether a route names this Gateway as a parent, or a ListenerSet of it.
    fn is_attached(&self, route: &Document, gateway: &Document) -> bool {
        let of_set = |parent: &Value| {
            let (namespace, name) = (reference_namespace(route, parent), parent.get("name").text()?);
            let set = self.find(parent.get("kind").text()?, namespace, name)?;
            let of_gateway = set.spec().get("parentRef");
            let is_it = of_gateway.get("name").text() == Some(gateway.name());
            Some(is_it && reference_namespace(set, of_gateway) == gateway.namespace())
        };
        let parents_of_route = route.spec().get("parentRefs").items();
        parents(route, gateway).next().is_some() || parents_of_route.iter().any(|parent| of_set(parent) == Some(true))
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
                    Some(section) if is_gateway => listener_of(route, document, section).map(|_| 2),
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

/// The variables that `env.hostKeys` hands on, with the values that an EnvoyProxy gives them.
fn variables(wasm: &Value, proxies: &Proxies<'_>) -> Variables {
    let value = |key: &str| proxies.documents.iter().find_map(|proxy| variable(proxy, key)?.get("value").text());
    let keys = wasm.at("env.hostKeys").items().iter().filter_map(Value::text);
    keys.map(|key| (key.to_owned(), value(key).map(str::to_owned))).collect()
}

/// The listener of this name, if a route is attached to it.
fn listener_of<'a>(route: &'a Document, gateway: &'a Document, name: &str) -> Option<&'a Value> {
    let mut attached = parents(route, gateway).flat_map(|parent| listeners(gateway, parent));
    attached.find(|listener| listener.get("name").text() == Some(name))
}

/// The references of a route to this Gateway.
fn parents<'a>(route: &'a Document, gateway: &'a Document) -> impl Iterator<Item = &'a Value> {
    route.spec().get("parentRefs").items().iter().filter(|parent| {
        parent.get("name").text() == Some(gateway.name())
            && reference_namespace(route, parent) == gateway.namespace()
            && parent.get("kind").text().unwrap_or("Gateway") == "Gateway"
    })
}
