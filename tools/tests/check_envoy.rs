//! `check` of plain Envoy's configurations and of the filter's own: each row breaks a sound file in one place.

mod findings;

use bedrock_messages_tools::check::{Rule, check};
use bedrock_messages_tools::input::Inputs;
use findings::{broken, changed, each_is_found, findings};

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
            ", timeout: 0s, retry_policy: {per_try_timeout: 5s}}",
            row("timeout-short", format!("{host}.routes[0].route.retry_policy.per_try_timeout")),
        ),
        (
            ", timeout: 0s}",
            ", timeout: 0s, max_stream_duration: {max_stream_duration: 15s}}",
            row("timeout-short", format!("{host}.routes[0].route.max_stream_duration.max_stream_duration")),
        ),
        (
            ", timeout: 0s}",
            ", timeout: 0s, idle_timeout: 5s}",
            row("timeout-short", format!("{host}.routes[0].route.idle_timeout")),
        ),
        (
            "stat_prefix: anthropic",
            "stream_idle_timeout: 5s",
            row("timeout-short", format!("{MANAGER}.stream_idle_timeout")),
        ),
        (
            "stat_prefix: anthropic",
            "common_http_protocol_options: {max_stream_duration: 15s}",
            row("timeout-short", format!("{MANAGER}.common_http_protocol_options.max_stream_duration")),
        ),
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
        (
            "route: {cluster: bedrock,",
            "route: {cluster: metadata,",
            row("backend-place", format!("{host}.routes[0].route.cluster")),
        ),
        (
            "route: {cluster: bedrock,",
            "route: {cluster: bedrok,",
            row("cluster-unknown", format!("{host}.routes[0].route.cluster")),
        ),
        // A private endpoint, whose certificate is AWS's.
        ("{address: bedrock-runtime.us-east-1.amazonaws.com", "{address: 192.0.2.1", vec![]),
        ("    transport_socket:", "    metadata:", row("tls-missing", cluster.to_owned())),
        (
            "        common_tls_context:\n",
            "        x_tls_context:\n",
            row("tls-unverified", format!("{cluster}.transport_socket")),
        ),
        (
            "            match_typed",
            "            x_typed",
            row("tls-unverified", format!("{cluster}.transport_socket")),
        ),
        ("            match_typed_subject_alt_names:", "          auto_sni_san_validation: true\n          x:", vec![]),
        ("            trusted_ca", "            x_ca", row("tls-unverified", format!("{cluster}.transport_socket"))),
        (
            "        sni: bedrock-runtime.us-east-1.amazonaws.com\n",
            "",
            row("tls-hostname", format!("{cluster}.transport_socket.typed_config.sni")),
        ),
        ("com, port_value: 443}", "com, port_value: 80}", row("aws-port", cluster.to_owned())),
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
fn the_default_filter_chain() {
    let default = changed(SOUND, "    filter_chains:\n    - filters:\n", "    default_filter_chain:\n      filters:\n");
    assert_eq!(broken(&default), Vec::<String>::new());
    let manager = "static_resources.listeners[0].default_filter_chain.filters[0].typed_config";
    assert_eq!(
        broken(&changed(&default, ", timeout: 0s}", "}")),
        [format!("route-timeout {manager}.route_config.virtual_hosts[0].routes[0].route.timeout")]
    );
    assert_eq!(
        broken(&changed(&default, "    per_connection_buffer_limit_bytes: 34603008\n", "")),
        ["request-buffer static_resources.listeners[0].per_connection_buffer_limit_bytes"]
    );
}

#[test]
fn one_of_several_clusters() {
    let weighted = |cluster: &str| {
        let clusters = format!("route: {{weighted_clusters: {{clusters: [{{{cluster}, weight: 1}}]}}, ");
        changed(SOUND, "route: {cluster: bedrock, ", &clusters)
    };
    let path = format!("{MANAGER}.route_config.virtual_hosts[0].routes[0].route.weighted_clusters.clusters[0]");
    for (cluster, expected) in [
        ("name: bedrock", None),
        ("name: metadata", Some(format!("backend-place {path}.name"))),
        ("name: bedrock, request_headers_to_remove: [authorization]", Some(format!("header-modifier {path}"))),
        ("name: bedrock, host_rewrite_literal: x", Some(format!("rewrite {path}.host_rewrite_literal"))),
    ] {
        assert_eq!(broken(&weighted(cluster)), Vec::from_iter(expected), "{cluster}");
    }
}

