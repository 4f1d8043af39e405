//! Routes in Envoy Gateway: a request's way into the filter, and on from it.

use std::rc::Rc;

use crate::document::Document;
use crate::value::Value;

use super::entrances::{Entrance, entrances};
use super::entry::Call;
use super::matching::{Outcome, rule_for, rules_for_path};
use super::world::{Policy, Scope, World};
use super::{Finding, Rule, destinations};

/// A rule of a route.
pub type RouteRule<'a> = (&'a Document, usize);

/// The rules that a policy's requests come in by, and go out by.
pub fn check(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    let [Scope { route: first, .. }, ..] = policy.scopes.as_slice() else {
        found.push(Finding::new(Rule::TargetMissing, policy.document, "spec.targetRefs"));
        return;
    };
    if client_rules(policy).is_empty() {
        found.push(Finding::new(Rule::NoClientRule, first, "spec.rules"));
    }
    for (entrance, call) in calls(world, policy) {
        let finding = match rule_for(&entrance, &call) {
            Outcome::Rule(route, index) => {
                check_rule(world, (route, index), &call, found);
                continue;
            }
            Outcome::HeaderIsGone(route, index) => {
                Finding::new(Rule::RouteHeader, route, format!("spec.rules[{index}].matches"))
            }
            Outcome::OtherHost(route) => Finding::new(Rule::RouteHostname, route, "spec.hostnames"),
            Outcome::Nothing => Finding::new(Rule::NoBedrockRule, entrance.first, "spec.rules"),
        };
        found.push(finding.detail(call.shown()));
    }
}

/// The rules that clients' messages come in by.
pub fn client_rules<'a>(policy: &Policy<'a>) -> Vec<RouteRule<'a>> {
    let prefix = policy.entries.iter().find_map(|(_, entry)| entry.serving());
    let path = format!("{}/v1/messages", prefix.map_or("", |config| config.path_prefix.as_str()));
    let mut rules: Vec<RouteRule<'a>> = Vec::new();
    for Scope { route, rule: section, .. } in &policy.scopes {
        for index in rules_for_path(route, &path) {
            let name = route.spec().get("rules").items()[index].get("name").text();
            let is_meant = section.is_none() || name == *section;
            let is_known = rules.iter().any(|(other, at)| std::ptr::eq(*other, *route) && *at == index);
            if is_meant && !is_known {
                rules.push((*route, index));
            }
        }
    }
    rules
}

/// The rules that requests go out by.
pub fn bedrock_rules<'a>(world: &World<'a>, policy: &Policy<'a>) -> Vec<RouteRule<'a>> {
    let mut rules: Vec<RouteRule<'a>> = Vec::new();
    for (entrance, call) in calls(world, policy) {
        if let Outcome::Rule(route, index) = rule_for(&entrance, &call)
            && !rules.iter().any(|(other, at)| std::ptr::eq(*other, route) && *at == index)
        {
            rules.push((route, index));
        }
    }
    rules
}

/// Each of the policy's calls, at each place where its requests come in.
fn calls<'a>(world: &World<'a>, policy: &Policy<'a>) -> Vec<(Rc<Entrance<'a>>, Call)> {
    let calls: Vec<Call> = policy.entries.iter().flat_map(|(_, entry)| entry.calls()).collect();
    let entrances = entrances(world, policy).into_iter().map(Rc::new);
    entrances.flat_map(|entrance| calls.clone().into_iter().map(move |call| (Rc::clone(&entrance), call))).collect()
}

fn name_of(reference: &Value) -> &str {
    reference.get("name").text().unwrap_or_default()
}

/// A rule that Bedrock's calls go out by.
fn check_rule(world: &World<'_>, (route, index): RouteRule<'_>, call: &Call, found: &mut Vec<Finding>) {
    let rule = &route.spec().get("rules").items()[index];
    let path = format!("spec.rules[{index}]");
    check_filters(world, route, rule, &path, call, found);
    for (at, reference) in rule.get("backendRefs").items().iter().enumerate() {
        let path = format!("{path}.backendRefs[{at}]");
        check_filters(world, route, reference, &path, call, found);
    }
    destinations::check(world, (route, &path), rule, call, found);
}

fn check_filters(
    world: &World<'_>,
    route: &Document,
    holder: &Value,
    path: &str,
    call: &Call,
    found: &mut Vec<Finding>,
) {
    for (index, filter) in holder.get("filters").items().iter().enumerate() {
        let path = format!("{path}.filters[{index}]");
        let rewrite = filter.get("urlRewrite");
        if !rewrite.get("path").is_null() {
            found.push(Finding::new(Rule::Rewrite, route, format!("{path}.urlRewrite.path")));
        }
        if rewrite.get("hostname").text().is_some_and(|name| call.host.as_deref() != Some(name)) {
            found.push(Finding::new(Rule::Rewrite, route, format!("{path}.urlRewrite.hostname")));
        }
        if !filter.get("requestRedirect").is_null() {
            found.push(Finding::new(Rule::Rewrite, route, format!("{path}.requestRedirect")));
        }
        for header in signed_headers(filter.get("requestHeaderModifier")) {
            let path = format!("{path}.requestHeaderModifier");
            found.push(Finding::new(Rule::HeaderModifier, route, path).detail(header));
        }
        let reference = filter.get("extensionRef");
        let Some(extension) = world.find("HTTPRouteFilter", route.namespace(), name_of(reference)) else { continue };
        let spec = extension.spec();
        let kind = spec.at("urlRewrite.hostname.type");
        for (member, is_wrong) in [
            ("urlRewrite.path", !spec.at("urlRewrite.path").is_null()),
            // The Backend's host is the one that is signed, or `backend-place` says so.
            ("urlRewrite.hostname", !kind.is_null() && kind.text() != Some("Backend")),
            ("directResponse", !spec.get("directResponse").is_null()),
        ] {
            if is_wrong {
                found.push(Finding::new(Rule::Rewrite, extension, format!("spec.{member}")));
            }
        }
        // Without `overwrite` the signature stays.
        let injection = spec.get("credentialInjection");
        let header = injection.get("header").text().unwrap_or("authorization");
        if injection.get("overwrite").boolean() == Some(true) && is_signed(header) {
            found.push(Finding::new(Rule::HeaderModifier, extension, "spec.credentialInjection").detail(header));
        }
    }
}

/// The headers in a modifier that belong to the signature.
fn signed_headers(modifier: &Value) -> Vec<String> {
    let written = ["set", "add"].iter().flat_map(|key| modifier.get(key).items()).map(name_of);
    let removed = modifier.get("remove").items().iter().filter_map(Value::text);
    written.chain(removed).filter(|name| is_signed(name)).map(str::to_ascii_lowercase).collect()
}

/// Whether a header belongs to the signature, or to what AWS reads of it.
pub fn is_signed(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    let names = ["host", ":authority", ":path", "content-type", "content-length", "authorization", "accept-encoding"];
    names.contains(&header.as_str()) || header.starts_with("x-amz")
}
