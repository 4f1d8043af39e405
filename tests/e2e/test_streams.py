"""Streams: every event at once, whole and in order; and every way in which a stream can go wrong, told to the client."""

import re
import threading
import time

import anthropic
import pytest

from harness import sse
from harness.clients import sdk
from harness.frames import EVENTS, chunk, send_stream
from harness.messages import assert_envelope, assert_upstream_failure, encoded, message
from harness.processes import wait_until
from harness.raw import Broken, Connection
from harness.simulator import Simulator
from harness.upstreams import reset

ORDER = ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]


def started(gateway, text, **members):
    """A connection on which a stream was asked for."""
    connection = Connection(gateway.port)
    connection.post("/v1/messages", encoded(text, stream=True, **members))
    return connection


def assert_whole(response, text):
    events = sse.parse(response)
    assert response.clean and sse.names(events)[-1] == "message_stop", response
    assert [name for name in sse.names(events) if name != "content_block_delta"] == ORDER
    assert sse.text(events) == text


def error_of(response):
    """The error event that ends a stream that failed."""
    events = sse.parse(response)
    assert sse.names(events).count("error") == 1 and events[-1].name == "error", events
    assert "message_stop" not in sse.names(events)
    return events[-1].json["error"]


@pytest.mark.parametrize("after", [1, 2, 4])
def test_each_event_arrives_as_soon_as_its_frame_left(gateway, after):
    """Bedrock pauses after some frames: those events are here before the pause ends."""
    response = gateway.stream(f"Count to 30 [[fault: stall after={after} ms=900]]")
    events = sse.parse(response)
    gaps = [later.at - earlier.at for earlier, later in zip(events, events[1:])]
    assert max(gaps) > 0.7, gaps
    assert gaps.index(max(gaps)) == after - 1, gaps


def test_headers_of_a_stream_do_not_wait_for_its_end(gateway):
    with started(gateway, "Count to 9 [[fault: stall after=2 ms=1500]]") as connection:
        begun = time.monotonic()
        response = connection.response_head()
        assert next(connection.pieces(response)).startswith(b"event: message_start")
        assert time.monotonic() - begun < 1.2


@pytest.mark.parametrize("fault", ["one-byte", "coalesce", "pace ms=0"])
def test_however_the_frames_are_cut(gateway, fault):
    numbers = ", ".join(map(str, range(1, 61)))
    assert_whole(gateway.stream(f"Count to 60 [[fault: {fault}]]"), numbers)


def test_a_long_stream(gateway):
    numbers = ", ".join(map(str, range(1, 20_001)))
    response = gateway.stream("Count to 20000 [[fault: coalesce]]", max_tokens=200_000)
    assert_whole(response, numbers)


def test_50_streams_at_once(gateway):
    failures = []

    def one(number):
        try:
            last = number % 40 + 20
            with started(gateway, f"Count to {last} [[fault: pace ms=5]]") as connection:
                assert_whole(connection.response(), ", ".join(map(str, range(1, last + 1))))
        except Exception as problem:
            failures.append((number, problem))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_keep_alive_after_a_stream(gateway):
    with started(gateway, "Count to 3") as connection:
        assert_whole(connection.response(), "1, 2, 3")
        connection.post("/v1/messages", encoded("Count to 2"))
        assert connection.response().json()["content"][0]["text"] == "1, 2"


@pytest.mark.parametrize("exception, kind", [
    ("throttlingException", "rate_limit_error"), ("validationException", "invalid_request_error"), ("internalServerException", "api_error"),
    ("modelStreamErrorException", "api_error"), ("modelTimeoutException", "timeout_error"), ("serviceUnavailableException", "overloaded_error")])
def test_an_exception_inside_the_stream(gateway, exception, kind):
    response = gateway.stream(f'Count to 9 [[fault: stream {exception} after=3 message="what Bedrock says"]]')
    assert response.status == 200
    error = error_of(response)
    assert error["type"] == kind and error["message"].startswith("what Bedrock says")


@pytest.mark.single
@pytest.mark.parametrize("exception, status, kind", [
    ("throttlingException", 429, "rate_limit_error"), ("validationException", 400, "invalid_request_error"),
    ("internalServerException", 500, "api_error"), ("modelTimeoutException", 504, "timeout_error"), ("serviceUnavailableException", 529, "overloaded_error")])
def test_an_exception_as_the_first_frame_is_an_http_error(gateway, exception, status, kind):
    response = gateway.stream(f'[[fault: stream {exception} after=0 message="what Bedrock says"]]')
    assert assert_envelope(response, status, kind).startswith("what Bedrock says")


@pytest.mark.single
def test_the_sdk_retries_a_first_frame_that_is_an_exception(gateway, simulator):
    client = sdk(gateway, max_retries=3)
    with client.messages.stream(**message("Count to 3 [[fault: stream throttlingException after=0 times=1]]")) as events:
        assert "".join(events.text_stream)
    assert len(simulator.requests()) == 2


