"""Sources of credentials that stand behind or inside one another, and how an OpenID provider is asked."""

import pytest

from harness.messages import assert_envelope
from harness.processes import wait_until
from harness.simulator import Simulator

ROLE = "arn:aws:iam::123456789012:role/bedrock"
STS = {"cluster": "sts"}
FETCHES = "wasmcustom.bedrock_messages_credential_fetches.source"

pytestmark = pytest.mark.xdist_group("credentials")


@pytest.fixture
def aws(tmp_path, request):
    """Bedrock and the services that hand out credentials, with the test's own arguments."""
    simulator = Simulator(tmp_path, *getattr(request, "param", ()))
    yield simulator
    simulator.stop()


@pytest.fixture
def serving(envoy, aws):
    def start(credentials, **limits):
        clusters = {name: aws.port for name in ("sts", "oidc", "imds")}
        return envoy({"credentials": credentials, "limits": limits}, bedrock_port=aws.port, clusters=clusters, env={}, concurrency=4)
    return start


@pytest.mark.parametrize("aws", [("--session-seconds", "16")], indirect=True)
def test_a_chain_stays_with_what_is_good(aws, serving):
    """Its first source fails at the refresh: what is held serves to its end, then the next source's takes over, and the failures are told and counted."""
    web = {"type": "webIdentity", "roleArn": ROLE, "sts": STS, "token": {"value": aws.identity_token()}}
    gateway = serving({"type": "chain", "providers": [web, {"type": "instanceMetadata", "cluster": "imds"}]})

    def used():
        assert gateway.post().status == 200
        return {entry["service"] for entry in aws.credentials()["issued"] if entry["uses"]}
    assert used() == {"sts"}
    aws.fault("sts", "error", status=503)
    wait_until(lambda: "no new AWS credentials: chain: webIdentity: STS answered 503" in gateway.log(), 16, "the first refresh")
    assert aws.credentials()["calls"]["instanceMetadata"]["documents"] > 0, "it was asked, and gave some"
    assert used() == {"sts"}
    wait_until(lambda: "passed over for AWS credentials: webIdentity: STS answered 503" in gateway.log(), 16, "the end of what was held")
    assert "AWS credentials are those of chain: instanceMetadata" in gateway.log()
    assert used() == {"sts", "instanceMetadata"}
    counted = gateway.stats("credential_fetches")
    assert counted[f"{FETCHES}.webIdentity.outcome.error"] > 1, counted
    assert counted[f"{FETCHES}.chain.outcome.error"] > 0, counted


def test_a_role_of_nothing_is_told_at_once(aws, serving):
    gateway = serving({"type": "assumeRole", "roleArn": ROLE, "sts": STS, "source": {"type": "environment"}})
    answer = gateway.post()
    assert_envelope(answer, 500, contains=["assumeRole: environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"])
    assert answer.header("x-should-retry") == "false"
    assert aws.credentials()["calls"]["sts"]["total"] == 0


@pytest.mark.parametrize("way", ["form", "basic"])
@pytest.mark.parametrize("aws", [("--oidc-authentication", "form"), ("--oidc-authentication", "basic")], indirect=True, ids=["takes-form", "takes-basic"])
def test_how_a_client_shows_its_secret(aws, serving, request, way):
    """A provider that takes it in one way alone."""
    oidc = {"cluster": "oidc", "host": "oidc.example.com", "path": "/oauth2/token", "clientId": "bedrock-gateway",
            "clientSecret": "oidc-client-secret-example", "clientAuthentication": way}
    gateway = serving({"type": "webIdentity", "roleArn": ROLE, "sts": STS, "token": {"oidc": oidc}}, credentialsWaitMs=1500)
    answer = gateway.post()
    if f"takes-{way}" in request.node.name:
        assert answer.status == 200
    else:
        assert_envelope(answer, 503, contains=["webIdentity: the OIDC issuer answered 401 invalid_client"])
