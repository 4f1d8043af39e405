"""What goes of a body wherever it stands, at the edges of pieces too, and every other byte as the client wrote it."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import json_text
from harness.raw import Connection
from harness.stripped import MODEL, OLD, PIECE
from harness.upstreams import Echo

pytestmark = pytest.mark.xdist_group("field_bytes")


# ---- long bodies: what goes stands in their first piece and in their last, or across the edge of one


def framed(head, tail, size, model=MODEL):
    frame = f'{{"max_tokens":9,"model":"{model}",{head},"messages":[{{"role":"user","content":"%s"}}],{tail}}}'
    return (frame % ("x" * (size - len(frame) + 2))).encode()


SCOPED = '"tools":[{"name":"t","input_schema":{},"cache_control":{"type":"ephemeral","scope":"global"}}]'
TAIL = '"system":[{"type":"text","text":"s","cache_control":{"scope":"global","type":"ephemeral"}}],"metadata":{"user_id":"{\\"a\\":1}"},"speed":"fast"'


@pytest.fixture(scope="module")
def bedrock():
    """A Bedrock that takes everything and keeps it."""
    echo = Echo()
    yield echo
    echo.stop()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("size", [PIECE - 3, PIECE + 100, 2 * PIECE + 1, 5_000_000])
def test_in_the_first_piece_and_in_the_last(strip, simulator, size, path):
    response, stripped = strip.ask(framed(SCOPED, TAIL, size, OLD), path=path)
    assert response.status == 200, response
    assert sorted(stripped) == ["cache_control.scope", "metadata.user_id", "speed"]
    assert simulator.last().verified


@pytest.mark.parametrize("size", [PIECE + 100, 5_000_000])
def test_the_same_bytes_in_the_first_piece_and_in_the_last(serving, bedrock, size):
    body = framed(SCOPED, TAIL, size)
    assert serving(bedrock_port=bedrock.port).ask(body)[0].status == 200
    assert_preserved(body, bedrock.body)


@pytest.mark.parametrize("shift", [*range(0, 66, 5), 12, 13, 14, 33, 34, 35])
def test_across_the_edge_of_a_piece(strip, serving, simulator, bedrock, shift):
    """The rule's member, its comma and the brace behind it lie around the place where one piece ends and the next begins."""
    tail = '"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral" , "scope" : "global" }}]'
    place = tail.index(' , "scope"')
    body = framed('"top_k":1', tail, PIECE + len(tail) - place + 1 - 40 + shift)
    assert abs(body.index(b' , "scope"') + 40 - shift - PIECE) <= 1
    response, stripped = strip.ask(body)
    assert response.status == 200 and stripped == ["cache_control.scope"] and simulator.last().verified
    assert serving(bedrock_port=bedrock.port).ask(body)[0].status == 200
    assert_preserved(body, bedrock.body)


# ---- every other byte stays


TOP = ["service_tier", "cache_control", "inference_geo", "speed", "fallbacks", "thread", "diagnostics"]
PLACES = ["tools[]", "system[]", "messages[].content[]", "messages[].content[].content[]", "messages[].content[].source.content[]"]
SCOPES = {f"{place}.cache_control.scope" for place in PLACES}
TAKEN = ["model", "stream", "anthropic_version", "anthropic_beta"]


def goes(path, tree):
    """Whether the filter takes that out."""
    if path in TOP or path in TAKEN or path in SCOPES or path == "tools[].eager_input_streaming":
        return True
    if path == "metadata.user_id":
        value = tree.value()
        return isinstance(value, str) and not all(c.isascii() and (c.isalnum() or c in " \t\r\n\f_.@-+=/,#$") for c in value)
    if path == "context_management.edits[]" and tree.members is not None:
        return any(json.loads(name) == "type" and value.text == '"clear_thinking_20251015"' for name, value in tree.members)
    return False


def assert_preserved(sent, received, added=("anthropic_version", "anthropic_beta")):
    """Bedrock got the client's bytes, but for what goes and what the filter adds."""
    expected = json_text.pruned(json_text.parse(sent.decode()), goes)
    found = json_text.parse(received.decode())
    json_text.assert_same(expected, json_text.Tree(None, members=[(name, value) for name, value in found.members if name.strip('"') not in added]))