/// In the chain of the cluster, behind the route.
#[test]
fn an_upstream_filter() {
    let start = SOUND.find("          - name: envoy.filters.http.wasm").expect("the filter");
    let end = SOUND.find("          - name: envoy.filters.http.router").expect("the router");
    let filter = SOUND[start..end].replace("\n          ", "\n            ");
    let options = format!(
        "    typed_extension_protocol_options:\n      options:\n        http_filters:\n  {}\n    transport_socket:",
        filter.trim_end()
    );
    let upstream = changed(&SOUND.replace(&SOUND[start..end], ""), "    transport_socket:", &options);
    assert_eq!(broken(&upstream), Vec::<String>::new());
    let path = format!("{MANAGER}.route_config.virtual_hosts[0].routes[0].route.timeout");
    assert_eq!(broken(&changed(&upstream, ", timeout: 0s}", "}")), [format!("route-timeout {path}")]);
}

#[test]
fn envoy_signs() {
    let start = SOUND.find("{\"type\": \"chain\"").expect("credentials");
    let end = start + SOUND[start..].find("]}").expect("their end") + 2;
    let external = SOUND.replace(&SOUND[start..end], "{\"type\": \"external\"}");
    let path = format!("{MANAGER}.http_filters[0].typed_config.config.configuration.credentials");
    assert_eq!(broken(&external), [format!("external-signer {path}")]);
    let router = "          - name: envoy.filters.http.router\n";
    let signer = "          - name: envoy.filters.http.aws_request_signing\n";
    assert_eq!(broken(&changed(&external, router, &format!("{signer}{router}"))), Vec::<String>::new());
    let before = changed(&external, "          http_filters:\n", &format!("          http_filters:\n{signer}"));
    assert_eq!(
        broken(&before),
        [format!("external-signer {}", path.replace("[0].typed_config.config", "[1].typed_config.config"))]
    );
    let elsewhere = external.replace("address: bedrock-runtime.us-east-1.amazonaws.com", "address: 127.0.0.1");
    let elsewhere = changed(&elsewhere, "    transport_socket:", "    metadata:");
    assert_eq!(broken(&elsewhere), Vec::<String>::new(), "a proxy that signs");
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
        // A comma too much makes it YAML; a bracket that is missing, nothing.
        (r#"{"region": "us-east-1", "limits": {},}"#, vec!["plugin-config "]),
        (r#"{"region": "us-east-1", "limits": {}"#, vec!["plugin-config "]),
        ("region: 1\nmodels: {}\nlimits: {}\n", vec!["plugin-config ", "plugin-config "]),
        (r#"{"region": 1}"#, vec!["plugin-config "]),
        (
            r#"{"region": "us-east-1", "credentials": {"type": "apiKey", "value": "YOUR_KEY"}}"#,
            vec!["placeholder credentials.value"],
        ),
    ] {
        assert_eq!(broken(text), expected, "{text}");
    }
}

#[test]
fn the_filter_is_found() {
    let renamed = SOUND.replace("bedrock-messages", "claude").replace("bedrock_messages", "plugin");
    assert_eq!(broken(&changed(&renamed, "failure_policy: FAIL_RELOAD", "fail_open: true")).len(), 1);
    let none = changed(&changed(&renamed, "\"region\"", "\"area\""), "\"credentials\"", "\"keys\"");
    assert_eq!(broken(&none), ["no-filter "]);
    let text = findings("apiVersion: v1\nkind: Service\nmetadata: {name: x}\n")[0].to_string();
    assert!(text.starts_with("all files: [no-filter] warning: "), "{text}");
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
