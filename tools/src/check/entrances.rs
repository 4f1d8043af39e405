//! Where requests come in: listeners, each with the routes that Envoy selects among there.

use crate::document::{Document, reference_namespace};
use crate::value::Value;

use super::world::{Policy, Scope, World};

/// A table of routes in Envoy: that of one listener, or of all HTTP listeners of a port.
pub struct Entrance<'a> {
    /// Its routes, each with the hostnames of the listeners that it is attached to here; none where those are not in the files.
    pub routes: Vec<(&'a Document, Vec<Option<&'a str>>)>,
    /// The first of the policy's own.
    pub first: &'a Document,
    /// What Envoy Gateway may call the listener; nothing where it is not in the files.
    pub names: Vec<String>,
}

/// What tells one table from another.
#[derive(Clone, Copy)]
enum Table<'a> {
    /// Of all HTTP listeners of a port.
    Port(&'a Document, u64),
    /// Of one listener of a Gateway.
    Listener(&'a Document, &'a Value),
    /// Of a parent that is not in the files: namespace, name and section.
    Unknown(&'a str, &'a str, Option<&'a str>),
}

/// Where the requests of a policy come in.
pub fn entrances<'a>(world: &World<'a>, policy: &Policy<'a>) -> Vec<Entrance<'a>> {
    let mut tables: Vec<(Table<'a>, &'a Document)> = Vec::new();
    for Scope { route, listener, .. } in &policy.scopes {
        for (table, own) in tables_of(world, route) {
            let is_meant = listener.is_none_or(|listener| own.is_some_and(|own| std::ptr::eq(own, listener)));
            if is_meant && !tables.iter().any(|(known, _)| known.is_the_same(&table)) {
                tables.push((table, route));
            }
        }
    }
    let routes: Vec<_> = world.of_kind("HTTPRoute").map(|route| (route, tables_of(world, route))).collect();
    let entrance = |(table, first): (Table<'a>, &'a Document)| {
        let of_route = |(route, tables): &(&'a Document, Vec<(Table<'a>, Option<&'a Value>)>)| {
            let here: Vec<_> = tables.iter().filter(|(other, _)| table.is(other)).collect();
            let listeners = here.iter().filter_map(|(_, listener)| *listener);
            let hostnames = listeners.map(|listener| listener.get("hostname").text()).collect();
            (!here.is_empty()).then_some((*route, hostnames))
        };
        Entrance { routes: routes.iter().filter_map(of_route).collect(), first, names: table.names() }
    };
    tables.into_iter().map(entrance).collect()
}

/// The tables that a route is in, each with the listener that brings it there.
fn tables_of<'a>(world: &World<'a>, route: &'a Document) -> Vec<(Table<'a>, Option<&'a Value>)> {
    let mut tables = Vec::new();
    for parent in route.spec().get("parentRefs").items() {
        let text = |key: &str| parent.get(key).text();
        let (namespace, name) = (reference_namespace(route, parent), text("name").unwrap_or_default());
        let is_gateway = text("kind").unwrap_or("Gateway") == "Gateway";
        let Some(gateway) = world.find("Gateway", namespace, name).filter(|_| is_gateway) else {
            tables.push((Table::Unknown(namespace, name, text("sectionName")), None));
            continue;
        };
        tables.extend(listeners(gateway, parent).map(|listener| {
            let port = listener.get("port").number().filter(|_| listener.get("protocol").text() == Some("HTTP"));
            let table = port.map_or(Table::Listener(gateway, listener), |port| Table::Port(gateway, port));
            (table, Some(listener))
        }));
    }
    tables
}

/// The listeners of a Gateway that a reference of a route is for.
pub fn listeners<'a>(gateway: &'a Document, parent: &Value) -> impl Iterator<Item = &'a Value> {
    let is_meant = |listener: &&Value, key: &str, own: &str| {
        let wanted = parent.get(key);
        wanted.is_null() || listener.get(own) == wanted
    };
    let all = gateway.spec().get("listeners").items().iter();
    all.filter(move |listener| is_meant(listener, "sectionName", "name") && is_meant(listener, "port", "port"))
}

impl Table<'_> {
    /// Whether another table may be the same one.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown(namespace, name, _), Self::Unknown(other_namespace, other_name, None)) => {
                (namespace, name) == (other_namespace, other_name)
            }
            (Self::Unknown(namespace, name, None), Self::Unknown(other_namespace, other_name, _)) => {
                (namespace, name) == (other_namespace, other_name)
            }
            _ => self.is_the_same(other),
        }
    }

    fn is_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown(namespace, name, section), Self::Unknown(other_namespace, other_name, other)) => {
                (namespace, name, section) == (other_namespace, other_name, other)
            }
            (Self::Port(gateway, port), Self::Port(other, other_port)) => {
                std::ptr::eq(*gateway, *other) && port == other_port
            }
            (Self::Listener(_, listener), Self::Listener(_, other)) => std::ptr::eq(*listener, *other),
            _ => false,
        }
    }

    /// By the Gateway and one of the listeners of the port, or by the port.
    fn names(&self) -> Vec<String> {
        let (gateway, port) = match self {
            Self::Unknown(..) => return Vec::new(),
            Self::Port(gateway, port) => (gateway, Some(*port)),
            Self::Listener(gateway, listener) => (gateway, listener.get("port").number()),
        };
        let listeners = gateway.spec().get("listeners").items().iter();
        let of_port = listeners.filter(|listener| listener.get("port").number() == port);
        let names = of_port.filter_map(|listener| listener.get("name").text());
        let prefix = format!("{}/{}", gateway.namespace(), gateway.name());
        let names = names.map(|name| format!("{prefix}/{name}"));
        names.chain(port.map(|port| format!("tcp-{port}"))).collect()
    }
}