class Client:
    """A client that writes bodies by chance: members in any order, white space anywhere, names with needless escapes, and everything that a rule is
    about in its place, in others, and of other types."""

    WORDS = ["x", "scope", "cache_control", 'é"\\/', "\U0001f44b", "global", "", 0, -5, 1.5, True, False, None]
    NAMES = ["scope", "cache_control", "content", "source", "type", "name", "eager_input_streaming", "text"]
    TYPES = ["clear_thinking_20251015", "clear_tool_uses_20250919", "x"]
    USERS = ["u-1 @x.y", '{"a":1}', "a:b", "", 5, None]

    def __init__(self, random):
        self.random, self.some, self.pick = random, lambda share=0.5: random.random() < share, random.choice

    def anything(self, depth=2):
        if depth and self.some():
            inside = [self.anything(depth - 1) for _ in range(self.random.randrange(3))]
            return inside if self.some() else dict(zip(self.random.sample(self.NAMES, len(inside)), inside))
        return self.pick(self.WORDS)

    def chosen(self, share=0.7, **members):
        """Some of the members; each is given as what makes its value."""
        names = self.random.sample(sorted(members), len(members))
        return {name: members[name]() for name in names if self.some(share)}

    def several(self, make):
        return [make() for _ in range(self.random.randrange(4))]

    def control(self):
        return self.anything() if self.some(0.1) else self.chosen(type=lambda: "ephemeral", scope=self.anything, ttl=lambda: "1h", Scope=self.anything)

    def block(self, depth=1):
        content = (lambda: self.several(lambda: self.block(depth - 1))) if depth else self.anything
        source = (lambda: self.chosen(0.9, content=content, media_type=self.anything)) if depth else self.anything
        return self.chosen(0.5, text=self.anything, cache_control=self.control, content=content, source=source, input=self.anything)

    def blocks(self):
        return self.anything(0) if self.some(0.2) else self.several(self.block)

    def body(self):
        return {"model": MODEL, "max_tokens": 9, **self.chosen(
            messages=lambda: self.several(lambda: self.chosen(0.9, role=lambda: "user", content=self.blocks)), system=self.blocks,
            tools=lambda: self.several(lambda: self.chosen(name=self.anything, input_schema=self.anything, cache_control=self.control,
                                                           eager_input_streaming=self.anything)),
            metadata=lambda: self.chosen(user_id=lambda: self.pick(self.USERS), x=self.anything),
            context_management=lambda: self.chosen(edits=lambda: self.several(lambda: self.chosen(type=lambda: self.pick(self.TYPES), keep=self.anything)),
                                                   x=self.anything), stream=self.some, other=self.anything), **self.chosen(0.2, **dict.fromkeys(TOP, self.anything))}

    def space(self):
        return self.pick(["", "", "", " ", "\n", "\t ", "\r\n  "])

    def name(self, name):
        return json.dumps(name) if self.some(0.9) else f'"\\u{ord(name[0]):04x}{name[1:]}"'

    def write(self, value):
        space = self.space
        if isinstance(value, dict):
            members = self.random.sample(list(value.items()), len(value))
            return "{" + ",".join(f"{space()}{self.name(name)}{space()}:{space()}{self.write(inside)}{space()}" for name, inside in members) + "}"
        if isinstance(value, list):
            return "[" + ",".join(f"{space()}{self.write(inside)}{space()}" for inside in value) + "]"
        return json.dumps(value, ensure_ascii=self.some())


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_every_other_byte_stays(serving, bedrock, path):
    gateway = serving(bedrock_port=bedrock.port).envoy
    counts = path.endswith("count_tokens")

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=True), st.integers(1, 64))
    def check(random, size):
        client = Client(random)
        body = f"{client.space()}{client.write(client.body())}{client.space()}".encode()
        with Connection(gateway.port) as connection:
            connection.post(path, body, pieces=[body[at:at + size * 8] for at in range(0, len(body), size * 8)])
            # What keeps the bodies answers no stream and no count.
            assert connection.response().status in (200, 502)
        received = base64.b64decode(json.loads(bedrock.body)["input"]["invokeModel"]["body"]) if counts else bedrock.body
        assert_preserved(body, received)

    check()


@pytest.mark.parametrize("name", ['"sc\\u006fpe"', '"\\u0073\\u0063\\u006F\\u0070\\u0065"'])
def test_a_name_in_disguise(strip, simulator, name):
    body = framed(SCOPED.replace('"scope"', name), '"top_k":1', 1000)
    response, stripped = strip.ask(body)
    assert response.status == 200 and stripped == ["cache_control.scope"], response


def test_scopes_that_are_somebody_elses(strip, simulator):
    """In a tool's input, in a schema, in a text, in an object where Bedrock looks for none."""
    value = {"cache_control": {"type": "ephemeral", "scope": "global"}, "eager_input_streaming": True}
    turn = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "t", "input": value}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": json.dumps(value)}]}]
    body = {"model": MODEL, "max_tokens": 9, "messages": turn, "tools": [{"name": "t", "input_schema": {"type": "object", "default": value}}]}
    response, stripped = strip.ask(body)
    assert response.status == 200 and stripped == []
    assert simulator.last().json["messages"] == turn and simulator.last().json["tools"] == body["tools"]
