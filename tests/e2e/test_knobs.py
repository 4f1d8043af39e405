"""Bedrock's own headers, of the configuration or of the client: guardrail, service tier, latency, request metadata."""

import json

import pytest

from harness import sse
from harness.messages import assert_envelope
from harness.processes import wait_until
from harness.simulator import API_KEY

PREFIX = "x-amzn-bedrock-"
GUARDED = {"guardrail": {"identifier": "gr1234567890", "version": "1", "trace": "ENABLED_FULL"}}
LITERAL = {**GUARDED, "serviceTier": "priority", "performanceLatency": "optimized", "requestMetadata": {"team": "red", "app": 'a "b" \\ c'}}
CHOSEN = {"guardrail": {"identifier": {"header": "X-Guard"}, "version": {"header": "x-guard-version", "default": "DRAFT"}, "trace": {"header": "x-trace"}},
          "serviceTier": {"header": "x-tier"}, "performanceLatency": {"header": "x-latency", "default": "standard"},
          "requestMetadata": {"team": {"header": "x-team", "default": "none"}, "user": {"header": "x-user"}, "app": "gateway"}}
COUNT = "/v1/messages/count_tokens"

pytestmark = pytest.mark.xdist_group("knobs")


def knobs(record):
    """Bedrock's own headers of a request, each there once; they are signed."""
    found = {name.removeprefix(PREFIX): values for name, values in record.headers.items() if name.startswith(PREFIX) and name != f"{PREFIX}accept"}
    assert all(len(values) == 1 for values in found.values()), found
    signed = record.header("authorization").split("SignedHeaders=")[1].split(",")[0].split(";")
    assert {PREFIX + name for name in found} <= set(signed), signed
    assert record.verified, record.auth
    return {name: json.loads(values[0]) if name == "request-metadata" else values[0] for name, values in found.items()}


@pytest.fixture
def chosen(envoys, simulator):
    return envoys(CHOSEN)


@pytest.mark.parametrize("streamed", [False, True])
def test_literals(envoys, simulator, streamed):
    gateway = envoys(LITERAL)
    response = gateway.post("Count to 3", headers=[("x-guard", "other"), (f"{PREFIX}service-tier", "flex"), (f"{PREFIX}trace", "DISABLED")], stream=streamed)
    assert response.status == 200, response
    assert knobs(simulator.last()) == {"guardrailidentifier": "gr1234567890", "guardrailversion": "1", "trace": "ENABLED_FULL", "service-tier": "priority",
                                       "performanceconfig-latency": "optimized", "request-metadata": {"team": "red", "app": 'a "b" \\ c'}}
    assert response.header(f"{PREFIX}service-tier") == "priority" and response.header(f"{PREFIX}performanceconfig-latency") == "optimized"
    if streamed:
        assert sse.text(sse.parse(response)) == "1, 2, 3"
        assert simulator.last().path.endswith("/invoke-with-response-stream")


@pytest.mark.parametrize("client, expected", [
    ({}, {"performanceconfig-latency": "standard", "request-metadata": {"app": "gateway", "team": "none"}}),
    ({"x-guard": "gr7"}, {"guardrailidentifier": "gr7", "guardrailversion": "DRAFT", "performanceconfig-latency": "standard",
                          "request-metadata": {"app": "gateway", "team": "none"}}),
    ({"X-Guard": "arn:aws:bedrock:us-east-1:123456789012:guardrail/gr7", "x-guard-version": "12345678", "x-trace": "DISABLED", "x-tier": "reserved",
      "x-latency": "optimized", "x-team": "a: b, {c}", "x-user": ""},
     {"guardrailidentifier": "arn:aws:bedrock:us-east-1:123456789012:guardrail/gr7", "guardrailversion": "12345678", "trace": "DISABLED",
      "service-tier": "reserved", "performanceconfig-latency": "optimized", "request-metadata": {"app": "gateway", "team": "a: b, {c}", "user": ""}}),
    # Without a guardrail its trace means nothing.
    ({"x-trace": "ENABLED"}, {"performanceconfig-latency": "standard", "request-metadata": {"app": "gateway", "team": "none"}}),
], ids=["none", "defaults", "all", "trace"])
def test_of_the_client(chosen, simulator, client, expected):
    response = chosen.post(headers=client.items())
    assert response.status == 200, response
    assert knobs(simulator.last()) == expected
    assert response.header(f"{PREFIX}service-tier") == client.get("x-tier")
    assert not {name.lower() for name in client} & set(simulator.last().headers), "the client's own header went on"


def test_sixteen_long_keys(envoys, simulator):
    names = [f"key-{n:02}" for n in range(16)]
    gateway = envoys({"requestMetadata": {name: {"header": f"x-{name}"} for name in names}})
    assert gateway.post(headers=[(f"x-{name}", "v" * 256) for name in names]).status == 200
    assert knobs(simulator.last()) == {"request-metadata": {name: "v" * 256 for name in names}}


