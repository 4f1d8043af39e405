"""An Envoy whose access log tells what the filter took out of a request."""

import json

from .processes import wait_until

ACCESS_LOG = "stripped: %FILTER_STATE(wasm.bedrock.stripped:PLAIN)%"
MODEL = "us.anthropic.claude-opus-4-8"
OLD = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
# So much of a body is in the filter at once.
PIECE = 256 * 1024


class Stripping:
    def __init__(self, envoy):
        self.envoy = envoy

    def ask(self, body, betas=(), path="/v1/messages"):
        """The answer, and the names in the filter state."""
        before = len(self.lines())
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.envoy.request("POST", path, data, [("anthropic-beta", beta) for beta in betas])
        wait_until(lambda: len(self.lines()) > before, what="the access log")
        state = self.lines()[-1].split(" ", 1)[1]
        return response, [] if state == "-" else state.split(",")

    def lines(self):
        return [line for line in self.envoy.log().splitlines() if line.startswith("stripped: ")]
