//! `check` of what is for one listener of a Gateway, or for one policy of several.

mod findings;

use findings::{broken, changed, each_is_found};

const PAIR: &str = include_str!("fixtures/pair.yaml");
const LISTENER: &str = "  - {name: http, protocol: HTTP, port: 80}\n";
const PARENT: &str = "  parentRefs:\n  - name: bedrock\n";
const POLICY: &str = "kind: HTTPRoute, name: bedrock}\n  wasm";

/// A Gateway with two listeners.
fn two_listeners(more: &str) -> String {
    changed(PAIR, LISTENER, &format!("{LISTENER}  - {{name: https, protocol: HTTPS, port: 443{more}}}\n"))
}

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn redirect() -> String {
    let filter = "{type: RequestRedirect, requestRedirect: {scheme: https}}";
    document(
        "HTTPRoute",
        "a-redirect",
        &format!("{{parentRefs: [{{name: bedrock, sectionName: http}}], rules: [{{filters: [{filter}]}}]}}"),
    )
}

#[test]
fn routes_of_another_listener_are_none() {
    let of_http = changed(&two_listeners(""), PARENT, "  parentRefs:\n  - {name: bedrock, sectionName: https}\n");
    let catch_all = changed(&of_http, "value: /model/", "value: /");
    let redirect = redirect();
    assert_eq!(broken(&format!("{catch_all}{redirect}")), Vec::<String>::new());
    let same = redirect
        .replace("sectionName: http}", "sectionName: https}")
        .replace("rules: [{", "rules: [{matches: [{path: {type: PathPrefix, value: /model/}}], ");
    assert!(
        broken(&format!("{catch_all}{same}")).contains(&"rewrite spec.rules[0].filters[0].requestRedirect".to_owned())
    );
    let of_gateway = changed(&of_http, POLICY, "kind: Gateway, name: bedrock, sectionName: https}\n  wasm");
    assert_eq!(broken(&format!("{of_gateway}{redirect}")), Vec::<String>::new());
    let model = redirect.replace("rules: [{", "rules: [{matches: [{path: {type: PathPrefix, value: /model/m}}], ");
    let of_both = two_listeners("") + &model;
    assert!(broken(&of_both).contains(&"rewrite spec.rules[0].filters[0].requestRedirect".to_owned()));
    let of_one = changed(&of_both, POLICY, "kind: Gateway, name: bedrock, sectionName: https}\n  wasm");
    assert_eq!(broken(&of_one), Vec::<String>::new(), "the filter is not at the other listener");
    let of_other = changed(&of_http, POLICY, "kind: Gateway, name: bedrock, sectionName: http}\n  wasm");
    assert_eq!(broken(&of_other), ["target-missing spec.targetRefs"], "no route is attached to it");
}

#[test]
fn each_listener_counts() {
    let and = |more: &str| format!("{LISTENER}  - {{name: other, hostname: llm.example.com, {more}}}\n");
    each_is_found(
        PAIR,
        &[
            // Calls of requests that came in there are lost.
            (LISTENER, &and("protocol: HTTPS, port: 443"), &["route-hostname spec.hostnames"]),
            // The two are one in Envoy.
            (LISTENER, &and("protocol: HTTP, port: 80"), &[]),
        ],
    );
    let hostname = two_listeners(", hostname: llm.example.com");
    let of_http = changed(&hostname, PARENT, "  parentRefs:\n  - {name: bedrock, sectionName: http}\n");
    assert_eq!(broken(&of_http), Vec::<String>::new());
}

#[test]
fn traffic_policies_of_another_listener_are_none() {
    let of_https = changed(&two_listeners(""), PARENT, "  parentRefs:\n  - {name: bedrock, sectionName: https}\n");
    let target = "kind: HTTPRoute, name: bedrock}\n  requestBuffer";
    let target_of = |name: &str| format!("kind: Gateway, name: bedrock, sectionName: {name}}}\n  requestBuffer");
    assert_eq!(broken(&changed(&of_https, target, &target_of("https"))), Vec::<String>::new());
    let expected = ["request-buffer spec.rules[0]", "route-timeout spec.rules[1].timeouts.request"];
    assert_eq!(broken(&changed(&of_https, target, &target_of("http"))), expected);
}

