"""An Envoy between two wires that keep a copy of what goes over them, and what of a client must not pass it."""

import json

from .clients import CLIENT_KEY
from .envoy import Envoy
from .tap import Tap

# Whatever a client sends on purpose that has to stay at the gateway says so of itself.
SECRET = "client-secret"
CLIENT_ADDRESS = "203.0.113.77"
PRIVATE = {"cookie": f"session={SECRET}", "anthropic-own": SECRET, "x-stainless-own": SECRET, "x-amz-security-token": SECRET, "x-amz-own": SECRET,
           "x-amzn-bedrock-trace": SECRET, "x-forwarded-for": CLIENT_ADDRESS, "x-forwarded-host": SECRET, "x-envoy-own": SECRET}
# What may leave of any request, besides the filter's own x-amz-date.
ALWAYS_LEAVING = {"host", "content-type", "content-length", "transfer-encoding", "accept-encoding", "authorization", "user-agent", "x-request-id",
                  "x-forwarded-proto", "traceparent", "tracestate", "x-amz-date"}
# What may leave of one for InvokeModel, whole or streamed.
LEAVING = ALWAYS_LEAVING | {"accept", "x-amzn-bedrock-accept"}


class Wire:
    """An Envoy between two taps: `inside.requests()` is what clients wrote, `outside.requests()` what left for Bedrock."""

    def __init__(self, folder, bedrock_port, elsewhere_port, config=None, **options):
        self.outside = Tap(bedrock_port)
        self.envoy = Envoy(folder, self.outside.port, elsewhere_port, config, **options)
        self.inside = Tap(self.envoy.port)

    def forget(self):
        self.outside.forget()
        self.inside.forget()

    def stop(self):
        for each in (self.inside, self.envoy, self.outside):
            each.stop()


def assert_nothing_private_left(wire, records, leaving=LEAVING):
    """Neither the bytes on the wire to Bedrock nor what it recorded hold a secret of the client, or a header that is not allowed."""
    arrived = b"".join(wire.inside.bytes())
    assert arrived.count(SECRET.encode()) >= len(PRIVATE) - 1 and CLIENT_KEY.encode() in arrived, "the client sent no secret"
    left = b"".join(wire.outside.bytes())
    assert SECRET.encode() not in left and CLIENT_ADDRESS.encode() not in left
    names = {name for request in wire.outside.requests() for name, _ in request.headers}
    assert names <= leaving, names - leaving
    for record in records:
        assert SECRET not in json.dumps(record.record) and SECRET.encode() not in record.body
        assert set(record.headers) <= leaving, set(record.headers) - leaving
