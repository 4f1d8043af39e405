"""The files of envoy/gateway/variants over the quick start: each serves with what it says, in an Envoy Gateway without Kubernetes.

They run as they are shipped, but for what harness/standalone.py changes of the quick start, and this:

- clusters of the bootstrap that are not on loopback lead to the simulator, without TLS; so do Pod Identity's and the OpenID provider's
- the folders that Kubernetes and EKS mount become the test's
- what Envoy's pod has in its environment, Envoy gets by the program that starts it
- a Secret has `data`: nothing turns `stringData` into that here
"""

import base64
import copy
import json
import re

import anthropic
import pytest
import yaml

from harness import sse
from harness.credential_files import POD_IDENTITY, Mounted, sockets
from harness.gateway import ANTHROPIC, BEDROCK, Gateway
from harness.messages import MODEL, assert_envelope, encoded
from harness.processes import ROOT, wait_until
from harness.raw import Connection
from harness.simulator import API_KEY, Simulator
from harness.standalone import FOLDER, MODULE_CLUSTER, MOUNT, at_the_port, check_tls, from_here, shipped, text, to_loopback

QUICKSTART = "quickstart.yaml"
GUIDE = ROOT / "docs/envoy-gateway-variants.md"
NAMES = sorted(file.name for file in (FOLDER / "variants").glob("*.yaml"))
VPC_ENDPOINT = "vpce-0123456789abcdef0-abcd1234.bedrock-runtime.us-east-1.vpce.amazonaws.com"
POLICY, PROXY, CLIENTS = ("EnvoyExtensionPolicy", "bedrock"), ("EnvoyProxy", "bedrock"), ("Secret", "bedrock-clients")
FULL_URI = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}


