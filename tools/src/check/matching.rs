//! Which rule of the HTTPRoutes takes a request.

use regex::Regex;

use crate::document::Document;
use crate::places::is_of_aws;
use crate::value::Value;

use super::entrances::Entrance;
use super::entry::Call;

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

/// The rule that a rewritten request ends in.
pub fn rule_for<'a>(entrance: &Entrance<'a>, call: &Call) -> Outcome<'a> {
    let host = call.host.as_deref();
    let ranked = entrance.routes.iter().map(|(route, listeners)| (*route, host_rank(route, listeners, host)));
    let hosts: Vec<(&Document, Option<usize>)> = ranked.collect();
    let takes = |route: &Document| rules(route).any(|rule| !matches(rule, call.path, host).is_empty());
    // Envoy has a virtual host for each hostname: the most specific one that fits is the only one that counts.
    let rank = hosts.iter().filter_map(|(_, rank)| *rank).max();
    let mut best: Option<(Score, &Document, usize)> = None;
    let mut gone = None;
    for (route, _) in hosts.iter().filter(|(_, own)| own.is_some() && *own == rank) {
        for (index, rule) in rules(route).enumerate() {
            for Match { score, asks, .. } in matches(rule, call.path, host) {
                if asks == Asks::WhatHasGone {
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
    let mut excluded = hosts.iter().filter(|(route, rank)| rank.is_none() && takes(route));
    excluded.next().map_or(Outcome::Nothing, |(route, _)| Outcome::OtherHost(route))
}

/// The rules of a route that take a client's request for a path: down to the first that asks for nothing else, which leaves nothing to others.
pub fn rules_for_path(route: &Document, path: &str) -> Vec<usize> {
    let all = rules(route).enumerate().flat_map(|(index, rule)| {
        matches(rule, path, None).into_iter().map(move |Match { score, asks }| (score, asks, index))
    });
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(score, _, index)| (std::cmp::Reverse(*score), *index));
    let last = all.iter().position(|(_, asks, _)| *asks == Asks::Nothing).map_or(all.len(), |at| at + 1);
    let mut taking: Vec<usize> = all[..last].iter().map(|(_, _, index)| *index).collect();
    taking.sort_unstable();
    taking.dedup();
    taking
}

fn rules(route: &Document) -> impl Iterator<Item = &Value> {
    route.spec().get("rules").items().iter()
}

/// How specific a match is: its kind of path, the path's length, the number of headers.
type Score = (u8, usize, usize);

/// A match of a rule that fits a request.
struct Match {
    score: Score,
    asks: Asks,
}

/// What a match asks for beside the path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nothing,
    /// Headers that a rewritten request still has.
    Headers,
    /// What the filter takes off.
    WhatHasGone,
}

/// Each of a rule's matches that fits the path, and the host where that is known.
fn matches(rule: &Value, path: &str, host: Option<&str>) -> Vec<Match> {
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
        let asks = match headers {
            _ if gone || !one.get("queryParams").items().is_empty() => Asks::WhatHasGone,
            [] => Asks::Nothing,
            _ => Asks::Headers,
        };
        Some(Match { score: (kind, value.len(), headers.len()), asks })
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
fn host_rank(route: &Document, listeners: &[Option<&str>], host: Option<&str>) -> Option<usize> {
    let names: Vec<&str> = route.spec().get("hostnames").items().iter().filter_map(Value::text).collect();
    let of_route = rank_of(&names, host)?;
    let of_listener = listeners.iter().filter_map(|name| rank_of(name.as_slice(), host)).max();
    if listeners.is_empty() { Some(of_route) } else { of_listener.map(|rank| rank.max(of_route)) }
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
