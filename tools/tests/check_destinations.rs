//! `check` of where Bedrock's calls lead in Envoy Gateway: each row breaks a sound file in one place.

mod findings;

use findings::{broken, changed, each_is_found};

const PAIR: &str = include_str!("fixtures/pair.yaml");
const REFERENCE: &str =
    "/model/}\n    backendRefs:\n    - {group: gateway.envoyproxy.io, kind: Backend, name: bedrock}\n";
const ENDPOINT: &str = "  - fqdn: {hostname: bedrock-runtime.us-east-1.amazonaws.com, port: 443}\n";
const TLS_NAME: &str = "    hostname: bedrock-runtime.us-east-1.amazonaws.com\n";

#[test]
fn backends() {
    let reference = |reference: &str| format!("/model/}}\n    backendRefs:\n    - {reference}\n");
    each_is_found(
        PAIR,
        &[
            (
                REFERENCE,
                &reference("{group: gateway.envoyproxy.io, kind: Backend, name: bedrok}"),
                &["backend-missing spec.rules[1].backendRefs[0]"],
            ),
            (REFERENCE, &reference("{group: gateway.envoyproxy.io, kind: Backend, name: bedrok, weight: 0}"), &[]),
            (REFERENCE, &reference("{name: web, port: 80}"), &["backend-missing spec.rules[1].backendRefs[0]"]),
            (REFERENCE, "/model/}\n", &["no-backend spec.rules[1]"]),
        ],
    );
    let elsewhere = |endpoint: &str, name: &str| {
        changed(&changed(PAIR, ENDPOINT, endpoint), TLS_NAME, &format!("    hostname: {name}\n"))
    };
    let aws = "bedrock-runtime.us-east-1.amazonaws.com";
    for (endpoint, name, expected) in [
        (
            "  - fqdn: {hostname: api.openai.com, port: 443}\n",
            "api.openai.com",
            vec!["backend-place spec.endpoints[0].fqdn.hostname"],
        ),
        (
            "  - ip: {address: 192.0.2.1, port: 443}\n",
            "x.example.com",
            vec!["backend-place spec.endpoints[0].ip.address"],
        ),
        // A private endpoint, whose certificate is AWS's.
        ("  - ip: {address: 192.0.2.1, port: 443}\n", aws, vec![]),
        ("  - fqdn: {hostname: bedrock.internal.example.com, port: 443}\n", aws, vec![]),
        (
            "  - ip: {address: 192.0.2.1, port: 443}\n",
            "bedrock-runtime.us-west-2.amazonaws.com",
            vec!["region-mismatch spec.endpoints[0].ip.address"],
        ),
        // Without a name of its own TLS asks for that of the call.
        (
            "  - ip: {address: 192.0.2.1, port: 443}\n  tls: {wellKnownCACertificates: System}\n",
            "x.example.com",
            vec![],
        ),
        (
            "  - ip: {address: 192.0.2.1, port: 443}\n  tls: {wellKnownCACertificates: System, sni: x.example.com}\n",
            "x.example.com",
            vec!["backend-place spec.endpoints[0].ip.address"],
        ),
    ] {
        assert_eq!(broken(&elsewhere(endpoint, name)), expected, "{endpoint} by the name {name}");
    }
}

/// The filter's own route has hostnames, so Bedrock's calls end in another one.
#[test]
fn another_routes_catch_all() {
    let web = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web}\nspec:\n  parentRefs: [{name: bedrock}]\n  rules: [{backendRefs: [{name: web, port: 80}], timeouts: {request: 0s}}]\n";
    let service = |spec: &str| format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {spec}\n");
    let hostname = changed(PAIR, "  parentRefs:\n", "  hostnames: [llm.example.com]\n  parentRefs:\n") + web;
    assert_eq!(broken(&hostname), ["backend-missing spec.rules[0].backendRefs[0]"]);
    let pods = hostname.clone() + &service("{selector: {app: web}}");
    assert_eq!(broken(&pods), ["backend-place spec.rules[0].backendRefs[0]"]);
    assert_eq!(broken(&(hostname + &service("{}"))), Vec::<String>::new(), "it may be AWS's private endpoint");
}
