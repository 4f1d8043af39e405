"""Five hundred streams that went wrong on the way, several at once: what a client sees of each has one end."""

import concurrent.futures
import json
import random

from harness import sse
from harness.deployed import Deployed
from harness.frames import EVENTS, LAST_CHUNK, STREAM_HEAD, chunk, crc, exception, frame, http_chunk
from harness.messages import assert_envelope, message
from harness.raw import Broken, Connection
from harness.upstreams import reset

STREAMS, AT_ONCE, SEED = 500, 16, 20261122
PROPER = ["with the last piece", "by itself"]
ENDINGS = [*PROPER * 3, "closed", "reset"]


class Mutated:
    """A stream as an upstream sends it: pieces, and how it ends."""

    def __init__(self, dice):
        frames = [chunk(event) for event in EVENTS[:2] + EVENTS[2:4] * dice.randrange(6) + EVENTS[4:]]
        for _ in range(dice.randrange(4)):
            self.mutate(dice, frames)
        data = b"".join(frames)
        largest = dice.choice([3, 40, 300, 5000])
        self.pieces = []
        while data:
            size = dice.randint(1, largest)
            self.pieces.append(data[:size])
            data = data[size:]
        self.ending = dice.choice(ENDINGS)

    @staticmethod
    def mutate(dice, frames):
        at = dice.randrange(len(frames))
        data = frames[at]
        kind = dice.choice(["flip", "flip", "shorten", "drop", "double", "swap", "insert", "insert", "length", "right length"])
        if kind == "flip":
            byte = dice.randrange(len(data))
            frames[at] = data[:byte] + bytes([data[byte] ^ dice.randint(1, 255)]) + data[byte + 1:]
        elif kind == "shorten":
            frames[at] = data[:dice.randrange(len(data))]
        elif kind == "drop" and len(frames) > 1:
            del frames[at]
        elif kind == "double":
            frames.insert(at, data)
        elif kind == "swap":
            other = dice.randrange(len(frames))
            frames[at], frames[other] = frames[other], data
        elif kind == "insert":
            frames.insert(at, dice.choice([
                exception("ThrottlingException", "no"), exception("ModelStreamErrorException", "no", originalStatusCode=529),
                exception("ANewException", "no"), frame({":message-type": "error", ":error-code": "InternalFailure"}, b""),
                frame({":message-type": "event", ":event-type": "aNewMember"}, b"{}"), frame({":message-type": "event", ":event-type": "chunk"}, b"{}"),
                chunk({"type": "an_event_of_tomorrow"}), dice.randbytes(dice.randint(1, 40))]))
        elif len(data) > 16:
            length = dice.choice([0, 9, 16, len(data) - 1, len(data) + 1, 1 << 20, (1 << 32) - 1]).to_bytes(4, "big") + data[4:8]
            frames[at] = length + crc(length) + data[12:]
            if kind == "right length":
                frames[at] = frames[at][:-4] + crc(frames[at][:-4])

    def send(self, connection):
        connection.sendall(STREAM_HEAD)
        for piece in self.pieces[:-1]:
            connection.sendall(http_chunk(piece))
        last = http_chunk(self.pieces[-1]) if self.pieces else b""
        if self.ending == "with the last piece":
            connection.sendall(last + LAST_CHUNK)
            return
        connection.sendall(last)
        if self.ending == "by itself":
            connection.sendall(LAST_CHUNK)
        elif self.ending == "reset":
            reset(connection)


def ask(port, number):
    body = json.dumps({**message(stream=True), "model": f"stream-{number}"}).encode()
    with Connection(port) as connection:
        connection.post("/v1/messages", body)
        response = None
        try:
            response = connection.response_head()
            connection.read_body(response)
            return response, False
        except Broken:
            return response, True


def end_of(stream, response, broken):
    """How it ended for the client, which has to be one of four ways."""
    if broken:
        assert stream.ending not in PROPER, "a broken transfer that was whole upstream"
        return "broken"
    if response.status != 200:
        assert_envelope(response, response.status, response.json()["error"]["type"])
        assert response.status in (400, 429, 500, 502, 503, 529), response
        return "status"
    names = sse.names(sse.parse(response))
    assert sum(name in ("message_stop", "error") for name in names) == 1 and names[-1] in ("message_stop", "error"), names
    return names[-1]


def test_500_streams(folder, upstream):
    dice = random.Random(SEED)
    streams = [Mutated(dice) for _ in range(STREAMS)]
    played = upstream(lambda connection, path: streams[int(path.split("/")[2].removeprefix("stream-"))].send(connection))
    # With its local_reply_config: while headers are held, a connection that breaks is answered by Envoy.
    gateway = Deployed(folder, played.port)
    try:
        gateway.wait_ready()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda number: ask(gateway.port, number), range(STREAMS)))
    finally:
        gateway.stop()

    ends, wrong = [], []
    for number, (stream, answer) in enumerate(zip(streams, answers)):
        try:
            ends.append(end_of(stream, *answer))
        except (AssertionError, ValueError) as problem:
            wrong.append(f"stream {number} ({stream.ending}): {problem!r}\n{answer[0]!r:.1000}")
    assert not wrong, "\n".join(wrong[:5])
    for end in ("message_stop", "error", "status", "broken"):
        assert ends.count(end) >= 20, f"only {ends.count(end)} ended so: {end}"
