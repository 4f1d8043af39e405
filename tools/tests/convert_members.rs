//! `convert` and what it does not know: each such member, kind and policy has its line, and nothing is written over.

mod converted;

use converted::{BASE, changed, converted, has_line, try_to_convert, with, written};

const RULES: &str = "  - backendRefs:\n    - name: bedrock\n";

#[test]
fn each_member_that_nothing_is_made_of_has_its_line() {
    for (old, new, expected) in [
        (
            "    name: Anthropic\n",
            "    name: Anthropic\n    prefix: /x\n",
            "AIGatewayRoute/claude spec.schema.prefix: left out: what clients",
        ),
        (
            "  rules:\n",
            "  rateLimit: {a: 1}\n  rules:\n",
            "AIGatewayRoute/claude spec.rateLimit: left out: it has no counterpart",
        ),
        (
            RULES,
            "  - backendRefs: [{name: bedrock}]\n    retry: {attempts: 2}\n",
            "AIGatewayRoute/claude spec.rules[0].retry: left out",
        ),
        (
            RULES,
            "  - backendRefs: [{name: bedrock}]\n    filters: [{type: x}]\n",
            "AIGatewayRoute/claude spec.rules[0].filters: left out",
        ),
        (
            RULES,
            "  - backendRefs: [{name: bedrock}]\n    matches: [{path: {value: /x}}]\n",
            "AIGatewayRoute/claude spec.rules[0].matches[0].path: left out",
        ),
        (
            RULES,
            "  - backendRefs: [{name: bedrock, credentialOverride: {x: 1}}]\n",
            "AIGatewayRoute/claude spec.rules[0].backendRefs[0].credentialOverride: left out: the filter signs",
        ),
        (
            "    name: AWSAnthropic\n",
            "    name: AWSAnthropic\n  tomorrow: [1]\n",
            "AIServiceBackend/bedrock spec.tomorrow: left out: it has no counterpart",
        ),
        (
            "      secretRef:\n        name: keys\n",
            "      tomorrow: 1\n      secretRef:\n        name: keys\n",
            "BackendSecurityPolicy/aws spec.awsCredentials.credentialsFile.tomorrow: left out",
        ),
    ] {
        let notes = converted(&changed(old, new));
        assert!(has_line(&notes, expected), "{expected}\n{:#?}", notes.notes);
    }
    assert!(!converted(BASE).notes.iter().any(|note| note.contains("left out")));
}

#[test]
fn kinds_of_ai_gateway_are_left_out() {
    for kind in ["GatewayConfig", "MCPRoute", "Tomorrow"] {
        let text = format!(
            "apiVersion: aigateway.envoyproxy.io/v1alpha1\nkind: {kind}\nmetadata: {{name: x, namespace: ai}}\n"
        );
        let converted = converted(&with(&text));
        assert!(!converted.text.contains(&format!("kind: {kind}")));
        assert!(has_line(&converted, &format!("{kind}/x: left out: there is no such kind without AI Gateway")));
    }
}

fn policy(kind: &str, name: &str, spec: &str) -> String {
    with(&format!(
        "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: ai}}\nspec:\n{spec}"
    ))
}

#[test]
fn policies_that_are_there_are_kept_or_have_their_line() {
    let route = "  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: claude}]\n";
    let gateway = "  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ai}]\n";
    let problem = try_to_convert(&policy("EnvoyExtensionPolicy", "claude", route)).expect_err("two of a name");
    assert!(problem.contains("EnvoyExtensionPolicy/claude of namespace ai is there already"), "{problem}");
    let labels = |labels: &str| {
        format!(
            "  targetSelectors: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, matchLabels: {{{labels}}}}}]\n"
        )
    };
    for (kind, spec, expected) in [
        ("EnvoyExtensionPolicy", route, "spec.targetRefs: it is for HTTPRoute/claude, and Envoy Gateway takes one"),
        ("EnvoyExtensionPolicy", gateway, "spec.targetRefs: it counts no more for HTTPRoute/claude"),
        ("BackendTrafficPolicy", gateway, "spec.targetRefs: it counts no more for HTTPRoute/claude"),
        ("BackendTrafficPolicy", &labels("team: ml"), "spec.targetSelectors: it is for HTTPRoute/claude, and Envoy"),
    ] {
        let converted = converted(&policy(kind, "mine", spec));
        assert!(has_line(&converted, &format!("{kind}/mine {expected}")), "{:#?}", converted.notes);
    }
    let other = converted(&policy("BackendTrafficPolicy", "mine", &labels("team: web")));
    assert!(!has_line(&other, "BackendTrafficPolicy/mine"), "{:#?}", other.notes);
}

#[test]
fn what_the_cluster_wrote_is_not_applied_again() {
    let server = "  uid: u\n  resourceVersion: \"5\"\n  generation: 2\n  creationTimestamp: \"2026-01-01T00:00:00Z\"\n  managedFields: [{manager: kubectl}]\n";
    let last = "    kubectl.kubernetes.io/last-applied-configuration: '{\"stringData\":{\"credentials\":\"AKIA\"}}'\n";
    let exported = BASE.replace("  namespace: ai\n", &format!("  namespace: ai\n{server}  annotations:\n{last}"));
    assert_eq!(converted(&exported).text, converted(BASE).text);
    let own = BASE.replace("  namespace: ai\n", &format!("  namespace: ai\n  annotations:\n    mine: kept\n{last}"));
    let route = written(&converted(&own), "HTTPRoute", "claude");
    assert_eq!(route.at("metadata.annotations").to_json(), "{\"mine\":\"kept\"}");
}

#[test]
fn what_ai_gateway_made_is_left_out() {
    let made = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: claude\n  namespace: ai\n  ownerReferences: [{apiVersion: aigateway.envoyproxy.io/v1beta1, kind: AIGatewayRoute, name: claude, uid: u}]\nspec: {rules: []}\n";
    let converted = converted(&with(made));
    assert!(has_line(&converted, "HTTPRoute/claude: left out: AI Gateway made it"));
    assert_eq!(written(&converted, "HTTPRoute", "claude").at("spec.rules").items().len(), 2);
    let own = made.replace("  ownerReferences", "  labels: {}\n  x-unused");
    let problem = try_to_convert(&with(&own)).expect_err("somebody else's");
    assert!(problem.contains("HTTPRoute/claude of namespace ai is there already"), "{problem}");
}
