//! Backends of AWS in Envoy Gateway: TLS, and its names.

use crate::document::Document;
use crate::places::is_of_aws;
use crate::value::Value;

use super::cluster_tls::PORT;
use super::world::World;
use super::{Finding, Rule};

/// Each host of AWS is called with TLS, by its own name.
pub fn check(world: &World<'_>, found: &mut Vec<Finding>) {
    for backend in world.of_kind("Backend") {
        for (index, endpoint) in backend.spec().get("endpoints").items().iter().enumerate() {
            let Some(host) = endpoint.at("fqdn.hostname").text().filter(|host| is_of_aws(host)) else { continue };
            let path = format!("spec.endpoints[{index}].fqdn.hostname");
            let port = endpoint.at("fqdn.port").number().unwrap_or(PORT);
            if port != PORT {
                found.push(Finding::new(Rule::AwsPort, backend, format!("spec.endpoints[{index}].fqdn.port")));
            }
            check_host(world, backend, host, &port.to_string(), &path, found);
        }
    }
}

fn check_host(world: &World<'_>, backend: &Document, host: &str, port: &str, path: &str, found: &mut Vec<Finding>) {
    let tls = backend.spec().get("tls");
    if tls.get("insecureSkipVerify").boolean() == Some(true) {
        found.push(Finding::new(Rule::TlsUnverified, backend, "spec.tls.insecureSkipVerify"));
    }
    if tls.get("sni").text().is_some_and(|name| name != host) {
        found.push(Finding::new(Rule::TlsHostname, backend, "spec.tls.sni").detail(format!("the host is {host}")));
    }
    let mut policies = policies(world, backend, port);
    let Some(policy) = policies.next() else {
        let members = ["wellKnownCACertificates", "caCertificateRefs", "insecureSkipVerify"];
        if tls.is_null() {
            found.push(Finding::new(Rule::TlsMissing, backend, path));
        } else if members.iter().all(|member| tls.get(member).is_null()) {
            found.push(Finding::new(Rule::TlsUnverified, backend, "spec.tls"));
        }
        return;
    };
    let hostname = policy.spec().at("validation.hostname").text();
    if hostname.is_some_and(|name| name != host) {
        let finding = Finding::new(Rule::TlsHostname, policy, "spec.validation.hostname");
        found.push(finding.detail(format!("the Backend's host is {host}")));
    }
}

/// The BackendTLSPolicies for a port of a Backend.
fn policies<'a>(world: &World<'a>, backend: &'a Document, port: &str) -> impl Iterator<Item = &'a Document> {
    let is_for = |reference: &Value| {
        let section = reference.get("sectionName").text();
        // With another group the kind is unknown, and nobody says so.
        reference.get("group").text() == Some(backend.group())
            && reference.get("kind").text() == Some(backend.kind())
            && reference.get("name").text() == Some(backend.name())
            && section.is_none_or(|section| section == port && refers_by_port(world, backend))
    };
    let is_in_force = |policy: &&Document| {
        let targets = policy.spec().get("targetRefs").items();
        policy.namespace() == backend.namespace() && targets.iter().any(is_for)
    };
    world.of_kind("BackendTLSPolicy").filter(is_in_force).collect::<Vec<_>>().into_iter()
}

/// The names that TLS asks of a Backend or a Service.
pub fn tls_names<'a>(world: &World<'a>, backend: &'a Document) -> Vec<&'a str> {
    let is_for = |reference: &&Value| {
        reference.get("kind").text() == Some(backend.kind()) && reference.get("name").text() == Some(backend.name())
    };
    let policies = world.of_kind("BackendTLSPolicy").filter(|policy| {
        policy.namespace() == backend.namespace()
            && policy.spec().get("targetRefs").items().iter().any(|one| is_for(&one))
    });
    let names = policies.filter_map(|policy| policy.spec().at("validation.hostname").text());
    names.chain(backend.spec().at("tls.sni").text()).collect()
}

/// Whether each route that names the Backend names its port too: a policy's `sectionName` fits nothing else.
fn refers_by_port(world: &World<'_>, backend: &Document) -> bool {
    let routes = world.of_kind("HTTPRoute").flat_map(|route| route.spec().get("rules").items());
    let mut references = routes.flat_map(|rule| rule.get("backendRefs").items()).filter(|reference| {
        reference.get("kind").text() == Some("Backend") && reference.get("name").text() == Some(backend.name())
    });
    references.all(|reference| !reference.get("port").is_null())
}
