//! Where a rule of Envoy Gateway sends Bedrock's calls: to the host that they are signed for, or elsewhere.

use crate::document::{Document, reference_namespace};
use crate::places::{is_of_aws, region};
use crate::value::Value;

use super::backends::tls_names;
use super::entry::Call;
use super::world::World;
use super::{Finding, Rule};

/// The backends of a rule, each of which takes calls.
pub fn check(world: &World<'_>, (route, path): (&Document, &str), rule: &Value, call: &Call, found: &mut Vec<Finding>) {
    let references = rule.get("backendRefs").items();
    if references.is_empty() && !answers_itself(world, route, rule) {
        found.push(Finding::new(Rule::NoBackend, route, path));
    }
    for (index, reference) in references.iter().enumerate() {
        if reference.get("weight").number() != Some(0) {
            check_reference(world, route, reference, &format!("{path}.backendRefs[{index}]"), call, found);
        }
    }
}

/// Whether a filter of the rule answers, which is said elsewhere.
fn answers_itself(world: &World<'_>, route: &Document, rule: &Value) -> bool {
    rule.get("filters").items().iter().any(|filter| {
        let name = filter.at("extensionRef.name").text();
        let extension = || name.and_then(|name| world.find("HTTPRouteFilter", route.namespace(), name));
        !filter.get("requestRedirect").is_null()
            || name.is_some() && extension().is_none_or(|filter| !filter.spec().get("directResponse").is_null())
    })
}

fn check_reference(
    world: &World<'_>,
    route: &Document,
    reference: &Value,
    path: &str,
    call: &Call,
    found: &mut Vec<Finding>,
) {
    let (namespace, name) = (reference_namespace(route, reference), reference.get("name").text().unwrap_or_default());
    let kind = reference.get("kind").text().unwrap_or("Service");
    if !matches!(kind, "Backend" | "Service") {
        return;
    }
    let Some(backend) = world.find(kind, namespace, name) else {
        found.push(Finding::new(Rule::BackendMissing, route, path).detail(format!("{kind} {namespace}/{name}")));
        return;
    };
    if backend.spec().get("type").text() == Some("ExternalName") {
        found.push(Finding::new(Rule::ExternalName, route, path));
        return;
    }
    let names = tls_names(world, backend);
    let name_of_aws = names.into_iter().find(|name| is_of_aws(name));
    let signed = || format!("requests are signed for {}", call.host.as_deref().unwrap_or("Bedrock's host"));
    if kind == "Service" {
        // What a Service without a selector leads to is not written in it.
        if !backend.spec().get("selector").is_null() && name_of_aws.is_none() && call.is_to_aws() {
            found.push(Finding::new(Rule::BackendPlace, route, path).detail(signed()));
        }
        return;
    }
    for (index, endpoint) in backend.spec().get("endpoints").items().iter().enumerate() {
        let Some((member, host)) = address(endpoint) else { continue };
        // Any address may be AWS's, by a private endpoint or a proxy, where its certificate has to be.
        let host = if is_of_aws(host) { host } else { name_of_aws.unwrap_or(host) };
        if !is_of_aws(host) && asks_for_the_calls_name(backend) {
            continue;
        }
        if let Some(rule) = other_place(host, call) {
            let path = format!("spec.endpoints[{index}].{member}");
            found.push(Finding::new(rule, backend, path).detail(signed()));
        }
    }
}

/// Whether TLS asks for the name that the call is for, as it does without a name of its own.
fn asks_for_the_calls_name(backend: &Document) -> bool {
    let tls = backend.spec().get("tls");
    let is_given = |member: &&str| !tls.get(member).is_null();
    ["wellKnownCACertificates", "caCertificateRefs"].iter().any(is_given) && tls.get("sni").is_null()
}

/// An endpoint's host or address, and the member that it stands in.
fn address(endpoint: &Value) -> Option<(&'static str, &str)> {
    ["fqdn.hostname", "ip.address"].into_iter().find_map(|member| Some((member, endpoint.at(member).text()?)))
}

/// What is wrong with a call that is signed for one host and goes to another.
pub fn other_place(host: &str, call: &Call) -> Option<Rule> {
    if !is_of_aws(host) {
        return call.is_to_aws().then_some(Rule::BackendPlace);
    }
    let signed = call.host.as_deref().filter(|signed| *signed != host && is_of_aws(signed))?;
    let is_mantle = |host: &str| host.contains("bedrock-mantle");
    match (region(host), region(signed)) {
        (Some(one), Some(other)) if one != other => Some(Rule::RegionMismatch),
        (Some(_), Some(_)) if is_mantle(host) == is_mantle(signed) => None,
        _ => Some(Rule::BackendPlace),
    }
}
