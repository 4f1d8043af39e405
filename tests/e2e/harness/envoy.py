"""A real Envoy with the filter."""

import contextlib
import http.client
import json
import os
import re

from . import raw
from .envoy_config import CONFIG, bootstrap
from .messages import encoded
from .processes import MODULE, Program, envoy_binary, free_port, wait_until
from .simulator import KEYS

# In the log of an Envoy they mean that the filter has failed, whatever the clients saw of it.
ALARMS = re.compile(r"panicked|failed: Uncaught|\]\[critical\]|Segmentation fault|Caught Segmentation|assert failure")


class Envoy:
    def __init__(self, folder, bedrock_port, elsewhere_port, config=None, *, env=None, concurrency=1, log_level="info", **options):
        assert MODULE.is_file(), f"{MODULE} is missing: run `make build`"
        self.port, self.admin_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.tolerated = []
        self.reloads_tolerated = False
        file = folder / f"envoy-{self.port}.json"
        # The same tests through the two roles of Envoy Gateway's stock deployment.
        if os.environ.get("ROLE") == "pair" and options.get("hold", True):
            options.setdefault("pair", True)
        merged = config if isinstance(config, str) else {**CONFIG, **(config or {})}
        file.write_text(json.dumps(bootstrap(MODULE, merged, self.port, self.admin_port, bedrock_port, elsewhere_port, **options), indent=1))
        command = [envoy_binary(), "-c", file, "--disable-hot-restart", "--concurrency", concurrency, "--log-level", log_level,
                   "--file-flush-interval-msec", 50]
        self.program = Program(command, file.with_suffix(".log"), KEYS if env is None else env)

    def wait_ready(self):
        def ready():
            assert self.program.running(), f"Envoy ended:\n{self.program.tail()}"
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.admin("/ready") == "LIVE\n"
        wait_until(ready, 30, "Envoy's start")
        return self

    def admin(self, path, method="GET"):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=10)) as connection:
            connection.request(method, path)
            return connection.getresponse().read().decode()

    def stats(self, pattern):
        """Counters and gauges whose name matches."""
        rows = (line.rsplit(": ", 1) for line in self.admin(f"/stats?filter={pattern}").splitlines())
        return {name: int(value) for name, value in rows if value.isdigit()}

    def tolerate(self, pattern):
        """Declares that this test provokes such a line in the log."""
        self.tolerated.append(re.compile(pattern))

    def log(self):
        return self.program.log()

    def stop(self):
        """Ends Envoy, and fails the test when the filter had failed in it."""
        reloads = {}
        if self.program.running():
            with contextlib.suppress(OSError, http.client.HTTPException):
                reloads = {name: count for name, count in self.stats("wasm.*vm_reload").items() if count}
        code = self.program.stop()
        assert code == 0, f"Envoy ended with {code}:\n{self.program.tail()}"
        assert self.alarms() == [], "\n".join(self.alarms())
        assert self.reloads_tolerated or not reloads, reloads

    def alarms(self):
        lines = [line for line in self.log().splitlines() if ALARMS.search(line)]
        return [line for line in lines if not any(pattern.search(line) for pattern in self.tolerated)]

    # What most tests do.

    def request(self, method, path, body=None, headers=()):
        return raw.request(self.port, method, path, body, headers)

    def post(self, text="Hello", headers=(), path="/v1/messages", **members):
        return raw.request(self.port, "POST", path, encoded(text, **members), headers)

    def stream(self, text="Hello", headers=(), **members):
        return self.post(text, headers, stream=True, **members)
