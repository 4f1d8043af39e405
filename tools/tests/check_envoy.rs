//! `check` of plain Envoy's configurations and of the filter's own: each row breaks a sound file in one place.

mod findings;

use bedrock_messages_tools::check::{Rule, check};
use bedrock_messages_tools::input::Inputs;
use findings::{broken, each_is_found};

const SOUND: &str = include_str!("fixtures/envoy.yaml");
const MANAGER: &str = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config";

#[test]
fn plain_envoy() {
    let plugin = format!("{MANAGER}.http_filters[0].typed_config.config");
    let host = format!("{MANAGER}.route_config.virtual_hosts[0]");
    let at = |rule: &str, path: &str| format!("{rule} {path}");
    let row = |rule: &str, path: String| vec![at(rule, &path)];
    let cluster = "static_resources.clusters[1]";
    let rows: Vec<(&str, &str, Vec<String>)> = vec![
        ("\"region\"", "\"regoin\"", row("plugin-config", format!("{plugin}.configuration"))),
        ("allow_on_headers_stop_iteration: true", "root_id: x", row("stop-iteration", plugin.clone())),
        ("failure_policy: FAIL_RELOAD", "fail_open: true", row("fail-open", format!("{plugin}.fail_open"))),
        (
            "failure_policy: FAIL_RELOAD",
            "failure_policy: FAIL_OPEN",
            row("fail-open", format!("{plugin}.failure_policy")),
        ),
        (
            "    per_connection_buffer_limit_bytes: 34603008\n",
            "",
            row("request-buffer", "static_resources.listeners[0].per_connection_buffer_limit_bytes".to_owned()),
        ),
        (
            "    per_connection_buffer_limit_bytes: 34603008\n",
            "    per_connection_buffer_limit_bytes: 1048576\n",
            row("buffer-limit", "static_resources.listeners[0].per_connection_buffer_limit_bytes".to_owned()),
        ),
        (
            "initial_stream_window_size: 34603008",
            "initial_stream_window_size: 65536",
            row("stream-window", format!("{MANAGER}.http2_protocol_options.initial_stream_window_size")),
        ),
        (", timeout: 0s}", "}", row("route-timeout", format!("{host}.routes[0].route.timeout"))),
        (", timeout: 0s}", ", timeout: 15s}", row("timeout-short", format!("{host}.routes[0].route.timeout"))),
        (
            ", timeout: 0s}",
            ", timeout: 0s, prefix_rewrite: /}",
            row("rewrite", format!("{host}.routes[0].route.prefix_rewrite")),
        ),
        (
            ", timeout: 0s}",
            ", timeout: 0s, host_rewrite_literal: example.com}",
            row("rewrite", format!("{host}.routes[0].route.host_rewrite_literal")),
        ),
        (
            "domains: [\"*\"]",
            "domains: [\"*\"]\n              request_headers_to_remove: [x-amz-date]",
            row("header-modifier", host.clone()),
        ),
        (
            "domains: [\"*\"]",
            "domains: [llm.example.com]",
            row("route-hostname", format!("{MANAGER}.route_config.virtual_hosts")),
        ),
        ("/(model|anthropic)/.*", "/models/.*", row("no-bedrock-rule", format!("{host}.routes"))),
        (
            "{name: \":authority\", string_match: {exact: bedrock-runtime.us-east-1.amazonaws.com}}",
            "{name: x-provider, string_match: {exact: aws}}",
            row("route-header", format!("{host}.routes[0].match")),
        ),
        ("\"region\": \"us-east-1\"", "\"region\": \"us-west-2\"", row("no-bedrock-rule", format!("{host}.routes"))),
        (
            "{address: bedrock-runtime.us-east-1",
            "{address: bedrock-runtime.us-west-2",
            vec![
                at("region-mismatch", &format!("{host}.routes[0].route.cluster")),
                at("tls-hostname", &format!("{cluster}.transport_socket.typed_config.sni")),
            ],
        ),
        ("    transport_socket:", "    metadata:", row("tls-missing", cluster.to_owned())),
        (
            "        common_tls_context:\n          validation_context: {trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}}\n",
            "",
            row("tls-unverified", format!("{cluster}.transport_socket")),
        ),
        (
            "\"cluster\": \"metadata\"",
            "\"cluster\": \"meta\"",
            row("cluster-unknown", format!("{plugin}.configuration.credentials.providers[1].cluster")),
        ),
        ("\"type\": \"chain\"", "\"type\": \"chain\"", vec![]),
    ];
    for (old, new, expected) in &rows {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        each_is_found(SOUND, &[(old, new, &expected)]);
    }
}

#[test]
fn roles_in_one_chain() {
    let hold = r#"          - name: hold
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config: {name: bedrock-hold, configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '{"role": "hold"}'}}
"#;
    let transform = SOUND.replace("\"region\": \"us-east-1\"", "\"role\": \"transform\", \"region\": \"us-east-1\"");
    let transform = transform.replace("                allow_on_headers_stop_iteration: true\n", "");
    let router = "          - name: envoy.filters.http.router\n";
    let path = format!("role-pair {MANAGER}.http_filters");
    assert_eq!(broken(&transform), [path.as_str()]);
    assert_eq!(broken(&transform.replace(router, &format!("{hold}{router}"))), Vec::<String>::new());
    let wrong = transform.replace("          http_filters:\n", &format!("          http_filters:\n{hold}"));
    assert_eq!(broken(&wrong), [format!("role-order {MANAGER}.http_filters[0].typed_config.config.configuration")]);
}

#[test]
fn the_filters_own_configuration() {
    for (text, expected) in [
        (r#"{"region": "us-east-1"}"#, vec![]),
        (r#"{"role": "hold"}"#, vec![]),
        ("{}", vec!["plugin-region "]),
        (r#"{"region": 1}"#, vec!["plugin-config "]),
        (
            r#"{"region": "us-east-1", "credentials": {"type": "apiKey", "value": "YOUR_KEY"}}"#,
            vec!["placeholder credentials.value"],
        ),
    ] {
        assert_eq!(broken(text), expected, "{text}");
    }
}

/// The files that users are given have no errors, and no warnings but what is to be filled in.
#[test]
fn the_projects_own_files_are_sound() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../envoy");
    let files_of = |path: &str| {
        let files = std::fs::read_dir(format!("{folder}/{path}")).into_iter().flatten();
        let names = files.map(|file| file.expect("a file").path().display().to_string());
        names.filter(|name| name.ends_with(".yaml")).collect::<Vec<_>>()
    };
    let quickstart = format!("{folder}/gateway/quickstart.yaml");
    let mut sets = vec![vec![format!("{folder}/aws.yaml")]];
    sets.extend(files_of("credentials").into_iter().map(|file| vec![file]));
    for path in ["gateway", "gateway/variants"] {
        sets.extend(files_of(path).into_iter().map(|file| vec![quickstart.clone(), file]));
    }
    let of_profile = ["patch", "policy"].map(|name| format!("{folder}/gateway/profile-a/{name}.yaml"));
    if of_profile.iter().all(|file| std::path::Path::new(file).exists()) {
        sets.push([quickstart].into_iter().chain(of_profile).collect());
    }
    for files in sets {
        let inputs = Inputs::read(&files).expect("they can be read");
        let errors: Vec<String> = check(&inputs)
            .into_iter()
            .filter(|finding| !matches!(finding.rule, Rule::Placeholder | Rule::NotChecked | Rule::CodeSha256))
            .map(|finding| finding.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}
