//! The manifests that are written anew.

use crate::document::ENVOY_GATEWAY;
use crate::value::Value;
use crate::{list, map};

use super::Options;
use super::bootstrap::merged;
use super::credentials::Plan;
use super::names::add_named;
use super::routing::client_matches;

const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";
const ENVOY_GATEWAY_API: &str = "gateway.envoyproxy.io/v1alpha1";
const NOT_SERVED: &str = r#"{"type":"error","error":{"type":"not_found_error","message":"This gateway serves the Anthropic Messages API: POST /v1/messages."}}"#;

/// Name and namespace of an object.
pub type Name<'a> = (&'a str, &'a str);

fn metadata((namespace, name): Name<'_>) -> Value {
    map! { "name": name, "namespace": namespace }
}

fn object(version: &str, kind: &str, name: Name<'_>, spec: Value) -> Value {
    map! { "apiVersion": version, "kind": kind, "metadata": metadata(name), "spec": spec }
}

/// A class for Envoy Gateway.
pub fn gateway_class(name: &str) -> Value {
    map! {
        "apiVersion": GATEWAY_API,
        "kind": "GatewayClass",
        "metadata": map! { "name": name },
        "spec": map! { "controllerName": "gateway.envoyproxy.io/gatewayclass-controller" },
    }
}

/// A Gateway with one listener.
pub fn gateway(name: Name<'_>) -> Value {
    let listener = map! { "name": "http", "protocol": "HTTP", "port": 80_u32 };
    object(GATEWAY_API, "Gateway", name, map! { "gatewayClassName": name.1, "listeners": list![listener] })
}

/// What Gateways and GatewayClasses refer to an EnvoyProxy with.
pub fn parameters(name: &str) -> Value {
    map! { "group": ENVOY_GATEWAY, "kind": "EnvoyProxy", "name": name }
}

/// An EnvoyProxy that has nothing in it yet.
pub fn envoy_proxy(name: Name<'_>) -> Value {
    object(ENVOY_GATEWAY_API, "EnvoyProxy", name, map! { "provider": map! { "type": "Kubernetes" } })
}

/// Puts a plan into an EnvoyProxy. The error names the member that something else is in.
pub fn equip(proxy: &mut Value, plan: &Plan) -> Result<(), String> {
    let spec = proxy.entry("spec");
    let provider = spec.entry_at("provider.type");
    if provider.is_null() {
        *provider = "Kubernetes".into();
    }
    let is_daemon = !spec.at("provider.kubernetes.envoyDaemonSet").is_null();
    let pods = format!("provider.kubernetes.{}", if is_daemon { "envoyDaemonSet" } else { "envoyDeployment" });
    let group = format!("{pods}.pod.securityContext.fsGroup");
    if plan.needs_group && spec.at(&group).is_null() {
        *spec.entry_at(&group) = 65_532_u32.into();
    }
    for (member, added, mend) in [
        ("pod.volumes", &plan.volumes, ""),
        ("container.env", &plan.variables, ": give each API key a Gateway with an EnvoyProxy of its own"),
        ("container.volumeMounts", &plan.mounts, ""),
    ] {
        let path = format!("{pods}.{member}");
        for one in added {
            add_named(spec.entry_at(&path), one).map_err(|problem| format!("spec.{path}: {problem}{mend}"))?;
        }
    }
    if plan.listeners.is_empty() && plan.clusters.is_empty() {
        return Ok(());
    }
    let bootstrap = spec.entry("bootstrap");
    if !bootstrap.is_null() && bootstrap.get("type").text() != Some("Merge") {
        return Err(
            "spec.bootstrap: write it as the type Merge, which listeners and clusters can be added to".to_owned()
        );
    }
    let merged = merged(bootstrap.get("value").text(), &plan.listeners, &plan.clusters)
        .map_err(|problem| format!("spec.bootstrap.value: {problem}"))?;
    *bootstrap = map! { "type": "Merge", "value": merged };
    Ok(())
}

/// A Backend of one host.
pub fn backend(name: Name<'_>, host: &str) -> Value {
    let endpoint = map! { "fqdn": map! { "hostname": host, "port": 443_u32 } };
    object(ENVOY_GATEWAY_API, "Backend", name, map! { "endpoints": list![endpoint] })
}

/// Its TLS. Without `sectionName`: a port there fits nothing where the route's `backendRefs` names none, and Envoy speaks in clear.
pub fn backend_tls(name: Name<'_>, host: &str) -> Value {
    let target = map! { "group": ENVOY_GATEWAY, "kind": "Backend", "name": name.1 };
    let validation = map! { "wellKnownCACertificates": "System", "hostname": host };
    object(GATEWAY_API, "BackendTLSPolicy", name, map! { "targetRefs": list![target], "validation": validation })
}

