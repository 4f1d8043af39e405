//! `check` of Envoy Gateway's manifests: each row breaks a sound file in one place.

mod findings;

use bedrock_messages_tools::check::{RULES, check};
use bedrock_messages_tools::input::Inputs;
use findings::{broken, changed, each_is_found, findings as found_in};

const PAIR: &str = include_str!("fixtures/pair.yaml");
const SINGLE: &str = include_str!("fixtures/single.yaml");
const ROLE: &str = "      role: transform\n";
const REGION: &str = "      region: us-east-1\n";
const CREDENTIALS: &str = "{type: credentialsFile, listener: {cluster: keys, path: /credentials}}";
const SHA256: &str = "\"00000000000000000000000000000000000000000000000000000000000000aa\"";
const TLS_TARGET: &str = "kind: Backend, name: bedrock}\n  validation";
const HOLD: &str = "  - name: bedrock-hold\n    code: *code\n    config: {role: hold}\n";

#[test]
fn the_pair() {
    each_is_found(
        PAIR,
        &[
            (ROLE, "      role: transform\n      regoin: x\n", &["plugin-config spec.wasm[0].config"]),
            (ROLE, "      role: single\n", &["role-pair spec.wasm", "patch-missing spec.wasm[0].config"]),
            (HOLD, "", &["role-pair spec.wasm"]),
            (
                "    code: *code\n",
                "    code: {type: HTTP, http: {url: x}}\n",
                &["role-code spec.wasm[1].code", "code-sha256 spec.wasm[1].code.http.sha256"],
            ),
            (
                "    config: {role: hold}",
                "    failOpen: true\n    config: {role: hold}",
                &["fail-open spec.wasm[1].failOpen"],
            ),
            (CREDENTIALS, "{type: environment}", &[]),
            (CREDENTIALS, "{type: external}", &["external-signer spec.wasm[0].config.credentials"]),
            (
                "      type: Image\n",
                "      type: HTTP\n",
                &["code-type spec.wasm[0].code.type", "code-type spec.wasm[1].code.type"],
            ),
            ("      hostKeys: [AWS_ACCESS_KEY_ID]", "      hostKeys: [AWS_REGION]", &[]),
            (REGION, "", &["plugin-config spec.wasm[0].config"]),
        ],
    );
    let swapped = changed(PAIR, "role: transform", "role: x")
        .replace("config: {role: hold}", "config: {role: transform, region: us-east-1}");
    let swapped = changed(&swapped, ROLE.replace("transform", "x").as_str(), "      role: hold\n")
        .replace(REGION, "")
        .replace(&format!("      credentials: {CREDENTIALS}\n"), "");
    assert!(broken(&swapped).contains(&"role-order spec.wasm[0].config".to_owned()), "{:?}", broken(&swapped));
    let no_keys =
        changed(PAIR, CREDENTIALS, "{type: environment}").replace("hostKeys: [AWS_ACCESS_KEY_ID]", "hostKeys: []");
    assert_eq!(broken(&no_keys), ["env-keys spec.wasm[0].config.credentials"]);
    let region_of_variable =
        changed(PAIR, REGION, "").replace("hostKeys: [AWS_ACCESS_KEY_ID]", "hostKeys: [AWS_REGION]");
    assert_eq!(broken(&region_of_variable), Vec::<String>::new());
    let other_plugin =
        changed(PAIR, "  wasm:\n", "  wasm:\n  - name: waf\n    failOpen: true\n    config: {rules: []}\n");
    assert_eq!(broken(&other_plugin), Vec::<String>::new(), "another plugin is left alone");
    let audit = changed(&other_plugin, "name: waf", "name: bedrock-audit-log");
    let audit = changed(&audit, "{rules: []}", "{role: reader, upstream: x}");
    assert_eq!(broken(&audit), Vec::<String>::new(), "whatever it is called, and whatever members it has");
}

