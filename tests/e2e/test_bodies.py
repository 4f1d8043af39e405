"""Request bodies of every size and shape: what arrives at Bedrock, and what is refused before."""

import gzip
import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.messages import MODEL, assert_envelope, assert_forwarded, encoded, members, message
from harness.raw import Connection
from harness.upstreams import Echo

LIMIT = 33554432


@pytest.fixture(scope="module")
def bedrock():
    """A Bedrock that takes everything and keeps it, whatever its size."""
    echo = Echo()
    yield echo
    echo.stop()


@pytest.fixture
def keeping(envoy, bedrock):
    return envoy(bedrock_port=bedrock.port)


def long_body(size):
    """A request with an image of about so many bytes."""
    data = "QUJDRA==" if size < 8 else "ABCD" * (size // 4)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    return encoded([image, {"type": "text", "text": "What is this?"}])


@pytest.mark.parametrize("size", [10, 70_000, 1_200_000, 20_000_000, 33_000_000])
@pytest.mark.parametrize("model_last", [False, True])
def test_long_bodies(keeping, bedrock, size, model_last):
    body = long_body(size)
    if model_last:
        rest = json.loads(body)
        body = json.dumps({**{name: rest[name] for name in ("messages", "max_tokens")}, "model": MODEL}).encode()
    response = keeping.request("POST", "/v1/messages", body)
    assert response.status == 200, response
    assert_forwarded(body, bedrock.body)
    headers = dict(response.json()["headers"])
    assert headers["content-length"] == str(len(bedrock.body))
    assert headers.get("x-amz-content-sha256", hashlib.sha256(bedrock.body).hexdigest()) == hashlib.sha256(bedrock.body).hexdigest()


def test_a_long_body_is_signed_right(gateway, simulator):
    """The simulator recomputes the signature over what it received."""
    assert gateway.request("POST", "/v1/messages", long_body(19_000_000)).status == 200
    assert simulator.last().verified


def test_one_byte_writes(gateway, simulator):
    body = encoded("Grüße 👋 " * 20, stop_sequences=["a\\b", "\u2028"])
    with Connection(gateway.port) as connection:
        connection.post("/v1/messages", body, pieces=[body[at:at + 1] for at in range(len(body))])
        assert connection.response().status == 200
    assert_forwarded(body, simulator.last().body)


def test_one_byte_chunks(gateway, simulator):
    body = encoded("Count to 3")
    with Connection(gateway.port) as connection:
        connection.chunked("/v1/messages", [body[at:at + 1] for at in range(len(body))])
        assert connection.response().json()["content"][0]["text"] == "1, 2, 3"
    assert simulator.last().header("content-length") == str(simulator.last().length)


def test_chunked_in_large_pieces(keeping, bedrock):
    body = long_body(5_000_000)
    with Connection(keeping.port) as connection:
        connection.chunked("/v1/messages", [body[at:at + 65_537] for at in range(0, len(body), 65_537)])
        assert connection.response().status == 200
    assert_forwarded(body, bedrock.body)


def test_trailers(gateway, simulator):
    body = encoded("Count to 3")
    with Connection(gateway.port) as connection:
        connection.chunked("/v1/messages", [body[:20], body[20:]], trailers=[("x-checksum", "1")])
        assert connection.response().json()["content"][0]["text"] == "1, 2, 3"
    assert_forwarded(body, simulator.last().body)
    assert simulator.last().verified


def test_expect_100_continue(gateway):
    body = encoded("Count to 3")
    with Connection(gateway.port) as connection:
        connection.head("POST", "/v1/messages", [("content-length", len(body)), ("expect", "100-continue")])
        connection.wait_for_continue()
        connection.send(body)
        assert connection.response().json()["content"][0]["text"] == "1, 2, 3"


def test_whitespace_and_order_survive(gateway, simulator):
    body = (b'\n{ "stream" :false,\t"messages": [ {"role":"user" , "content" : "Hi \\u00e9 \\/ \\ud83d\\udc4b"}],\r\n'
            b' "max_tokens" : 10 , "temperature":1.0e0, "model"\n:\n"' + MODEL.encode() + b'" , "top_k":5}\n')
    assert gateway.request("POST", "/v1/messages", body).status == 200
    assert_forwarded(body, simulator.last().body)


def test_a_version_in_the_body_is_replaced(gateway, simulator):
    assert gateway.post(anthropic_version="2023-06-01").status == 200
    assert [value for name, value in members(simulator.last().body) if "version" in name] == ['"bedrock-2023-05-31"']


# Names that no rule knows, and values of every kind, written oddly.
scalars = st.one_of(st.none(), st.booleans(), st.integers(-10**30, 10**30), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=30))
values = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)), max_leaves=12)
spaces = st.text(" \t\r\n", max_size=3)

