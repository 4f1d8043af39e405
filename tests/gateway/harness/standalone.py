"""The files of envoy/gateway as Envoy Gateway takes them without Kubernetes.

They run as they are shipped, but for this, each of which has to be there to be replaced:

- EnvoyProxy: the provider is the host; the folder that the Secret is mounted to becomes the test's; the cluster by which Envoy Gateway hands out
  the module is reached on loopback, and Envoy gets `concurrency` workers
- Gateway: the listener's port
- Backend and BackendTLSPolicy: every host of `upstreams` becomes a port of loopback, without TLS
- EnvoyExtensionPolicy: where the module is
- Namespace and Secret are left out: there is nothing that could hold them

`changes` are a test's own: a function gets all documents, by kind and name, and may change them.
"""

import copy

import yaml

from .processes import ROOT

FOLDER = ROOT / "envoy/gateway"
PORT = 21888
MOUNT = "/etc/aws"
# Envoy Gateway's own works in Kubernetes alone; Envoy takes a static one of the same name in its place.
MODULE_CLUSTER = """
name: wasm_cluster
type: STATIC
connect_timeout: 1s
load_assignment:
  cluster_name: wasm_cluster
  endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 18002}}}}]}]
transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
    sni: envoy-gateway
    common_tls_context:
      tls_params: {tls_maximum_protocol_version: TLSv1_3}
      tls_certificates:
      - certificate_chain: {filename: config/certs/envoy/tls.crt}
        private_key: {filename: config/certs/envoy/tls.key}
      validation_context:
        trusted_ca: {filename: config/certs/envoy/ca.crt}
        match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: envoy-gateway}}]
"""


def shipped(names):
    """The documents of files of envoy/gateway, by kind and name; a later file replaces what an earlier one has, as `kubectl apply` does."""
    found = {}
    for name in names:
        for document in yaml.safe_load_all((FOLDER / name).read_text()):
            if document:
                found[document["kind"], document["metadata"]["name"]] = document
    return found


def standalone(documents, *, envoy_version, module_url, mount, upstreams, concurrency=2, sha256=None):
    documents = copy.deepcopy(documents)
    replacing = {
        "EnvoyProxy": lambda spec: on_the_host(spec, envoy_version, mount, concurrency),
        "Gateway": at_the_port,
        "Backend": lambda spec: to_loopback(spec, upstreams),
        "BackendTLSPolicy": lambda spec: None,
        "EnvoyExtensionPolicy": lambda spec: from_here(spec, module_url, sha256),
    }
    missing = set(replacing) - {kind for kind, _ in documents}
    assert not missing, f"there is no {', '.join(missing)}"
    check_tls(documents)
    for (kind, _), document in documents.items():
        if kind in replacing:
            replacing[kind](document["spec"])
    left_out = ("Namespace", "Secret", "BackendTLSPolicy")
    return {key: document for key, document in documents.items() if key[0] not in left_out}


def on_the_host(spec, envoy_version, mount, concurrency):
    provider = spec["provider"]
    assert provider["type"] == "Kubernetes"
    deployment = provider["kubernetes"]["envoyDeployment"]
    volume = next(volume for volume in deployment["pod"]["volumes"] if volume.get("secret", {}).get("secretName") == "aws-credentials")
    mounted = next(mounted for mounted in deployment["container"]["volumeMounts"] if mounted["name"] == volume["name"])
    assert mounted["mountPath"] == MOUNT and "subPath" not in mounted
    bootstrap = spec["bootstrap"]["value"]
    assert spec["bootstrap"]["type"] == "Merge" and bootstrap.count(MOUNT) == 2
    merged = yaml.safe_load(bootstrap.replace(MOUNT, str(mount)))
    merged["static_resources"]["clusters"].append(yaml.safe_load(MODULE_CLUSTER))
    spec["bootstrap"]["value"] = yaml.safe_dump(merged)
    spec["provider"] = {"type": "Host", "host": {"envoyVersion": envoy_version}}
    spec["concurrency"] = concurrency


def at_the_port(spec):
    (listener,) = spec["listeners"]
    assert listener["port"] == 8080
    listener["port"] = PORT


def to_loopback(spec, upstreams):
    (endpoint,) = spec["endpoints"]
    assert endpoint["fqdn"]["port"] == 443
    spec["endpoints"] = [{"ip": {"address": "127.0.0.1", "port": upstreams[endpoint["fqdn"]["hostname"]]}}]


def check_tls(documents):
    """Every Backend has a policy that checks the certificate by its own host's name and the system's authorities. A sectionName would only fit routes
    that name the port."""
    policies = [document["spec"] for (kind, _), document in documents.items() if kind == "BackendTLSPolicy"]
    checked = {(target["name"], policy["validation"]["hostname"]) for policy in policies for target in policy["targetRefs"]
               if policy["validation"]["wellKnownCACertificates"] == "System" and "sectionName" not in target}
    backends = {(name, document["spec"]["endpoints"][0]["fqdn"]["hostname"]) for (kind, name), document in documents.items() if kind == "Backend"}
    assert backends == checked, (backends, checked)


def from_here(spec, module_url, sha256):
    for entry in spec["wasm"]:
        code = entry["code"]
        assert code["type"] == "HTTP" and code["http"]["url"].endswith("/bedrock_messages.wasm") and entry["failOpen"] is False
        entry["code"] = {"type": "HTTP", "http": {"url": module_url, **({"sha256": sha256} if sha256 else {})}}


def text(documents):
    """A file of them; each is written out, without anchors."""
    return "---\n".join(yaml.dump(document, Dumper=Plain, sort_keys=False) for document in documents.values())


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True
