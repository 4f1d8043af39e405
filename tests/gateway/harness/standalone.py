"""The files of envoy/gateway as Envoy Gateway takes them without Kubernetes.

They run as they are shipped, but for this; each has to be there to be replaced:

- EnvoyProxy: the provider is the host. Folders that Kubernetes and EKS mount become the test's; what Envoy's pod has in its environment, Envoy gets by
  the program that starts it. Clusters of the bootstrap that are not on loopback lead to the simulator, without TLS. The cluster by which Envoy Gateway
  hands out the module is reached on loopback, and Envoy gets `concurrency` workers
- Gateway: the listener's port
- Backend and BackendTLSPolicy: every host of `upstreams` becomes a port of loopback, without TLS
- EnvoyExtensionPolicy: where the module is, but for tests that bring it to where it says
- Secret: `data` in the place of `stringData`, which the API server would turn into it
- Namespace and ConfigMap are left out; what a ConfigMap has is in the folder that stands for its mount
"""

import base64
import copy
import dataclasses
import pathlib

import yaml

from .credential_files import POD_IDENTITY, sockets
from .processes import ROOT

FOLDER = ROOT / "envoy/gateway"
PORT = 21888
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
    """The documents of files of envoy/gateway, or anywhere else, by kind and name; a later file replaces what an earlier one has, as `kubectl apply` does."""
    found = {}
    for name in names:
        for document in yaml.safe_load_all((FOLDER / name).read_text()):
            if document:
                found[document["kind"], document["metadata"]["name"]] = document
    return found


@dataclasses.dataclass
class Place:
    """What stands in the place of everything outside."""

    # The test's own folder.
    folder: pathlib.Path
    # Where the simulator listens.
    simulator_port: int
    # Ports, by the hosts that Backends name.
    upstreams: dict
    envoy_version: str
    # None: where the documents say.
    module_url: str | None
    sha256: str | None
    concurrency: int
    # In the place of the folder that the pod mounts.
    mounted: pathlib.Path
    # In the place of the folder that EKS mounts.
    eks: pathlib.Path | None
    # Of Envoy.
    env: dict
    # Backends and their TLS stay as they are.
    shipped_backends: bool


def standalone(documents, place):
    documents = copy.deepcopy(documents)
    replacing = {
        "EnvoyProxy": lambda spec: on_the_host(spec, documents, place),
        "Gateway": at_the_port,
        "Backend": lambda spec: place.shipped_backends or to_loopback(spec, place.upstreams),
        "EnvoyExtensionPolicy": lambda spec: from_here(spec, place),
    }
    left_out = ["Namespace", "ConfigMap"] if place.shipped_backends else ["Namespace", "ConfigMap", "BackendTLSPolicy"]
    missing = {*replacing, "BackendTLSPolicy"} - {kind for kind, _ in documents}
    assert not missing, f"there is no {', '.join(missing)}"
    check_tls(documents)
    for (kind, _), document in documents.items():
        if kind in replacing:
            replacing[kind](document["spec"])
        elif kind == "Secret":
            encode(document)
    return {key: document for key, document in documents.items() if key[0] not in left_out}


def on_the_host(spec, documents, place):
    provider = spec["provider"]
    assert provider["type"] == "Kubernetes"
    deployment = provider["kubernetes"]["envoyDeployment"]
    container = deployment.get("container", {})
    folders = {POD_IDENTITY: place.eks} if place.eks else {}
    for volume in deployment.get("pod", {}).get("volumes", []):
        (mounted,) = [each for each in container["volumeMounts"] if each["name"] == volume["name"]]
        assert "subPath" not in mounted
        folders[mounted["mountPath"]] = place.mounted
        if "configMap" in volume:
            folder = folders[mounted["mountPath"]] = place.folder / "config-map"
            folder.mkdir(exist_ok=True)
            for file, content in documents["ConfigMap", volume["configMap"]["name"]]["data"].items():
                (folder / file).write_text(placed(content, folders))
    assert all(variable["name"] in place.env for variable in container.get("env", []))
    merged = {"static_resources": {}}
    if "bootstrap" in spec:
        assert spec["bootstrap"]["type"] == "Merge"
        merged = yaml.safe_load(placed(spec["bootstrap"]["value"], folders))
    clusters = merged["static_resources"].setdefault("clusters", [])
    for cluster in clusters:
        to_the_simulator(cluster, place.simulator_port)
    clusters.append(yaml.safe_load(MODULE_CLUSTER))
    spec["bootstrap"] = {"type": "Merge", "value": yaml.safe_dump(merged)}
    spec["provider"] = {"type": "Host", "host": {"envoyVersion": place.envoy_version}}
    spec["concurrency"] = place.concurrency


def placed(content, folders):
    for shipped, own in folders.items():
        content = content.replace(shipped, str(own))
    assert "/etc/aws" not in content and "/var/run" not in content, content
    return content


def to_the_simulator(cluster, port):
    (socket,) = sockets(cluster)
    if socket["address"] == "127.0.0.1":
        return
    if socket["port_value"] == 443:
        tls = cluster.pop("transport_socket")["typed_config"]
        (name,) = tls["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
        assert tls["sni"] == name["matcher"]["exact"] == socket["address"]
    socket.update(address="127.0.0.1", port_value=port)
    cluster["type"] = "STATIC"


def at_the_port(spec):
    (listener,) = spec["listeners"]
    assert listener["port"] in (80, 8080)
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


def from_here(spec, place):
    for entry in spec["wasm"] if place.module_url else []:
        code = entry["code"]
        assert code["type"] == "HTTP" and code["http"]["url"].endswith("/bedrock_messages.wasm") and entry["failOpen"] is False
        entry["code"] = {"type": "HTTP", "http": {"url": place.module_url, **({"sha256": place.sha256} if place.sha256 else {})}}


def encode(secret):
    data = secret.pop("stringData", {})
    secret["data"] = {**secret.get("data", {}), **{name: base64.b64encode(value.encode()).decode() for name, value in data.items()}}


def text(documents):
    """A file of them; each is written out, without anchors."""
    return "---\n".join(yaml.dump(document, Dumper=Plain, sort_keys=False) for document in documents.values())


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True