# What json.dumps never writes: lone surrogates, needless escapes, numbers that no double holds, members that stand twice, 512 levels in all.
ODDITIES = ['"\\ud800 \\udfff \\ud83d\\ude00"', '"\\/ \\u002f \\u0022 \\b\\f"', "1e400", "-0.0E-0", "9" * 40 + "." + "7" * 40 + "e-9999",
            '{"a": 1, "a":2 , "\\u0061":3, "model": 5, "stream": "x"}', "[" * 511 + "]" * 511, '{"a":' * 511 + "0" + "}" * 511]


@st.composite
def odd_bodies(draw):
    """A request as some strange client would write it."""
    extra = draw(st.dictionaries(st.text(max_size=8).map(lambda name: f"x_{name}"), values, max_size=5))
    written = [(json.dumps(name, ensure_ascii=draw(st.booleans())), json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))))
               for name, value in {**message("Hi"), **extra, **draw(st.sampled_from([{}, {"stream": False}]))}.items()]
    written += [(f'"y_{place}"', text) for place, text in enumerate(draw(st.lists(st.sampled_from(ODDITIES), max_size=3)))]
    order = draw(st.permutations(written))
    space = lambda: draw(spaces)  # noqa: E731
    text = ",".join(f"{space()}{name}{space()}:{space()}{value}{space()}" for name, value in order)
    return f"{space()}{{{text}}}{space()}".encode()


def test_bytes_are_preserved(keeping, bedrock):
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(odd_bodies(), st.integers(1, 40))
    def check(body, size):
        with Connection(keeping.port) as connection:
            connection.post("/v1/messages", body, pieces=[body[at:at + size * 16] for at in range(0, len(body), size * 16)])
            assert connection.response().status == 200
        assert_forwarded(body, bedrock.body)

    check()


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda text: text[:20])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_oddities_survive_wherever_they_stand(keeping, bedrock, oddity, place):
    written = [f"{json.dumps(name)}:{json.dumps(value)}" for name, value in message("Hi").items()]
    written.insert(place, f'"odd" : {oddity}')
    body = f'{{{" , ".join(written)}}}'.encode()
    assert keeping.request("POST", "/v1/messages", body).status == 200
    assert f'"odd" : {oddity}'.encode() in bedrock.body
    assert_forwarded(body, bedrock.body)


@pytest.mark.parametrize("body, position", [
    (b"", None),
    (b"garbage", 0),
    (b'{"model": "a", "max_tokens": 1,, "messages": []}', 31),
    (b'{"model": "a", "messages": [{"role": }]}', None),
    (b'{"model": "a", "messages": [', 28),
    (b'{"model": "a"} {}', 15),
    (b"[]", 0),
    (b'"text"', 0),
    (b'{"max_tokens": 1, "messages": []}', None),
    (b'{"model": "a", "model": "b"}', 15),
    (b'{"model": "a", "mod\\u0065l": "b"}', 15),
    (b'{"model": "a", "x": 1, "x": 2}', 23),
    (b'{"model": "a", "stream": "yes"}', None),
    (b'{"model": 5}', None),
    (b'{"model": ""}', None),
    (b"{" + b",".join(b'"m%d": 1' % n for n in range(400)) + b"}", None),
], ids=lambda value: repr(value)[:40])
def test_what_is_no_request(gateway, simulator, body, position):
    response = gateway.request("POST", "/v1/messages", body)
    text = assert_envelope(response, 400)
    if position is not None:
        assert str(position) in text, f"no byte offset {position} in {text!r}"
    assert simulator.requests() == []