#[test]
fn the_patch() {
    each_is_found(
        SINGLE,
        &[
            ("      value: true\n", "      value: false\n", &["patch-missing spec.wasm[0].config"]),
            ("      op: add\n", "      op: remove\n", &["patch-missing spec.wasm[0].config"]),
            (
                "    name: default/bedrock/http\n",
                "    name: default/bedrock/https\n",
                &["patch-missing spec.wasm[0].config"],
            ),
            ("    name: default/bedrock/http\n", "    name: tcp-80\n", &[]),
            (
                "  - {name: http, protocol: HTTP, port: 80}\n",
                "  - {name: http, protocol: HTTP, port: 80}\n  - {name: https, protocol: HTTPS, port: 443}\n",
                &["patch-missing spec.wasm[0].config"],
            ),
            (
                "  - {name: http, protocol: HTTP, port: 80}\n",
                "  - {name: http, protocol: HTTP, port: 80}\n  - {name: also, protocol: HTTP, port: 80}\n",
                &[],
            ),
            ("/default/bedrock/wasm/0", "/default/other/wasm/0", &["patch-missing spec.wasm[0].config"]),
            ("allow_on_headers_stop_iteration", "failure_policy", &["patch-missing spec.wasm[0].config"]),
            (
                "kind: Gateway, name: bedrock}\n  type",
                "kind: Gateway, name: other}\n  type",
                &["patch-missing spec.wasm[0].config"],
            ),
            (
                "[?match(@.name, 'envoy[.]filters[.]http[.]wasm/.*/default/bedrock/wasm/0')]",
                "[?(@.name=='envoy.filters.http.wasm/envoyextensionpolicy/default/bedrock/wasm/0')]",
                &[],
            ),
        ],
    );
    let (rest, policy) = SINGLE.rsplit_once("---\n").expect("documents");
    let (rest, patch) = rest.rsplit_once("---\n").expect("documents");
    let late = format!("{rest}---\n{policy}---\n{patch}");
    assert_eq!(broken(&late), ["patch-order spec.jsonPatches"]);
    let pair_with_patch = format!("{}---\n{patch}", PAIR);
    assert_eq!(broken(&pair_with_patch), Vec::<String>::new(), "the pair needs none, and takes one");
    let patch_again = format!("{SINGLE}---\n{patch}");
    assert_eq!(broken(&patch_again), Vec::<String>::new(), "it is there already");
    let again = format!("{SINGLE}---\n{policy}");
    assert_eq!(broken(&again), Vec::<String>::new(), "an object that is given again");
    let switched = format!("{PAIR}---\n{patch}---\n{policy}");
    assert_eq!(broken(&switched), Vec::<String>::new(), "another configuration loads the module anew");
}

