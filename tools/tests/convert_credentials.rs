//! `convert` and credentials: each route gets its own, and an EnvoyProxy keeps what it had.

mod converted;

use bedrock_messages_tools::convert::Converted;
use bedrock_messages_tools::input::documents;
use bedrock_messages_tools::value::Value;
use converted::{BASE, changed, converted, has_line, try_to_convert, with, written};

const PODS: &str = "spec.provider.kubernetes.envoyDeployment";

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut same = list.items().iter().filter(|one| one.get("name").text() == Some(name));
    let found = same.next().unwrap_or_else(|| panic!("no {name} in {}", list.to_yaml()));
    assert_eq!(same.next(), None, "two of {name}");
    found
}

/// The Secret whose text a route's filter reads, all the way: cluster, port, listener, file, mount, volume, Secret.
fn keys_of(converted: &Converted, (namespace, route): (&str, &str)) -> String {
    let all = documents(&converted.text).expect("it can be read");
    let policy = all.iter().find(|one| {
        one.get("kind").text() == Some("EnvoyExtensionPolicy")
            && one.at("metadata.namespace").text() == Some(namespace)
            && one.at("metadata.name").text() == Some(route)
    });
    let config = policy.expect("a policy").at("spec.wasm").items()[0].get("config").clone();
    let proxy = written(converted, "EnvoyProxy", "ai");
    let bootstrap = documents(proxy.at("spec.bootstrap.value").text().expect("a bootstrap")).expect("YAML").remove(0);
    let cluster = config.at("credentials.listener.cluster").text().expect("a listener");
    let cluster = named(bootstrap.at("static_resources.clusters"), cluster).to_json();
    let port = |text: &str| text.split("\"port_value\":").nth(1).map(|rest| rest[..5].to_owned()).expect("a port");
    let listeners = bootstrap.at("static_resources.listeners").items().iter().map(Value::to_json);
    let listener: Vec<String> = listeners.filter(|one| port(one) == port(&cluster)).collect();
    assert_eq!(listener.len(), 1, "one listener at {}", port(&cluster));
    let mounts = proxy.at(PODS).at("container.volumeMounts").items();
    let mount = mounts.iter().find(|one| {
        let folder = one.get("mountPath").text().expect("a folder");
        listener[0].contains(&format!("\"filename\":\"{folder}/credentials\""))
    });
    let volume = mount.expect("a mount").get("name").text().expect("a name");
    let secret = named(proxy.at(PODS).at("pod.volumes"), volume).at("secret.secretName").text().expect("a Secret");
    let secret = written(converted, "Secret", secret);
    assert_eq!(secret.at("metadata.namespace").text(), Some("envoy-gateway-system"));
    secret.at("stringData.credentials").text().expect("a text").to_owned()
}

#[test]
fn each_route_signs_with_its_own_keys() {
    let converted = converted(include_str!("fixtures/convert/tenants.yaml"));
    for (namespace, route, key) in [
        ("team-a", "claude", "AKIATEAMA\n"),
        ("team-b", "claude", "AKIATEAMB\n"),
        ("team-b", "claude-more", "AKIATEAMBMORE\n"),
    ] {
        assert!(keys_of(&converted, (namespace, route)).contains(key), "{namespace}/{route}");
    }
}

#[test]
fn what_was_converted_before_keeps_its_ports() {
    // A team after the other, the first one's EnvoyProxy among the second one's files.
    let first = converted(BASE);
    let proxy = written(&first, "EnvoyProxy", "ai");
    let gateway = written(&first, "Gateway", "ai");
    let later =
        format!("{}---\n{}---\n{}", BASE.replace("name: aws", "name: aws-later"), gateway.to_yaml(), proxy.to_yaml());
    assert!(keys_of(&converted(&later), ("ai", "claude")).contains("AKIAEXAMPLE"));
    let again = format!("{BASE}---\n{}---\n{}", gateway.to_yaml(), proxy.to_yaml());
    assert_eq!(converted(&again).text, first.text);
}

