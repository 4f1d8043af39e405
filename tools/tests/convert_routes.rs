//! `convert` and routes: rules, backends, timeouts, listeners, and what has no counterpart.

mod converted;

use bedrock_messages_tools::value::Value;
use converted::{BASE, changed, converted, has_line, try_to_convert, with, written};

const RULES: &str = "  - backendRefs:\n    - name: bedrock\n";
const ANTHROPIC: &str = "apiVersion: aigateway.envoyproxy.io/v1alpha1\nkind: AIServiceBackend\nmetadata: {name: anthropic, namespace: ai}\nspec:\n  schema: {name: Anthropic}\n  backendRef: {name: anthropic, kind: Backend, group: gateway.envoyproxy.io}\n";

/// The base with other rules in its route, and a backend of Anthropic's.
fn with_rules(rules: &str) -> String {
    format!("{}---\n{ANTHROPIC}", changed(RULES, rules))
}

fn rule(header: &str, value: &str, more: &str) -> String {
    format!("  - matches: [{{headers: [{{name: {header}, value: {value}}}]}}]\n{more}")
}

fn config(text: &str) -> Value {
    let policy = written(&converted(text), "EnvoyExtensionPolicy", "claude");
    policy.at("spec.wasm").items()[0].get("config").clone()
}

#[test]
fn requests_of_other_providers_have_their_line() {
    let other = "    backendRefs: [{name: anthropic}]\n";
    let ours = "    backendRefs: [{name: bedrock}]\n";
    let direct = rule("x-ai-eg-model", "claude-opus-direct", other);
    let by_header = rule("x-provider", "anthropic", other);
    for (rules, expected) in [
        (
            format!("{direct}{by_header}{RULES}"),
            &[
                "spec.rules[0].matches[0]: requests with x-ai-eg-model claude-opus-direct go to Bedrock now",
                "spec.rules[1].matches[0]: requests with x-provider anthropic go to Bedrock now",
            ][..],
        ),
        (
            format!("{}{by_header}{RULES}", rule("x-provider", "aws", ours)),
            &["spec.rules[1].matches[0]: requests with x-provider anthropic get the 404 now"],
        ),
        (
            format!("{}{direct}", rule("x-ai-eg-model", "claude-.*", ours)),
            &["spec.rules[1].matches[0]: requests with x-ai-eg-model claude-opus-direct go to Bedrock now"],
        ),
        (
            format!("{}  - backendRefs: [{{name: anthropic}}]\n", rule("x-ai-eg-model", "claude-sonnet", ours)),
            &["spec.rules[1].matches[0]: all other requests get the 404 now"],
        ),
    ] {
        let converted = converted(&with_rules(&rules));
        for line in expected {
            assert!(has_line(&converted, &format!("AIGatewayRoute/claude {line}")), "{line}\n{:#?}", converted.notes);
        }
    }
    let nothing_else = rule("x-team", "a.*, type: RegularExpression", ours);
    assert_eq!(config(&with_rules(&nothing_else)).at("routing.default").text(), Some("passthrough"));
}

#[test]
fn a_route_without_a_schema_says_what_it_no_longer_serves() {
    let line = "AIGatewayRoute/claude spec.schema: none is named, and AI Gateway serves OpenAI's API too: /v1/chat/completions";
    assert!(has_line(&converted(&changed("  schema:\n    name: Anthropic\n", "")), line));
    assert!(!has_line(&converted(BASE), "AIGatewayRoute/claude spec.schema"));
}

#[test]
fn the_longest_timeouts_count() {
    let timeouts = |request: &str, idle: &str| {
        format!(
            "    backendRefs: [{{name: bedrock}}]\n    timeouts: {{request: {request}}}\n    streamIdleTimeout: {idle}\n"
        )
    };
    let (short, long) = (timeouts("120s", "30s"), timeouts("10m", "5m"));
    let (first, second) = (rule("x-ai-eg-model", "a", &short), rule("x-ai-eg-model", "b", &long));
    let both = converted(&with_rules(&format!("{first}{second}")));
    let request = |converted| written(converted, "HTTPRoute", "claude").at("spec.rules").items()[0].clone();
    assert_eq!(request(&both).at("timeouts.request").text(), Some("10m"));
    let policy = written(&both, "BackendTrafficPolicy", "claude");
    assert_eq!(policy.at("spec.timeout.http.streamIdleTimeout").text(), Some("5m"));
    for line in [
        "timeouts.request: 120s here: one is for all rules, and the longest counts, 10m",
        "streamIdleTimeout: 30s here",
    ] {
        assert!(has_line(&both, &format!("AIGatewayRoute/claude spec.rules[0].{line}")), "{:#?}", both.notes);
    }
    let none = converted(&with_rules(&format!("{first}{RULES}")));
    assert_eq!(*request(&none).get("timeouts"), Value::Null);
    assert!(has_line(
        &none,
        "AIGatewayRoute/claude spec.rules[0].timeouts.request: 120s here: one is for all rules, and there is a rule"
    ));
}