#[test]
fn backends_and_clusters() {
    let host = "hostname: bedrock-runtime.us-east-1.amazonaws.com, port";
    each_is_found(
        PAIR,
        &[
            (TLS_TARGET, "kind: Backend, name: other}\n  validation", &["tls-missing spec.endpoints[0].fqdn.hostname"]),
            (
                // It fits nothing: no backendRefs names the port.
                TLS_TARGET,
                "kind: Backend, name: bedrock, sectionName: \"443\"}\n  validation",
                &["tls-missing spec.endpoints[0].fqdn.hostname"],
            ),
            ("port: 443}", "port: 80}", &["aws-port spec.endpoints[0].fqdn.port"]),
            (
                "        - name: keys\n          type: STATIC\n",
                "        - {name: keys, load_assignment: {socket_address: {address: sts.us-east-1.amazonaws.com}}}\n",
                &["tls-missing spec.bootstrap.value.static_resources.clusters[0]"],
            ),
            ("    hostname: bedrock-runtime", "    hostname: bedrock", &["tls-hostname spec.validation.hostname"]),
            (REGION, "      region: us-west-2\n", &["region-mismatch spec.endpoints[0].fqdn.hostname"]),
            (
                host,
                "hostname: sts.us-east-1.amazonaws.com, port",
                &["backend-place spec.endpoints[0].fqdn.hostname", "tls-hostname spec.validation.hostname"],
            ),
            (
                "  endpoints:\n",
                "  tls: {insecureSkipVerify: true}\n  endpoints:\n",
                &["tls-unverified spec.tls.insecureSkipVerify"],
            ),
            ("cluster: keys", "cluster: kesy", &["cluster-unknown spec.wasm[0].config.credentials.listener.cluster"]),
            ("cluster: keys", "cluster: httproute/default/bedrock/rule/1", &[]),
            (
                "cluster: keys",
                "cluster: httproute/default/bedrock/rule/2",
                &["cluster-unknown spec.wasm[0].config.credentials.listener.cluster"],
            ),
            (
                "address: 127.0.0.1",
                "address: 0.0.0.0",
                &["open-listener spec.bootstrap.value.static_resources.listeners[0].address"],
            ),
            (
                "        clusters:\n",
                "        clusters: [\n",
                &[
                    "cluster-unknown spec.wasm[0].config.credentials.listener.cluster",
                    "bootstrap-text spec.bootstrap.value",
                ],
            ),
            (
                "  filterOrder: []",
                "  filterOrder: [{name: envoy.filters.http.wasm, before: envoy.filters.http.buffer}]",
                &["filter-order spec.filterOrder[0]"],
            ),
            (
                "  filterOrder: []",
                "  filterOrder: [{name: envoy.filters.http.buffer, after: envoy.filters.http.wasm}]",
                &["filter-order spec.filterOrder[0]"],
            ),
            (
                "  filterOrder: []",
                "  filterOrder: [{name: envoy.filters.http.wasm, before: envoy.filters.http.cors}]",
                &["filter-order spec.filterOrder[0]"],
            ),
            (
                "  filterOrder: []",
                "  filterOrder: [{name: envoy.filters.http.wasm, after: envoy.filters.http.rbac}]",
                &[],
            ),
        ],
    );
    let no_group = changed(
        PAIR,
        &format!("  - {{group: gateway.envoyproxy.io, {TLS_TARGET}"),
        &format!("  - {{group: \"\", {TLS_TARGET}"),
    );
    assert_eq!(broken(&no_group), ["tls-missing spec.endpoints[0].fqdn.hostname"]);
    let no_policy = changed(PAIR, TLS_TARGET, "kind: Backend, name: other}\n  validation");
    for (tls, expected) in [("{}", vec!["tls-unverified spec.tls"]), ("{wellKnownCACertificates: System}", vec![])] {
        let of_backend = changed(&no_policy, "  endpoints:\n", &format!("  tls: {tls}\n  endpoints:\n"));
        assert_eq!(broken(&of_backend), expected, "{tls}");
    }
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: bedrock}\nspec: {type: ExternalName, externalName: bedrock-runtime.us-east-1.amazonaws.com}\n";
    let by_service = changed(
        PAIR,
        "    - {group: gateway.envoyproxy.io, kind: Backend, name: bedrock}\n",
        "    - {kind: Service, name: bedrock, port: 443}\n",
    );
    let by_service = by_service + service;
    assert!(broken(&by_service).contains(&"external-name spec.rules[1].backendRefs[0]".to_owned()));
}

