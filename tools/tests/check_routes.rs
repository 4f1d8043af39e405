//! `check` of routes, buffers and timeouts in Envoy Gateway: each row breaks a sound file in one place.

mod findings;

use findings::{broken, changed, each_is_found};

const PAIR: &str = include_str!("fixtures/pair.yaml");
const CLIENTS: &str = "    - path: {type: PathPrefix, value: /v1/}\n";
const CALLS: &str = "    - path: {type: PathPrefix, value: /model/}\n";
const CALLS_RULE: &str = "  - name: calls\n";
const ROLE: &str = "      role: transform\n";
const REGION: &str = "      region: us-east-1\n";
const BUFFER: &str = "  requestBuffer: {limit: 33Mi}\n";

#[test]
fn routes() {
    let filters = |filters: &str| format!("{CALLS_RULE}    filters:\n    - {filters}\n");
    let host = "bedrock-runtime.us-east-1.amazonaws.com";
    each_is_found(
        PAIR,
        &[
            (CLIENTS, "    - path: {type: PathPrefix, value: /v2/}\n", &["no-client-rule spec.rules"]),
            (CALLS, "    - path: {type: PathPrefix, value: /models/}\n", &["no-bedrock-rule spec.rules"]),
            (CALLS, "    - path: {type: RegularExpression, value: /model/.*}\n", &[]),
            (
                CALLS,
                &format!("{CALLS}      headers: [{{name: x-provider, value: aws}}]\n"),
                &["route-header spec.rules[1].matches"],
            ),
            (
                CALLS,
                &format!("{CALLS}      headers: [{{name: host, value: bedrock-runtime.us-east-1.amazonaws.com}}]\n"),
                &[],
            ),
            (
                CALLS,
                &format!("{CALLS}      headers: [{{name: host, value: other.example.com}}]\n"),
                &["no-bedrock-rule spec.rules"],
            ),
            (CALLS, &format!("{CALLS}      headers: [{{name: user-agent, value: x}}]\n"), &[]),
            ("  parentRefs:\n", "  hostnames: [llm.example.com]\n  parentRefs:\n", &["route-hostname spec.hostnames"]),
            ("  parentRefs:\n", "  hostnames: [llm.example.com, \"*.amazonaws.com\"]\n  parentRefs:\n", &[]),
            ("port: 80}", "port: 80, hostname: llm.example.com}", &["route-hostname spec.hostnames"]),
            (
                CALLS_RULE,
                &filters("{type: URLRewrite, urlRewrite: {hostname: other.example.com}}"),
                &["rewrite spec.rules[1].filters[0].urlRewrite.hostname"],
            ),
            (CALLS_RULE, &filters(&format!("{{type: URLRewrite, urlRewrite: {{hostname: {host}}}}}")), &[]),
            (
                CALLS_RULE,
                &filters("{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}"),
                &["rewrite spec.rules[1].filters[0].urlRewrite.path"],
            ),
            (
                CALLS_RULE,
                &filters("{type: RequestHeaderModifier, requestHeaderModifier: {remove: [X-Amz-Date]}}"),
                &["header-modifier spec.rules[1].filters[0].requestHeaderModifier"],
            ),
            (
                CALLS_RULE,
                &filters("{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: x}]}}"),
                &["header-modifier spec.rules[1].filters[0].requestHeaderModifier"],
            ),
            (
                CALLS_RULE,
                &filters("{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-team, value: x}]}}"),
                &[],
            ),
            (REGION, "      region: us-east-1\n      upstream: runtimeNative\n", &["no-bedrock-rule spec.rules"]),
            (
                "kind: HTTPRoute, name: bedrock}\n  wasm",
                "kind: HTTPRoute, name: other}\n  wasm",
                &["target-missing spec.targetRefs"],
            ),
            ("kind: HTTPRoute, name: bedrock}\n  wasm", "kind: Gateway, name: bedrock}\n  wasm", &[]),
        ],
    );
    let filter = "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: HTTPRouteFilter\nmetadata: {name: f}\nspec: {urlRewrite: {hostname: {type: Header}}}\n";
    let extension =
        changed(PAIR, CALLS_RULE, &filters("{type: ExtensionRef, extensionRef: {kind: HTTPRouteFilter, name: f}}"))
            + filter;
    assert_eq!(broken(&extension), ["rewrite spec.urlRewrite.hostname"]);
    assert_eq!(broken(&changed(&extension, "type: Header", "type: Backend")), Vec::<String>::new());
}

#[test]
fn buffers_and_timeouts() {
    let client = "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: c}\nspec:\n  targetRefs: [{kind: Gateway, name: bedrock}]\n  connection: {bufferLimit: 40Mi}\n";
    each_is_found(
        PAIR,
        &[
            (BUFFER, "", &["request-buffer spec.rules[0]"]),
            (BUFFER, "  requestBuffer: {limit: 1Mi}\n", &["buffer-limit spec.requestBuffer.limit"]),
            (BUFFER, "  requestBuffer: {limit: 33554432}\n", &[]),
            (
                ROLE,
                "      role: transform\n      limits: {requestBytes: 67108864}\n",
                &["buffer-limit spec.requestBuffer.limit"],
            ),
            (
                "    http: {requestTimeout: 0s}",
                "    tcp: {connectTimeout: 5s}",
                &["route-timeout spec.rules[1].timeouts.request"],
            ),
            (
                "    http: {requestTimeout: 0s}",
                "    http: {requestTimeout: 30s}",
                &["timeout-short spec.timeout.http.requestTimeout"],
            ),
            (
                CALLS_RULE,
                "  - name: calls\n    timeouts: {request: 30s}\n",
                &["timeout-short spec.rules[1].timeouts.request"],
            ),
            (
                "kind: HTTPRoute, name: bedrock}\n  requestBuffer",
                "kind: HTTPRoute, name: bedrock, sectionName: calls}\n  requestBuffer",
                &["request-buffer spec.rules[0]"],
            ),
            ("kind: HTTPRoute, name: bedrock}\n  requestBuffer", "kind: Gateway, name: bedrock}\n  requestBuffer", &[]),
        ],
    );
    let by_client = changed(PAIR, BUFFER, "") + client;
    assert_eq!(broken(&by_client), ["stream-window spec.http2.initialStreamWindowSize"]);
    assert_eq!(broken(&(by_client + "  http2: {initialStreamWindowSize: 40Mi}\n")), Vec::<String>::new());
    let more_specific = "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: {name: b}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: bedrock, sectionName: clients}]\n";
    assert_eq!(broken(&format!("{PAIR}{more_specific}")), ["request-buffer spec.rules[0]"], "it replaces the other");
    assert_eq!(
        broken(&format!("{PAIR}{more_specific}  mergeType: StrategicMerge\n")),
        Vec::<String>::new(),
        "it is merged"
    );
}
