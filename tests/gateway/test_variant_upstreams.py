"""Variants with other places to send requests to: an endpoint of a VPC, several regions, several providers."""

import pytest

from harness.credential_files import sockets
from harness.gateway import ANTHROPIC, BEDROCK, QUICKSTART
from harness.messages import MODEL, assert_envelope, encoded
from harness.processes import wait_until
from harness.raw import Connection
from harness.simulator import Simulator
from harness.standalone import shipped
from harness.variants import assert_serves, assert_tls

VPC_ENDPOINT = "vpce-0123456789abcdef0-abcd1234.bedrock-runtime.us-east-1.vpce.amazonaws.com"


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
    hosts = {each["spec"]["endpoints"][0]["fqdn"]["hostname"] for (kind, _), each in shipped((*QUICKSTART, f"variants/{name}")).items() if kind == "Backend"}

    def by_host():
        return {address["address"]: cluster for cluster in gateway.clusters() for address in sockets(cluster["load_assignment"])}

    wait_until(lambda: set(by_host()) == hosts, 20, f"clusters for {hosts}")
    for host, cluster in by_host().items():
        assert_tls(cluster, host)
