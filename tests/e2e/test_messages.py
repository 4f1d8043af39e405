"""What clients do every day: text, tools, thinking, images, system prompts, whole and streamed, by the SDKs and by curl."""

import base64
import json
import shutil
import subprocess

import anthropic
import httpx
import pytest

from harness import sse
from harness.clients import CLIENT_KEY, sdk
from harness.messages import GUIDE_MODEL, MODEL, MODEL_PATH, encoded, members, message

COUNT = message("Count to 5")
FIVE = "1, 2, 3, 4, 5"
WEATHER = {"name": "get_weather", "description": "The weather in a city",
           "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
PIXEL = base64.b64encode(bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000003000118dd8db00000000049454e44ae426082"))


def test_text(gateway, simulator):
    answer = sdk(gateway).messages.create(**COUNT)
    assert answer.content[0].text == FIVE
    assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0
    record = simulator.last()
    assert record.verified and record.method == "POST"
    assert record.path == f"{MODEL_PATH}/invoke"
    assert record.host == "bedrock-runtime.us-east-1.amazonaws.com"
    assert record.json == {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1024, "messages": COUNT["messages"]}


def test_text_streamed(gateway, simulator):
    with sdk(gateway).messages.stream(**COUNT) as events:
        assert "".join(events.text_stream) == FIVE
        final = events.get_final_message()
    assert final.content[0].text == FIVE and final.stop_reason == "end_turn"
    assert simulator.last().path == f"{MODEL_PATH}/invoke-with-response-stream"
    assert "stream" not in simulator.last().json


def test_whole_and_streamed_are_the_same_message(gateway):
    whole = sdk(gateway).messages.create(**COUNT)
    with sdk(gateway).messages.stream(**COUNT) as events:
        streamed = events.get_final_message()
    assert whole.content[0].text == streamed.content[0].text
    assert whole.usage.input_tokens == streamed.usage.input_tokens and whole.stop_reason == streamed.stop_reason


def test_request_id(gateway, simulator):
    answer = sdk(gateway).messages.create(**COUNT)
    assert answer._request_id == simulator.last().record["requestId"]


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_use_and_its_result(gateway, streamed):
    def ask(messages, **more):
        request = {"model": MODEL, "max_tokens": 500, "tools": [WEATHER], "messages": messages, **more}
        if not streamed:
            return sdk(gateway).messages.create(**request)
        with sdk(gateway).messages.stream(**request) as events:
            return events.get_final_message()

    question = [{"role": "user", "content": "What is the weather in Paris?"}]
    first = ask(question, tool_choice={"type": "tool", "name": "get_weather"})
    call = next(block for block in first.content if block.type == "tool_use")
    assert first.stop_reason == "tool_use" and call.name == "get_weather" and isinstance(call.input["city"], str)
    use = {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees"}
    second = ask([*question, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}])
    assert second.stop_reason == "end_turn" and "21 degrees" in second.content[0].text


@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_keeps_its_signature(gateway, streamed):
    request = message("Think, then count to 3", max_tokens=4096, thinking={"type": "enabled", "budget_tokens": 1024})
    if streamed:
        with sdk(gateway).messages.stream(**request) as events:
            answer = events.get_final_message()
    else:
        answer = sdk(gateway).messages.create(**request)
    thinking = answer.content[0]
    assert thinking.type == "thinking" and thinking.thinking and thinking.signature
    assert answer.content[-1].type == "text"


def test_images_reach_the_model(gateway):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL.decode()}}
    answer = sdk(gateway).messages.create(**message([image, {"type": "text", "text": "What is this?"}, image]))
    assert "2 images" in answer.content[0].text and "image/png" in answer.content[0].text


@pytest.mark.parametrize("system", ["You are a helpful AI assistant.", [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]])
def test_system_prompt(gateway, simulator, system):
    sdk(gateway).messages.create(**message("Explain quantum computing", system=system))
    assert simulator.last().json["system"] == system


def test_conversation(gateway):
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}, {"role": "user", "content": "Count to 3"}]
    assert sdk(gateway).messages.create(model=MODEL, max_tokens=100, messages=turns).content[0].text == "1, 2, 3"


def test_max_tokens_and_stop_sequences(gateway):
    assert sdk(gateway).messages.create(**message("Count to 500", max_tokens=2)).stop_reason == "max_tokens"
    stopped = sdk(gateway).messages.create(**message("Count to 9", stop_sequences=[", 4"]))
    assert stopped.stop_reason == "stop_sequence" and stopped.stop_sequence == ", 4"


def test_beta_header_becomes_a_member(gateway, simulator):
    sdk(gateway).beta.messages.create(**COUNT, betas=["interleaved-thinking-2025-05-14", "context-1m-2025-08-07"])
    record = simulator.last()
    assert record.json["anthropic_beta"] == ["interleaved-thinking-2025-05-14", "context-1m-2025-08-07"]
    assert record.header("anthropic-beta") is None


