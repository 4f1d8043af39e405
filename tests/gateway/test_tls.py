"""The way to Bedrock over TLS, by the policy that is shipped; but for the authority, which is the test's."""

import pytest

from harness import sse
from harness.gateway import BEDROCK, QUICKSTART
from harness.messages import assert_upstream_failure
from harness.standalone import shipped
from harness.tls import Authority, Front

NAME = ("BackendTLSPolicy", "bedrock")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls(start, authority, shared_simulator):
    """Starts the quick start before a server for that name: tls(host, protocols)."""
    fronts = []

    def starting(host, protocols):
        policy = shipped(QUICKSTART)[NAME]
        del policy["spec"]["validation"]["wellKnownCACertificates"]
        policy["spec"]["validation"]["caCertificateRefs"] = [{"group": "", "kind": "ConfigMap", "name": "authority"}]
        authorities = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "authority", "namespace": "bedrock"},
                       "data": {"ca.crt": authority.certificate}}
        front = Front(shared_simulator.port, authority.issue(host), protocols)
        fronts.append(front)
        return front, start(bedrock_port=front.port, more={NAME: policy, ("ConfigMap", "authority"): authorities})

    yield starting
    for front in fronts:
        front.stop()


@pytest.mark.parametrize("protocols", [["h2", "http/1.1"], ["http/1.1"]], ids=["h2", "http-1"])
def test_bedrock_over_tls(tls, simulator, protocols):
    front, gateway = tls(BEDROCK, protocols)
    assert gateway.post("Count to 3").json()["content"][0]["text"] == "1, 2, 3"
    assert sse.text(sse.parse(gateway.stream("Count to 5"))) == "1, 2, 3, 4, 5"
    assert gateway.post("x" * 20_000_000).status == 200
    assert set(front.asked) == {BEDROCK} and set(front.protocols) == {protocols[0]}
    assert all(record.verified for record in simulator.requests())


def test_a_certificate_for_another_name(tls, simulator):
    _, gateway = tls("bedrock-runtime.elsewhere.example", ["http/1.1"])
    response = gateway.post()
    assert_upstream_failure(response)
    assert "CERTIFICATE_VERIFY_FAILED" in gateway.wait_for("CERTIFICATE_VERIFY_FAILED").group(0)
    print(response)
    assert simulator.requests() == []
