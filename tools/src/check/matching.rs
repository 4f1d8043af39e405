//! Which rule of the HTTPRoutes takes a request.

use regex::Regex;

use crate::document::{Document, reference_namespace};
use crate::places::is_of_aws;
use crate::value::Value;

use super::entry::Call;
use super::world::World;

/// Headers of a rewritten request: what the filter lets through of the client's, and what it sets.
const KEPT: &[&str] = &[
    "user-agent",
    "x-request-id",
    "traceparent",
    "tracestate",
    "x-forwarded-proto",
    "accept",
    "accept-encoding",
    "authorization",
    "content-length",
    "content-type",
    "host",
];

/// What becomes of a request.
pub enum Outcome<'a> {
    /// This rule takes it.
    Rule(&'a Document, usize),
    /// This one would, but for a header or a query that the filter takes off.
    HeaderIsGone(&'a Document, usize),
    /// These hostnames keep it out.
    OtherHost(&'a Document),
    /// Nothing is there for it.
    Nothing,
}

/// Whether a rewritten request still has a header.
pub fn is_kept(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    KEPT.contains(&header.as_str()) || header.starts_with("x-amz") || header.starts_with(':')
}

/// The rule of these routes that a rewritten request ends in.
pub fn rule_for<'a>(world: &World<'a>, routes: &[&'a Document], call: &Call) -> Outcome<'a> {
    let hosts: Vec<(&Document, Option<usize>)> =
        routes.iter().map(|route| (*route, host_rank(world, route, call.host.as_deref()))).collect();
    // Envoy has a virtual host for each hostname: the most specific one that fits is the only one that counts.
    let Some(rank) = hosts.iter().filter_map(|(_, rank)| *rank).max() else {
        let other = routes
            .iter()
            .find(|route| rules(route).any(|rule| !matches(rule, call.path, call.host.as_deref()).is_empty()));
        return other.map_or(Outcome::Nothing, |route| Outcome::OtherHost(route));
    };
    let mut best: Option<((u8, usize, usize), &Document, usize)> = None;
    let mut gone = None;
    for (route, _) in hosts.iter().filter(|(_, own)| *own == Some(rank)) {
        for (index, rule) in rules(route).enumerate() {
            for (score, has_gone) in matches(rule, call.path, call.host.as_deref()) {
                if has_gone {
                    gone = gone.or(Some((*route, index)));
                } else if best.is_none_or(|(highest, ..)| score > highest) {
                    best = Some((score, *route, index));
                }
            }
        }
    }
    if let Some((_, route, index)) = best {
        return Outcome::Rule(route, index);
    }
    if let Some((route, index)) = gone {
        return Outcome::HeaderIsGone(route, index);
    }
    let excluded = hosts.iter().filter(|(_, rank)| rank.is_none());
    let mut excluded = excluded
        .filter(|(route, _)| rules(route).any(|rule| !matches(rule, call.path, call.host.as_deref()).is_empty()));
    excluded.next().map_or(Outcome::Nothing, |(route, _)| Outcome::OtherHost(route))
}

/// Whether a rule takes a path, whatever else it asks for.
pub fn takes_path(rule: &Value, path: &str) -> bool {
    !matches(rule, path, None).is_empty()
}

fn rules(route: &Document) -> impl Iterator<Item = &Value> {
    route.spec().get("rules").items().iter()
}

/// For each of a rule's matches that fits the path, and the host where that is known: how specific it is, and whether it asks for what has gone.
fn matches(rule: &Value, path: &str, host: Option<&str>) -> Vec<((u8, usize, usize), bool)> {
    let all = [Value::Null];
    let written = rule.get("matches").items();
    let written = if written.is_empty() { &all } else { written };
    let fits = written.iter().filter_map(|one| {
        let value = one.at("path.value").text().unwrap_or("/");
        let kind = match one.at("path.type").text().unwrap_or("PathPrefix") {
            "Exact" if value == path => 2,
            "RegularExpression" if Regex::new(&format!("^(?:{value})$")).is_ok_and(|regex| regex.is_match(path)) => 1,
            "PathPrefix" if has_prefix(path, value) => 0,
            _ => return None,
        };
        if one.get("method").text().is_some_and(|method| method != "POST") {
            return None;
        }
        let headers = one.get("headers").items();
        if headers.iter().any(|header| is_other_host(header, host)) {
            return None;
        }
        let gone = headers.iter().any(|header| !header.get("name").text().is_some_and(is_kept));
        let has_gone = gone || !one.get("queryParams").items().is_empty();
        Some(((kind, value.len(), headers.len()), has_gone))
    });
    fits.collect()
}

/// Whether a header of a match asks for another host than the request has.
fn is_other_host(header: &Value, host: Option<&str>) -> bool {
    let text = |key: &str| header.get(key).text();
    let is_host = text("name").is_some_and(|name| matches!(name.to_ascii_lowercase().as_str(), "host" | ":authority"));
    is_host && text("type").unwrap_or("Exact") == "Exact" && host.is_some_and(|host| text("value") != Some(host))
}

/// A prefix of whole segments.
pub fn has_prefix(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How specifically a route, together with its listeners, is for a host; `None`: it is not.
fn host_rank(world: &World<'_>, route: &Document, host: Option<&str>) -> Option<usize> {
    let names: Vec<&str> = route.spec().get("hostnames").items().iter().filter_map(Value::text).collect();
    let of_listeners = listener_hostnames(world, route);
    let of_route = rank_of(&names, host)?;
    let of_listener = of_listeners.iter().filter_map(|name| rank_of(name.as_slice(), host)).max();
    if of_listeners.is_empty() { Some(of_route) } else { of_listener.map(|rank| rank.max(of_route)) }
}

fn rank_of(names: &[&str], host: Option<&str>) -> Option<usize> {
    if names.is_empty() {
        return Some(0);
    }
    let Some(host) = host.map(|host| host.split(':').next().unwrap_or(host)) else {
        return names.iter().any(|name| is_of_aws(name)).then_some(usize::MAX);
    };
    let rank = |name: &&str| match name.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix).then_some(suffix.len()),
        None => (*name == host).then_some(usize::MAX),
    };
    names.iter().filter_map(rank).max()
}

/// Of each listener that a route is attached to, its hostname, if it has one.
fn listener_hostnames<'a>(world: &World<'a>, route: &'a Document) -> Vec<Vec<&'a str>> {
    let mut hostnames = Vec::new();
    for parent in route.spec().get("parentRefs").items() {
        let name = parent.get("name").text().unwrap_or_default();
        let Some(gateway) = world.find("Gateway", reference_namespace(route, parent), name) else { continue };
        let section = parent.get("sectionName").text();
        for listener in gateway.spec().get("listeners").items() {
            if section.is_none_or(|section| listener.get("name").text() == Some(section)) {
                hostnames.push(listener.get("hostname").text().into_iter().collect());
            }
        }
    }
    hostnames
}
