"""Claude Code as it is: its requests, taken from the wire, are served with nothing configured for it."""

import copy
import json

import pytest
import yaml

from harness import sse
from harness.clients import FOLDER
from harness.messages import assert_envelope, members

REQUESTS = yaml.safe_load((FOLDER / "claude_code.yaml").read_text())["requests"]
TOKEN = ("authorization", "Bearer sk-ant-client-secret")
# What the filter takes out of these requests, whole.
GONE = {"model", "stream", "metadata", "context_management"}


@pytest.fixture(params=REQUESTS)
def name(request):
    return request.param


def ask(gateway, name, path="/v1/messages", **changes):
    """A request of Claude Code; a change to None leaves the member out."""
    body = {**copy.deepcopy(REQUESTS[name]["body"]), **changes}
    body = {member: value for member, value in body.items() if value is not None}
    body["system"][-1]["text"] += " Much of it." * 6000
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return data, gateway.request("POST", f"{path}?beta=true", data, [*REQUESTS[name]["headers"].items(), TOKEN])


def test_say_hi(gateway, simulator, name):
    sent, response = ask(gateway, name)
    assert response.status == 200, response
    assert sse.names(sse.parse(response))[-1] == "message_stop"
    record = simulator.last()
    assert record.verified and record.path == REQUESTS[name]["bedrock"]["path"]
    assert record.json["anthropic_version"] == "bedrock-2023-05-31"
    assert record.json["anthropic_beta"] == REQUESTS[name]["bedrock"]["betas"]
    untouched = [(key, value) for key, value in members(sent) if json.loads(key) not in GONE]
    assert [member for member in members(record.body) if member in untouched] == untouched
    assert len(members(record.body)) == len(untouched) + 2, record.json.keys()
    assert not [header for header in record.headers if header.startswith(("anthropic-", "x-stainless-", "x-claude", "x-app"))]
    assert "client-secret" not in json.dumps(record.headers)


def test_a_loop_of_tools(gateway, simulator, name):
    body = REQUESTS[name]["body"]
    question = [*body["messages"], {"role": "user", "content": "Use bash, please."}]
    _, first = ask(gateway, name, messages=question, stream=None)
    assert first.status == 200, first
    answer = first.json()
    call = next(block for block in answer["content"] if block["type"] == "tool_use")
    assert call["name"] == "Bash" and answer["stop_reason"] == "tool_use"
    turns = [*question, {"role": "assistant", "content": answer["content"]},
             {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": "total 0", "is_error": False}]}]
    _, second = ask(gateway, name, messages=turns)
    assert second.status == 200, second
    assert "total 0" in sse.text(sse.parse(second))
    assert simulator.last().json["messages"] == turns


def test_hello(gateway, simulator, elsewhere):
    response = gateway.request("HEAD", "/api/hello")
    assert response.status == 200 and response.body == b""
    assert simulator.requests() == [] and elsewhere.count == 0, "it was sent on"


def test_models(gateway):
    response = gateway.request("GET", "/v1/models?limit=1000", headers=[TOKEN])
    assert response.status == 200, response
    assert {"claude-opus-5", "claude-sonnet-4-5-20250929"} <= {model["id"] for model in response.json()["data"]}


# A count of a prompt is asked for with less than an answer to it.
COUNTED = {"stream": None, "max_tokens": None, "metadata": None, "context_management": None}


def test_tokens_are_counted(gateway):
    _, response = ask(gateway, "claude-sonnet-4-5", path="/v1/messages/count_tokens", **COUNTED)
    assert response.status == 200 and response.json()["input_tokens"] > 10000, response


@pytest.mark.single
def test_tokens_are_estimated_where_bedrock_does_not_count(gateway):
    """Claude Code takes a 404 for that."""
    _, response = ask(gateway, "claude-opus-5", path="/v1/messages/count_tokens", **COUNTED)
    assert_envelope(response, 404, "not_found_error")