#[test]
fn the_backend_of_a_rule_is_the_first_by_priority_and_weight() {
    let more = "apiVersion: aigateway.envoyproxy.io/v1alpha1\nkind: AIServiceBackend\nmetadata: {name: west, namespace: ai}\nspec:\n  schema: {name: AWSAnthropic}\n  backendRef: {name: west, kind: Backend, group: gateway.envoyproxy.io}\n---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: Backend\nmetadata: {name: west, namespace: ai}\nspec: {endpoints: [{fqdn: {hostname: bedrock-runtime.us-west-2.amazonaws.com, port: 443}}]}\n";
    for (references, region) in [
        ("[{name: west, priority: 1}, {name: bedrock, priority: 0}]", Some("us-east-1")),
        ("[{name: west, priority: 1}, {name: bedrock}]", Some("us-east-1")),
        ("[{name: west, weight: 10}, {name: bedrock, weight: 90}]", Some("us-east-1")),
        ("[{name: west, weight: 0}, {name: bedrock}]", Some("us-east-1")),
        ("[{name: west}, {name: bedrock}]", Some("us-west-2")),
        ("[{name: bedrock, priority: 1, weight: 90}, {name: west, weight: 10}]", Some("us-west-2")),
        ("[{name: bedrock, weight: 0}]", None),
    ] {
        let text = format!("{}---\n{more}", with_rules(&format!("  - backendRefs: {references}\n")));
        match region {
            Some(_) => assert_eq!(config(&text).get("region").text(), region, "{references}"),
            None => assert!(try_to_convert(&text).expect_err("no backend").contains("its weight is 0")),
        }
    }
}

#[test]
fn a_backend_keeps_its_port_and_the_tls_that_is_for_it() {
    let tls = "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: mine, namespace: ai}\nspec:\n  targetRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: bedrock, sectionName: \"443\"}]\n  validation: {wellKnownCACertificates: System, hostname: bedrock-runtime.us-east-1.amazonaws.com}\n";
    let reference = "    kind: Backend\n    group: gateway.envoyproxy.io\n";
    let with_port = with(tls).replace(reference, &format!("{reference}    port: 443\n"));
    let new_one = "kind: BackendTLSPolicy\nmetadata:\n  name: bedrock\n";
    let other_kind = tls.replace(
        "group: gateway.envoyproxy.io, kind: Backend, name: bedrock, sectionName: \"443\"",
        "group: \"\", kind: Service, name: bedrock",
    );
    for (text, port, is_new) in [
        (with_port, Some(443), false),
        (with(tls), None, true),
        (with(&other_kind), None, true),
        (BASE.to_owned(), None, true),
    ] {
        let converted = converted(&text);
        let route = written(&converted, "HTTPRoute", "claude");
        assert_eq!(route.at("spec.rules").items()[0].get("backendRefs").items()[0].get("port").number(), port);
        assert_eq!(converted.text.contains(new_one), is_new, "{}", converted.text);
    }
}

