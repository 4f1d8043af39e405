"""The quick start serves what it promises, to whatever speaks Anthropic's API."""

import json
import time

import httpx
import pytest

from harness import scenarios, sse
from harness.clients import CLIENT_KEY, sdk, start_clients
from harness.messages import GUIDE_MODEL, assert_envelope, assert_forwarded, encoded, message
from harness.processes import tools
from harness.raw import Connection

MEBIBYTE = 1024 * 1024


def test_the_guides_request(gateway, simulator):
    body = {"model": GUIDE_MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": "Count to 3"}]}
    response = gateway.request("POST", "/v1/messages", body, [("x-provider", "aws")])
    assert response.status == 200, response
    assert response.json()["content"][0]["text"] == "1, 2, 3"
    record = simulator.last()
    assert record.verified and record.host == "bedrock-runtime.us-east-1.amazonaws.com"
    assert_forwarded(json.dumps(body).encode(), record.body)


def test_the_python_sdk(gateway):
    client = sdk(gateway)
    ask = {"model": "claude-sonnet-4-5", "max_tokens": 300, "messages": [{"role": "user", "content": "Count to 3"}]}
    assert client.messages.create(**ask).content[0].text == "1, 2, 3"
    with client.messages.stream(**ask) as stream:
        assert stream.get_final_text() == "1, 2, 3"
    assert [model.id for model in client.models.list(limit=3).data]


def test_tools(gateway):
    tool = {"name": "get_weather", "description": "The weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    ask = {"model": "claude-sonnet-4-5", "max_tokens": 300, "tools": [tool]}
    question = {"role": "user", "content": "How is the weather?"}
    asked = sdk(gateway).messages.create(**ask, messages=[question])
    assert asked.stop_reason == "tool_use"
    call = asked.content[-1]
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "Rain"}
    answer = sdk(gateway).messages.create(**ask, messages=[question, {"role": "assistant", "content": asked.content}, {"role": "user", "content": [result]}])
    assert answer.stop_reason == "end_turn"


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """The newest SDKs, as programs that play scenarios."""
    started = start_clients(tmp_path_factory.mktemp("clients"))
    wanted = {name: client for name, (client, _) in started.items() if name in ("anthropic-2x", "typescript")}
    for name, (client, _) in started.items():
        if name not in wanted:
            client.stop()
    yield wanted
    for client in wanted.values():
        client.stop()


@pytest.mark.parametrize("scenario", [each for each in scenarios.load() if not each.get("single")], ids=lambda each: each["name"].replace(" ", "-"))
def test_the_sdks_play(clients, gateway, scenario):
    for name, client in clients.items():
        if client.family in scenario["for"]:
            shown = client.play(gateway.url, scenario, {scenario.get("auth", "api_key"): CLIENT_KEY}, {})
            problems = [f"step {n}{found}" for n, (step, saw) in enumerate(zip(scenario["steps"], shown, strict=True))
                        for found in scenarios.differences(step.get("expect", {}), saw, client.family)]
            assert not problems, f"{name}:\n" + "\n".join(problems)


def test_the_typescript_sdk_is_played(clients):
    if "NODE" not in tools():
        pytest.skip("there is no Node.js 18 or newer with npm: nothing was tested with the TypeScript SDK")
    assert "typescript" in clients


def test_a_stream_comes_event_by_event(gateway):
    response = gateway.stream("[[fault: pace ms=150]] Count to 5")
    assert response.header("content-type").startswith("text/event-stream")
    events = sse.parse(response)
    assert sse.text(events) == "1, 2, 3, 4, 5"
    gaps = [later.at - earlier.at for earlier, later in zip(events, events[1:])]
    assert sum(gap > 0.1 for gap in gaps) >= len(gaps) - 1, gaps
    print("gaps, ms:", [round(1000 * gap) for gap in gaps])


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_20_mb(gateway, simulator, chunked):
    body = encoded("x" * 20_000_000)
    begun = time.monotonic()
    with Connection(gateway.port, timeout=60) as connection:
        if chunked:
            connection.chunked("/v1/messages", [body[at:at + 100_000] for at in range(0, len(body), 100_000)])
        else:
            connection.post("/v1/messages", body)
        assert connection.response().status == 200
    print(f"20 MB in {time.monotonic() - begun:.2f} s")
    assert simulator.last().verified and simulator.last().length > 20_000_000


@pytest.mark.parametrize("size", [10, 200_000, 20_000_000])
def test_http_2(gateway, size):
    with httpx.Client(http1=False, http2=True, timeout=60) as client:
        answer = client.post(f"{gateway.url}/v1/messages", json=message("Count to 3 " + "x" * size))
        assert (answer.http_version, answer.status_code) == ("HTTP/2", 200), answer.text
        with client.stream("POST", f"{gateway.url}/v1/messages", json=message("Count to 3 " + "x" * size, stream=True)) as stream:
            assert stream.status_code == 200
            assert b"message_stop" in stream.read()


# ---- what it does not serve, and what it says


def test_what_is_too_large(gateway):
    """The filter's own limit comes first, and is named; Envoy's own answer has Anthropic's envelope too."""
    text = assert_too_large(gateway, 32 * MEBIBYTE + 10_000)
    assert "33554432" in text or "32" in text, text
    assert assert_too_large(gateway, 34 * MEBIBYTE) == "The request is larger than this gateway takes."


def assert_too_large(gateway, size):
    with httpx.Client(timeout=60) as client:
        answer = client.post(f"{gateway.url}/v1/messages", content=encoded("x" * size), headers={"content-type": "application/json"})
    assert answer.status_code == 413 and answer.headers["content-type"].startswith("application/json"), answer.text
    assert answer.json()["type"] == "error" and answer.json()["error"]["type"] == "request_too_large", answer.text
    return answer.json()["error"]["message"]


def test_what_is_passed_on_does_not_reach_aws(gateway, simulator):
    for method, path, headers in [("GET", "/", []), ("POST", "/v1/messages", [("x-provider", "openai")]), ("GET", "/v1/embeddings", [])]:
        response = gateway.request(method, path, encoded() if method == "POST" else None, headers)
        assert_envelope(response, 404, contains=["This gateway serves the Anthropic Messages API"])
    assert simulator.requests() == []


@pytest.mark.parametrize("path", ["/model/anthropic.claude-3-haiku-20240307-v1:0/invoke", "/anthropic/v1/messages"])
def test_a_client_cannot_make_bedrocks_calls_itself(gateway, simulator, path):
    with Connection(gateway.port) as connection:
        connection.send(f"POST {path} HTTP/1.1\r\nhost: bedrock-runtime.us-east-1.amazonaws.com\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        assert_envelope(connection.response(), 404)
    assert simulator.requests() == []


def test_errors_of_bedrock(gateway):
    assert_envelope(gateway.post('[[fault: ThrottlingException message="Slow down."]]'), 429, contains=["Slow down."])
    assert_envelope(gateway.post('[[fault: AccessDeniedException message="No."]]'), 403, contains=["No."])
    assert_envelope(gateway.stream("[[fault: ModelTimeoutException]]"), 504)
    events = sse.parse(gateway.stream("[[fault: stream throttlingException after=4]] Count to 9"))
    assert events[-1].name == "error" and events[-1].json["error"]["type"] == "rate_limit_error"


def test_the_filters_own_refusals(gateway):
    assert_envelope(gateway.request("POST", "/v1/messages", b"{"), 400)
    assert_envelope(gateway.request("DELETE", "/v1/messages"), 405)
    assert_envelope(gateway.request("POST", "/v1/messages/batches", {}), 404)
    assert gateway.request("HEAD", "/api/hello").status == 200


def test_health(gateway):
    assert gateway.request("GET", "/healthz").status == 200


def test_bedrock_cannot_be_reached(start):
    gateway = start(bedrock_port=9)
    response = gateway.post()
    assert response.status == 503, response
    assert_envelope(response, 503)


def test_the_access_log_knows_models_and_tokens(gateway):
    gateway.post("Count to 3")
    found = gateway.wait_for(r'\{[^\n]*"model_id":"us[^\n]*\}')
    line = json.loads(found.group(0))
    assert line["status"] == 200 and int(line["output_tokens"]) > 0 and line["path"].startswith("/model/"), line