def test_nothing_of_the_client_reaches_aws(gateway, simulator):
    private = [("x-api-key", CLIENT_KEY), ("cookie", "a=b"), ("x-stainless-lang", "python"), ("anthropic-version", "2023-06-01"),
               ("x-amz-security-token", "forged"), ("x-amz-content-sha256", "forged"), ("x-forwarded-for", "10.0.0.1"), ("x-own", "1")]
    response = gateway.post(headers=[*private, ("authorization", f"Bearer {CLIENT_KEY}"), ("user-agent", "tests/1")])
    assert response.status == 200, response
    headers = simulator.last().headers
    assert CLIENT_KEY not in json.dumps(headers) and "forged" not in json.dumps(headers)
    allowed = ("host", "content-type", "content-length", "accept", "accept-encoding", "authorization", "user-agent", "traceparent", "tracestate",
               "x-request-id", "x-forwarded-proto", "transfer-encoding")
    assert [name for name in headers if name not in allowed and not name.startswith(("x-amz-", "x-amzn-bedrock-"))] == []


def test_async_sdk(gateway):
    import asyncio

    async def run():
        async with anthropic.AsyncAnthropic(base_url=gateway.url, api_key=CLIENT_KEY, max_retries=0) as client:
            return await asyncio.gather(*(client.messages.create(**message(f"Count to {n}")) for n in range(1, 11)))

    answers = asyncio.run(run())
    assert [answer.content[0].text.split(", ")[-1] for answer in answers] == [str(n) for n in range(1, 11)]


def curl(gateway, body, *options):
    program = shutil.which("curl")
    if not program:
        pytest.skip("there is no curl")
    command = [program, "-sS", "-N", "-X", "POST", f"{gateway.url}/v1/messages", "-H", "Content-Type: application/json", *options, "-d", body]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_the_guides_curl(gateway, simulator):
    body = """{
    "model": "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "max_tokens": 1024,
    "messages": [
      {
        "role": "user",
        "content": "Hello from AWS Bedrock via native Anthropic API!"
      }
    ]
  }"""
    answer = json.loads(curl(gateway, body, "-H", "x-provider: aws"))
    assert answer["type"] == "message" and answer["role"] == "assistant" and answer["content"][0]["text"]
    assert simulator.last().path == "/model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/invoke"
    assert ('"max_tokens"', "1024") in members(simulator.last().body)


def test_the_guides_streaming_curl(gateway):
    body = {"model": GUIDE_MODEL, "max_tokens": 500, "stream": True, "messages": [{"role": "user", "content": "Count to 10"}]}
    text = curl(gateway, json.dumps(body))
    events = [sse.event(block, 0) for block in text.split("\n\n") if block]
    assert sse.names(events)[0] == "message_start" and sse.names(events)[-1] == "message_stop"
    assert sse.text(events) == "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"


def test_raw_stream_is_anthropics(gateway):
    response = gateway.stream("Count to 5")
    assert response.status == 200 and response.clean
    assert response.header("content-type").startswith("text/event-stream")
    assert response.header("content-length") is None
    assert "eventstream" not in str(response.headers)
    events = sse.parse(response)
    assert [name for name in sse.names(events) if name != "content_block_delta"] == [
        "message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]
    assert "amazon-bedrock-invocationMetrics" not in response.body.decode()


def test_the_query_is_ignored(gateway, simulator):
    assert gateway.post(path="/v1/messages?beta=true").status == 200
    assert "?" not in simulator.last().path


def test_http2(gateway):
    with httpx.Client(http1=False, http2=True, base_url=gateway.url) as client:
        answer = client.post("/v1/messages", json=COUNT)
        assert answer.http_version == "HTTP/2" and answer.json()["content"][0]["text"] == FIVE
        long = client.post("/v1/messages", json=message("x" * 3_000_000))
        assert long.status_code == 200, long.text
        with client.stream("POST", "/v1/messages", json={**COUNT, "stream": True}) as streamed:
            assert streamed.status_code == 200 and b"message_stop" in streamed.read()


def test_http2_upstream(envoy, simulator):
    gateway = envoy(upstream_http2=True)
    assert gateway.post("Count to 3").json()["content"][0]["text"] == "1, 2, 3"
    assert sse.text(sse.parse(gateway.stream("Count to 3"))) == "1, 2, 3"
    assert all(record.verified for record in simulator.requests())


def test_bearer_credentials(envoy, simulator):
    gateway = envoy(env={"AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key-example", "AWS_ACCESS_KEY_ID": "unused", "AWS_SECRET_ACCESS_KEY": "unused"})
    assert gateway.post().status == 200
    assert simulator.last().header("authorization") == "Bearer bedrock-api-key-example"


def test_empty_members_are_kept(gateway, simulator):
    body = encoded("Hi", stop_sequences=[], metadata={})
    assert gateway.request("POST", "/v1/messages", body).status == 200
    assert simulator.last().json["stop_sequences"] == []
