"""Which requests the filter takes, and that it leaves all others alone."""

import hashlib
import http.client
import json

import pytest

from harness.messages import GUIDE_MODEL, MODEL, assert_envelope, encoded, message
from harness.raw import Connection, chunk

HEADER = {"name": "x-provider", "value": "aws"}


def taken(response):
    """Whether a 200 came from Bedrock, not from the echo server."""
    assert response.status == 200, response
    return "echo" not in response.json()


def test_everything_goes_to_bedrock_without_rules(envoy):
    gateway = envoy()
    assert taken(gateway.post())
    assert taken(gateway.post(headers=[("x-provider", "other")]))


def test_header_rule(gateway):
    assert taken(gateway.post(headers=[("x-provider", "aws")]))
    assert not taken(gateway.post(headers=[("x-provider", "anthropic")]))
    assert taken(gateway.post())


def test_default_passthrough(envoy):
    gateway = envoy({"routing": {"header": HEADER, "default": "passthrough"}})
    assert taken(gateway.post(headers=[("x-provider", "aws")]))
    assert not taken(gateway.post())


def test_models_rule(envoy, elsewhere):
    routing = {"models": ["anthropic.claude-*", "*.anthropic.claude-*", "arn:aws*:bedrock:*"], "default": "passthrough"}
    gateway = envoy({"routing": routing, "models": {"team-a": MODEL}})
    assert taken(gateway.post(model=MODEL))
    assert taken(gateway.post(model=GUIDE_MODEL))
    assert taken(gateway.post(model="team-a"))
    body = encoded(model="gpt-5")
    response = gateway.request("POST", "/v1/messages", body)
    assert not taken(response)
    assert elsewhere.body == body


@pytest.mark.parametrize("body", [b"no JSON", b"[1]", b"", b'{"model": 5}'])
def test_what_is_no_request_is_passed_on_by_default_passthrough(envoy, elsewhere, body):
    gateway = envoy({"routing": {"models": ["anthropic.*"], "default": "passthrough"}})
    response = gateway.request("POST", "/v1/messages", body)
    assert not taken(response) and elsewhere.body == body


def test_model_names(envoy, simulator):
    gateway = envoy({"models": {"claude-sonnet-4-5": MODEL}})
    assert gateway.post(model="claude-sonnet-4-5").status == 200
    assert simulator.last().path.startswith("/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/")


def test_an_arn_is_one_segment_of_the_path(envoy, simulator):
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    assert envoy({"models": {"team-a": arn}}).post(model="team-a").status == 200
    assert simulator.last().path == "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123/invoke"
    assert simulator.last().verified


def test_allowed_models(envoy, simulator):
    gateway = envoy({"allowedModels": ["*claude-sonnet-4-5*"]})
    assert gateway.post().status == 200
    simulator.reset()
    assert_envelope(gateway.post(model=GUIDE_MODEL), 403, contains=[GUIDE_MODEL])
    assert simulator.requests() == []


def test_path_prefix(envoy):
    gateway = envoy({"pathPrefix": "/anthropic"})
    assert taken(gateway.post(path="/anthropic/v1/messages"))
    assert not taken(gateway.post(path="/v1/messages"))
    assert not taken(gateway.post(path="/anthropicish/v1/messages"))


