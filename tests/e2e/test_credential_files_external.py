"""The files of envoy/credentials where Envoy signs, and the filter leaves that to it."""

import json
import re
import urllib.parse

import pytest

from harness.credential_files import KEY, shipped
from harness.credential_fixtures import EXTERNAL, NOWHERE, calls, key_of, sts_keys
from harness.messages import assert_envelope, encoded
from harness.simulator import ACCESS_KEY_ID
from harness.wire import PRIVATE, SECRET

MODELS = ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"]


@pytest.mark.parametrize("name", EXTERNAL)
def test_envoys_signature_covers_all_that_is_sent(start_file, simulator, name):
    gateway = start_file(name, simulator, concurrency=1)
    for model in MODELS:
        for stream in (False, True):
            body = encoded("Count to 3", model=model, stream=stream, metadata={"user_id": "somebody"})
            private = [*PRIVATE.items(), ("authorization", f"Bearer {SECRET}"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
            assert gateway.request("POST", "/v1/messages", body, [KEY, *private]).status == 200
            record = simulator.last()
            assert key_of(record) == ACCESS_KEY_ID
            assert urllib.parse.unquote(record.path).startswith(f"/model/{model}/")
            assert record.header("x-amz-content-sha256") == record.sha256
            signed = re.search("SignedHeaders=([^,]*)", record.header("authorization")).group(1).split(";")
            assert signed == ["accept", "content-type", "host", "x-amz-content-sha256", "x-amz-date"] or stream and "x-amzn-bedrock-accept" in signed, signed
            assert len(record.headers["authorization"]) == 1
            assert SECRET not in json.dumps(record.record)


@pytest.mark.parametrize("name", EXTERNAL)
def test_envoys_signature_of_a_long_body_and_a_session(start_file, simulator, tmp_path, name):
    """With temporary keys, from a file that Envoy itself reads."""
    text, key = sts_keys(simulator)
    file = tmp_path / "credentials"
    file.write_text(text)
    gateway = start_file(name, simulator, env={**NOWHERE, "AWS_SHARED_CREDENTIALS_FILE": str(file)}, concurrency=1)
    assert gateway.ask("x" * 2_000_000).status == 200
    record = simulator.last()
    assert key_of(record) == key and record.length > 2_000_000
    assert record.header("x-amz-content-sha256") == record.sha256


@pytest.mark.parametrize("name", EXTERNAL)
def test_envoy_asks_the_containers_endpoint_itself(start_file, simulator, name):
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{simulator.port}/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token-example"}
    gateway = start_file(name, simulator, env={**NOWHERE, **env})
    assert all(gateway.ask().status == 200 for _ in range(8))
    assert {each["accessKeyId"]: each["service"] for each in simulator.credentials()["issued"]}[key_of(simulator.last())] == "container"
    assert calls(simulator) == {"container": 1}


@pytest.mark.parametrize("name", EXTERNAL)
def test_without_credentials_envoy_sends_it_unsigned(start_file, simulator, name):
    gateway = start_file(name, simulator, env=NOWHERE, concurrency=1)
    assert_envelope(gateway.ask(), 502, "api_error", contains=["Missing Authentication Token"])


@pytest.mark.parametrize("name, signed", [("external", True), ("external-upstream", False)])
def test_whether_envoy_signs_what_is_passed_on(start_file, simulator, elsewhere, name, signed):
    """Why external.yaml is for Bedrock alone."""
    there = {"socket_address": {"address": "127.0.0.1", "port_value": elsewhere.port}}
    cluster = {"name": "elsewhere", "type": "STATIC", "load_assignment": {"cluster_name": "elsewhere", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": there}}]}]}}
    direct = re.search(r" +direct_response:\n +status: 404\n +body: .*\n", shipped(name)).group(0)
    changes = {direct: " " * 26 + "route: { cluster: elsewhere }\n", "\n  clusters:\n": f"\n  clusters:\n    - {json.dumps(cluster)}\n",
               '"type": "external" }': '"type": "external" }, "routing": { "header": { "name": "x-provider", "value": "aws" } }'}
    gateway = start_file(name, simulator, changes=changes, concurrency=1)
    response = gateway.ask(headers=[("x-provider", "another"), ("authorization", "Bearer of-the-client")])
    authorization = dict(response.json()["headers"])["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 ") if signed else authorization == "Bearer of-the-client"
    assert gateway.ask(headers=[("x-provider", "aws")]).status == 200 and simulator.last().verified
