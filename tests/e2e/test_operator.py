"""What the operator sees of a request: envoy/aws.yaml's own access log and Prometheus page, with the simulator in AWS's place."""

import json
import re
import socket

import pytest
import yaml

from harness.envoy import Envoy
from harness.messages import encoded
from harness.processes import MODULE, ROOT, Program, envoy_binary, free_port, wait_until
from harness.raw import Broken
from harness.simulator import KEYS
from harness.upstreams import reset

KEY = ("x-api-key", "key-of-a-client")
SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


class Watched(Envoy):
    """envoy/aws.yaml but for its ports, its clients' key and the upstream."""

    def __init__(self, folder, bedrock_port):
        self.port, self.admin_port, self.tolerated, self.reloads_tolerated = free_port(), free_port(), [], False
        config = yaml.safe_load((ROOT / "envoy/aws.yaml").read_text().replace("replace-this-key", KEY[1]).replace("/etc/envoy/bedrock_messages.wasm", str(MODULE)))
        config["admin"]["address"]["socket_address"]["port_value"] = self.admin_port
        resources = config["static_resources"]
        resources["listeners"][0]["address"]["socket_address"]["port_value"] = self.port
        cluster = next(cluster for cluster in resources["clusters"] if cluster["name"] == "bedrock")
        cluster.pop("transport_socket")
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": bedrock_port}
        file = folder / f"watched-{self.port}.json"
        file.write_text(json.dumps(config))
        self.program = Program([envoy_binary(), "-c", file, "--disable-hot-restart", "--concurrency", "1", "--file-flush-interval-msec", "50"], file.with_suffix(".log"), KEYS)

    def lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def line_of(self, act):
        """The access log's line for what `act` does; only what it says of Bedrock, without what is null."""
        before = len(self.lines())
        act()
        wait_until(lambda: len(self.lines()) > before, what="the access log")
        names = ["request_model", "model_id", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "total_tokens", "stop_reason", "error", "stripped"]
        return {name: self.lines()[before][name] for name in names if self.lines()[before][name] is not None}

    def counters(self):
        """The filter's counters on the Prometheus page."""
        rows = re.findall(r"^(bedrock_messages_\w+\{[^}]*\}) (\d+)$", self.admin("/stats/prometheus"), re.M)
        return {name: int(value) for name, value in rows}

    def counted(self, act):
        """What `act` adds to them."""
        before = self.counters()
        act()
        wait_until(lambda: self.counters() != before, what="the counters")
        return {name: value - before.get(name, 0) for name, value in self.counters().items() if value != before.get(name, 0)}


@pytest.fixture(scope="module")
def watched(folder, shared_simulator):
    envoy = Watched(folder, shared_simulator.port)
    yield envoy.wait_ready()
    envoy.stop()


def tokens(said, usage, invoked=SONNET):
    cache = {"cache_read_tokens": usage["cache_read_input_tokens"], "cache_write_tokens": usage["cache_creation_input_tokens"]}
    figures = {"input_tokens": usage["input_tokens"], "output_tokens": usage["output_tokens"], **{name: value for name, value in cache.items() if value}}
    total = sum(figures.values())
    assert said == {"request_model": said["request_model"], "model_id": invoked, **{name: str(value) for name, value in figures.items()},
                    "total_tokens": str(total), "stop_reason": said["stop_reason"]}


def test_a_message_and_its_cost(watched):
    answers = []
    system = [{"type": "text", "text": "x" * 4000, "cache_control": {"type": "ephemeral"}}]
    said = watched.line_of(lambda: answers.append(watched.post(headers=[KEY], model="claude-sonnet-4-5", system=system)))
    assert said["request_model"] == "claude-sonnet-4-5" and said["stop_reason"] == "end_turn"
    tokens(said, answers[0].json()["usage"])
    assert int(said["cache_write_tokens"]) == 1000


def test_a_stream_and_its_cost(watched):
    answers = []
    said = watched.line_of(lambda: answers.append(watched.stream("count to 5", headers=[KEY], model=SONNET, max_tokens=3)))
    assert said["stop_reason"] == "max_tokens"
    usage = next(json.loads(line[6:]) for line in answers[0].body.decode().splitlines() if line.startswith('data: {"type":"message_delta"'))["usage"]
    tokens(said, usage)