@pytest.mark.parametrize("fault", ["end after=3", "bad-crc after=3", "bad-prelude after=3", "impossible-length after=3", "impossible-length after=3 length=8",
                                   "error-frame after=3"])
def test_a_stream_that_goes_wrong_is_never_silence(gateway, fault):
    response = gateway.stream(f"Count to 50 [[fault: {fault}]]")
    assert response.status == 200
    assert error_of(response)["type"] in ("api_error", "overloaded_error")


def test_the_sdk_raises_on_an_error_event(gateway):
    with pytest.raises(anthropic.APIStatusError) as caught:
        with sdk(gateway).messages.stream(**message("Count to 9 [[fault: stream throttlingException after=3]]")) as events:
            list(events.text_stream)
    assert caught.value.body["error"]["type"] == "rate_limit_error"


def test_unknown_events_pass_and_unknown_frames_are_skipped(gateway):
    response = gateway.stream("Count to 3 [[fault: unknown-event after=2]]")
    assert response.clean and sse.names(sse.parse(response))[-1] == "message_stop"
    assert [name for name in sse.names(sse.parse(response)) if name not in (*ORDER, "content_block_delta")] != []


def test_json_where_a_stream_was_asked_for(gateway):
    assert_envelope(gateway.stream("[[fault: json-200]]"), 502, "api_error")


def test_an_upstream_connection_that_breaks(gateway):
    """Envoy lets nobody add an event then: the transfer has to break for the client too."""
    with started(gateway, "Count to 90 [[fault: cut after=4]]") as connection:
        response = connection.response_head()
        with pytest.raises(Broken):
            connection.read_body(response)
    assert b"message_stop" not in response.body and not response.clean


def test_an_upstream_that_is_killed(folder, envoy):
    own = Simulator(folder, token_delay_ms=50)
    gateway = envoy(bedrock_port=own.port)
    with started(gateway, "Count to 500", max_tokens=5000) as connection:
        response = connection.response_head()
        with pytest.raises(Broken):
            for number, _ in enumerate(connection.pieces(response)):
                if number == 3:
                    own.program.process.kill()
        own.program.process.wait()
    assert b"message_start" in response.body and b"message_stop" not in response.body


def test_a_reset_before_the_response(envoy, upstream):
    gateway = envoy(bedrock_port=upstream(reset).port)
    assert_upstream_failure(gateway.stream("Hello"))


def test_a_reset_while_the_headers_are_held(envoy, upstream):
    def headers_only(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n")
        reset(connection)

    gateway = envoy(bedrock_port=upstream(headers_only).port)
    with started(gateway, "Hello") as connection:
        try:
            response = connection.response()
        except Broken:
            return
    assert response.status >= 500 or "error" in sse.names(sse.parse(response)), response


def test_trailers_before_the_end(envoy, upstream):
    """They leave no place for an error event: the transfer breaks."""
    def trailers(connection):
        send_stream(connection, *[chunk(event) for event in EVENTS[:3]], end=False)
        time.sleep(0.2)
        connection.sendall(b"0\r\nx-checksum: 1\r\n\r\n")

    gateway = envoy(bedrock_port=upstream(trailers).port)
    with started(gateway, "Hello") as connection:
        response = connection.response_head()
        with pytest.raises(Broken):
            list(connection.pieces(response))
    assert b"One" in response.body and not response.clean


def test_the_client_hangs_up_in_its_request(gateway, simulator):
    body = encoded("x" * 100_000)
    for end in (0, 1, 1000, 90_000):
        connection = Connection(gateway.port)
        connection.head("POST", "/v1/messages", [("content-length", len(body))])
        connection.send(body[:end])
        connection.close()
    assert gateway.post("Count to 2").json()["content"][0]["text"] == "1, 2"
    assert len(simulator.requests()) == 1


def test_the_client_hangs_up_in_the_stream(gateway):
    for _ in range(5):
        with started(gateway, "Count to 500 [[fault: pace ms=20]]", max_tokens=5000) as connection:
            next(connection.pieces(connection.response_head()))
    wait_until(lambda: gateway.stats("cluster.bedrock.upstream_rq_active")["cluster.bedrock.upstream_rq_active"] == 0, what="the end of all upstream requests")
    assert_whole(gateway.stream("Count to 3"), "1, 2, 3")


def test_a_slow_reader(gateway):
    with started(gateway, "Count to 3000 [[fault: coalesce]]", max_tokens=50_000) as connection:
        response = connection.response_head()
        for number, _ in enumerate(connection.pieces(response)):
            if number < 20:
                time.sleep(0.01)
        assert sse.text(sse.parse(response)).endswith(", 3000")


def test_failures_are_counted(gateway):
    def total():
        return sum(count for name, count in gateway.stats("bedrock_messages").items() if re.search("truncat|error", name))

    before = total()
    gateway.stream("Count to 9 [[fault: end after=3]]")
    wait_until(lambda: total() > before, what="the counter")
