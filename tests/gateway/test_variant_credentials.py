"""Each variant's way to credentials, up to the keys that sign."""

import pytest

from harness.credential_files import Mounted
from harness.gateway import QUICKSTART
from harness.messages import assert_envelope
from harness.processes import wait_until
from harness.simulator import API_KEY
from harness.standalone import shipped
from harness.variants import POLICY, PROXY, assert_serves

FULL_URI = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}


def assert_issued(simulator, service, uses=2):
    """Bedrock's requests were signed by keys of that service."""
    issued = [keys for keys in simulator.credentials()["issued"] if keys["uses"]]
    assert {keys["service"] for keys in issued} == {service} and sum(keys["uses"] for keys in issued) == uses, issued


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
        documents[PROXY] = shipped(QUICKSTART)[PROXY]

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