class Variant(Gateway):
    """The quick start and one variant. `token` is mounted where the quick start has the credentials, `eks` is the folder that EKS mounts, `env` is the
    environment of Envoy's pod, `upstreams` are hosts with the port that stands in their place; with `shipped_backends` all stay as they are."""

    def __init__(self, folder, simulator_port, elsewhere_port, module_url, name, *, token=None, eks=None, env=None, upstreams=None,
                 shipped_backends=False, **options):
        self.shipped_backends = shipped_backends
        self.token, self.eks, self.env, self.upstreams = token, eks, env or {}, upstreams or {}
        super().__init__(folder, simulator_port, elsewhere_port, module_url, (QUICKSTART, f"variants/{name}"), **options)

    def prepare(self):
        super().prepare()
        (wrapper,) = self.folder.glob("data/envoy-versions/*/bin/envoy")
        script = wrapper.read_text().replace("\nexec", "".join(f"\nexport {name}='{value}'" for name, value in self.env.items()) + "\nexec")
        wrapper.write_text(script)
        if self.token is not None:
            self.secret = Mounted(self.folder / "token", token=self.token)
            self.settings["mount"] = self.secret.folder

    def apply(self, files=(QUICKSTART,), changes=None):
        documents = shipped(files)
        if changes:
            changes(documents)
        write(self.folder, text(self.standalone(documents)))

    def standalone(self, documents):
        documents = copy.deepcopy(documents)
        check_tls(documents)
        upstreams = {**self.settings["upstreams"], **self.upstreams}
        for (kind, _), document in documents.items():
            if kind == "EnvoyProxy":
                self.on_the_host(documents, document["spec"])
            elif kind == "Gateway":
                at_the_port(document["spec"])
            elif kind == "Backend" and not self.shipped_backends:
                to_loopback(document["spec"], upstreams)
            elif kind == "EnvoyExtensionPolicy":
                from_here(document["spec"], self.settings["module_url"], None)
            elif kind == "Secret":
                encode(document)
        left_out = ("Namespace", "ConfigMap") if self.shipped_backends else ("Namespace", "ConfigMap", "BackendTLSPolicy")
        return {key: document for key, document in documents.items() if key[0] not in left_out}

    def on_the_host(self, documents, spec):
        deployment = spec["provider"]["kubernetes"]["envoyDeployment"]
        folders = {POD_IDENTITY: self.eks} if self.eks else {}
        for volume in deployment.get("pod", {}).get("volumes", []):
            (place,) = [each["mountPath"] for each in deployment["container"]["volumeMounts"] if each["name"] == volume["name"]]
            folders[place] = self.settings["mount"]
            if "configMap" in volume:
                folder = folders[place] = self.folder / "config-map"
                folder.mkdir(exist_ok=True)
                for file, content in documents["ConfigMap", volume["configMap"]["name"]]["data"].items():
                    (folder / file).write_text(placed(content, folders))
        for variable in deployment.get("container", {}).get("env", []):
            assert variable["name"] in self.env
        merged = yaml.safe_load(placed(spec.get("bootstrap", {}).get("value", "static_resources: {}"), folders))
        clusters = merged["static_resources"].setdefault("clusters", [])
        for cluster in clusters:
            self.to_the_simulator(cluster)
        clusters.append(yaml.safe_load(MODULE_CLUSTER))
        spec["bootstrap"] = {"type": "Merge", "value": yaml.safe_dump(merged)}
        spec["provider"] = {"type": "Host", "host": {"envoyVersion": self.settings["envoy_version"]}}
        spec["concurrency"] = self.settings["concurrency"]

    def to_the_simulator(self, cluster):
        (socket,) = sockets(cluster)
        if socket["address"] != "127.0.0.1":
            if socket["port_value"] == 443:
                tls = cluster.pop("transport_socket")["typed_config"]
                (name,) = tls["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
                assert tls["sni"] == name["matcher"]["exact"] == socket["address"]
            socket.update(address="127.0.0.1", port_value=self.settings["upstreams"][BEDROCK])
            cluster["type"] = "STATIC"


def placed(content, folders):
    for place, folder in folders.items():
        content = content.replace(place, str(folder))
    assert MOUNT not in content and "/var/run" not in content
    return content


def encode(secret):
    data = secret.pop("stringData", {})
    secret["data"] = {**secret.get("data", {}), **{name: base64.b64encode(value.encode()).decode() for name, value in data.items()}}


def write(folder, content):
    new = folder / "resources.new"
    new.write_text(content)
    new.replace(folder / "resources/all.yaml")


@pytest.fixture
def variant(running, tmp_path_factory, shared_simulator, simulator, elsewhere, modules):
    """One with a variant: variant(name, …)."""
    def new(name, **options):
        running.stop()
        running.gateway = Variant(tmp_path_factory.mktemp("variant"), shared_simulator.port, elsewhere.port, modules.url, name, **options)
        return running.gateway.wait_ready()

    yield new
    if running.gateway:
        assert refusals(running.gateway) == []
    running.stop()


def refusals(gateway):
    """What Envoy Gateway does not accept. That a Gateway without Kubernetes has no address is as it should be."""
    refused = re.findall(r"[^\n]*(?:local validation error|error when reload)[^\n]*", gateway.log())
    for found in re.finditer(r'status: "False"\n\s*type: (\w+)', gateway.log()):
        if found.group(1) != "Programmed":
            refused.append(gateway.log()[max(0, found.start() - 600):found.end()])
    return refused


def assert_serves(gateway, simulator, headers=()):
    """A request, and a stream whose text is complete; what reached Bedrock."""
    answer = gateway.post("Count to 3", headers)
    assert answer.status == 200, answer
    assert answer.json()["content"][0]["text"] == "1, 2, 3"
    last = simulator.last()
    assert last.verified and last.path.endswith("/invoke"), last.record
    assert sse.text(sse.parse(gateway.stream("Count to 3", headers))) == "1, 2, 3"
    assert simulator.last().verified and simulator.last().path.endswith("/invoke-with-response-stream")
    assert gateway.alarms() == []
    return simulator.last()


def assert_issued(simulator, service, uses=2):
    """Bedrock's requests were signed by keys of that service."""
    issued = [keys for keys in simulator.credentials()["issued"] if keys["uses"]]
    assert {keys["service"] for keys in issued} == {service} and sum(keys["uses"] for keys in issued) == uses, issued


# ---- each of them


def test_irsa(variant, simulator):
    token = simulator.identity_token(subject="system:serviceaccount:envoy-gateway-system:bedrock", audience="sts.amazonaws.com")
    gateway = variant("irsa.yaml", token=token)
    assert_serves(gateway, simulator)
    assert_issued(simulator, "sts")
    gateway.wait_for("AWS credentials are those of webIdentity")
    (call,) = [each for each in simulator.credential_requests() if "Action=AssumeRoleWithWebIdentity" in each.body.decode()]
    assert call.host == "sts.us-east-1.amazonaws.com"
    for headers in [[], [("host", "localhost")]]:
        assert gateway.request("GET", "/token", None, headers).status in (400, 404)


def test_irsa_with_a_token_that_the_role_does_not_want(variant, simulator):
    gateway = variant("irsa.yaml", token=simulator.identity_token(subject="somebody", audience="elsewhere"))
    text = assert_envelope(gateway.post(), 503, contains=["webIdentity", "STS answered 400 InvalidIdentityToken"])
    print(text)
    gateway.secret.replace(token=simulator.identity_token(audience="sts.amazonaws.com"))
    wait_until(lambda: gateway.post().status == 200, 20, "a request with the new token")


def test_a_policy_before_its_proxy(variant, simulator):
    """Envoy's pods are restarted for a bootstrap one by one, but a policy reaches all of them at once."""
    def too_early(documents):
        documents[PROXY] = shipped([QUICKSTART])[PROXY]

    response = variant("irsa.yaml", changes=too_early).post()
    print(assert_envelope(response, 503, contains=["the gateway has no AWS credentials yet", "Envoy has no such cluster"]))
    assert response.header("x-should-retry") != "false"


def test_pod_identity(variant, simulator, tmp_path):
    mounted = Mounted(tmp_path / "eks", **{"eks_pod_identity_token": "container-token-example"})
    gateway = variant("pod-identity.yaml", env=FULL_URI, eks=mounted.folder)
    assert_serves(gateway, simulator)
    assert_issued(simulator, "container")
    (call,) = simulator.credential_requests()
    assert (call.host, call.path, call.header("authorization")) == ("169.254.170.23", "/v1/credentials", "container-token-example")


@pytest.mark.parametrize(("env", "status", "words"), [(FULL_URI, 503, "container: the container's endpoint answered 401 AccessDenied"),
                                                     ({}, 500, "AWS_CONTAINER_CREDENTIALS_FULL_URI")], ids=["no-token", "no-variable"])
def test_pod_identity_without_an_association(variant, simulator, tmp_path, env, status, words):
    """EKS has mounted nothing: Envoy starts all the same, and the answer says what is missing."""
    gateway = variant("pod-identity.yaml", env=env, eks=tmp_path / "nothing")
    print(assert_envelope(gateway.post(), status, contains=[words]))


def test_oidc_role(variant, simulator):
    def secret(documents):
        oidc = documents[POLICY]["spec"]["wasm"][0]["config"]["credentials"]["token"]["oidc"]
        assert oidc["clientSecret"] == "EXAMPLE"
        oidc["clientSecret"] = "oidc-client-secret-example"

    gateway = variant("oidc-role.yaml", changes=secret)
    assert_serves(gateway, simulator)
    assert_issued(simulator, "sts")
    calls = simulator.credentials()["calls"]
    assert calls["oidc"]["ok"] == calls["sts"]["ok"] == 1
    gateway.wait_for("AWS credentials are those of webIdentity")


def test_api_key(variant, simulator):
    gateway = variant("api-key.yaml", env={"AWS_BEARER_TOKEN_BEDROCK": API_KEY})
    last = assert_serves(gateway, simulator)
    assert last.header("authorization") == f"Bearer {API_KEY}" and last.header("x-amz-date") is None
    assert API_KEY not in gateway.listener() + gateway.admin("/config_dump")


def with_clients(documents):
    documents[CLIENTS]["stringData"] = {"team-a": "key-of-team-a", "team-b": "key-of-team-b"}
    documents[POLICY]["spec"]["wasm"][0]["config"]["requestMetadata"] = {"client": {"header": "x-client-id"}}


def test_client_keys(variant, simulator):
    gateway = variant("client-keys.yaml", changes=with_clients)
    for headers in [[], [("x-api-key", "wrong")], [("authorization", "Bearer wrong")], [("authorization", "Basic key-of-team-a")], [("x-client-id", "team-a")],
                    [("x-api-key", "wrong"), ("authorization", "Bearer key-of-team-a")]]:
        assert_envelope(gateway.post("Hello", headers), 401, contains=["This gateway does not know the API key."])
    assert simulator.requests() == []
    for headers in [[("x-api-key", "key-of-team-a")], [("authorization", "Bearer key-of-team-a")], [("x-api-key", "key-of-team-a"), ("x-client-id", "team-b")]]:
        last = assert_serves(gateway, simulator, headers)
        assert "key-of-team-a" not in str(last.record) and "x-client-id" not in last.headers
        assert json.loads(last.header("x-amzn-bedrock-request-metadata")) == {"client": "team-a"}
    assert gateway.request("GET", "/v1/models").status == 401
    assert gateway.request("GET", "/healthz").status == 200
    for credentials in [{"api_key": "key-of-team-b"}, {"api_key": None, "auth_token": "key-of-team-b"}]:
        client = anthropic.Anthropic(base_url=gateway.url, max_retries=0, timeout=30, **credentials)
        answer = client.messages.create(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Count to 3"}])
        assert answer.content[0].text == "1, 2, 3"


def test_a_client_key_that_is_replaced(variant, simulator):
    """That one is taken away cannot be seen without Kubernetes: Envoy Gateway's store of files keeps members that are gone."""
    gateway = variant("client-keys.yaml")
    assert_envelope(gateway.post("Hello", [("x-api-key", "key-of-team-a")]), 401)
    files = (QUICKSTART, "variants/client-keys.yaml")
    gateway.apply(files, with_clients)
    wait_until(lambda: gateway.post("Hello", [("x-api-key", "key-of-team-a")]).status == 200, 10, "a request with a key that was given")

    def another(documents):
        with_clients(documents)
        documents[CLIENTS]["stringData"]["team-a"] = "another-key"

    gateway.apply(files, another)
    wait_until(lambda: gateway.post("Hello", [("x-api-key", "key-of-team-a")]).status == 401, 10, "a refusal")
    assert gateway.post("Hello", [("x-api-key", "key-of-team-b")]).status == 200


def snippets():
    """The YAML of the guide's section on clients, by what it begins with."""
    section = GUIDE.read_text().split("## Keys for clients")[1].split("\n## ")[0]
    found = [yaml.safe_load(block.split("```")[0]) for block in section.split("```yaml\n")[1:]]
    return {next(iter(each)): each for each in found}


def with_limits(documents):
    """As the guide says, but for fewer requests."""
    given = snippets()
    with_clients(documents)
    config = documents[POLICY]["spec"]["wasm"][0]["config"]
    assert given["requestMetadata"]["requestMetadata"] == config["requestMetadata"]
    del config["routing"]
    documents[PROXY]["spec"].update(given["filterOrder"])
    documents["HTTPRoute", "bedrock"]["spec"]["rules"].insert(1, given["name"])
    (rule,) = given["rateLimit"]["rateLimit"]["local"]["rules"]
    rule["limit"]["requests"] = 2
    documents["BackendTrafficPolicy", "bedrock"]["spec"].update(given["rateLimit"])
    documents["SecurityPolicy", "bedrock"]["spec"]["authorization"] = {
        "defaultAction": "Allow",
        "rules": [{"action": "Deny", "principal": {"headers": [{"name": "x-client-id", "values": ["team-c"]}]}}],
    }
    documents[CLIENTS]["stringData"]["team-c"] = "key-of-team-c"


def test_limits_and_rules_per_client(variant, simulator):
    gateway = variant("client-keys.yaml", changes=with_limits)
    for key in ("key-of-team-a", "key-of-team-b"):
        headers = [("x-api-key", key), ("x-client-id", "another"), ("x-provider", "elsewhere")]
        assert [gateway.post("Count to 3", headers).status for _ in range(3)] == [200, 200, 429]
    assert_envelope(gateway.post("Count to 3", [("x-api-key", "key-of-team-c")]), 403)
    assert len(simulator.requests()) == 4 and all(each.verified for each in simulator.requests())


def test_vpc_endpoint(variant, simulator, shared_simulator):
    gateway = variant("vpc-endpoint.yaml", upstreams={VPC_ENDPOINT: shared_simulator.port})
    assert assert_serves(gateway, simulator).host == VPC_ENDPOINT


@pytest.fixture(scope="module")
def regional(tmp_path_factory):
    """A Bedrock in each region of the file."""
    simulators = {region: Simulator(tmp_path_factory.mktemp(region), "--region", region) for region in ("eu-west-1", "us-west-2")}
    yield simulators
    for simulator in simulators.values():
        simulator.stop()


def by_path(documents):
    """As the file's head says."""
    (rule,) = [rule for rule in documents["HTTPRoute", "bedrock"]["spec"]["rules"] if rule["name"] == "eu-west-1"]
    rule["matches"] = [{"path": {"type": "PathPrefix", "value": "/eu-west-1/"}}]
    documents["EnvoyExtensionPolicy", "bedrock-eu-west-1"]["spec"]["wasm"][0]["config"]["pathPrefix"] = "/eu-west-1"


def regions(variant, regional, **options):
    for simulator in regional.values():
        simulator.reset()
    return variant("regions.yaml", upstreams={f"bedrock-runtime.{region}.amazonaws.com": each.port for region, each in regional.items()}, **options)


def test_regions(variant, simulator, regional):
    gateway = regions(variant, regional)
    for region, bedrock in regional.items():
        last = assert_serves(gateway, bedrock, [("x-region", region)])
        assert last.host == f"bedrock-runtime.{region}.amazonaws.com"
        assert f"/{region}/bedrock/aws4_request" in last.header("authorization")
    assert simulator.requests() == []
    for headers in [[], [("x-region", "elsewhere")]]:
        assert assert_serves(gateway, simulator, headers).host == BEDROCK
    assert [len(each.requests()) for each in regional.values()] == [2, 2]
    assert gateway.post("x" * 200_000, [("x-region", "us-west-2")]).status == 200


@pytest.mark.parametrize("host", ["bedrock-runtime.eu-west-1.amazonaws.com", BEDROCK, "bedrock-runtime.eu-central-1.amazonaws.com"])
def test_no_client_reaches_a_region_by_itself(variant, simulator, regional, host):
    gateway = regions(variant, regional)
    for headers in [[], [("x-region", "us-west-2")]]:
        response = gateway.request("POST", f"/model/{MODEL}/invoke", {}, [("host", host), *headers])
        assert_envelope(response, 404)
    assert gateway.post("Count to 3", [("host", host), ("x-region", "us-west-2")]).status == 200
    assert simulator.requests() == [] and [len(each.requests()) for each in regional.values()] == [0, 1]


def test_regions_by_path(variant, simulator, regional):
    gateway = regions(variant, regional, changes=by_path)
    answer = gateway.request("POST", "/eu-west-1/v1/messages", encoded("Count to 3"))
    assert answer.status == 200 and regional["eu-west-1"].last().verified, answer
    assert_serves(gateway, simulator)
    assert_serves(gateway, regional["us-west-2"], [("x-region", "us-west-2")])
    assert len(regional["eu-west-1"].requests()) == 1


def test_providers(variant, simulator, elsewhere):
    gateway = variant("providers.yaml")
    elsewhere.count = 0
    assert_serves(gateway, simulator, [("x-provider", "aws"), ("x-api-key", "key-of-a-client")])
    assert "key-of-a-client" not in str(simulator.last().record) and elsewhere.count == 0
    assert gateway.post("x" * 200_000, [("x-provider", "aws")]).status == 200
    simulator.reset()
    for headers in [[], [("x-provider", "anthropic")], [("x-provider", "AWS")]]:
        body = encoded("Count to 3", model="claude-sonnet-4-5", mcp_servers=[])
        answer = gateway.request("POST", "/v1/messages?beta=true", body, [("x-api-key", "key-of-a-client"), ("anthropic-version", "2023-06-01"), *headers])
        sent = dict(answer.json()["headers"])
        assert (answer.json()["path"], elsewhere.body) == ("/v1/messages?beta=true", body)
        assert (sent["host"], sent["x-api-key"], sent["anthropic-version"]) == (ANTHROPIC, "key-of-a-client", "2023-06-01")
        assert "authorization" not in sent and not [name for name in sent if name.startswith("x-amz")]
    assert gateway.request("POST", "/v1/messages/batches", {}, [("x-provider", "aws")]).status == 404
    assert gateway.request("POST", "/v1/messages/batches", {}).json()["path"] == "/v1/messages/batches"
    assert gateway.request("GET", "/other").status == 404
    assert_envelope(gateway.request("POST", f"/model/{MODEL}/invoke", {}), 404)
    assert elsewhere.count == 4 and simulator.requests() == []


def test_other_providers_are_not_buffered(variant, simulator, elsewhere):
    """A request's first bytes are there before its last ones are sent."""
    gateway = variant("providers.yaml")
    with Connection(gateway.port, timeout=20) as connection:
        elsewhere.arrived = 0
        connection.send(b"POST /v1/files HTTP/1.1\r\nhost: gateway\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n")
        elsewhere.wait_for_bytes(2)
        connection.send(b"2\r\ncd\r\n0\r\n\r\n")
        assert connection.response().status == 200
    assert elsewhere.body == b"abcd"


@pytest.mark.parametrize("name", ["vpc-endpoint.yaml", "regions.yaml", "providers.yaml"])
def test_every_backend_gets_tls_by_its_own_name(variant, name):
    gateway = variant(name, shipped_backends=True)
    hosts = {each["spec"]["endpoints"][0]["fqdn"]["hostname"] for (kind, _), each in shipped([QUICKSTART, f"variants/{name}"]).items() if kind == "Backend"}

    def clusters():
        dump = json.loads(gateway.admin("/config_dump"))
        of_kind = {each["@type"].rsplit(".", 1)[1]: each for each in dump["configs"]}["ClustersConfigDump"]
        found = [each["cluster"] for state in ("active", "warming") for each in of_kind.get(f"dynamic_{state}_clusters", [])]
        return [each for each in found if each["name"].startswith("httproute/")]

    wait_until(lambda: {host for each in clusters() for host in hosts if host in json.dumps(each["load_assignment"])} == hosts, 20, f"clusters for {hosts}")
    for cluster in clusters():
        (address,) = sockets(cluster["load_assignment"])
        text = json.dumps([cluster.get("transport_socket"), cluster.get("transport_socket_matches")])
        assert re.search(rf'"sni": "{re.escape(address["address"])}"', text), (cluster["name"], text)
        assert f'{{"exact": "{address["address"]}"}}' in text, text


# ---- the files


def test_every_manifest_is_one_of_envoy_gateways(start):
    """As it is shipped: Envoy Gateway checks each against its schemas and rules before it does anything with it. One set after the other, in the
    same process, the EnvoyProxy of Kubernetes before the one that runs."""
    gateway = start()

    def loads(name, spoil=None):
        def changed(documents):
            ours = shipped([f"variants/{name}"])
            if spoil:
                spoil(ours)
            first = {("shipped", *key): under_another_name(document) for key, document in ours.items() if key[0] not in ("Secret", "ConfigMap")}
            own = dict(documents)
            documents.clear()
            documents.update({**first, **own})
            documents[POLICY]["spec"]["wasm"][0]["config"]["models"] = {f"seen-{name}": "us.anthropic.claude-sonnet-4-6"}

        gateway.apply(changes=changed)

    assert len(NAMES) == 8
    for name in NAMES:
        loads(name)
        wait_until(lambda name=name: f"seen-{name}" in gateway.listener() or validation(gateway), 15, f"what is done with {name}")
        assert validation(gateway) == [], validation(gateway)

    def spoiled(documents):
        documents[PROXY]["spec"]["provider"]["kubernetes"]["envoyServiceAcount"] = {"name": "bedrock"}

    loads("irsa.yaml", spoiled)
    gateway.wait_for("local validation error")
    print(validation(gateway))


def under_another_name(document):
    """And for other objects, which are not there."""
    spec = document["spec"]
    for each in [document["metadata"], *spec.get("targetRefs", []), *spec.get("parentRefs", [])]:
        each["name"] = f"shipped-{each['name']}"
    return document


def validation(gateway):
    return re.findall(r"[^\n]*local validation error[^\n]*", gateway.log())


@pytest.mark.parametrize("name", NAMES)
def test_what_a_variant_repeats_is_the_quick_starts(name):
    """Each replaces whole objects of the quick start, so what it does not mean to change has to stay the same."""
    before, after = shipped([QUICKSTART]), shipped([f"variants/{name}"])
    if PROXY in after:
        new, old = after[PROXY]["spec"], before[PROXY]["spec"]
        assert (new["telemetry"], new["logging"]) == (old["telemetry"], old["logging"])
        new, old = (spec["provider"]["kubernetes"] for spec in (new, old))
        assert new["envoyService"] == old["envoyService"] and new["envoyDeployment"]["name"] == old["envoyDeployment"]["name"]
    old, old_hold = before[POLICY]["spec"]["wasm"]
    for new, hold in (document["spec"]["wasm"] for (kind, _), document in after.items() if kind == "EnvoyExtensionPolicy"):
        assert new["code"] == hold["code"] == old["code"] and new["failOpen"] is hold["failOpen"] is False
        assert hold["config"] == old_hold["config"] and new["config"]["role"] == "transform"
        if name not in ("regions.yaml", "providers.yaml"):
            assert new["config"]["routing"] == old["config"]["routing"] and new["config"]["region"] == old["config"]["region"]
        if PROXY not in after:
            assert new["config"]["credentials"] == old["config"]["credentials"] and "env" not in new


def test_every_variant_is_in_the_guide_and_says_how():
    guide = GUIDE.read_text()
    for name in NAMES:
        assert f"../envoy/gateway/variants/{name}" in guide, name
        head = (FOLDER / "variants" / name).read_text().split("apiVersion")[0]
        assert f"variants/{name}" in head and "kubectl" in head and "docs/" in head, name
