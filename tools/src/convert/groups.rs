//! Which AIGatewayRoutes become one HTTPRoute.

use crate::document::{Document, reference_namespace};
use crate::value::Value;

use super::notes::Notes;
use super::source::Source;

/// AIGatewayRoutes that share listeners and hostnames: they become one route, for the filter's chain is chosen before a model is known.
pub struct Group<'a> {
    /// They, in order; the first one gives the name.
    pub routes: Vec<&'a Document>,
    /// Their parents.
    pub parents: Vec<Value>,
}

impl<'a> Source<'a> {
    /// The AIGatewayRoutes for Anthropic's API, grouped; of others a note says that they are left out.
    pub fn groups(&self, notes: &mut Notes) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for route in self.of_kind("AIGatewayRoute") {
            let schema = route.spec().at("schema.name").text();
            if schema.is_some_and(|schema| schema != "Anthropic") {
                let words = "left out with the whole route: the filter serves Anthropic's API alone";
                notes.add(route, "spec.schema.name", words);
                continue;
            }
            if schema.is_none() {
                let words = "none is named, and AI Gateway serves OpenAI's API too: /v1/chat/completions and its like get the 404 now";
                notes.add(route, "spec.schema", words);
            }
            let mut group = Group::of(route);
            let mut place = groups.len();
            while let Some(at) = groups.iter().position(|earlier| earlier.is_one_with(&group)) {
                place = place.min(at);
                group = groups.remove(at).joined(group, notes);
            }
            groups.insert(place, group);
        }
        for (index, group) in groups.iter().enumerate() {
            if let Some(earlier) = groups[..index].iter().find(|earlier| earlier.collides_with(group)) {
                let words = format!(
                    "it shares listeners and hostnames with {}: Envoy Gateway gives the older route all requests, so give it hostnames of its own",
                    notes.label(earlier.routes[0])
                );
                notes.add(group.routes[0], "spec.parentRefs", &words);
            }
        }
        groups
    }
}

impl<'a> Group<'a> {
    fn of(route: &'a Document) -> Self {
        let spec = route.spec();
        let parents = if spec.get("parentRefs").is_null() { spec.get("targetRefs") } else { spec.get("parentRefs") };
        Self { routes: vec![route], parents: parents.items().iter().map(parent_reference).collect() }
    }

    fn namespace(&self) -> &'a str {
        self.routes[0].namespace()
    }

    fn hostnames(&self) -> &'a Value {
        self.routes[0].spec().get("hostnames")
    }

    fn is_one_with(&self, other: &Self) -> bool {
        self.namespace() == other.namespace() && self.hostnames() == other.hostnames() && self.shares_listener(other)
    }

    /// Whether both would be asked for the same requests, and cannot be one.
    fn collides_with(&self, other: &Self) -> bool {
        let (own, others) = (self.hostnames(), other.hostnames());
        let shares_host = own == others || own.items().iter().any(|host| others.items().contains(host));
        shares_host && !self.parents.is_empty() && self.shares_listener(other)
    }

    fn shares_listener(&self, other: &Self) -> bool {
        let shared = |own: &Value| other.parents.iter().any(|parent| overlap(self.key(own), other.key(parent)));
        match (self.parents.is_empty(), other.parents.is_empty()) {
            (true, true) => self.namespace() == other.namespace(),
            _ => self.parents.iter().any(shared),
        }
    }

    /// The Gateway of a parent, and the listeners there: by name and port, or all.
    fn key<'b>(&'b self, parent: &'b Value) -> Parent<'b> {
        let gateway = (reference_namespace(self.routes[0], parent), parent.get("name").text().unwrap_or_default());
        (gateway, parent.get("sectionName"), parent.get("port"))
    }

    /// Both, with the parents of both.
    fn joined(mut self, later: Self, notes: &mut Notes) -> Self {
        let first = self.routes[0];
        let differ = self.parents != later.parents;
        for route in &later.routes {
            notes.add(route, "", &format!("its rules are part of HTTPRoute/{} now", first.name()));
            if differ {
                let words = format!("its rules count for all parents of HTTPRoute/{} now", first.name());
                notes.add(route, "spec.parentRefs", &words);
            }
        }
        for parent in later.parents.iter().filter(|_| differ) {
            let covers = |one: &Value, other: &Value| covers(self.key(one), self.key(other));
            if self.parents.iter().any(|known| covers(known, parent)) {
                continue;
            }
            let mut parents: Vec<Value> = self.parents.iter().filter(|known| !covers(parent, known)).cloned().collect();
            parents.push(parent.clone());
            self.parents = parents;
        }
        self.routes.extend(later.routes);
        self
    }
}

/// A Gateway's namespace and name, `sectionName` and `port`.
type Parent<'a> = ((&'a str, &'a str), &'a Value, &'a Value);

fn overlap(one: Parent<'_>, other: Parent<'_>) -> bool {
    let fits = |one: &Value, other: &Value| one.is_null() || other.is_null() || one == other;
    one.0 == other.0 && fits(one.1, other.1) && fits(one.2, other.2)
}

/// Whether all listeners of `other` are among those of `one`.
fn covers(one: Parent<'_>, other: Parent<'_>) -> bool {
    let has = |one: &Value, other: &Value| one.is_null() || one == other;
    one.0 == other.0 && has(one.1, other.1) && has(one.2, other.2)
}

/// A parent without what an older version of AI Gateway wanted there.
fn parent_reference(parent: &Value) -> Value {
    let kept = ["group", "kind", "namespace", "name", "sectionName", "port"];
    let members = parent.entries().iter().filter(|(key, _)| kept.contains(&key.as_str()));
    Value::Map(members.cloned().collect())
}
