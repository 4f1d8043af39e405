//! Routes in Envoy Gateway: a request's way into the filter, and on from it.

use crate::document::{Document, reference_namespace};
use crate::places::{is_of_aws, region};
use crate::value::Value;

use super::entry::Call;
use super::matching::{Outcome, rule_for, takes_path};
use super::world::{Policy, World};
use super::{Finding, Rule};

/// A rule of a route.
pub type RouteRule<'a> = (&'a Document, usize);

/// The rules that a policy's requests come in by, and go out by.
pub fn check(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    if policy.routes.is_empty() {
        found.push(Finding::new(Rule::TargetMissing, policy.document, "spec.targetRefs"));
        return;
    }
    if client_rules(policy).is_empty() {
        found.push(Finding::new(Rule::NoClientRule, policy.routes[0].0, "spec.rules"));
    }
    let routes = neighbours(world, policy);
    for call in calls(policy) {
        let rule = |index: usize| format!("spec.rules[{index}]");
        let finding = match rule_for(world, &routes, &call) {
            Outcome::Rule(route, index) => {
                check_rule(world, (route, index), &call, found);
                continue;
            }
            Outcome::HeaderIsGone(route, index) => {
                Finding::new(Rule::RouteHeader, route, format!("{}.matches", rule(index)))
            }
            Outcome::OtherHost(route) => Finding::new(Rule::RouteHostname, route, "spec.hostnames"),
            Outcome::Nothing => Finding::new(Rule::NoBedrockRule, policy.routes[0].0, "spec.rules"),
        };
        found.push(finding.detail(call.shown()));
    }
}

/// The rules that clients' messages come in by.
pub fn client_rules<'a>(policy: &Policy<'a>) -> Vec<RouteRule<'a>> {
    let prefix = policy.entries.iter().find_map(|(_, entry)| entry.serving());
    let path = format!("{}/v1/messages", prefix.map_or("", |config| config.path_prefix.as_str()));
    let mut rules = Vec::new();
    for (route, section) in &policy.routes {
        for (index, rule) in route.spec().get("rules").items().iter().enumerate() {
            let is_meant = section.is_none_or(|section| rule.get("name").text() == Some(section));
            if is_meant && takes_path(rule, &path) {
                rules.push((*route, index));
            }
        }
    }
    rules
}

/// The rules that requests go out by.
pub fn bedrock_rules<'a>(world: &World<'a>, policy: &Policy<'a>) -> Vec<RouteRule<'a>> {
    let routes = neighbours(world, policy);
    let mut rules: Vec<RouteRule<'a>> = Vec::new();
    for call in calls(policy) {
        if let Outcome::Rule(route, index) = rule_for(world, &routes, &call)
            && !rules.iter().any(|(other, at)| std::ptr::eq(*other, route) && *at == index)
        {
            rules.push((route, index));
        }
    }
    rules
}

fn calls(policy: &Policy<'_>) -> Vec<Call> {
    policy.entries.iter().flat_map(|(_, entry)| entry.calls()).collect()
}

/// All routes that share a Gateway with those of a policy: Envoy looks through all of them.
fn neighbours<'a>(world: &World<'a>, policy: &Policy<'a>) -> Vec<&'a Document> {
    let parents = |route: &'a Document| -> Vec<(&'a str, &'a str)> {
        let references = route.spec().get("parentRefs").items().iter();
        references.map(|parent| (reference_namespace(route, parent), name_of(parent))).collect()
    };
    let own: Vec<(&str, &str)> = policy.routes.iter().flat_map(|(route, _)| parents(route)).collect();
    world.of_kind("HTTPRoute").filter(|route| parents(route).iter().any(|parent| own.contains(parent))).collect()
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
        check_backend(world, route, reference, &path, call, found);
    }
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

fn check_backend(
    world: &World<'_>,
    route: &Document,
    reference: &Value,
    path: &str,
    call: &Call,
    found: &mut Vec<Finding>,
) {
    let (namespace, name) = (reference_namespace(route, reference), name_of(reference));
    let kind = reference.get("kind").text().unwrap_or("Service");
    let Some(backend) = world.find(kind, namespace, name) else { return };
    if backend.spec().get("type").text() == Some("ExternalName") {
        found.push(Finding::new(Rule::ExternalName, route, path));
        return;
    }
    for (index, endpoint) in backend.spec().get("endpoints").items().iter().enumerate() {
        let (Some(host), Some(signed)) = (endpoint.at("fqdn.hostname").text(), call.host.as_deref()) else { continue };
        let path = format!("spec.endpoints[{index}].fqdn.hostname");
        if let Some(rule) = other_place(host, signed) {
            found.push(Finding::new(rule, backend, path).detail(format!("requests are signed for {signed}")));
        }
    }
}

/// What is wrong with a call that is signed for one host and goes to another.
pub fn other_place(host: &str, signed: &str) -> Option<Rule> {
    if !is_of_aws(host) || !is_of_aws(signed) || host == signed {
        return None;
    }
    let is_mantle = |host: &str| host.contains("bedrock-mantle");
    match (region(host), region(signed)) {
        (Some(one), Some(other)) if one != other => Some(Rule::RegionMismatch),
        (Some(_), Some(_)) if is_mantle(host) == is_mantle(signed) => None,
        _ => Some(Rule::BackendPlace),
    }
}
