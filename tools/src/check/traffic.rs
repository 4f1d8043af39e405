//! Buffers and timeouts in Envoy Gateway.

use crate::value::Value;

use super::routes::{bedrock_rules, client_rules};
use super::world::{Policy, World};
use super::{Finding, Rule};

/// What is shorter cuts off ordinary answers, seconds.
const SHORT: f64 = 60.0;

/// The buffer of the rules that requests come in by, the timeout of those that they go out by.
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
    for (route, index) in bedrock_rules(world, policy) {
        let rule = &route.spec().get("rules").items()[index];
        let path = format!("spec.rules[{index}].timeouts.request");
        if let Some(timeout) = rule.at("timeouts.request").text() {
            found.extend(is_short(timeout).then(|| Finding::new(Rule::TimeoutShort, route, path)));
            continue;
        }
        let traffic = world.in_force("BackendTrafficPolicy", route, rule);
        let timeout = |policy: &crate::document::Document| {
            policy.spec().at("timeout.http.requestTimeout").text().map(str::to_owned)
        };
        match traffic.iter().find_map(|policy| Some((policy, timeout(policy)?))) {
            Some((policy, timeout)) if is_short(&timeout) => {
                found.push(Finding::new(Rule::TimeoutShort, policy, "spec.timeout.http.requestTimeout"));
            }
            Some(_) => {}
            None => found.push(Finding::new(Rule::RouteTimeout, route, path)),
        }
    }
}

/// Whether a timeout is one, and a short one.
pub fn is_short(timeout: &str) -> bool {
    seconds(timeout).is_some_and(|seconds| seconds > 0.0 && seconds < SHORT)
}

/// A duration such as `1m30s`, `0s` or `0.5s`.
pub fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit = rest[end..].find(|char: char| char.is_ascii_digit()).map_or(&rest[end..], |at| &rest[end..end + at]);
        total += number
            * match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[end + unit.len()..];
    }
    Some(total)
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
    fn durations_and_quantities_are_read() {
        for (text, expected) in [
            ("0s", Some(0.0)),
            ("1m30s", Some(90.0)),
            ("0.5s", Some(0.5)),
            ("10", None),
            ("", None),
            ("250ms", Some(0.25)),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
        for (text, expected) in [("32Mi", Some(33_554_432)), ("50M", Some(50_000_000)), ("7", Some(7)), ("x", None)] {
            assert_eq!(quantity(&Value::from(text)), expected, "{text}");
        }
    }
}
