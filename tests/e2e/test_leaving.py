"""What leaves Envoy, read off the wire: for every operation the headers that are allowed, and nothing of the client's secrets."""

import json
import re

import pytest

from harness.clients import CLIENT_KEY, sdk
from harness.raw import request
from harness.wire import ALWAYS_LEAVING, LEAVING, PRIVATE, Wire, assert_nothing_private_left

NATIVE = ALWAYS_LEAVING | {"accept", "anthropic-version", "anthropic-beta", "anthropic-user-profile-id"}
KNOBS = {"guardrail": {"identifier": "gr1", "version": "1"}, "serviceTier": "flex", "requestMetadata": {"team": {"header": "x-team"}}}
KNOB_HEADERS = {"x-amzn-bedrock-guardrailidentifier", "x-amzn-bedrock-guardrailversion", "x-amzn-bedrock-service-tier", "x-amzn-bedrock-request-metadata"}
CONFIG = {**KNOBS, "models": {"claude-opus-5": "us.anthropic.claude-opus-5"}}
# A guardrail goes with no native upstream.
NATIVE_KNOBS = {name: value for name, value in KNOBS.items() if name != "guardrail"}
# Configuration, path, members, headers that may leave, headers that must.
OPERATIONS = {
    "InvokeModel": (CONFIG, "/v1/messages", {"max_tokens": 50}, LEAVING | KNOB_HEADERS, KNOB_HEADERS | {"accept"}),
    "InvokeModelWithResponseStream": (CONFIG, "/v1/messages", {"max_tokens": 50, "stream": True}, LEAVING | KNOB_HEADERS, KNOB_HEADERS | {"x-amzn-bedrock-accept"}),
    "CountTokens": (CONFIG, "/v1/messages/count_tokens", {"model": "claude-sonnet-4-5"}, ALWAYS_LEAVING | {"accept"}, {"accept"}),
    "Messages on the runtime": ({**NATIVE_KNOBS, "upstream": "runtimeNative"}, "/v1/messages", {"max_tokens": 50}, NATIVE, NATIVE - ALWAYS_LEAVING),
    "a stream of the runtime": ({**NATIVE_KNOBS, "upstream": "runtimeNative"}, "/v1/messages", {"max_tokens": 50, "stream": True}, NATIVE, NATIVE - ALWAYS_LEAVING),
    "Messages on mantle": ({**NATIVE_KNOBS, "upstream": "mantle"}, "/v1/messages", {"max_tokens": 50}, NATIVE, NATIVE - ALWAYS_LEAVING),
    "a stream of mantle": ({**NATIVE_KNOBS, "upstream": "mantle"}, "/v1/messages", {"max_tokens": 50, "stream": True}, NATIVE, NATIVE - ALWAYS_LEAVING),
    "a count of mantle": ({**NATIVE_KNOBS, "upstream": "mantle"}, "/v1/messages/count_tokens", {}, NATIVE, NATIVE - ALWAYS_LEAVING),
    "a count of mantle alone": ({**KNOBS, "countTokens": "mantle"}, "/v1/messages/count_tokens", {}, NATIVE, NATIVE - ALWAYS_LEAVING),
}
# Beside what stays, everything that a client may say to Bedrock.
SPOKEN = {"anthropic-version": "2026-10-21", "anthropic-beta": "effort-2025-11-24", "anthropic-user-profile-id": "profile-1", "x-team": "red",
          "user-agent": "tests/1", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b", "accept": "text/client",
          "accept-encoding": "br"}

pytestmark = pytest.mark.xdist_group("leaving")


@pytest.fixture(scope="module")
def wires(folder, shared_simulator, shared_elsewhere):
    started = {}

    def serving(config):
        key = json.dumps(config)
        if key not in started:
            started[key] = Wire(folder, shared_simulator.port, shared_elsewhere.port, config)
            started[key].envoy.wait_ready()
        started[key].forget()
        return started[key]

    yield serving
    for wire in started.values():
        wire.stop()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_headers_are_an_allow_list(wires, simulator, operation):
    config, path, members, leaving, needed = OPERATIONS[operation]
    wire = wires(config)
    body = {"model": "claude-opus-5", "messages": [{"role": "user", "content": "Hi"}], **members}
    headers = {**PRIVATE, **SPOKEN, "x-api-key": CLIENT_KEY, "authorization": f"Bearer {CLIENT_KEY}"}
    response = request(wire.inside.port, "POST", f"{path}?beta=true&key={CLIENT_KEY}", body, headers.items())
    assert response.status == 200, response
    record = simulator.last()
    assert_nothing_private_left(wire, [record], leaving)
    left, = wire.outside.requests()
    names = [name for name, _ in left.headers]
    assert len(names) == len(set(names)), "a header twice"
    assert needed <= set(names), needed - set(names)
    assert CLIENT_KEY.encode() not in b"".join(wire.outside.bytes()) and "?" not in left.path
    assert record.verified and left.body == record.body and left.header("content-length") == str(len(left.body))
    assert left.header("user-agent") == "tests/1" and left.header("tracestate") == "a=b"
    assert left.header("accept-encoding") == "identity" and left.header("content-type") == "application/json"
    assert left.header("accept") in (None, "application/json")
    assert re.fullmatch(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/bedrock(-mantle)?/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}",
                        left.header("authorization"))
    signed = left.header("authorization").split("SignedHeaders=")[1].split(",")[0].split(";")
    assert signed == sorted({"content-type", "host", "x-amz-date"} | {name for name in names if name.startswith("x-amzn-")})
    if leaving == NATIVE:
        assert left.header("anthropic-version") == "2026-10-21" and left.header("anthropic-beta") == "effort-2025-11-24"
        assert left.header("anthropic-user-profile-id") == "profile-1"


def test_what_the_sdk_sends_natively(wires, simulator):
    for upstream in ("runtimeNative", "mantle"):
        wire = wires({**NATIVE_KNOBS, "upstream": upstream})
        client = sdk(wire.inside, default_headers=PRIVATE)
        ask = {"model": "claude-opus-5", "messages": [{"role": "user", "content": "Hi"}]}
        client.messages.create(**ask, max_tokens=50)
        client.beta.messages.create(**ask, max_tokens=50, betas=["effort-2025-11-24", "files-api-2025-04-14"])
        with client.messages.stream(**ask, max_tokens=50) as events:
            events.get_final_message()
        if upstream == "mantle":
            client.messages.count_tokens(**ask)
        assert_nothing_private_left(wire, simulator.requests(), NATIVE)
        simulator.reset()
