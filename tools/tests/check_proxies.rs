//! `check` of how Envoy runs in Envoy Gateway: each row breaks a sound file in one place.

mod findings;

use findings::{broken, changed, each_is_found};

const PAIR: &str = include_str!("fixtures/pair.yaml");
const CREDENTIALS: &str = "{type: credentialsFile, listener: {cluster: keys, path: /credentials}}";
const CLUSTER: &str = "spec.wasm[0].config.credentials.listener.cluster";
const PARAMETERS: &str =
    "  infrastructure:\n    parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: bedrock}\n";
const CLASS: &str = "  controllerName: gateway.envoyproxy.io/gatewayclass-controller\n";
const VOLUMES: &str = "          volumes:\n          - {name: keys, secret: {secretName: aws-credentials}}\n";
const ENV: &str = "          - {name: AWS_ACCESS_KEY_ID, valueFrom: {secretKeyRef: {name: other-keys, key: id}}}\n";
const BODY: &str = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config";

#[test]
fn the_proxy_of_the_gateway() {
    let unused = format!("proxy-unused {CLUSTER}");
    let unset = "env-unset spec.wasm[0].config.credentials";
    each_is_found(PAIR, &[(PARAMETERS, "", &[unused.as_str()])]);
    let by_environment = changed(PAIR, CREDENTIALS, "{type: environment}");
    assert_eq!(broken(&changed(&by_environment, PARAMETERS, "")), [unset], "that is not its Envoy");
    let of_class = |reference: &str| changed(&changed(PAIR, PARAMETERS, ""), CLASS, &format!("{CLASS}{reference}"));
    assert_eq!(
        broken(&of_class("  parametersRef: {kind: EnvoyProxy, name: bedrock, namespace: default}\n")),
        Vec::<String>::new()
    );
    let own = |more: &str| {
        let document = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: own}\n";
        let both = changed(PAIR, CLASS, &format!("{CLASS}  parametersRef: {{kind: EnvoyProxy, name: bedrock}}\n"));
        changed(&both, PARAMETERS, &PARAMETERS.replace("name: bedrock", "name: own"))
            + &format!("---\n{document}spec: {{logging: {{}}{more}}}\n")
    };
    assert_eq!(broken(&own("")), [unused.as_str()], "the Gateway's replaces that of its class");
    assert_eq!(broken(&own(", mergeType: StrategicMerge")), Vec::<String>::new(), "the two are merged");
    let class = PAIR.split_once("---\n").expect("documents").0;
    let no_class = changed(&changed(PAIR, PARAMETERS, ""), class, "");
    assert_eq!(broken(&no_class), Vec::<String>::new(), "which one it is stands in none of the files");
}

#[test]
fn files_and_secrets() {
    let body = format!("spec.bootstrap.value.{BODY}.virtual_hosts[0].routes[0].direct_response.body");
    let filename = format!("file-missing {body}.filename");
    let stale = format!("file-stale {body}");
    let size = format!("file-size spec.bootstrap.value.{BODY}");
    let mount = "file-missing spec.provider.kubernetes.envoyDeployment.container.volumeMounts";
    each_is_found(
        PAIR,
        &[
            ("mountPath: /etc/aws}", "mountPath: /etc/awssome}", &[&filename]),
            ("filename: /etc/aws/credentials", "filename: /var/run/secrets/eks.amazonaws.com/token", &[]),
            ("    type: Kubernetes\n    kubernetes:", "    type: Host\n    host:", &[]),
            (VOLUMES, "", &[mount]),
            (", watched_directory: {path: /etc/aws}", "", &[&stale]),
            ("                  max_direct_response_body_size_bytes: 65536\n", "", &[&size]),
            ("namespace: envoy-gateway-system", "namespace: default", &["secret-namespace metadata.namespace"]),
            ("namespace: envoy-gateway-system", "namespace: gateways", &[]),
        ],
    );
    let of_image = changed(PAIR, "mountPath: /etc/aws}", "mountPath: /etc/awssome}");
    let of_image = changed(&of_image, "        container:\n", "        container:\n          image: own/envoy:1\n");
    assert_eq!(broken(&of_image), Vec::<String>::new(), "the image may have it");
    let of_gateway = "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\nprovider: {kubernetes: {deploy: {type: GatewayNamespace}}}\n";
    let there = changed(PAIR, "namespace: envoy-gateway-system", "namespace: default") + of_gateway;
    assert_eq!(broken(&there), Vec::<String>::new(), "Envoy runs there");
}

