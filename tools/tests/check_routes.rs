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
    let injecting = |more: &str| {
        let injection = format!("{{credentialInjection: {{credential: {{}}{more}}}}}");
        changed(&extension, "{urlRewrite: {hostname: {type: Header}}}", &injection)
    };
    assert_eq!(broken(&injecting(", overwrite: true")), ["header-modifier spec.credentialInjection"]);
    assert_eq!(broken(&injecting("")), Vec::<String>::new());
    assert_eq!(broken(&injecting(", overwrite: true, header: x-team")), Vec::<String>::new());
    let both = "{type: URLRewrite, urlRewrite: {hostname: x.example.com, path: {type: ReplaceFullPath}}}";
    let path = "rewrite spec.rules[1].filters[0].urlRewrite";
    let both = broken(&changed(PAIR, CALLS_RULE, &filters(both)));
    assert_eq!(both, [format!("{path}.path"), format!("{path}.hostname")], "each once, for all kinds of calls");
}

#[test]
fn buffers() {
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
                "kind: HTTPRoute, name: bedrock}\n  requestBuffer",
                "kind: HTTPRoute, name: bedrock, sectionName: calls}\n  requestBuffer",
                &["request-buffer spec.rules[0]"],
            ),
            ("kind: HTTPRoute, name: bedrock}\n  requestBuffer", "kind: Gateway, name: bedrock}\n  requestBuffer", &[]),
        ],
    );
    let by_client = changed(PAIR, BUFFER, "") + client;
    assert_eq!(broken(&by_client), ["stream-window spec.http2.initialStreamWindowSize"]);
    let by_client = by_client + "  http2: {initialStreamWindowSize: 40Mi}\n";
    assert_eq!(broken(&by_client), Vec::<String>::new());
    let order = "  filterOrder: [{name: envoy.filters.http.wasm, before: envoy.filters.http.buffer}]";
    assert_eq!(
        broken(&changed(&by_client, "  filterOrder: []", order)),
        Vec::<String>::new(),
        "there is no such filter"
    );
    let more_specific = "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: {name: b}\nspec:\n  targetRefs: [{kind: HTTPRoute, name: bedrock, sectionName: clients}]\n";
    assert_eq!(broken(&format!("{PAIR}{more_specific}")), ["request-buffer spec.rules[0]"], "it replaces the other");
    assert_eq!(
        broken(&format!("{PAIR}{more_specific}  mergeType: StrategicMerge\n")),
        Vec::<String>::new(),
        "it is merged"
    );
}

#[test]
fn timeouts() {
    let of_rule = |timeouts: &str| format!("  - name: calls\n    timeouts: {timeouts}\n");
    let retrying = |timeouts: &str| of_rule(timeouts) + "    retry: {attempts: 2}\n";
    let http = "    http: {requestTimeout: 0s}";
    each_is_found(
        PAIR,
        &[
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
            // Without retries, the time for a try is the time for all.
            (
                CALLS_RULE,
                &of_rule("{request: 0s, backendRequest: 10s}"),
                &["timeout-short spec.rules[1].timeouts.backendRequest"],
            ),
            (CALLS_RULE, &of_rule("{request: 30s, backendRequest: 300s}"), &[]),
            (
                CALLS_RULE,
                &retrying("{request: 30s, backendRequest: 300s}"),
                &["timeout-short spec.rules[1].timeouts.request"],
            ),
            (
                CALLS_RULE,
                &retrying("{request: 0s, backendRequest: 10s}"),
                &["timeout-short spec.rules[1].timeouts.backendRequest"],
            ),
            (
                http,
                "    http: {requestTimeout: 0s, maxStreamDuration: 15s}",
                &["timeout-short spec.timeout.http.maxStreamDuration"],
            ),
            (
                http,
                "    http: {requestTimeout: 0s, streamIdleTimeout: 5s}",
                &["timeout-short spec.timeout.http.streamIdleTimeout"],
            ),
            (
                http,
                "    http: {requestTimeout: 0s}\n  retry: {perRetry: {timeout: 10s}}",
                &["timeout-short spec.retry.perRetry.timeout"],
            ),
        ],
    );
    let alone = changed(PAIR, http, "    tcp: {connectTimeout: 5s}");
    let alone = changed(&alone, CALLS_RULE, &of_rule("{backendRequest: 300s}"));
    assert_eq!(broken(&alone), Vec::<String>::new(), "it is the whole one's too");
    let client = "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: c}\nspec:\n  targetRefs: [{kind: Gateway, name: bedrock}]\n  timeout: {http: {streamIdleTimeout: 5s}}\n";
    let idle = format!("{PAIR}{client}");
    assert_eq!(broken(&idle), ["timeout-short spec.timeout.http.streamIdleTimeout"]);
    let overridden = changed(&idle, http, "    http: {requestTimeout: 0s, streamIdleTimeout: 600s}");
    assert_eq!(broken(&overridden), Vec::<String>::new(), "the route's is in force");
}