#[test]
fn what_is_to_be_filled_in() {
    each_is_found(
        PAIR,
        &[
            (
                SHA256,
                "YOUR_SHA256",
                &["placeholder spec.wasm[0].code.image.sha256", "placeholder spec.wasm[1].code.image.sha256"],
            ),
            (
                SHA256,
                "null",
                &["code-sha256 spec.wasm[0].code.image.sha256", "code-sha256 spec.wasm[1].code.image.sha256"],
            ),
            (
                SHA256,
                "0000000000000000000000000000000000000000000000000000000000000000",
                &["code-sha256-form spec.wasm[0].code.image.sha256", "code-sha256-form spec.wasm[1].code.image.sha256"],
            ),
            ("= AKIDEXAMPLE", "= YOUR_ACTUAL_ACCESS_KEY", &["placeholder stringData.credentials"]),
            ("= AKIDEXAMPLE", "= AWS_ACCESS_KEY_ID", &["placeholder stringData.credentials"]),
            (
                CREDENTIALS,
                "{type: static, accessKeyId: YOUR_KEY, secretAccessKey: x}",
                &["placeholder spec.wasm[0].config.credentials.accessKeyId"],
            ),
        ],
    );
    let encoded = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {key: UkVQTEFDRV9NRQ==}\n";
    assert_eq!(broken(&format!("{PAIR}{encoded}")), ["placeholder data.key"]);
    let filled_in = changed(encoded, "UkVQTEFDRV9NRQ==", "eA==");
    assert_eq!(broken(&format!("{PAIR}{encoded}{filled_in}")), Vec::<String>::new(), "the last one counts");
    let istio =
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: bedrock}\nspec: {servers: []}\n---\n";
    assert_eq!(broken(&format!("{istio}{PAIR}")), Vec::<String>::new(), "of another group it is another one");
    let hostname = changed(PAIR, "port: 80}", "port: 80, hostname: llm.example.com}");
    for text in [format!("{hostname}---\n{istio}"), format!("{istio}{hostname}")] {
        assert_eq!(broken(&text), ["route-hostname spec.hostnames"], "and hides nothing");
    }
    assert_eq!(broken("a: 1\n"), ["not-checked "]);
    assert_eq!(broken("{apiVersion: aigateway.envoyproxy.io/v1beta1, kind: AIGatewayRoute}\n"), ["ai-gateway-kind "]);
}

#[test]
fn no_finding_shows_a_secret() {
    let secret = "zzz-secret-zzz";
    for text in [
        PAIR.replace("secret-of-the-test", &format!("{secret} YOUR_")),
        PAIR.replace("cluster: keys", &format!("cluster: {secret}")),
        PAIR.replace(CREDENTIALS, &format!("{{type: static, accessKeyId: YOUR_, secretAccessKey: {secret}}}")),
        PAIR.replace(CREDENTIALS, &format!("{{type: {secret}}}")),
        PAIR.replace(CREDENTIALS, &format!("{{type: apiKey, value: [{secret}]}}")),
        PAIR.replace("        clusters:\n", &format!("        clusters: [{secret}\n")),
    ] {
        let found = found_in(&text);
        assert!(!found.is_empty());
        for finding in found {
            assert!(!finding.to_string().contains(secret), "{finding}");
            assert!(!finding.to_value().to_json().contains(secret), "{finding}");
        }
    }
    let unreadable =
        Inputs::default().add("file.yaml", &format!("a: [\nb: {secret}: {secret}\n")).expect_err("no YAML");
    assert!(!unreadable.to_string().contains(secret), "{unreadable}");
}

#[test]
fn a_finding_says_where_what_and_what_to_do() {
    let found = found_in(&changed(PAIR, "    config: {role: hold}", "    failOpen: true\n    config: {role: hold}"));
    assert_eq!(
        found[0].to_string(),
        "file.yaml: EnvoyExtensionPolicy/bedrock spec.wasm[1].failOpen: [fail-open] with this, requests go on untranslated \
         and unsigned when the filter does not run. Take it out; in plain Envoy use `failure_policy: FAIL_RELOAD`."
    );
}

#[test]
fn files_are_taken_together() {
    let (rest, policy) = PAIR.rsplit_once("---\n").expect("documents");
    let mut inputs = Inputs::default();
    inputs.add("one.yaml", rest).expect("it can be read");
    inputs.add("two.yaml", &changed(policy, "role: hold", "role: single")).expect("it can be read");
    let found = check(&inputs);
    assert!(found.iter().all(|finding| finding.file == "two.yaml"), "{found:?}");
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {k: YOUR_KEY}}\n";
    assert_eq!(broken(list), ["no-filter ", "placeholder stringData.k"]);
}

#[test]
fn ids_differ() {
    let mut ids: Vec<&str> = RULES.iter().map(|row| row.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
}
