"""The native upstreams: the Messages API of the runtime and of mantle, byte for byte in both directions but for what Bedrock needs."""

import contextlib
import http.client
import json

import pytest

from harness import sse
from harness.clients import sdk
from harness.messages import assert_envelope, assert_upstream_failure, encoded, members
from harness.raw import Broken, Connection
from harness.simulator import API_KEY
from harness.upstreams import Echo, Scripted, reset

RUNTIME = "bedrock-runtime.us-east-1.amazonaws.com"
MANTLE = "bedrock-mantle.us-east-1.api.aws"
PATH = "/anthropic/v1/messages"
PIECE = 256 * 1024

# Where each goes: for everything, or for one model among others.
ROUTED = {"models": {"native": {"id": "us.anthropic.claude-opus-5", "upstream": "runtimeNative"},
                     "mantle": {"id": "us.anthropic.claude-opus-5", "upstream": "mantle"},
                     "plain": "us.anthropic.claude-opus-5"}}
# Configuration, the client's model, host, service, the model that is sent.
WAYS = {
    "runtime": ({"upstream": "runtimeNative"}, "claude-opus-5", RUNTIME, "bedrock", "us.anthropic.claude-opus-5"),
    "mantle": ({"upstream": "mantle"}, "claude-opus-5", MANTLE, "bedrock-mantle", "anthropic.claude-opus-5"),
    "runtime-by-model": (ROUTED, "native", RUNTIME, "bedrock", "us.anthropic.claude-opus-5"),
    "mantle-by-model": (ROUTED, "mantle", MANTLE, "bedrock-mantle", "anthropic.claude-opus-5"),
}

pytestmark = pytest.mark.xdist_group("native")


class Way:
    def __init__(self, gateway, model, host, service, sent_model):
        self.gateway, self.model, self.host, self.service, self.sent_model = gateway, model, host, service, sent_model

    def ask(self, text="Count to 5", headers=(), **more):
        return self.post(json.dumps({"model": self.model, "max_tokens": 500, "messages": [{"role": "user", "content": text}], **more}).encode(), headers)

    def post(self, body, headers=()):
        return self.gateway.request("POST", "/v1/messages", body, headers)

    def check(self, record):
        assert record.verified, record.auth
        assert record.path == PATH and record.host == self.host and record.method == "POST"
        assert f"/us-east-1/{self.service}/aws4_request" in record.header("authorization")


@pytest.fixture(params=WAYS)
def way(request, envoys, simulator):
    config, *rest = WAYS[request.param]
    return Way(envoys(config), *rest)


@pytest.fixture(params=["runtime", "mantle-by-model"])
def either(request, envoys, simulator):
    config, *rest = WAYS[request.param]
    return Way(envoys(config), *rest)


def directly(simulator, record):
    """What the simulator answers to the same request, without Envoy: its answers depend on nothing else."""
    headers = {"host": record.host, "x-api-key": API_KEY, "content-type": "application/json", "anthropic-version": record.header("anthropic-version")}
    headers |= {"anthropic-beta": record.header("anthropic-beta")} if record.header("anthropic-beta") else {}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=20)) as connection:
        connection.request("POST", record.path, record.body, headers)
        response = connection.getresponse()
        return response.status, response.read()


# ---- the request


def test_the_body_changes_in_its_model_alone(way, simulator):
    body = (b'\n{ "max_tokens" : 50,"messages": [ {"role":"user" , "content" : "Hi \\u00e9 \\/ \xc3\xa9"}],\r\n "system":"s" ,'
            b'"stream" :false, "model"\n:\n"' + way.model.encode() + b'" , "stop_sequences": []}\n')
    assert way.post(body).status == 200
    way.check(simulator.last())
    kept = [(name, value) for name, value in members(body) if name not in ('"model"', '"stream"')]
    assert members(simulator.last().body) == [*kept, ('"model"', f'"{way.sent_model}"')]


def test_a_stream_is_asked_for_in_the_body(way, simulator):
    assert way.ask(stream=True).status == 200
    way.check(simulator.last())
    assert simulator.last().json["stream"] is True and "anthropic_version" not in simulator.last().json