#[test]
fn listener_sets_belong_to_their_gateway() {
    let set = document(
        "ListenerSet",
        "set",
        "{parentRef: {name: bedrock}, listeners: [{name: x, port: 81, protocol: HTTP}]}",
    );
    let of_set = changed(PAIR, PARENT, "  parentRefs:\n  - {kind: ListenerSet, name: set}\n") + &set;
    let target = "kind: HTTPRoute, name: bedrock}\n  requestBuffer";
    let by_gateway = changed(&of_set, target, "kind: Gateway, name: bedrock}\n  requestBuffer");
    assert_eq!(broken(&by_gateway), Vec::<String>::new());
    let of_other = changed(&by_gateway, "{parentRef: {name: bedrock}", "{parentRef: {name: other}");
    assert_eq!(broken(&of_other), ["request-buffer spec.rules[0]", "route-timeout spec.rules[1].timeouts.request"]);
}

#[test]
fn selectors() {
    let labelled =
        changed(PAIR, "kind: HTTPRoute\nmetadata:\n", "kind: HTTPRoute\nmetadata:\n  labels: {app: bedrock}\n");
    let target = "targetRefs:\n  - {group: gateway.networking.k8s.io, kind: HTTPRoute, name: bedrock}\n  requestBuffer";
    let by = |value: &str| {
        let expression = format!("{{key: app, operator: In, values: [{value}]}}");
        let selector =
            format!("targetSelectors: [{{kind: HTTPRoute, matchExpressions: [{expression}]}}]\n  requestBuffer");
        changed(&labelled, target, &selector)
    };
    assert_eq!(broken(&by("bedrock")), Vec::<String>::new());
    assert_eq!(broken(&by("web")), ["request-buffer spec.rules[0]", "route-timeout spec.rules[1].timeouts.request"]);
}

#[test]
fn one_policy_of_several() {
    let other = |target: &str, more: &str| {
        let spec = format!("{{targetRefs: [{{group: gateway.networking.k8s.io, {target}}}], extProc: []{more}}}");
        document("EnvoyExtensionPolicy", "other", &spec)
    };
    let of_gateway = changed(PAIR, POLICY, "kind: Gateway, name: bedrock}\n  wasm");
    let displaced = ["policy-displaced spec.targetRefs"];
    let of_route = other("kind: HTTPRoute, name: bedrock", "");
    assert_eq!(broken(&format!("{of_gateway}{of_route}")), displaced);
    let merged = other("kind: HTTPRoute, name: bedrock", ", mergeType: StrategicMerge");
    assert_eq!(broken(&format!("{of_gateway}{merged}")), Vec::<String>::new());
    let of_rule = other("kind: HTTPRoute, name: bedrock, sectionName: clients", "");
    assert_eq!(broken(&format!("{PAIR}{of_rule}")), displaced);
    let of_other_rule = other("kind: HTTPRoute, name: bedrock, sectionName: calls", "");
    assert_eq!(broken(&format!("{PAIR}{of_other_rule}")), Vec::<String>::new());
    assert_eq!(broken(&format!("{PAIR}{of_route}")), displaced, "of two for one route the older one counts");
    assert_eq!(broken(&format!("{PAIR}{}", other("kind: Gateway, name: bedrock", ""))), Vec::<String>::new());
}

/// A catch-all behind the rule that takes messages needs no buffer.
#[test]
fn the_most_specific_rule_takes_messages() {
    let catch_all = "  - name: rest\n    matches:\n    - path: {type: PathPrefix, value: /}\n    backendRefs:\n    - {name: web, port: 80}\n  - name: calls\n";
    let behind = changed(PAIR, "  - name: calls\n", catch_all);
    let buffer =
        changed(&behind, "name: bedrock}\n  requestBuffer", "name: bedrock, sectionName: clients}\n  requestBuffer");
    assert_eq!(broken(&buffer), ["route-timeout spec.rules[2].timeouts.request"], "which is the policy's other half");
    let by_header =
        changed(&buffer, "value: /v1/}\n", "value: /v1/}\n      headers: [{name: x-provider, value: aws}]\n");
    assert!(broken(&by_header).contains(&"request-buffer spec.rules[1]".to_owned()));
}