/// Lets the HTTPRoutes of a namespace refer to a Backend of another.
pub fn reference_grant(namespace: &str, (backend_namespace, backend): Name<'_>) -> Value {
    let from = map! { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": namespace };
    let to = map! { "group": ENVOY_GATEWAY, "kind": "Backend", "name": backend };
    let name = format!("{backend}-for-{namespace}");
    let spec = map! { "from": list![from], "to": list![to] };
    object("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", (backend_namespace, &name), spec)
}

/// The rule for Bedrock's calls, by their path alone.
pub fn bedrock_rule(backend: Value, timeouts: Value) -> Value {
    let path = map! { "path": map! { "type": "PathPrefix", "value": "/model/" } };
    let mut rule = map! { "name": "bedrock", "matches": list![path] };
    if !timeouts.is_null() {
        *rule.entry("timeouts") = timeouts;
    }
    *rule.entry("backendRefs") = list![backend];
    rule
}

/// The rule for clients' requests. What the filter passes on ends here: nothing but Bedrock's own calls may reach AWS.
pub fn client_rule(prefix: &str, filter: &str) -> Value {
    let reference = map! { "group": ENVOY_GATEWAY, "kind": "HTTPRouteFilter", "name": filter };
    map! {
        "name": "clients",
        "matches": client_matches(prefix),
        "filters": list![map! { "type": "ExtensionRef", "extensionRef": reference }],
    }
}

/// A route.
pub fn route(name: Name<'_>, parents: &[Value], hostnames: &Value, rules: Vec<Value>) -> Value {
    let mut spec = map! { "parentRefs": parents.to_vec() };
    if !hostnames.is_null() {
        *spec.entry("hostnames") = hostnames.clone();
    }
    *spec.entry("rules") = rules.into();
    object(GATEWAY_API, "HTTPRoute", name, spec)
}

/// The answer to what is passed on.
pub fn not_served(name: Name<'_>) -> Value {
    let body = map! { "type": "Inline", "inline": NOT_SERVED };
    let response = map! { "statusCode": 404_u32, "contentType": "application/json", "body": body };
    object(ENVOY_GATEWAY_API, "HTTPRouteFilter", name, map! { "directResponse": response })
}

/// References of a policy to routes.
pub fn route_targets(routes: &[String]) -> Value {
    let target = |name: &String| map! { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": name };
    routes.iter().map(target).collect::<Vec<_>>().into()
}

/// Buffer and timeouts for routes.
pub fn traffic_policy(name: Name<'_>, routes: &[String]) -> Value {
    object(ENVOY_GATEWAY_API, "BackendTrafficPolicy", name, map! { "targetRefs": route_targets(routes) })
}

/// Gives a BackendTrafficPolicy what the filter needs, where it does not say something of its own.
pub fn complete_traffic(policy: &mut Value, idle: &str) {
    let spec = policy.entry("spec");
    for (path, value) in [
        ("requestBuffer.limit", "33Mi"),
        ("timeout.tcp.connectTimeout", "5s"),
        ("timeout.http.requestTimeout", "0s"),
        ("timeout.http.streamIdleTimeout", idle),
    ] {
        if spec.at(path).is_null() {
            *spec.entry_at(path) = value.into();
        }
    }
}

/// The filter, twice: `transform` and `hold`.
pub fn extension_policy(name: Name<'_>, routes: &[String], config: Value, keys: &[&str], options: &Options) -> Value {
    let code = code(options);
    let mut transform = map! { "name": "bedrock-transform", "code": code.clone(), "failOpen": false };
    if !keys.is_empty() {
        *transform.entry("env") = map! { "hostKeys": keys.to_vec() };
    }
    *transform.entry("config") = config;
    let hold = map! { "name": "bedrock-hold", "code": code, "failOpen": false, "config": map! { "role": "hold" } };
    object(
        ENVOY_GATEWAY_API,
        "EnvoyExtensionPolicy",
        name,
        map! { "targetRefs": route_targets(routes), "wasm": list![transform, hold] },
    )
}

fn code(options: &Options) -> Value {
    let sha256 = options.sha256.as_deref().unwrap_or("YOUR_SHA256");
    match (&options.image, &options.url) {
        (_, Some(url)) => map! { "type": "HTTP", "http": map! { "url": url, "sha256": sha256 } },
        (image, None) => {
            let image = image.as_deref().unwrap_or("YOUR_REGISTRY/bedrock-messages:YOUR_TAG");
            map! { "type": "Image", "image": map! { "url": image, "sha256": sha256 } }
        }
    }
}
