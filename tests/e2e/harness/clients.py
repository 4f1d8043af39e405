"""The real SDKs against a gateway."""

import json
import os
import pathlib
import subprocess
import sys

import anthropic

from .processes import tools

CLIENT_KEY = "sk-ant-client-secret"
SCRIPT_0X = pathlib.Path(__file__).with_name("sdk_0x.py")


def sdk(gateway, **options):
    return anthropic.Anthropic(base_url=gateway.url, api_key=CLIENT_KEY, **{"max_retries": 0, "timeout": 30, **options})


def sdk_0x(gateway, *steps):
    """Runs steps of sdk_0x.py with the last SDK of the 0.x line, which cannot live in this process; its answers."""
    folder = tools().get("ANTHROPIC_0X")
    assert folder, "there is no Anthropic SDK 0.x: run `make setup`"
    env = {**os.environ, "PYTHONPATH": folder}
    done = subprocess.run([sys.executable, SCRIPT_0X, gateway.url, *steps], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)
