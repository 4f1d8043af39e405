//! `convert`: whole manifests of AI Gateway to what is written for them. `UPDATE_FIXTURES=1` writes the expected ones anew.

use bedrock_messages_tools::check::{Severity, check};
use bedrock_messages_tools::convert::{Converted, Options, convert};
use bedrock_messages_tools::input::{Inputs, documents};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/convert");
const SHA256: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

fn inputs(text: &str) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.add("file.yaml", text).expect("it can be read");
    inputs
}

fn converted(name: &str, options: &Options) -> Converted {
    let text = std::fs::read_to_string(format!("{FOLDER}/{name}.yaml")).expect("a fixture");
    convert(&inputs(&text), options).expect("it can be converted")
}

/// The fixture, the options, rules of `check` that only ask for something to be filled in.
fn cases() -> Vec<(&'static str, Options, &'static [&'static str])> {
    let pinned = Options {
        image: Some("registry.example.com/bedrock-messages:0.1.0".to_owned()),
        sha256: Some(SHA256.to_owned()),
        ..Options::default()
    };
    let by_http = Options {
        url: Some("http://files.example.com/bedrock_messages.wasm".to_owned()),
        sha256: Some(SHA256.to_owned()),
        token_endpoint: Some("https://idp.example.com/realms/ai/token".to_owned()),
        ..Options::default()
    };
    let prefixed = Options { path_prefix: "/anthropic".to_owned(), ..pinned.clone() };
    vec![
        ("guide", Options::default(), &["placeholder"]),
        ("gateway", pinned.clone(), &["placeholder"]),
        ("oidc", by_http, &["placeholder"]),
        ("role", pinned.clone(), &[]),
        ("chain", pinned.clone(), &[]),
        ("api_key", pinned.clone(), &[]),
        ("hostnames", prefixed, &[]),
        ("no_counterpart", pinned.clone(), &[]),
        ("tenants", pinned.clone(), &["placeholder"]),
        ("namespaces", pinned, &[]),
    ]
}

#[test]
fn manifests_become_what_is_expected_and_are_sound() {
    for (name, options, warnings) in cases() {
        let converted = converted(name, &options);
        let file = format!("{FOLDER}/{name}.expected.yaml");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(&file, &converted.text).expect("a folder");
        }
        assert_eq!(converted.text, std::fs::read_to_string(&file).expect("a fixture"), "{name}");
        let found = check(&inputs(&converted.text));
        for finding in &found {
            assert_eq!(finding.severity(), Severity::Warning, "{name}: {finding}");
            assert!(warnings.contains(&finding.rule.row().id), "{name}: {finding}");
        }
        for note in &converted.notes {
            assert!(converted.text.contains(&format!("#   {note}\n")), "{name}: {note}");
        }
    }
}

#[test]
fn what_is_written_is_the_same_each_time() {
    for (name, options, _) in cases() {
        assert_eq!(converted(name, &options).text, converted(name, &options).text, "{name}");
    }
}

#[test]
fn nothing_of_ai_gateway_is_left() {
    for (name, options, _) in cases() {
        for document in documents(&converted(name, &options).text).expect("it can be read") {
            let kind = document.get("kind").text().expect("a kind");
            let version = document.get("apiVersion").text().expect("a version");
            assert!(!version.starts_with("aigateway.envoyproxy.io"), "{name}: {kind}");
        }
    }
}

#[test]
fn each_thing_without_a_counterpart_has_its_line() {
    let notes = converted("no_counterpart", &Options::default()).notes;
    for line in [
        "AIGatewayRoute/claude spec.rules[0].backendRefs[0].bodyMutation: left out: bodies go as they are",
        "AIGatewayRoute/claude spec.schema: none is named",
        "AIGatewayRoute/claude spec.rules[0].backendRefs[1]: left out: there are no weights and no failover",
        "AIGatewayRoute/claude spec.rules[0].backendRefs[2]: left out: its schema is not Bedrock's",
        "AIGatewayRoute/chat spec.schema.name: left out with the whole route",
        "AIGatewayRoute/claude-rules: its rules are part of HTTPRoute/claude now",
        "AIGatewayRoute/claude-rules spec.llmRequestCosts: left out: the filter counts tokens itself",
        "AIGatewayRoute/claude-rules spec.rules[0].modelsOwnedBy: left out",
        "AIGatewayRoute/claude-rules spec.rules[0].matches[0]: left out: the filter decides by one header or by the model",
        "AIGatewayRoute/claude-rules spec.rules[0].matches[1]: left out: write this expression",
        "AIGatewayRoute/claude-rules spec.rules[0].backendRefs: left out: it replaces the names of many models",
        "AIServiceBackend/bedrock spec.headerMutation: left out",
        "AIServiceBackend/bedrock-west: left out: nothing that is converted uses it",
        "AIServiceBackend/openai: left out: nothing that is converted uses it",
        "BackendSecurityPolicy/bedrock spec.credentialOverride: left out",
        "BackendTrafficPolicy/budget spec.targetRefs: it counts no more for HTTPRoute/claude",
        "BackendTrafficPolicy/budget spec.rateLimit: it counts by metadata of AI Gateway",
        "GatewayConfig/config: left out: there is no such kind without AI Gateway",
    ] {
        assert!(notes.iter().any(|note| note.starts_with(line)), "{line}\n{notes:#?}");
    }
}

#[test]
fn kinds_that_are_not_known_pass_through() {
    let text = std::fs::read_to_string(format!("{FOLDER}/gateway.yaml")).expect("a fixture");
    let kept = documents(&text).expect("YAML").into_iter().find(|one| one.get("kind").text() == Some("Deployment"));
    let written = documents(&converted("gateway", &Options::default()).text).expect("YAML");
    assert!(written.contains(&kept.expect("a Deployment")));
}

#[test]
fn what_is_no_manifest_of_ai_gateway_is_refused() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    let openai = "apiVersion: aigateway.envoyproxy.io/v1alpha1\nkind: AIGatewayRoute\nmetadata: {name: r}\nspec: {schema: {name: OpenAI}, rules: []}\n";
    for text in [secret, openai] {
        let problem = convert(&inputs(text), &Options::default()).expect_err("nothing to convert");
        assert!(problem.starts_with("there is no AIGatewayRoute for Anthropic's API"), "{problem}");
    }
}