#[test]
fn variables() {
    let unset = "env-unset spec.wasm[0].config.credentials";
    let keys = "env-keys spec.wasm[0].config.credentials";
    let provider = "env-provider spec.wasm[0].config.credentials.providers[0]";
    let file = "{type: credentialsFile, environmentVariable: AWS_FILE}";
    let chain = |first: &str| format!("{{type: chain, providers: [{first}, {CREDENTIALS}]}}");
    each_is_found(
        PAIR,
        &[
            (CREDENTIALS, file, &[keys]),
            (CREDENTIALS, &chain(file), &[provider]),
            (CREDENTIALS, &chain("{type: environment}"), &[]),
            (CREDENTIALS, "{type: chain, providers: [{type: environment}]}", &[]),
        ],
    );
    let unnamed = changed(PAIR, "hostKeys: [AWS_ACCESS_KEY_ID]", "hostKeys: [AWS_FILE]");
    for (credentials, expected) in [
        (file.to_owned(), unset),
        (
            "{type: chain, providers: [{type: environment}]}".to_owned(),
            "env-keys spec.wasm[0].config.credentials.providers[0]",
        ),
        (chain("{type: environment}"), provider),
    ] {
        assert_eq!(broken(&changed(&unnamed, CREDENTIALS, &credentials)), [expected], "{credentials}");
    }
    let no_env = changed(&changed(PAIR, CREDENTIALS, "{type: environment}"), ENV, "");
    assert_eq!(broken(&no_env), [unset]);
    let of_many = changed(&changed(PAIR, CREDENTIALS, &chain("{type: environment}")), ENV, "");
    assert_eq!(broken(&of_many), Vec::<String>::new(), "the others are there for that");
    let patched = changed(&no_env, "      envoyDeployment:\n", "      envoyDeployment:\n        patch: {value: {}}\n");
    assert_eq!(broken(&patched), Vec::<String>::new(), "the patch may have it");
}

#[test]
fn bootstraps_by_patches() {
    let (before, rest) = PAIR.split_once("  bootstrap:\n").expect("a bootstrap");
    let after = &rest[rest.find("---\n").expect("documents")..];
    let patched =
        |patches: &str| format!("{before}  bootstrap:\n    type: JSONPatch\n    jsonPatches:\n{patches}{after}");
    let answer = "{direct_response: {body: {filename: /etc/aws/credentials, watched_directory: {path: /etc/aws}}}}";
    let listener = |address: &str| {
        let routes = format!("{{max_direct_response_body_size_bytes: 65536, virtual_hosts: [{{routes: [{answer}]}}]}}");
        format!("{{name: keys, address: {{socket_address: {{address: {address}}}}}, filter_chains: [{routes}]}}")
    };
    let lists = format!(
        "    - {{op: add, path: /static_resources/clusters, value: [{{name: keys}}]}}\n    - {{op: add, path: /static_resources/listeners, value: [{}]}}\n",
        listener("127.0.0.1")
    );
    assert_eq!(broken(&patched(&lists)), Vec::<String>::new());
    let open = format!(
        "    - {{op: add, path: /static_resources/clusters/-, value: {{name: keys}}}}\n    - {{op: add, path: /static_resources/listeners/-, value: {}}}\n",
        listener("0.0.0.0")
    );
    let expected = "open-listener spec.bootstrap.jsonPatches[1].value.static_resources.listeners[0].address";
    assert_eq!(broken(&patched(&open)), [expected]);
    let other = lists.replace("/static_resources/clusters", "/admin");
    assert_eq!(broken(&patched(&other)), [format!("cluster-unknown {CLUSTER}")]);
}

#[test]
fn clusters_that_envoy_gateway_names() {
    let by_backend = changed(PAIR, "cluster: keys", "cluster: backend/default/bedrock/443");
    assert_eq!(broken(&by_backend), [format!("cluster-unknown {CLUSTER}")]);
    let merged = changed(&by_backend, "  filterOrder: []", "  mergeBackends: {}");
    assert_eq!(broken(&merged), Vec::<String>::new());
}
