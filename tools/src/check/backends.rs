//! Backends of AWS in Envoy Gateway: TLS, and its names.

use crate::document::Document;
use crate::places::is_of_aws;
use crate::value::Value;

use super::world::World;
use super::{Finding, Rule};

/// Each host of AWS is called with TLS, by its own name.
pub fn check(world: &World<'_>, found: &mut Vec<Finding>) {
    for backend in world.of_kind("Backend") {
        for (index, endpoint) in backend.spec().get("endpoints").items().iter().enumerate() {
            let Some(host) = endpoint.at("fqdn.hostname").text().filter(|host| is_of_aws(host)) else { continue };
            let path = format!("spec.endpoints[{index}].fqdn.hostname");
            let port = endpoint.at("fqdn.port").number().unwrap_or(443).to_string();
            check_host(world, backend, host, &port, &path, found);
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
    let is_for = |reference: &Value| {
        let section = reference.get("sectionName").text();
        reference.get("kind").text() == Some("Backend")
            && reference.get("name").text() == Some(backend.name())
            && section.is_none_or(|section| section == port && refers_by_port(world, backend))
    };
    let mut policies = world.of_kind("BackendTLSPolicy").filter(|policy| {
        let targets = policy.spec().get("targetRefs").items();
        policy.namespace() == backend.namespace() && targets.iter().any(is_for)
    });
    let Some(policy) = policies.next() else {
        if tls.is_null() {
            found.push(Finding::new(Rule::TlsMissing, backend, path));
        }
        return;
    };
    let hostname = policy.spec().at("validation.hostname").text();
    if hostname.is_some_and(|name| name != host) {
        let finding = Finding::new(Rule::TlsHostname, policy, "spec.validation.hostname");
        found.push(finding.detail(format!("the Backend's host is {host}")));
    }
}

/// Whether each route that names the Backend names its port too: a policy's `sectionName` fits nothing else.
fn refers_by_port(world: &World<'_>, backend: &Document) -> bool {
    let routes = world.of_kind("HTTPRoute").flat_map(|route| route.spec().get("rules").items());
    let mut references = routes.flat_map(|rule| rule.get("backendRefs").items()).filter(|reference| {
        reference.get("kind").text() == Some("Backend") && reference.get("name").text() == Some(backend.name())
    });
    references.all(|reference| !reference.get("port").is_null())
}