@pytest.mark.parametrize("path", ["/", "/v1/other", "/v1/messages2", "/V1/messages", "/chat/completions", "/v2/messages"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_other_paths_are_untouched(gateway, elsewhere, path, method):
    body = None if method == "GET" else b'{"model": "x", "stream": true}'
    headers = [("x-api-key", "theirs"), ("anthropic-beta", "a"), ("x-own", "1")]
    answer = gateway.request(method, path + "?a=b", body, headers).json()
    assert (answer["method"], answer["path"]) == (method, path + "?a=b")
    received = dict(answer["headers"])
    assert all(received[name] == value for name, value in headers)
    assert elsewhere.body == (body or b"")


def test_what_is_passed_on_is_not_buffered(gateway, elsewhere):
    """The first bytes reach the upstream before the last are sent."""
    with Connection(gateway.port) as connection:
        connection.head("POST", "/v1/files-of-another-api", [("transfer-encoding", "chunked")])
        connection.send(chunk(b"x" * 1000))
        elsewhere.wait_for_bytes(1000)
        connection.send(chunk(b"y" * 1000), b"0\r\n\r\n")
        assert connection.response().json()["length"] == 2000


def test_a_large_body_is_passed_on(gateway):
    body = bytes(range(256)) * 160_000
    answer = gateway.request("POST", "/upload", body).json()
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_body_passed_on_by_the_header_rule_is_untouched(gateway, elsewhere):
    body = json.dumps(message("x" * 200_000), indent=3).encode()
    response = gateway.request("POST", "/v1/messages", body, [("x-provider", "anthropic")])
    assert not taken(response) and elsewhere.body == body


def test_300_requests_on_one_connection(gateway):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    for turn in range(300):
        kind = turn % 4
        path = "/v1/messages" if kind != 3 else "/other"
        headers = {"content-type": "application/json", **({"x-provider": "anthropic"} if kind == 1 else {})}
        body = encoded(f"Count to {turn % 9 + 1}", stream=kind == 2)
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        text = response.read()
        assert response.status == 200, text
        if kind in (1, 3):
            assert json.loads(text)["sha256"] == hashlib.sha256(body).hexdigest()
        elif kind == 2:
            assert text.rstrip().endswith(b"}") and b"event: message_stop" in text
        else:
            assert json.loads(text)["content"][0]["text"].endswith(str(turn % 9 + 1))
    connection.close()


@pytest.mark.parametrize("path", [
    "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke", "/model/x/invoke-with-response-stream", "/model/x/count-tokens", "/model/x/converse"])
def test_a_clients_own_bedrock_calls_are_refused(gateway, simulator, elsewhere, path):
    """They are what the filter makes, never what it takes: it would sign them."""
    headers = [("host", "bedrock-runtime.us-east-1.amazonaws.com")]
    assert_envelope(gateway.request("POST", path, encoded()), 404)
    with Connection(gateway.port) as connection:
        lines = f"POST {path} HTTP/1.1\r\n{headers[0][0]}: {headers[0][1]}\r\ncontent-length: 2\r\n\r\n{{}}"
        connection.send(lines.encode())
        assert_envelope(connection.response(), 404)
    assert simulator.requests() == [] and elsewhere.count == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_wrong_method(gateway, method):
    response = gateway.request(method, "/v1/messages", None if method in ("GET", "OPTIONS") else b"{}")
    assert_envelope(response, 405, "invalid_request_error")
    assert "POST" in response.header("allow")


def test_a_refused_head_leaves_the_connection_open_and_a_refused_body_says_that_it_closes(gateway):
    """Over HTTP/1, Envoy closes a connection when a filter answers from within the request's last bytes, and says so."""
    with Connection(gateway.port) as connection:
        connection.head("GET", "/v1/messages")
        assert_envelope(connection.response(), 405)
        connection.post("/v1/messages", encoded("Count to 2"))
        assert connection.response().json()["content"][0]["text"] == "1, 2"
        connection.post("/v1/messages", b'{"model": 5}')
        refused = connection.response()
        assert_envelope(refused, 400)
        assert refused.header("connection") == "close"


@pytest.mark.parametrize("model_at", [40_000, 300_000])
def test_a_request_that_turns_out_to_be_another_ones_loses_nothing(envoy, elsewhere, model_at):
    """The filter lets go of it in the middle of its body: what was held and what is still to come must both arrive."""
    gateway = envoy({"routing": {"models": ["anthropic.*"], "default": "passthrough"}})
    body = f'{{"a": "{"x" * model_at}", "model": "gpt", "b": "{"y" * 700_000}"}}'.encode()
    for size in (1_000, 16_384, 100_000):
        pieces = [body[at:at + size] for at in range(0, len(body), size)]
        with Connection(gateway.port) as connection:
            connection.post("/v1/messages", body, pieces=pieces)
            seen = connection.response().json()
        assert (seen["length"], seen["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("routing", [{}, {"routing": {"models": ["anthropic.*"], "default": "passthrough"}}], ids=["bedrock", "by-model"])
def test_an_upgrade_is_never_held(envoy, routing):
    """Its body does not end, so a filter that waits for the end would hang it."""
    gateway = envoy(routing, upgrades=True)
    with Connection(gateway.port, timeout=5) as connection:
        connection.head("POST", "/v1/messages", [("connection", "upgrade"), ("upgrade", "websocket")])
        response = connection.response_head()
    if routing:
        assert response.status == 200, response
    else:
        assert response.status == 400, response