def test_errors_by_type(watched):
    refused = watched.line_of(lambda: watched.request("POST", "/v1/messages", b"{", headers=[KEY]))
    assert refused == {"error": "invalid_request_error"}
    throttled = watched.line_of(lambda: watched.post("[[fault: ThrottlingException]]", headers=[KEY], model=SONNET))
    assert throttled == {"request_model": SONNET, "model_id": SONNET, "error": "rate_limit_error"}
    for after in (0, 1):
        ended = watched.line_of(lambda: watched.stream(f"[[fault: stream serviceUnavailableException after={after}]]", headers=[KEY], model=SONNET))
        assert ended == {"request_model": SONNET, "model_id": SONNET, "error": "overloaded_error"}


def test_what_was_taken_out(watched):
    members = {"service_tier": "auto", "metadata": {"user_id": '{"session":1}'}, "model": "claude-opus-5"}
    said = watched.line_of(lambda: watched.post(headers=[KEY], **members))
    assert said["stripped"] == "service_tier,metadata.user_id" and said["model_id"] == "us.anthropic.claude-opus-5"


def test_requests_are_counted_by_operation_and_outcome(watched):
    request = 'bedrock_messages_requests{{operation="{}",outcome="{}"}}'.format
    error = 'bedrock_messages_errors{{type="{}"}}'.format
    for act, counted in [
        (lambda: watched.post(headers=[KEY], model=SONNET), {request("InvokeModel", "ok"): 1}),
        (lambda: watched.stream(headers=[KEY], model=SONNET), {request("InvokeModelWithResponseStream", "ok"): 1}),
        (lambda: watched.post(headers=[KEY], path="/v1/messages/count_tokens", model=SONNET), {request("CountTokens", "ok"): 1}),
        (lambda: watched.request("GET", "/v1/models", headers=[KEY]), {request("models", "ok"): 1}),
        (lambda: watched.request("POST", "/v1/messages", b"{", headers=[KEY]), {request("none", "error"): 1, error("invalid_request_error"): 1}),
        (lambda: watched.post("[[fault: ThrottlingException]]", headers=[KEY], model=SONNET), {request("InvokeModel", "error"): 1, error("rate_limit_error"): 1}),
        (lambda: watched.stream("[[fault: end after=2]]", headers=[KEY], model=SONNET), {request("InvokeModelWithResponseStream", "error"): 1, error("api_error"): 1}),
        (lambda: pytest.raises(Broken, watched.stream, "[[fault: cut after=2]]", headers=[KEY], model=SONNET),
         {request("InvokeModelWithResponseStream", "broken"): 1, "bedrock_messages_truncated_streams{}": 1}),
        (lambda: watched.post(headers=[KEY], model=SONNET, speed="fast"),
         {request("InvokeModel", "ok"): 1, 'bedrock_messages_stripped_fields{field="speed"}': 1}),
    ]:
        assert watched.counted(act) == counted


def test_a_client_that_goes_away(watched):
    def leave():
        body = encoded("[[fault: pace ms=200]] count to 50", stream=True, model=SONNET)
        with socket.create_connection(("127.0.0.1", watched.port)) as connection:
            connection.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: " + KEY[1].encode() + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")

    assert watched.counted(leave) == {'bedrock_messages_requests{operation="InvokeModelWithResponseStream",outcome="cancelled"}': 1}


def test_an_error_that_breaks_off_is_no_success(folder, upstream):
    def half(connection):
        connection.sendall(b"HTTP/1.1 429 Error\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
        reset(connection)

    watched = Watched(folder, upstream(half).port).wait_ready()
    seen = watched.counted(lambda: watched.post(headers=[KEY], model=SONNET))
    assert seen == {'bedrock_messages_requests{operation="InvokeModel",outcome="broken"}': 1}
    watched.stop()


def test_the_log_level_can_be_changed(watched):
    line = f"{SONNET} is {SONNET}"
    for level, shown in [("warning", False), ("debug", True), ("warning", False)]:
        watched.admin(f"/logging?wasm={level}", "POST")
        before = watched.log().count(line)
        assert watched.post(headers=[KEY], model=SONNET).status == 200
        watched.line_of(lambda: watched.post(headers=[KEY], model=SONNET))
        assert (watched.log().count(line) > before) is shown, level


def test_no_label_is_the_clients(watched):
    watched.post(headers=[KEY], model="anthropic.claude-of-a-client", secretmember=1)
    watched.request("POST", "/v1/messages/of-a-client", b"{}", headers=[KEY])
    assert "of-a-client" not in watched.admin("/stats") and "secretmember" not in watched.admin("/stats")