/// The base, and its objects once more as those of another route and another name.
fn twice(text: &str, name: &str) -> String {
    let second = text
        .replace("name: claude", "name: second")
        .replace("name: bedrock\n", "name: bedrock-second\n")
        .replace("name: aws", &format!("name: {name}"))
        .replace("name: keys", "name: keys-second")
        .replace("AKIAEXAMPLE", "AKIASECOND")
        .replace("  parentRefs", "  hostnames: [second.example.com]\n  parentRefs");
    // The Gateway is there once.
    format!("{text}---\n{}", second.split_once("---\n").expect("documents").1)
}

#[test]
fn names_that_begin_alike_stay_two() {
    let long = "production-bedrock-credentials-for-team-alpha-one";
    let text = twice(&changed("name: aws", &format!("name: {long}")), "unused").replace(
        &format!("name: {long}\n  namespace: ai\nspec:\n  targetRefs:\n  - group: aigateway.envoyproxy.io\n    kind: AIServiceBackend\n    name: bedrock-second"),
        "name: production-bedrock-credentials-for-team-alpha-two\n  namespace: ai\nspec:\n  targetRefs:\n  - group: aigateway.envoyproxy.io\n    kind: AIServiceBackend\n    name: bedrock-second",
    );
    let converted = converted(&text);
    assert!(keys_of(&converted, ("ai", "claude")).contains("AKIAEXAMPLE"));
    assert!(keys_of(&converted, ("ai", "second")).contains("AKIASECOND"));
}

#[test]
fn one_variable_holds_one_api_key() {
    let file = "  type: AWSCredentials\n  awsCredentials:\n    region: us-east-1\n    credentialsFile:\n      secretRef:\n        name: keys\n";
    let by_key = changed(file, "  type: APIKey\n  apiKey:\n    secretRef:\n      name: keys\n");
    let problem = try_to_convert(&twice(&by_key, "other")).expect_err("two keys");
    assert!(problem.contains("AIGatewayRoute/second: EnvoyProxy/ai spec.provider"), "{problem}");
    assert!(problem.contains("AWS_BEARER_TOKEN_BEDROCK is there already"), "{problem}");
    let same = twice(&by_key, "other").replace("name: keys-second", "name: keys");
    let proxy = written(&converted(&same), "EnvoyProxy", "ai");
    assert_eq!(proxy.at(PODS).at("container.env").items().len(), 1);
}

#[test]
fn sts_is_the_one_of_the_region() {
    let file = "    credentialsFile:\n      secretRef:\n        name: keys\n";
    let role = changed(file, "    oidcConfig: {roleArn: \"arn:aws:iam::123456789012:role/a\"}\n");
    let west = "bedrock-runtime.us-west-2.amazonaws.com";
    let second = twice(&role, "unused");
    let (before, after) = second.split_at(role.len());
    // One policy for both backends, which are in two regions.
    let after = after.replace("bedrock-runtime.us-east-1.amazonaws.com", west);
    let after = &after
        [..after.find("---\napiVersion: aigateway.envoyproxy.io/v1alpha1\nkind: BackendSecurityPolicy").expect("it")];
    let reference =
        "  targetRefs:\n  - group: aigateway.envoyproxy.io\n    kind: AIServiceBackend\n    name: bedrock\n";
    let both = "  - group: aigateway.envoyproxy.io\n    kind: AIServiceBackend\n    name: bedrock-second\n";
    let converted = converted(&format!("{}{after}", before.replace(reference, &format!("{reference}{both}"))));
    for (route, host) in [("claude", "sts.us-east-1.amazonaws.com"), ("second", "sts.us-west-2.amazonaws.com")] {
        let policy = written(&converted, "EnvoyExtensionPolicy", route);
        let sts = policy.at("spec.wasm").items()[0].at("config.credentials.sts").clone();
        assert_eq!(sts.get("host").text(), Some(host));
        let proxy = written(&converted, "EnvoyProxy", "ai");
        let bootstrap = documents(proxy.at("spec.bootstrap.value").text().expect("it")).expect("YAML").remove(0);
        let cluster = named(bootstrap.at("static_resources.clusters"), sts.get("cluster").text().expect("a cluster"));
        assert!(cluster.to_json().contains(&format!("\"sni\":\"{host}\"")), "{route}");
    }
}

