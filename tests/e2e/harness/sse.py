"""Server-sent events, as strictly as the format's rules allow, each with the time at which its last byte arrived."""

import json


class Event:
    def __init__(self, name, data, at):
        self.name = name
        self.data = data
        self.at = at

    @property
    def json(self):
        return json.loads(self.data)

    def __repr__(self):
        return f"<{self.name} {self.data[:200]}>"


def parse(response):
    """The events of a raw response; its body has to be made of whole events alone."""
    events, block = [], b""
    for at, data in response.pieces:
        block += data
        while b"\n\n" in block:
            text, block = block.split(b"\n\n", 1)
            events.append(event(text.decode(), at))
    assert block == b"", f"the stream ends inside an event: {block[:200]!r}"
    return events


def event(text, at):
    name, data = None, []
    for line in text.split("\n"):
        field, _, value = line.partition(": ")
        assert field in ("event", "data"), f"no field of an event: {line[:100]!r}"
        if field == "event":
            name = value
        else:
            data.append(value)
    parsed = Event(name, "\n".join(data), at)
    assert parsed.json["type"] == name, f"event {name} carries {parsed.data[:100]}"
    return parsed


def names(events):
    return [each.name for each in events]


def text(events):
    deltas = [each.json["delta"] for each in events if each.name == "content_block_delta"]
    return "".join(delta.get("text", "") for delta in deltas)
