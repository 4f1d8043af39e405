"""Programs under test: where they are, how they start, what they log, how they end."""

import contextlib
import itertools
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODULE = pathlib.Path(os.environ.get("MODULE") or ROOT / "dist/bedrock_messages.wasm")


def tools():
    """What scripts/setup found; a variable of the environment wins."""
    file = ROOT / ".tools/env"
    lines = file.read_text().splitlines() if file.is_file() else []
    found = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    found = {key: "".join(shlex.split(value)) for key, value in found.items()}
    return {**found, **{key: os.environ[key] for key in (*found, "ENVOY") if os.environ.get(key)}}


def envoy_binary():
    binary = tools().get("ENVOY")
    assert binary, "there is no Envoy: run `make setup`, or set ENVOY"
    return binary


def simulator_binary():
    binary = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug/bedrock-simulator"
    assert binary.is_file(), f"{binary} is missing: run `make simulator`"
    return binary


# Below the ports that systems give to outgoing connections, which could take one before its server does; each worker has its own.
_FIRST = 16000 + 4000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4)
_PORTS = itertools.cycle(_FIRST + (os.getpid() + number) % 4000 for number in range(4000))


def free_port():
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(condition, seconds=10, what="the condition"):
    """The first true value of `condition()`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.02)


class Program:
    """A child process whose output goes to a file."""

    def __init__(self, command, log, env=None, cwd=None):
        self.log_file = pathlib.Path(log)
        base = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        with self.log_file.open("wb") as output:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            env={**base, **(env or {})}, cwd=cwd, start_new_session=True)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def tail(self, lines=40):
        return "\n".join(self.log().splitlines()[-lines:])

    def stop(self, with_signal=signal.SIGTERM):
        """Ends it; the exit code, negative when a signal ended it."""
        if self.running():
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.process.args[0]} did not end within 10 s of {with_signal!r}:\n{self.tail()}") from None
