//! Timeouts of the routes that Bedrock's calls take.

use crate::document::Document;
use crate::value::{Value, join};

use super::routes::bedrock_rules;
use super::world::{Policy, World};
use super::{Finding, Rule};

/// What is shorter cuts off ordinary answers, seconds.
const SHORT: f64 = 60.0;

/// Of plain Envoy, in a route's action.
const OF_ACTION: &[&str] =
    &["retry_policy.per_try_timeout", "retry_policy.per_try_idle_timeout", "max_stream_duration.max_stream_duration"];

/// A timeout, and where it is written.
struct Timeout<'a> {
    document: &'a Document,
    path: String,
    text: &'a str,
}

/// The rules of Envoy Gateway's routes that calls go out by.
pub fn check(world: &World<'_>, policy: &Policy<'_>, found: &mut Vec<Finding>) {
    for (route, index) in bedrock_rules(world, policy) {
        let rule = &route.spec().get("rules").items()[index];
        let rule_path = format!("spec.rules[{index}]");
        let retries = !rule.get("retry").is_null();
        let of_rule = |path: &str| timeout(route, rule, &rule_path, path);
        let traffic = world.in_force("BackendTrafficPolicy", route, rule);
        let of_traffic = |path: &str| first(&traffic, path);
        let of_client = |path: &str| first(&world.in_force("ClientTrafficPolicy", route, rule), path);

        let one_try = of_rule("timeouts.backendRequest");
        // Without retries Envoy Gateway takes the time for one try as that for the whole.
        let (whole, one_try) = if retries { (None, one_try) } else { (one_try, of_traffic("retry.perRetry.timeout")) };
        let whole = whole.or_else(|| of_rule("timeouts.request")).or_else(|| of_traffic("timeout.http.requestTimeout"));
        if whole.is_none() {
            found.push(Finding::new(Rule::RouteTimeout, route, join(&rule_path, "timeouts.request")));
        }
        let idle = "timeout.http.streamIdleTimeout";
        let idle = of_traffic(idle).or_else(|| of_client(idle));
        let duration = of_traffic("timeout.http.maxStreamDuration");
        [whole, one_try, duration, idle].into_iter().flatten().for_each(|timeout| timeout.check(found));
    }
}

/// The action of a route of plain Envoy, and the chain that it is in.
pub fn check_action(
    document: &Document,
    (chain, chain_path): (&Value, &str),
    (action, path): (&Value, &str),
    found: &mut Vec<Finding>,
) {
    let of_action = |member: &str| timeout(document, action, path, member);
    let of_chain = |member: &str| timeout(document, chain, chain_path, member);
    let whole = of_action("timeout");
    if whole.is_none() {
        found.push(Finding::new(Rule::RouteTimeout, document, join(path, "timeout")));
    }
    let idle = of_action("idle_timeout").or_else(|| of_chain("stream_idle_timeout"));
    let others = OF_ACTION.iter().map(|member| of_action(member));
    let of_streams = of_chain("common_http_protocol_options.max_stream_duration");
    others.chain([whole, idle, of_streams]).flatten().for_each(|timeout| timeout.check(found));
}

impl Timeout<'_> {
    fn check(&self, found: &mut Vec<Finding>) {
        if seconds(self.text).is_some_and(|seconds| seconds > 0.0 && seconds < SHORT) {
            found.push(Finding::new(Rule::TimeoutShort, self.document, &self.path));
        }
    }
}

fn timeout<'a>(document: &'a Document, holder: &'a Value, path: &str, member: &str) -> Option<Timeout<'a>> {
    let text = holder.at(member).text()?;
    Some(Timeout { document, path: join(path, member), text })
}

/// Of the first policy that has it.
fn first<'a>(policies: &[&'a Document], path: &str) -> Option<Timeout<'a>> {
    policies.iter().find_map(|policy| timeout(policy, policy.spec(), "spec", path))
}

/// A duration such as `1m30s`, `0s` or `0.5s`.
fn seconds(text: &str) -> Option<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
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
    }
}
