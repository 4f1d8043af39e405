"""`make run`: the first thing a newcomer does."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from harness import raw
from harness.messages import encoded
from harness.processes import ROOT, Program, free_port, tools, wait_until

MAKE = shutil.which("make") or pytest.skip("there is no make", allow_module_level=True)


def environment(port, **more):
    outer = ("AWS_", "MAKE", "MFLAGS", "WASM_", "RUSTUP_TOOLCHAIN")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return {**kept, "PORT": str(port), "BEDROCK": "simulator", "MODEL": "", "ONCE": "", **more}


def test_once_prints_an_answer():
    done = subprocess.run([MAKE, "-s", "run"], cwd=ROOT, env=environment(free_port(), ONCE="1"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    output = done.stdout.decode()
    assert done.returncode == 0, output
    answer = output.split("streamed:", 1)[1].strip()
    assert len(answer.split()) >= 3, output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(folder, how):
    port = free_port()
    environ = environment(port, ENVOY=tools()["ENVOY"])
    program = Program([ROOT / "scripts/run"], folder / f"run-{how}.log", environ)
    wait_until(lambda: "Logs:" in program.log() or not program.running(), 60, "the list of what to try")
    assert program.running(), program.log()
    assert raw.request(port, "POST", "/v1/messages", encoded("Count to 3")).json()["content"][0]["text"] == "1, 2, 3"
    admin = int(re.search(r"admin page: http://127\.0\.0\.1:(\d+)", program.log()).group(1))
    assert program.stop(how) == 0, program.log()
    for left in (port, admin):
        with contextlib.closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", left)) != 0, f"something still listens on {left}"


def test_a_taken_port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        environ = environment(other.getsockname()[1], ENVOY=tools()["ENVOY"])
        done = subprocess.run([ROOT / "scripts/run", "--once"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode != 0 and b"is taken" in done.stdout


def test_aws_without_credentials():
    done = subprocess.run([ROOT / "scripts/run", "--once"], env=environment(free_port(), BEDROCK="aws"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode != 0 and b"AWS_ACCESS_KEY_ID" in done.stdout