#[test]
fn a_role_is_guessed_where_there_is_one_alone() {
    let chain = changed("    credentialsFile:\n      secretRef:\n        name: keys\n", "");
    let account = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  annotations: {{eks.amazonaws.com/role-arn: \"arn:aws:iam::123456789012:role/{name}\"}}\n"
        )
    };
    let one = converted(&format!("{chain}{}", account("one")));
    assert!(one.text.contains("roleArn: arn:aws:iam::123456789012:role/one"));
    let two = converted(&format!("{chain}{}{}", account("one"), account("two")));
    assert!(two.text.contains("roleArn: arn:aws:iam::123456789012:role/YOUR_ACTUAL_ROLE"));
    assert!(has_line(&two, "BackendSecurityPolicy/aws spec.awsCredentials: no role is named"), "{:#?}", two.notes);
}

fn with_proxy(spec: &str) -> String {
    let parameters =
        "  infrastructure:\n    parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: ai}\n";
    let gateway = changed("  gatewayClassName: ai\n", &format!("  gatewayClassName: ai\n{parameters}"));
    format!(
        "{gateway}---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {{name: ai, namespace: ai}}\nspec:\n{spec}"
    )
}

#[test]
fn what_an_envoy_proxy_has_is_not_replaced() {
    for (spec, expected) in [
        (
            "  bootstrap: {type: Replace, value: \"admin: {}\"}\n",
            "EnvoyProxy/ai spec.bootstrap: write it as the type Merge",
        ),
        ("  bootstrap: {value: \"admin: {}\"}\n", "EnvoyProxy/ai spec.bootstrap: write it as the type Merge"),
        (
            "  bootstrap: {type: JSONPatch, jsonPatches: [{op: add, path: /x, value: y}]}\n",
            "EnvoyProxy/ai spec.bootstrap: write it as the type Merge",
        ),
        (
            "  bootstrap: {type: Merge, value: \"static_resources: {listeners: [{name: ai-aws-file}]}\"}\n",
            "EnvoyProxy/ai spec.bootstrap.value: static_resources.listeners: ai-aws-file is there already",
        ),
        (
            "  provider: {type: Kubernetes, kubernetes: {envoyDeployment: {pod: {volumes: [{name: ai-aws-file}]}}}}\n",
            "EnvoyProxy/ai spec.provider.kubernetes.envoyDeployment.pod.volumes: ai-aws-file is there already",
        ),
    ] {
        let problem = try_to_convert(&with_proxy(spec)).expect_err(spec);
        assert!(problem.starts_with(&format!("AIGatewayRoute/claude: {expected}")), "{problem}");
    }
}

#[test]
fn an_envoy_proxy_that_is_not_in_the_files_has_its_line() {
    let with = with_proxy("  concurrency: 2\n");
    let line = "AIGatewayRoute/claude spec.parentRefs: EnvoyProxy/ai is in none of the files";
    assert!(!has_line(&converted(&with), line));
    let without = with.split("---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy").next().expect("text");
    assert!(has_line(&converted(without), line));
}

#[test]
fn a_daemon_set_stays_one() {
    let daemon = "  provider: {type: Kubernetes, kubernetes: {envoyDaemonSet: {pod: {labels: {a: b}}}}}\n";
    let proxy = written(&converted(&with_proxy(daemon)), "EnvoyProxy", "ai");
    let kubernetes = proxy.at("spec.provider.kubernetes");
    assert_eq!(kubernetes.entries().len(), 1);
    assert_eq!(kubernetes.at("envoyDaemonSet.pod.volumes").items().len(), 1);
}

#[test]
fn a_secret_that_is_there_is_not_replaced() {
    let text = with("apiVersion: v1\nkind: Secret\nmetadata: {name: ai-keys, namespace: envoy-gateway-system}\n");
    let problem = try_to_convert(&text).expect_err("two of a name");
    assert!(problem.contains("Secret/ai-keys of namespace envoy-gateway-system is there already"), "{problem}");
    let secret = BASE.find("---\napiVersion: v1\nkind: Secret").expect("a Secret");
    let line = "BackendSecurityPolicy/aws spec: Secret/keys is in none of the files: Envoy's pods read it as Secret/ai-keys of";
    assert!(has_line(&converted(&BASE[..secret]), line));
}