#[test]
fn the_tls_of_a_service_becomes_the_backends() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: bedrock, namespace: ai}\nspec: {type: ExternalName, externalName: bedrock-runtime.us-east-1.amazonaws.com}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: mine, namespace: ai}\nspec:\n  targetRefs: [{group: \"\", kind: Service, name: bedrock, sectionName: https}]\n  validation: {wellKnownCACertificates: System, hostname: bedrock-runtime.us-east-1.amazonaws.com}\n";
    let backend = BASE.find("---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: Backend\n").expect("a Backend");
    let rest = &BASE[backend + 4..];
    let without = format!("{}{}", &BASE[..backend], &rest[rest.find("---").expect("more")..]);
    let text = without.replace("    kind: Backend\n    group: gateway.envoyproxy.io\n", "    kind: Service\n");
    let converted = converted(&format!("{text}---\n{service}"));
    let policy = written(&converted, "BackendTLSPolicy", "mine");
    let target = "{\"group\":\"gateway.envoyproxy.io\",\"kind\":\"Backend\",\"name\":\"bedrock\"}";
    assert_eq!(policy.at("spec.targetRefs").items()[0].to_json(), target);
    assert!(!converted.text.contains("BackendTLSPolicy\nmetadata:\n  name: bedrock\n"));
    assert!(has_line(&converted, "BackendTLSPolicy/mine spec.targetRefs: it is for Backend/bedrock now"));
}

const LISTENER: &str = "  - name: http\n    protocol: HTTP\n    port: 80\n";

#[test]
fn listeners_that_hostnames_tell_apart_stay_two() {
    let listener = |name: &str, port: &str| {
        format!("  - name: {name}\n    protocol: HTTPS\n    port: {port}\n    hostname: {name}.example.com\n")
    };
    let text = |second: &str, parent: &str| {
        changed(LISTENER, &format!("{}{}", listener("api", "443"), listener("web", second)))
            .replace("  parentRefs:\n  - name: ai\n", &format!("  parentRefs:\n  - {parent}\n"))
    };
    let problem = try_to_convert(&text("443", "name: ai")).expect_err("they would be one");
    assert!(
        problem.starts_with("AIGatewayRoute/claude: Gateway/ai: the listeners api and web have one port"),
        "{problem}"
    );
    let hostnames = |text: &str| {
        let gateway = written(&converted(text), "Gateway", "ai");
        let listeners = gateway.at("spec.listeners").items().iter();
        listeners.map(|one| one.get("hostname").text().map(str::to_owned)).collect::<Vec<_>>()
    };
    let web = Some("web.example.com".to_owned());
    assert_eq!(hostnames(&text("443", "{name: ai, sectionName: api}")), [None, web]);
    assert_eq!(hostnames(&text("8443", "name: ai")), [None, None]);
    let neighbour = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: pages, namespace: ai}\nspec: {parentRefs: [{name: ai, sectionName: api}]}\n";
    let converted = converted(&format!("{}{neighbour}", text("443", "{name: ai, sectionName: api}")));
    let line = "HTTPRoute/pages spec.hostnames: none are named, and its listener api has no hostname any more: name api.example.com";
    assert!(has_line(&converted, line), "{:#?}", converted.notes);
}

/// A second route for the base's backend, which reaches the Gateway in another way.
fn second_route(namespace: &str, more: &str) -> String {
    format!(
        "apiVersion: aigateway.envoyproxy.io/v1alpha1\nkind: AIGatewayRoute\nmetadata: {{name: second, namespace: {namespace}}}\nspec:\n  schema: {{name: Anthropic}}\n{more}  rules:\n  - matches: [{{headers: [{{name: x-ai-eg-model, value: b}}]}}]\n    backendRefs: [{{name: bedrock, namespace: ai}}]\n"
    )
}

#[test]
fn routes_at_one_listener_become_one() {
    for parent in ["{name: ai, sectionName: http}", "{name: ai, namespace: ai}", "{name: ai, port: 80}"] {
        let converted = converted(&with(&second_route("ai", &format!("  parentRefs: [{parent}]\n"))));
        assert_eq!(converted.text.matches("kind: EnvoyExtensionPolicy").count(), 1, "{parent}");
        assert_eq!(written(&converted, "HTTPRoute", "claude").at("spec.parentRefs").items().len(), 1, "{parent}");
        assert!(has_line(&converted, "AIGatewayRoute/second: its rules are part of HTTPRoute/claude now"));
    }
    let apart = changed("  - name: ai\n  rules", "  - {name: ai, sectionName: other}\n  rules");
    let apart = format!("{apart}---\n{}", second_route("ai", "  parentRefs: [{name: ai, sectionName: http}]\n"));
    assert_eq!(converted(&apart).text.matches("kind: EnvoyExtensionPolicy").count(), 2);
    let foreign = converted(&with(&second_route("apps", "  parentRefs: [{name: ai, namespace: ai}]\n")));
    let line =
        "AIGatewayRoute/apps/second spec.parentRefs: it shares listeners and hostnames with AIGatewayRoute/ai/claude";
    assert!(has_line(&foreign, line), "{:#?}", foreign.notes);
    let named = second_route("apps", "  hostnames: [b.example.com]\n  parentRefs: [{name: ai, namespace: ai}]\n");
    assert!(!has_line(&converted(&with(&named)), line));
}

#[test]
fn a_later_document_replaces_an_earlier_one() {
    let backend = BASE.find("---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: Backend\n").expect("a Backend");
    let rest = &BASE[backend + 4..];
    let later = rest[..rest.find("---").expect("more")].replace("us-east-1", "eu-west-1");
    let converted = converted(&with(&later));
    written(&converted, "Backend", "bedrock");
    assert_eq!(config(&with(&later)).get("region").text(), Some("eu-west-1"));
    let other_group = "apiVersion: example.com/v1\nkind: Backend\nmetadata: {name: bedrock, namespace: ai}\n";
    assert_eq!(config(&with(other_group)).get("region").text(), Some("us-east-1"));
}