@pytest.mark.parametrize("version, sent", [("2023-06-01", "2023-06-01"), ("2026-10-21", "2026-10-21"), (None, "2023-06-01"), ("2019-01-01", "2023-06-01")])
def test_the_version_is_the_clients(way, simulator, version, sent):
    assert way.ask(headers=[("anthropic-version", version)] if version else []).status == 200
    assert simulator.last().header("anthropic-version") == sent


def test_betas_are_filtered_into_the_header(way, simulator):
    headers = [("anthropic-beta", "claude-code-20250219,effort-2025-11-24"), ("anthropic-beta", "advanced-tool-use-2025-11-20, effort-2025-11-24")]
    assert way.ask(headers=headers, anthropic_beta=["compact-2026-01-12", "files-api-2025-04-14"]).status == 200
    record = simulator.last()
    assert record.header("anthropic-beta") == "effort-2025-11-24,tool-search-tool-2025-10-19,compact-2026-01-12"
    assert "anthropic_beta" not in record.json


def test_no_betas_no_header(way, simulator):
    assert way.ask(headers=[("anthropic-beta", "claude-code-20250219")]).status == 200
    assert simulator.last().header("anthropic-beta") is None


def test_what_bedrock_refuses_is_taken_out(way, simulator):
    block = {"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "scope": "global"}}
    assert way.ask(system=[block], service_tier="auto", tools=[{"name": "t", "input_schema": {}, "eager_input_streaming": True}]).status == 200
    sent = simulator.last().json
    assert sent["system"] == [{**block, "cache_control": {"type": "ephemeral"}}] and "service_tier" not in sent
    assert sent["tools"] == [{"name": "t", "input_schema": {}}]
    assert simulator.last().header("anthropic-beta") == "fine-grained-tool-streaming-2025-05-14"


def test_other_models_of_the_same_configuration(envoys, simulator):
    gateway = envoys(ROUTED)
    for model, path in [("plain", "/model/us.anthropic.claude-opus-5/invoke"), ("native", PATH), ("mantle", PATH), ("plain", "/model/us.anthropic.claude-opus-5/invoke")]:
        assert gateway.post(model=model).status == 200
        assert simulator.last().path == path and simulator.last().verified


def test_an_api_key_in_place_of_a_signature(envoys, simulator):
    for upstream in ("runtimeNative", "mantle"):
        gateway = envoys({"upstream": upstream, "credentials": {"type": "apiKey", "value": API_KEY}})
        assert gateway.post(model="claude-opus-5", headers=[("x-api-key", "sk-ant-client")]).status == 200
        assert simulator.last().header("authorization") == f"Bearer {API_KEY}" and simulator.last().header("x-api-key") is None


# ---- bodies of every size: the model decides how they are edited, and stands where it likes


def of_size(size, model, model_last, head="", tail=""):
    head, tail = (f'{part},' if part else "" for part in (head, tail))
    name, rest = f'"model":"{model}"', '"max_tokens":9,"messages":[{"role":"user","content":"%s"}]'
    frame = f"{{{head}{rest},{tail}{name}}}" if model_last else f"{{{name},{head}{tail}{rest}}}"
    return (frame % ("x" * (size - len(frame) + 2))).encode()


@pytest.mark.parametrize("size", [300, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 7, 5_000_000])
@pytest.mark.parametrize("model_last", [False, True])
def test_signed_right_whatever_the_size(either, simulator, size, model_last):
    assert either.post(of_size(size, either.model, model_last)).status == 200
    either.check(simulator.last())


@pytest.fixture(scope="module")
def bedrock():
    echo = Echo()
    yield echo
    echo.stop()


@pytest.mark.parametrize("size", [400, PIECE + 5, 5_000_000])
def test_what_the_model_asks_for_is_found_out_last(envoys, bedrock, size):
    """Old models take less: that is known when all of the body was edited for a newer one, so it is edited again."""
    gateway = envoys({"models": {"old": {"id": "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "upstream": "runtimeNative"}}}, bedrock_port=bedrock.port)
    beta, safeguards = '"anthropic_beta":["dangerous-tool-use-2026-09-03","effort-2025-11-24"]', '"safeguards":{"a":[1]},"user_profile_id":"p"'
    for head, tail in [(safeguards, beta), (beta, safeguards), ("", f"{safeguards},{beta}")]:
        body = of_size(size, "old", True, head, tail)
        response = gateway.request("POST", "/v1/messages", body)
        assert response.status == 200, response
        kept = [(name, value) for name, value in members(body) if name in ('"max_tokens"', '"messages"')]
        assert members(bedrock.body) == [*kept, ('"model"', '"us.anthropic.claude-sonnet-4-5-20250929-v1:0"')]
        headers = dict(response.json()["headers"])
        assert headers["anthropic-beta"] == "effort-2025-11-24" and headers["content-length"] == str(len(bedrock.body))


@pytest.mark.parametrize("size", [400, 5_000_000])
def test_edited_again_and_signed_right(envoys, simulator, size):
    gateway = envoys({"models": {"old": {"id": "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "upstream": "mantle"}}})
    body = of_size(size, "old", True, '"safeguards":{"a":[1]},"service_tier":"auto"', '"anthropic_beta":["dangerous-tool-use-2026-09-03"]')
    with Connection(gateway.port) as connection:
        connection.chunked("/v1/messages", [body[at:at + 65_521] for at in range(0, len(body), 65_521)], trailers=[("x-checksum", "1")])
        assert connection.response().status == 200
    assert simulator.last().verified and simulator.last().host == MANTLE


# ---- the answer


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"thinking": {"type": "adaptive"}, "stream": True}], ids=["whole", "streamed", "thinking"])
def test_the_answer_is_bedrocks_byte_for_byte(way, simulator, more):
    response = way.ask(**more)
    record = simulator.last()
    way.check(record)
    assert (response.status, response.body) == directly(simulator, record) and len(response.body) > 100
    expected = "text/event-stream; charset=utf-8" if "stream" in more else "application/json"
    assert response.header("content-type") == expected
    assert response.header("request-id")


@pytest.mark.parametrize("fault", [
    "unknown-event after=2", "one-byte", "coalesce", "sse-error overloaded_error after=3", "sse-error api_error after=0 message=\"Bedrock's words.\"",
    "stream throttlingException after=2"])
def test_a_stream_with_something_odd_is_bedrocks_byte_for_byte(either, simulator, fault):
    response = either.ask(f"Count to 5 [[fault: {fault}]]", stream=True)
    assert (response.status, response.body) == directly(simulator, simulator.last())
    if "error" in fault:
        assert sse.parse(response)[-1].json["error"]["type"] in ("overloaded_error", "api_error")


def test_a_stream_that_ends_too_early_says_so(either, simulator):
    response = either.ask("Count to 5 [[fault: end after=3]]", stream=True)
    _, sent = directly(simulator, simulator.last())
    last = added(response, sent)
    assert last.name == "error" and last.json["error"]["type"] == "api_error" and last.json["request_id"] == response.header("request-id")


def added(response, sent):
    """The event that stands behind what was sent, which may have ended inside another."""
    assert response.clean and response.body.startswith(sent + b"\n\n"), response
    return sse.event(response.body.removeprefix(sent).strip(b"\n").decode(), None)


def test_pings_come_when_they_are_sent(either):
    response = either.ask("Count to 5 [[fault: stall after=3 ms=2500]]", stream=True)
    events = sse.parse(response)
    assert sse.names(events).count("ping") == 2 and sse.names(events)[-1] == "message_stop"
    late = [event for event in events if event.name == "ping"][1]
    rest = events[events.index(late) + 1:]
    assert late.at - events[0].at > 1.9 and rest[0].at - late.at > 0.3, "something waited"


def test_each_event_at_once(either):
    events = sse.parse(either.ask("Count to 5 [[fault: pace ms=60]]", stream=True))
    gaps = [later.at - earlier.at for earlier, later in zip(events, events[1:]) if "ping" not in (earlier.name, later.name)]
    assert min(gaps) > 0.02, gaps


# Comments, every line ending, fields of all kinds, what is no text.
EXOTIC = (b': a comment\r\n\r\nevent: ping\r\ndata: {"type": "ping"}\r\n\r\nid: 7\nretry: 5\nevent: message_start\ndata: {"type":"message_start",\n'
          b'data:  "x":1}\n\n\xff\xfe\x00 no UTF-8\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n')


@pytest.fixture(scope="module")
def scripted(envoys):
    """An Envoy before a native upstream whose script the test chooses."""
    upstream = Scripted(lambda connection: upstream.answer(connection))
    yield upstream, envoys({"upstream": "mantle"}, bedrock_port=upstream.port)
    upstream.stop()


def head(status, *lines):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "connection: close", "", ""]).encode()


def stream(gateway):
    return gateway.post("Hi", model="claude-opus-5", stream=True)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_any_bytes_of_a_stream_pass(scripted, size):
    def script(connection):
        connection.sendall(head("200 OK", "content-type: text/event-stream", "request-id: req_1", "transfer-encoding: chunked", "x-other: y"))
        for at in range(0, len(EXOTIC), size):
            piece = EXOTIC[at:at + size]
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")

    upstream, gateway = scripted
    upstream.answer = script
    response = stream(gateway)
    assert response.status == 200 and response.body == EXOTIC and response.clean
    assert response.header("request-id") == "req_1" and response.header("content-type") == "text/event-stream"


def test_a_length_counts_no_error_event(scripted):
    """What comes behind it would be taken for the beginning of the next response."""
    half = b'event: message_start\ndata: {"type":"message_start"}\n\n'
    upstream, gateway = scripted
    upstream.answer = lambda connection: connection.sendall(head("200 OK", f"content-length: {len(half)}", "content-type: text/event-stream") + half)
    with Connection(gateway.port) as connection:
        for _ in range(2):
            connection.post("/v1/messages", encoded("Hi", model="claude-opus-5", stream=True))
            response = connection.response()
            assert response.status == 200 and response.header("content-length") is None
            assert added(response, half).json["error"]["type"] == "api_error"


@pytest.mark.parametrize("content_type, body", [
    ("application/json", b'{"type":"message"}'), ("text/html", b"<html></html>"), ("application/vnd.amazon.eventstream", b""), (None, b"event: x\n\n")])
def test_no_stream_for_a_stream(scripted, content_type, body):
    upstream, gateway = scripted
    lines = [f"content-length: {len(body)}", "x-amzn-requestid: id-1", *([f"content-type: {content_type}"] if content_type else [])]
    upstream.answer = lambda connection: connection.sendall(head("200 OK", *lines) + body)
    response = stream(gateway)
    assert_envelope(response, 502, "api_error")
    assert response.header("request-id") == "id-1"


def test_no_stream_from_the_simulator(either):
    assert_envelope(either.ask("[[fault: json-200]]", stream=True), 502, "api_error")


def test_a_large_answer_passes(scripted):
    text = json.dumps({"type": "message", "usage": {"input_tokens": 1, "output_tokens": 2}, "content": [{"type": "text", "text": "y" * 3_000_000}]}).encode()
    upstream, gateway = scripted
    upstream.answer = lambda connection: connection.sendall(head("200 OK", f"content-length: {len(text)}", "content-type: application/json") + text)
    response = gateway.post("Hi", model="claude-opus-5")
    assert response.status == 200 and response.body == text


@pytest.mark.parametrize("streamed", [False, True])
def test_a_broken_connection_is_no_clean_end(scripted, streamed):
    def script(connection):
        kind = "text/event-stream" if streamed else "application/json"
        connection.sendall(head("200 OK", f"content-type: {kind}", "transfer-encoding: chunked") + b"10\r\nevent: ping\ndata:\r\n")
        reset(connection)

    upstream, gateway = scripted
    upstream.answer = script
    with pytest.raises(Broken):
        gateway.post("Hi", model="claude-opus-5", **({"stream": True} if streamed else {}))


# ---- errors


@pytest.mark.parametrize("fault, status, kind", [
    ("ThrottlingException", 429, "rate_limit_error"), ("AccessDeniedException", 403, "permission_error"),
    ("ResourceNotFoundException", 404, "not_found_error"), ("ValidationException", 400, "invalid_request_error"),
    ("ServiceUnavailableException", 529, "overloaded_error"), ("InternalServerException", 500, "api_error"),
    ("ModelTimeoutException", 504, "timeout_error")])
@pytest.mark.parametrize("streamed", [False, True])
def test_an_error_before_the_stream(either, simulator, fault, status, kind, streamed):
    more = {"stream": True} if streamed else {}
    response = either.ask(f'[[fault: {fault} message="Bedrock\'s own words." retry-after=7]]', **more)
    assert assert_envelope(response, status, kind) == "Bedrock's own words."
    assert response.header("request-id") == response.json()["request_id"] == simulator.last().record["requestId"]
    assert response.header("retry-after") == "7"


def test_the_request_id_of_an_upstream_without_amazons(scripted):
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","details":{"x":1}},"request_id":"req_2"}'
    upstream, gateway = scripted
    upstream.answer = lambda connection: connection.sendall(head("529 Overloaded", f"content-length: {len(body)}", "request-id: req_2") + body)
    response = stream(gateway)
    assert response.status == 529 and response.header("request-id") == "req_2"
    assert response.json() == json.loads(body)


@pytest.mark.parametrize("fault", ["ExpiredTokenException", "InvalidSignatureException", "UnrecognizedClientException"])
@pytest.mark.parametrize("streamed", [False, True])
def test_the_gateways_credentials_are_not_the_clients(either, fault, streamed):
    response = either.ask(f"[[fault: {fault}]]", **({"stream": True} if streamed else {}))
    assert_envelope(response, 502, "api_error", contains=["credentials"])


def test_a_native_401_is_the_gateways(scripted):
    body = b'{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'
    upstream, gateway = scripted
    upstream.answer = lambda connection: connection.sendall(head("401 Unauthorized", f"content-length: {len(body)}", "content-type: application/json") + body)
    assert_envelope(stream(gateway), 502, "api_error", contains=["invalid x-api-key", "credentials"])


@pytest.mark.parametrize("fault", ["html-503", "empty-500"])
def test_what_is_no_error_document(either, fault):
    assert_upstream_failure(either.ask(f"[[fault: {fault}]]", stream=True))


def test_a_model_that_mantle_does_not_know(envoys, simulator):
    gateway = envoys({"upstream": "mantle"})
    assert_envelope(gateway.post(model="claude-3-haiku-20240307"), 404, "not_found_error")
    assert simulator.last().verified


@pytest.mark.parametrize("path", ["/anthropic/v1/messages", "/anthropic/v1/messages/count_tokens", "/anthropic/x", "/anthropic"])
def test_a_client_does_not_reach_the_native_paths_by_itself(either, elsewhere, simulator, path):
    """Else its call would be signed, or its secrets sent to AWS."""
    with Connection(either.gateway.port) as connection:
        connection.send(f"POST {path} HTTP/1.1\r\nhost: {either.host}\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        assert_envelope(connection.response(), 404, "not_found_error")
    assert simulator.requests() == [] and elsewhere.count == 0


# ---- the SDK


def test_the_sdks_helpers(way, simulator):
    client = sdk(way.gateway)
    ask = {"model": way.model, "max_tokens": 500, "messages": [{"role": "user", "content": "Count to 5"}]}
    with client.messages.stream(**ask) as events:
        assert "".join(events.text_stream) == "1, 2, 3, 4, 5"
        final = events.get_final_message()
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 0
    way.check(simulator.last())
    whole = client.messages.create(**ask)
    assert whole.content[0].text == final.content[0].text and whole._request_id
    assert {event.type for event in client.messages.create(**ask, stream=True)} >= {"message_start", "message_stop"}
