"""Keys for clients: variants/client-keys.yaml, and what the guide adds to it."""

import json

import anthropic
import yaml

from harness.messages import MODEL, assert_envelope
from harness.processes import wait_until
from harness.variants import GUIDE, POLICY, PROXY, assert_serves

CLIENTS = ("Secret", "bedrock-clients")


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
    gateway.apply(changes=with_clients)
    wait_until(lambda: gateway.post("Hello", [("x-api-key", "key-of-team-a")]).status == 200, 10, "a request with a key that was given")

    def another(documents):
        with_clients(documents)
        documents[CLIENTS]["stringData"]["team-a"] = "another-key"

    gateway.apply(changes=another)
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
