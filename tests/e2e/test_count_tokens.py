"""POST /v1/messages/count_tokens: what Bedrock counts, what mantle counts in its place, and what reaches them."""

import base64
import concurrent.futures
import json

import httpx
import pytest

from harness.clients import sdk
from harness.messages import assert_envelope, assert_upstream_failure, members
from harness.raw import Connection
from harness.upstreams import Echo, Scripted

COUNT = "/v1/messages/count_tokens"
SONNET = "claude-sonnet-4-5"
SONNET_PATH = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens"
UNCOUNTED = ["claude-opus-4-7", "claude-opus-5", "us.anthropic.claude-sonnet-5", "global.anthropic.claude-haiku-5-5"]
ARN = "arn:aws:bedrock:us-east-1:123456789012:"
PIECE = 256 * 1024
WEATHER = {"name": "get_weather", "description": "The weather in a city",
           "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}

pytestmark = pytest.mark.xdist_group("count_tokens")


@pytest.fixture(scope="module")
def shared(envoys):
    return envoys({"models": {"opaque": {"id": f"{ARN}application-inference-profile/abc", "baseModel": SONNET},
                              "hidden": f"{ARN}application-inference-profile/def"}})


@pytest.fixture
def gateway(shared, simulator):
    return shared


def ask(text="Count to 5", model=SONNET, **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def count(gateway, body, headers=(), path=COUNT):
    return gateway.request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


def inner(body):
    """The InvokeModel body in the body of CountTokens."""
    document = json.loads(body)
    assert list(document) == ["input"] and list(document["input"]) == ["invokeModel"] and list(document["input"]["invokeModel"]) == ["body"], document
    return base64.b64decode(document["input"]["invokeModel"]["body"], validate=True)


def added(betas=(), max_tokens=1024):
    """The members that the filter puts in."""
    lists = [('"anthropic_beta"', json.dumps(betas, separators=(",", ":")))] if betas else []
    tokens = [('"max_tokens"', str(max_tokens))] if max_tokens else []
    return [('"anthropic_version"', '"bedrock-2023-05-31"'), *lists, *tokens]


# ---- what is counted


@pytest.mark.parametrize("more", [
    {},
    {"system": "Be brief, please."},
    {"system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
    {"tools": [WEATHER], "tool_choice": {"type": "auto"}},
    {"messages": [{"role": "user", "content": [IMAGE, {"type": "text", "text": "What is this?"}]}]},
    {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}}]}]},
    {"thinking": {"type": "enabled", "budget_tokens": 16000}},
    {"messages": [{"role": "user", "content": "Grüße 👋 \u2028"}, {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
                  {"role": "user", "content": [{"type": "text", "text": "again"}]}]},
], ids=["plain", "system", "cached", "tools", "image", "document", "thinking", "turns"])
def test_as_many_as_a_message_costs(gateway, simulator, more):
    body = {**ask(), **more}
    counted = count(gateway, body)
    assert counted.status == 200, counted
    assert counted.header("content-type") == "application/json" and counted.header("content-length") in (None, str(len(counted.body)))
    record = simulator.last()
    assert record.verified and record.path == SONNET_PATH and record.host == "bedrock-runtime.us-east-1.amazonaws.com"
    assert counted.header("request-id") == record.record["requestId"]
    served = gateway.request("POST", "/v1/messages", {**body, "max_tokens": 20000})
    usage = served.json()["usage"]
    total = sum(usage.get(name) or 0 for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"))
    assert counted.json() == {"input_tokens": total} and total > 0


def test_the_body_is_the_clients_with_the_envelope(gateway, simulator):
    body = (b'\n{ "stream":false,"messages" : [ {"role":"user" , "content":"Hi \\u00e9 \\/ \xc3\xa9"}],\t"model" : "claude-sonnet-4-5",'
            b'"system": "s" , "anthropic_version":"x", "tools":[]}\n')
    assert count(gateway, body, [("anthropic-beta", "effort-2025-11-24, token-counting-2024-11-01")]).status == 200
    kept = [(name, value) for name, value in members(body) if json.loads(name) in ("messages", "system", "tools")]
    assert members(inner(simulator.last().body)) == [*kept, *added(["effort-2025-11-24"])]


@pytest.mark.parametrize("more, expected", [
    ({}, 1024),
    ({"max_tokens": 7}, None),
    ({"thinking": {"type": "enabled", "budget_tokens": 31999}}, 32000),
    ({"thinking": {"type": "enabled", "budget_tokens": 5000}, "max_tokens": 6000}, None),
])
def test_max_tokens_is_put_in_where_it_is_missing(gateway, simulator, more, expected):
    body = json.dumps(ask(**more)).encode()
    assert count(gateway, body).status == 200
    kept = [(name, value) for name, value in members(body) if name != '"model"']
    assert members(inner(simulator.last().body)) == [*kept, *added(max_tokens=expected)]


def test_what_bedrock_refuses_is_taken_out(gateway, simulator):
    block = {"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "scope": "global"}}
    response = count(gateway, ask(system=[block], service_tier="auto", speed="fast", stream=True, metadata={"user_id": '{"a":1}'}))
    assert response.status == 200, response
    sent = json.loads(inner(simulator.last().body))
    assert sent["system"] == [{**block, "cache_control": {"type": "ephemeral"}}]
    assert sorted(sent) == ["anthropic_version", "max_tokens", "messages", "system"]


def test_what_bedrock_can_never_do_is_refused(gateway, simulator):
    assert_envelope(count(gateway, ask(tools=[WEATHER, {"type": "web_search_20250305", "name": "web_search"}])), 400, contains=["tools[1].type"])
    assert_envelope(count(gateway, b'{"messages":[]}'), 400, contains=["model"])
    assert_envelope(count(gateway, b'{"model":"claude-sonnet-4-5",'), 400)
    assert simulator.requests() == []


# ---- models


@pytest.mark.parametrize("model", [
    SONNET, "claude-sonnet-4-5-20250929", "claude-sonnet-4-5[1m]", "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0",
    f"{ARN}inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "opaque"])
def test_a_model_goes_by_its_bare_id(gateway, simulator, model):
    response = count(gateway, ask(model=model))
    assert response.status == 200, response
    assert simulator.last().path == SONNET_PATH and simulator.last().verified


@pytest.mark.single
@pytest.mark.parametrize("model", UNCOUNTED)
def test_a_model_that_bedrock_does_not_count(gateway, simulator, model):
    """The 404 makes Claude Code estimate."""
    text = assert_envelope(count(gateway, ask(model=model)), 404, "not_found_error")
    assert "support counting tokens" in text
    assert simulator.last().verified


@pytest.mark.single
def test_an_arn_that_hides_its_model(gateway, simulator):
    assert_envelope(count(gateway, ask(model="hidden")), 404, "not_found_error", contains=["support counting tokens"])


@pytest.mark.parametrize("model", [*UNCOUNTED, SONNET, "us.anthropic.claude-haiku-4-5-20251001-v1:0"])
def test_mantle_counts_in_its_place(envoys, simulator, model):
    gateway = envoys({"countTokens": "mantle"})
    body = json.dumps(ask(model=model, temperature=1, max_tokens=5, system="s", metadata={"user_id": "u"}, stop_sequences=["x"], top_k=1, top_p=1)).encode()
    response = count(gateway, body, [("anthropic-beta", "effort-2025-11-24,files-api-2025-04-14"), ("anthropic-version", "2026-10-21")])
    record = simulator.last()
    assert record.host == "bedrock-mantle.us-east-1.api.aws" and record.path == "/anthropic/v1/messages/count_tokens"
    assert record.verified and "/us-east-1/bedrock-mantle/aws4_request" in record.header("authorization")
    assert record.header("anthropic-version") == "2026-10-21" and record.header("anthropic-beta") == "effort-2025-11-24"
    assert response.status == 200 and response.json()["input_tokens"] > 0, response
    assert record.json == {"messages": [{"role": "user", "content": "Count to 5"}], "system": "s",
                           "model": "anthropic.claude-haiku-4-5" if "haiku-4-5" in model else f"anthropic.{model.split('anthropic.')[-1]}"}


def test_a_model_of_mantles_is_counted_there(envoys, simulator):
    gateway = envoys({"models": {"new": {"id": "us.anthropic.claude-opus-5", "upstream": "mantle"}}})
    assert count(gateway, ask(model="new")).status == 200
    assert simulator.last().host.startswith("bedrock-mantle.")
    assert count(gateway, ask()).status == 200
    assert simulator.last().path == SONNET_PATH


# ---- sizes


@pytest.fixture(scope="module")
def keeping(envoys):
    """An Envoy before a Bedrock that keeps every body; its answer is no count."""
    echo = Echo()
    yield envoys(bedrock_port=echo.port), echo
    echo.stop()


def of_size(size, model_last=False):
    """A body of exactly so many bytes."""
    model, rest = f'"model":"{SONNET}"', '"messages":[{"role":"user","content":"%s"}]'
    frame = f"{{{rest},{model}}}" if model_last else f"{{{model},{rest}}}"
    return (frame % ("x" * (size - len(frame) + 2))).encode()


# Beside the size of the pieces in which a body is read, with every remainder of three.
SIZES = [100, 101, 102, *(PIECE + n for n in range(-2, 4)), *(2 * PIECE + n for n in (-1, 0, 1)), 5_000_000, 5_000_001]


@pytest.mark.parametrize("model_last", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_signed_right_whatever_the_size(gateway, simulator, size, model_last):
    response = count(gateway, of_size(size, model_last))
    assert response.status == 200, response
    assert simulator.last().verified
    assert simulator.last().length == int(simulator.last().header("content-length"))


@pytest.mark.single
@pytest.mark.parametrize("model_last", [False, True])
@pytest.mark.parametrize("size", [PIECE - 1, PIECE + 1, 3 * PIECE + 2, 5_000_000])
def test_the_same_bytes_whatever_the_size(keeping, size, model_last):
    gateway, echo = keeping
    body = of_size(size, model_last)
    assert_envelope(count(gateway, body), 502, "api_error")
    kept = [(name, value) for name, value in members(body) if name != '"model"']
    assert members(inner(echo.body)) == [*kept, *added()]


@pytest.mark.single
def test_in_small_chunks(gateway, keeping, simulator):
    for envoy, echo, size, step in [(gateway, None, 300, 1), (gateway, None, 700_000, 997), (*keeping, 5_000_000, 16_381)]:
        body = of_size(size)
        with Connection(envoy.port) as connection:
            connection.chunked(COUNT, [body[at:at + step] for at in range(0, len(body), step)], trailers=[("x-checksum", "1")])
            response = connection.response()
        if echo:
            assert response.status == 502
            assert members(inner(echo.body)) == [members(body)[1], *added()]
        else:
            assert response.status == 200 and simulator.last().verified


def test_in_base64_too_large(envoys, simulator):
    gateway = envoys({"limits": {"requestBytes": 100_000}})
    room = (100_000 - len('{"input":{"invokeModel":{"body":""}}}')) // 4 * 3
    grown = len(inner_of(gateway, simulator, 1000)) - 1000
    assert count(gateway, of_size(room - grown)).status == 200
    assert simulator.last().length <= 100_000
    simulator.reset()
    for size in (room - grown + 1, 99_000, 100_000, 100_001):
        assert_envelope(count(gateway, of_size(size)), 413, "request_too_large", contains=["100000"])
    assert simulator.requests() == []


def inner_of(gateway, simulator, size):
    assert count(gateway, of_size(size)).status == 200
    return inner(simulator.last().body)


def test_too_large_for_the_default_limit(gateway, simulator):
    with Connection(gateway.port) as connection:
        connection.head("POST", COUNT, [("content-type", "application/json"), ("content-length", 33554433)])
        assert_envelope(connection.response(), 413)
    assert_envelope(count(gateway, of_size(25_200_000)), 413, "request_too_large", contains=["33554432"])
    assert simulator.requests() == []


def test_over_envoys_own_buffer(envoys):
    """Only in base64 is it too long for that."""
    limit = 262144
    gateway = envoys(buffer_limit=limit)
    for size, status in [(limit * 3 // 4 - 1000, 200), (limit - 1000, 413), (limit + 1000, 413)]:
        response = count(gateway, of_size(size))
        assert response.status == status, response
        if status != 200:
            assert_envelope(response, 413, "request_too_large")
    assert count(gateway, ask()).status == 200


# ---- what goes wrong


@pytest.mark.parametrize("fault, status, kind", [
    ("ThrottlingException", 429, "rate_limit_error"),
    ("AccessDeniedException", 403, "permission_error"),
    ("ValidationException", 400, "invalid_request_error"),
    ("ServiceUnavailableException", 529, "overloaded_error"),
    ("InternalServerException", 500, "api_error"),
])
def test_errors_of_bedrock(gateway, simulator, fault, status, kind):
    response = count(gateway, ask(f'[[fault: {fault} message="Bedrock\'s own words."]]'))
    assert assert_envelope(response, status, kind).startswith("Bedrock's own words.")
    assert response.header("request-id") == response.json()["request_id"] == simulator.last().record["requestId"]


@pytest.mark.parametrize("fault", ["html-503", "empty-500", "json-cut"])
def test_errors_of_something_between(gateway, fault):
    assert_upstream_failure(count(gateway, ask(f"[[fault: {fault}]]")))


@pytest.mark.parametrize("fault", ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"])
def test_the_gateways_credentials(gateway, fault):
    assert_envelope(count(gateway, ask(f"[[fault: {fault}]]")), 502, "api_error", contains=["credentials"])


def test_errors_of_mantle(envoys, simulator):
    gateway = envoys({"countTokens": "mantle"})
    response = count(gateway, ask("[[fault: ThrottlingException]]"))
    assert_envelope(response, 429, "rate_limit_error")
    assert response.header("request-id") == response.json()["request_id"]
    assert_envelope(count(gateway, ask(model="claude-3-haiku-20240307")), 404, "not_found_error")
    assert_envelope(count(gateway, ask("[[fault: ExpiredTokenException]]")), 502, "api_error", contains=["credentials"])


ANSWERS = [
    b'{"input_tokens":5}', b'{"inputTokens":"5"}', b'{"inputTokens":-1}', b'{"inputTokens":1.5}', b'{"inputTokens":null}', b"{}", b"[]", b"5", b"",
    b"<html></html>", b'{"inputTokens":5', b'{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}',
    b'{"inputTokens":5,"x":"' + b"y" * 200_000 + b'"}',
]


def answering(body, content_type=b"application/json", status=b"200 OK"):
    def script(connection):
        head = b"HTTP/1.1 %s\r\nx-amzn-requestid: id-1\r\ncontent-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        connection.sendall(head % (status, content_type, len(body)) + body)
    return script


@pytest.fixture(scope="module")
def scripted(envoys):
    """An Envoy before an upstream whose script the test chooses."""
    upstream = Scripted(lambda connection: upstream.answer(connection))
    yield upstream, envoys(bedrock_port=upstream.port)
    upstream.stop()


@pytest.mark.single
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: repr(answer[:40]))
def test_a_good_status_with_something_else(scripted, answer):
    upstream, gateway = scripted
    upstream.answer = answering(answer)
    response = count(gateway, ask())
    assert_envelope(response, 502, "api_error")
    assert response.header("request-id") == "id-1"


def test_no_content(scripted):
    upstream, gateway = scripted
    upstream.answer = lambda connection: connection.sendall(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
    assert_envelope(count(gateway, ask()), 502, "api_error")


def test_what_else_the_answer_says_is_left_out(scripted):
    upstream, gateway = scripted
    upstream.answer = answering(b' {"x":[1],"inputTokens": 12345678901 }\n')
    assert count(gateway, ask()).body == b'{"input_tokens":12345678901}'


def test_an_answer_byte_by_byte(scripted):
    def slowly(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        for byte in b'{"inputTokens":17}':
            connection.sendall(b"1\r\n%c\r\n" % byte)
        connection.sendall(b"0\r\n\r\n")

    upstream, gateway = scripted
    upstream.answer = slowly
    assert count(gateway, ask()).json() == {"input_tokens": 17}


# ---- clients


def test_the_python_sdk(gateway, simulator):
    client = sdk(gateway)
    counted = client.messages.count_tokens(**ask(tools=[WEATHER], system="Be brief."))
    assert counted.input_tokens > 0 and simulator.last().verified
    beta = client.beta.messages.count_tokens(**ask(), betas=["token-counting-2024-11-01", "effort-2025-11-24"])
    assert beta.input_tokens > 0
    assert json.loads(inner(simulator.last().body))["anthropic_beta"] == ["effort-2025-11-24"]


@pytest.mark.parametrize("query", ["?beta=true", "?", "?a=%2F&b"])
def test_a_query_is_not_sent_on(gateway, simulator, query):
    assert count(gateway, ask(), path=COUNT + query).status == 200
    assert simulator.last().path == SONNET_PATH


def test_http2(gateway, simulator):
    with httpx.Client(http1=False, http2=True, base_url=gateway.url) as client:
        for body in (of_size(300), of_size(3_000_001)):
            response = client.post(COUNT, content=body, headers={"content-type": "application/json"})
            assert response.http_version == "HTTP/2" and response.json()["input_tokens"] > 0, response.text
            assert simulator.last().verified


def test_http2_upstream(envoys, simulator):
    gateway = envoys(upstream_http2=True)
    for size in (300, 700_000):
        assert count(gateway, of_size(size)).status == 200
        assert simulator.last().verified


def test_many_at_once(gateway, simulator):
    """Bodies of several pieces are turned round in their buffers side by side."""
    def one(n):
        return count(gateway, of_size(PIECE * (n % 3 + 1) + n)).status
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(24))) == {200}
    assert all(record.verified for record in simulator.requests())