@pytest.mark.parametrize("name, value, expected", [
    ("x-guard", "not a guardrail", "id or the ARN"), ("x-guard", "", "id or the ARN"), ("x-guard", "g" * 2049, "id or the ARN"),
    ("x-tier", "fast", "priority, default, flex, reserved"), ("x-tier", "", "priority"), ("x-latency", "Optimized", "standard, optimized"),
    ("x-team", "\xe9", "printable ASCII"), ("x-team", "t" * 257, "256"), ("x-user", "a\tb\xa0", "printable ASCII"),
])
def test_a_bad_header_is_the_clients_error(chosen, simulator, name, value, expected):
    for path in ("/v1/messages", COUNT):
        text = assert_envelope(chosen.post(headers=[(name, value)], path=path), 400, "invalid_request_error", contains=[name, expected])
        assert not value or len(value) > 250 or value not in text
    assert simulator.requests() == []


@pytest.mark.parametrize("name, value, expected", [("x-guard-version", "0", "DRAFT"), ("x-guard-version", "latest", "DRAFT"), ("x-trace", "on", "ENABLED_FULL")])
def test_a_bad_header_beside_a_guardrail(chosen, simulator, name, value, expected):
    assert_envelope(chosen.post(headers=[("x-guard", "gr1"), (name, value)]), 400, contains=[name, expected])
    assert simulator.requests() == []


def test_a_guardrail_without_its_version(envoys, simulator):
    gateway = envoys({"guardrail": {"identifier": {"header": "x-guard"}, "version": {"header": "x-guard-version"}}})
    assert_envelope(gateway.post(headers=[("x-guard", "gr1")]), 400, contains=["x-guard-version"])
    assert simulator.requests() == []
    assert gateway.post().status == 200 and knobs(simulator.last()) == {}


def test_bedrocks_own_refusal(chosen):
    """What is well-formed, and still no guardrail."""
    assert_envelope(chosen.post(headers=[("x-guard", "GR-1")]), 400, contains=["guardrailIdentifier"])


def test_a_request_whose_model_decides_keeps_its_guardrail(envoys, simulator, elsewhere):
    """A bad header of the client must not cost it that, and is no business of requests that go elsewhere."""
    gateway = envoys({**GUARDED, "requestMetadata": {"team": {"header": "x-team"}}, "routing": {"models": ["*claude-*"], "default": "passthrough"}})
    assert gateway.post(headers=[("x-team", "red")]).status == 200
    assert knobs(simulator.last())["guardrailidentifier"] == "gr1234567890"
    simulator.reset()
    assert_envelope(gateway.post(headers=[("x-team", "\xe9")]), 400, contains=["x-team"])
    assert gateway.post(headers=[("x-team", "\xe9")], model="gpt-5").json()["echo"] == "elsewhere"
    assert simulator.requests() == []


def test_a_count_has_none(envoys, simulator):
    gateway = envoys(LITERAL)
    response = gateway.post(path=COUNT, model="claude-sonnet-4-5")
    assert response.status == 200, response
    assert simulator.last().path.endswith("/count-tokens") and knobs(simulator.last()) == {}
    counting = envoys({**LITERAL, "countTokens": "mantle"})
    assert counting.request("POST", COUNT, {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hi"}]}).status == 200
    assert simulator.last().host.startswith("bedrock-mantle.") and knobs(simulator.last()) == {}


@pytest.mark.parametrize("upstream", ["runtimeNative", "mantle"])
@pytest.mark.parametrize("streamed", [False, True])
def test_native_upstreams_have_none(envoys, simulator, upstream, streamed):
    gateway = envoys({**{name: value for name, value in LITERAL.items() if name != "guardrail"}, "upstream": upstream})
    assert gateway.post(model="claude-sonnet-4-5", stream=streamed).status == 200
    assert simulator.last().path.startswith("/anthropic/") and knobs(simulator.last()) == {}


def test_with_an_api_key(envoys, simulator):
    gateway = envoys({**LITERAL, "credentials": {"type": "apiKey", "value": API_KEY}})
    assert gateway.post().status == 200
    assert simulator.last().header(f"{PREFIX}guardrailidentifier") == "gr1234567890"


@pytest.mark.parametrize("more, key", [
    ({"upstream": "mantle"}, "upstream: expected invoke"), ({"upstream": "runtimeNative"}, "upstream: expected invoke"),
    ({"models": {"a": "b", "c": {"id": "d", "upstream": "mantle"}}}, "models.c.upstream: expected invoke"),
])
def test_no_native_upstream_beside_a_guardrail(envoy, more, key):
    """Requests there would go without it, and nobody would know."""
    refused = envoy({**GUARDED, **more}, ready=False)
    refused.tolerate(r"\[critical\]")
    wait_until(lambda: not refused.program.running(), 20, "Envoy's refusal")
    refused.stop = lambda: None
    assert key in refused.log(), refused.program.tail()
