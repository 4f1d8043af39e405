//! The order of Envoy Gateway's filters.

use super::world::World;
use super::{Finding, Rule};

const WASM: &str = "envoy.filters.http.wasm";
const BUFFER: &str = "envoy.filters.http.buffer";

/// The part of the default order that counts here; other filters are before or behind all of these.
const DEFAULT: &[&str] = &[
    "envoy.filters.http.custom_response",
    "envoy.filters.http.health_check",
    "envoy.filters.http.fault",
    "envoy.filters.http.cors",
    "envoy.filters.http.csrf",
    "envoy.filters.http.header_mutation",
    "envoy.filters.http.ext_authz",
    "envoy.filters.http.api_key_auth",
    "envoy.filters.http.basic_auth",
    "envoy.filters.http.oauth2",
    "envoy.filters.http.jwt_authn",
    "envoy.filters.http.stateful_session",
    BUFFER,
    "envoy.filters.http.lua",
    "envoy.filters.http.ext_proc",
    WASM,
    "envoy.filters.http.dynamic_modules",
    "envoy.filters.http.geoip",
    "envoy.filters.http.rbac",
    "envoy.filters.http.local_ratelimit",
    "envoy.filters.http.ratelimit",
    "envoy.filters.http.bandwidth_limit",
    "envoy.filters.http.grpc_web",
    "envoy.filters.http.grpc_stats",
    "envoy.filters.http.credential_injector",
    "envoy.filters.http.compressor",
    "envoy.filters.http.dynamic_forward_proxy",
];

/// The buffer stays before the filter.
pub fn check(world: &World<'_>, found: &mut Vec<Finding>) {
    let mut traffic = world.of_kind("BackendTrafficPolicy");
    let has_buffer = traffic.any(|policy| !policy.spec().get("requestBuffer").is_null());
    // Without one Envoy has no such filter, and an order that names it does nothing.
    if world.policies.is_empty() || !has_buffer {
        return;
    }
    for proxy in world.of_kind("EnvoyProxy") {
        let mut order = DEFAULT.to_vec();
        for (index, entry) in proxy.spec().get("filterOrder").items().iter().enumerate() {
            let text = |key: &str| entry.get(key).text();
            let Some(from) = order.iter().position(|&name| Some(name) == text("name")) else { continue };
            let name = order[from];
            let place = |key: &str| order.iter().position(|&other| Some(other) == text(key));
            let Some(to) = place("before").or_else(|| place("after").map(|after| after + 1)) else { continue };
            let was_wrong = is_wrong(&order);
            order.insert(to, name);
            order.remove(if to <= from { from + 1 } else { from });
            if is_wrong(&order) && !was_wrong {
                found.push(Finding::new(Rule::FilterOrder, proxy, format!("spec.filterOrder[{index}]")));
            }
        }
    }
}

fn is_wrong(order: &[&str]) -> bool {
    let place = |name: &str| order.iter().position(|&other| other == name);
    place(WASM) < place(BUFFER)
}
