"""Real clients: three generations of the Python SDK, the TypeScript SDK and LangChain play the same scenarios and see the same."""

import json

import pytest

from harness import scenarios
from harness.clients import CLIENT_KEY, start_clients
from harness.messages import VERSION_MEMBER, members
from harness.processes import tools
from harness.wire import PRIVATE, Wire, assert_nothing_private_left

# The version of the API that each speaks, and where each puts its key.
GENERATIONS = {
    "anthropic-0x-old": ("0.68.", "2023-06-01", "x-api-key"),
    "anthropic-0x": ("0.", "2023-06-01", "x-api-key"),
    "anthropic-1x": ("1.", "2023-06-01", "x-api-key"),
    "anthropic-2x": ("2.", "2026-10-21", "authorization"),
    "typescript": ("1.", "2026-10-21", "authorization"),
}

pytestmark = pytest.mark.xdist_group("clients")


@pytest.fixture(scope="module")
def clients(folder):
    started = start_clients(folder)
    yield started
    for client, _ in started.values():
        client.stop()


@pytest.fixture(scope="module")
def shared_wire(folder, shared_simulator, shared_elsewhere):
    wire = Wire(folder, shared_simulator.port, shared_elsewhere.port)
    wire.envoy.wait_ready()
    yield wire
    wire.stop()


@pytest.fixture
def wire(shared_wire, simulator):
    yield shared_wire
    assert shared_wire.envoy.alarms() == [], "\n".join(shared_wire.envoy.alarms())


SCENARIOS = [pytest.param(scenario, id=scenario["name"].replace(" ", "-"), marks=[pytest.mark.single] if scenario.get("single") else [])
             for scenario in scenarios.load()]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(clients, wire, simulator, scenario):
    shown = {}
    for name, (client, _) in clients.items():
        if client.family in scenario["for"]:
            simulator.reset()
            wire.forget()
            shown[name] = client.play(wire.inside.url, scenario, {scenario.get("auth", "api_key"): CLIENT_KEY}, PRIVATE)
            records = simulator.requests()
            problems = [f"step {n}{found}" for n, (step, saw) in enumerate(zip(scenario["steps"], shown[name], strict=True))
                        for found in scenarios.differences(step.get("expect", {}), saw, client.family)]
            problems += seen_by_bedrock(scenario["bedrock"], records, client.family)
            assert not problems, f"{name}:\n" + "\n".join(problems)
            assert_request_ids(shown[name], records)
            assert_forwarded(wire, records)
            assert_nothing_private_left(wire, records)
            assert_the_same(shown[name], scenario.get("same", {}))
            assert_carried(shown[name], scenario.get("carried", []), records)
    assert shown, "no client plays this"
    alike = {name: scenarios.comparable(saw) for name, saw in shown.items() if not name.startswith("langchain")}
    reference = next(iter(alike), None)
    for name, saw in alike.items():
        assert saw == alike[reference], f"{name} and {reference} saw different things"


def seen_by_bedrock(expected, records, family):
    problems = []
    if "requests" in expected and len(records) != expected["requests"]:
        problems.append(f"not {expected['requests']} requests at Bedrock but {len(records)}")
    for n, body in enumerate(expected.get("bodies", [])[:len(records)]):
        problems += [f"body {n}{found}" for found in scenarios.differences(body, records[n].json, family)]
    return problems


def assert_request_ids(shown, records):
    """Each id that a client shows is Bedrock's, in the order of the requests."""
    known = iter([record.record["requestId"] for record in records])
    for step in shown:
        shows = step.get("error", step)
        if shows.get("request_id"):
            assert shows["request_id"] in known, f"{shows['request_id']} is no request's id"
        if "headers" in step:
            assert step["headers"]["request-id"] == step["headers"]["x-amzn-requestid"] == step["request_id"]


def assert_forwarded(wire, records):
    """Bedrock got every body as the client wrote it, byte for byte, but for what the envelope takes and adds."""
    sent = [members(request.body) for request in wire.inside.requests() if request.path.split("?")[0] == "/v1/messages"]
    got = [members(record.body) for record in records if "/invoke" in record.path]
    assert all(record.verified for record in records), [record.auth for record in records]
    assert all(VERSION_MEMBER in body for body in got)
    # Sorted: each connection's requests stand together here.
    assert sorted(without(body, "anthropic_version", "anthropic_beta") for body in got) == sorted(without(body, "model", "stream") for body in sent)


def without(body, *names):
    return [(name, value) for name, value in body if json.loads(name) not in names]


def assert_the_same(shown, members):
    """Those steps show the same: a message, whole or streamed, has even the id in common, since it is made of the request."""
    for member, steps in members.items():
        first, *others = [scenarios.without_nulls(shown[step][member]) for step in steps]
        assert all(other == first for other in others), (first, others)


def assert_carried(shown, steps, records):
    """The last request holds the answers of those steps as they were given, thinking, signature and all."""
    for step in steps:
        said = shown[step]["message"]["content"]
        turns = [turn for turn in records[-1].json["messages"] if turn["role"] == "assistant"]
        carried = turns[steps.index(step)]["content"]
        assert [{key: block.get(key) for key in turn} for turn, block in zip(carried, said, strict=True)] == carried
        for block in said:
            if block["type"] == "thinking":
                assert block["signature"] and block["signature"].encode() in records[-1].body
                assert json.dumps(block["thinking"]).encode() in records[-1].body
            elif block["type"] == "tool_use":
                assert records[-1].body.count(block["id"].encode()) == 2, "the call and its result"


def test_every_generation_is_played(clients):
    assert set(GENERATIONS) - {"typescript"} <= set(clients) and "langchain" in clients
    for name, (_, version) in clients.items():
        assert version.startswith(GENERATIONS.get(name, ("",))[0]), (name, version)


def test_the_typescript_sdk_is_played(clients):
    if "NODE" not in tools():
        pytest.skip("there is no Node.js 18 or newer with npm: nothing was tested with the TypeScript SDK")
    assert "typescript" in clients


def test_both_versions_of_the_api_and_both_places_of_a_key(clients, wire):
    hello = {"steps": [{"call": "create", "request": {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}}]}
    for name, (client, _) in clients.items():
        if name in GENERATIONS:
            wire.forget()
            client.play(wire.inside.url, hello, {"api_key": CLIENT_KEY}, {})
            request, = wire.inside.requests()
            _, version, header = GENERATIONS[name]
            assert request.header("anthropic-version") == version and CLIENT_KEY in request.header(header), (name, request.headers)
