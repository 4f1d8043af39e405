//! The EnvoyProxies that say how Envoy runs for a route.

use crate::document::Document;
use crate::value::Value;

use super::world::{Scope, World};

/// The EnvoyProxies of a policy's Gateways.
#[derive(Clone)]
pub struct Proxies<'a> {
    /// All of the files' where it is not known which are used.
    pub documents: Vec<&'a Document>,
    /// Whether all Gateways are in the files, with what they refer to.
    pub are_known: bool,
}

/// By the routes' Gateways and their classes.
pub fn proxies<'a>(world: &World<'a>, scopes: &[Scope<'a>]) -> Proxies<'a> {
    let parents: usize = scopes.iter().map(|scope| scope.route.spec().get("parentRefs").items().len()).sum();
    let gateways: Vec<&Document> = scopes.iter().flat_map(|scope| world.gateways(scope.route)).collect();
    let found: Option<Vec<Vec<&Document>>> = gateways.iter().map(|gateway| of_gateway(world, gateway)).collect();
    match found.filter(|_| !gateways.is_empty() && gateways.len() >= parents) {
        Some(found) => Proxies { documents: found.into_iter().flatten().collect(), are_known: true },
        None => Proxies { documents: world.of_kind("EnvoyProxy").collect(), are_known: false },
    }
}

/// `None` where something that is referred to is not in the files.
fn of_gateway<'a>(world: &World<'a>, gateway: &'a Document) -> Option<Vec<&'a Document>> {
    let own = gateway.spec().at("infrastructure.parametersRef");
    let mut proxies = Vec::new();
    if !own.is_null() {
        proxies.push(world.find("EnvoyProxy", gateway.namespace(), own.get("name").text()?)?);
        if proxies[0].spec().get("mergeType").is_null() {
            return Some(proxies);
        }
    }
    let class = gateway.spec().get("gatewayClassName").text()?;
    let class = world.of_kind("GatewayClass").find(|known| known.name() == class)?;
    let of_class = class.spec().get("parametersRef");
    if !of_class.is_null() {
        let text = |key: &str| of_class.get(key).text();
        proxies.push(world.find("EnvoyProxy", text("namespace").unwrap_or("default"), text("name")?)?);
    }
    Some(proxies)
}

/// The Deployment or DaemonSet that an EnvoyProxy describes; `None` where that is not all there is to say of Envoy's pods.
pub fn workload(proxy: &Document) -> Option<&Value> {
    let provider = proxy.spec().get("provider");
    let kinds = ["kubernetes.envoyDeployment", "kubernetes.envoyDaemonSet"];
    let workload = kinds.iter().map(|kind| provider.at(kind)).find(|workload| !workload.is_null());
    let workload = workload.unwrap_or(provider.at("kubernetes.envoyDeployment"));
    let is_all = provider.get("type").text().unwrap_or("Kubernetes") == "Kubernetes" && workload.get("patch").is_null();
    is_all.then_some(workload)
}

/// A variable of Envoy's container.
pub fn variable<'a>(proxy: &'a Document, name: &str) -> Option<&'a Value> {
    let provider = proxy.spec().at("provider.kubernetes");
    let workloads = ["envoyDeployment", "envoyDaemonSet"].into_iter().map(|kind| provider.get(kind));
    let mut variables = workloads.flat_map(|workload| workload.at("container.env").items());
    variables.find(|variable| variable.get("name").text() == Some(name))
}
