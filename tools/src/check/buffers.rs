//! Buffers of the routes in Envoy Gateway that clients' messages come in by.

use crate::value::Value;

use super::routes::client_rules;
use super::world::{Policy, World};
use super::{Finding, Rule};

/// Each holds a request of the filter's limit.
pub fn check(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    let limits = policy.entries.iter().filter_map(|(_, entry)| entry.serving()).map(|config| config.limits);
    let Some(bytes) = limits.map(|limits| limits.request_bytes as u64).max() else { return };
    for (route, index) in client_rules(policy) {
        let rule = &route.spec().get("rules").items()[index];
        let traffic = world.in_force("BackendTrafficPolicy", route, rule);
        if let Some(policy) = traffic.iter().find(|policy| !policy.spec().get("requestBuffer").is_null()) {
            if quantity(policy.spec().at("requestBuffer.limit")).is_some_and(|limit| limit < bytes) {
                found.push(Finding::new(Rule::BufferLimit, policy, "spec.requestBuffer.limit"));
            }
            continue;
        }
        let client = world.in_force("ClientTrafficPolicy", route, rule);
        let has_buffer = |path: &str| client.iter().find(|policy| !policy.spec().at(path).is_null()).copied();
        let Some(policy) = has_buffer("connection.bufferLimit") else {
            found.push(Finding::new(Rule::RequestBuffer, route, format!("spec.rules[{index}]")));
            continue;
        };
        if quantity(policy.spec().at("connection.bufferLimit")).is_some_and(|limit| limit < bytes) {
            found.push(Finding::new(Rule::BufferLimit, policy, "spec.connection.bufferLimit"));
        }
        // Envoy Gateway's default is 64 KiB.
        let window = quantity(policy.spec().at("http2.initialStreamWindowSize")).unwrap_or(65_536);
        if window < bytes {
            found.push(Finding::new(Rule::StreamWindow, policy, "spec.http2.initialStreamWindowSize"));
        }
    }
}

/// A quantity such as `32Mi`, `50M` or a number of bytes.
pub fn quantity(value: &Value) -> Option<u64> {
    const UNITS: [(&str, u64); 6] =
        [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    if let Some(number) = value.number() {
        return Some(number);
    }
    let text = value.text()?.trim();
    for (unit, size) in UNITS {
        if let Some(number) = text.strip_suffix(unit) {
            return number.parse::<f64>().ok().map(|number| (number * size as f64) as u64);
        }
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read() {
        for (text, expected) in [("32Mi", Some(33_554_432)), ("50M", Some(50_000_000)), ("7", Some(7)), ("x", None)] {
            assert_eq!(quantity(&Value::from(text)), expected, "{text}");
        }
    }
}
