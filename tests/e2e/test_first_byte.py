"""What holding a stream's headers until its first bytes costs: the same stream with and without it. `pytest -s` shows the figures."""

import statistics
import time

import pytest

from harness.frames import EVENTS, LAST_CHUNK, STREAM_HEAD, chunk, http_chunk
from harness.messages import encoded
from harness.raw import Connection

ROUNDS = 25
PAUSE = 0.1
# The filter's own work on a request and an event is well under a millisecond; the rest is room for a busy machine.
MOST = 0.02


def head_first(connection):
    """Bedrock's headers, and its first event a while later."""
    connection.sendall(STREAM_HEAD)
    time.sleep(PAUSE)
    rest(connection, b"")


def together(connection):
    rest(connection, STREAM_HEAD)


def rest(connection, head):
    connection.sendall(head + http_chunk(chunk(EVENTS[0])))
    time.sleep(0.02)
    connection.sendall(b"".join(http_chunk(chunk(event)) for event in EVENTS[1:]) + LAST_CHUNK)


def arrivals(port, path, host):
    """Seconds from the request to the response's headers, and to its first byte of body."""
    body = encoded(stream=True)
    with Connection(port) as connection:
        begun = time.monotonic()
        connection.send(f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        response = connection.response_head()
        head = time.monotonic() - begun
        next(connection.pieces(response))
        return head, response.pieces[0][0] - begun


@pytest.mark.single
@pytest.mark.parametrize("script", [head_first, together])
def test_the_first_event_is_not_later(envoy, upstream, script):
    played = upstream(script)
    filtered, plain = envoy(bedrock_port=played.port), envoy(bedrock_port=played.port, plain=True)
    ways = {"filter": (filtered.port, "/v1/messages", "gateway.test"), "plain Envoy": (plain.port, "/model/m/invoke", "bedrock-runtime.test")}
    seen = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, target in ways.items():
            seen[way].append(arrivals(*target))
    medians = {way: [statistics.median(column) for column in zip(*times)] for way, times in seen.items()}
    for way, (head, first) in medians.items():
        print(f"\n{script.__name__}, {way}: headers after {head * 1000:.2f} ms, first byte of the body after {first * 1000:.2f} ms", end="")
    assert medians["filter"][1] - medians["plain Envoy"][1] < MOST
    # The headers wait for the first bytes of the body, and for nothing else.
    assert medians["filter"][1] - medians["filter"][0] < MOST