def test_the_offending_member_is_named(gateway):
    assert_envelope(gateway.request("POST", "/v1/messages", b'{"model": 5}'), 400, contains=["model"])
    assert_envelope(gateway.request("POST", "/v1/messages", b'{"model": "a", "stream": 1}'), 400, contains=["stream"])
    assert_envelope(gateway.request("POST", "/v1/messages", b'{"max_tokens": 1}'), 400, contains=["model"])


def test_depth_costs_nothing(gateway):
    deep = b'{"model": "' + MODEL.encode() + b'", "max_tokens": 9, "messages": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    assert gateway.request("POST", "/v1/messages", deep).status in (200, 400)
    assert gateway.post("Count to 2").json()["content"][0]["text"] == "1, 2"


def test_over_the_limit_with_a_length(gateway, simulator):
    with Connection(gateway.port) as connection:
        connection.head("POST", "/v1/messages", [("content-type", "application/json"), ("content-length", LIMIT + 1)])
        assert_envelope(connection.response(), 413, contains=[str(LIMIT)])
    assert simulator.requests() == []


def test_over_the_limit_without_a_length(envoy, simulator):
    gateway = envoy({"limits": {"requestBytes": 100_000}})
    with Connection(gateway.port) as connection:
        connection.head("POST", "/v1/messages", [("transfer-encoding", "chunked")])
        body = encoded("x" * 150_000)
        connection.send(b"%x\r\n" % 110_000, body[:110_000], b"\r\n")
        assert_envelope(connection.response(), 413, contains=["100000"])
    assert simulator.requests() == []


def test_exactly_the_limit(envoy):
    gateway = envoy({"limits": {"requestBytes": 100_000}})
    fit = encoded("x" * (100_000 - len(encoded(""))))
    assert len(fit) == 100_000 and gateway.request("POST", "/v1/messages", fit).status == 200
    assert_envelope(gateway.request("POST", "/v1/messages", fit + b" "), 413)


def test_over_envoys_own_buffer(envoy):
    """Envoy's 413, which is not the filter's, is Anthropic's error too."""
    gateway = envoy(buffer_limit=65536)
    assert_envelope(gateway.post("x" * 200_000), 413)


def test_a_body_that_grows_over_envoys_buffer(envoy):
    """The members that come in can be what is too much: Envoy then answers from within the filter's own call."""
    limit = 65536
    gateway = envoy({"models": {"a": MODEL}}, buffer_limit=limit)
    for size, status in [(limit - 60, 200), (limit - 10, 413), (limit, 413)]:
        frame = '{"model":"a","max_tokens":5,"messages":[{"role":"user","content":"%s"}]}'
        body = (frame % ("x" * (size - len(frame) + 2))).encode()
        response = gateway.request("POST", "/v1/messages", body)
        assert response.status == status
        if status != 200:
            assert_envelope(response, 413, "request_too_large", contains=["buffers"])


def test_compressed_bodies_are_refused(gateway):
    body = gzip.compress(encoded())
    assert_envelope(gateway.request("POST", "/v1/messages", body, [("content-encoding", "gzip")]), 400)


def test_a_header_that_is_no_text(gateway):
    body = encoded("Count to 2")
    with Connection(gateway.port) as connection:
        connection.send(b"POST /v1/messages HTTP/1.1\r\nhost: h\r\nx-odd: \xff\xfe\r\nanthropic-beta: \xff\r\ncontent-length: %d\r\n\r\n" % len(body), body)
        assert connection.response().status in (200, 400)
    assert gateway.post("Count to 2").status == 200
