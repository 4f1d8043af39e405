"""The real clients against a gateway: the newest Python SDK in this process, and programs that play scenarios with every client."""

import json
import os
import pathlib
import subprocess
import sys
import threading

import anthropic

from .processes import ROOT, tools

CLIENT_KEY = "sk-ant-client-secret"
FOLDER = ROOT / "tests/clients"
FAMILIES = {"anthropic": "run_python.py", "langchain": "run_langchain.py"}


def sdk(gateway, **options):
    return anthropic.Anthropic(base_url=gateway.url, api_key=CLIENT_KEY, **{"max_retries": 0, "timeout": 30, **options})


class Client:
    """A program of tests/clients with one client, which plays one scenario after the other."""

    def __init__(self, name, family, command, env, folder):
        self.name, self.family = name, family
        self.log = folder / f"client-{name}.log"
        base = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env={**base, **env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)

    def version(self):
        """Waits for the program's first line."""
        return self._answer()["version"]

    def play(self, base_url, scenario, auth, headers):
        """What the client showed of each step."""
        line = json.dumps({"base_url": base_url, "auth": auth, "headers": headers, "scenario": scenario})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self, seconds=60):
        watch = threading.Timer(seconds, self.process.kill)
        watch.start()
        line = self.process.stdout.readline()
        watch.cancel()
        assert line, f"{self.name} gave no answer:\n{self.log.read_text(errors='replace')[-4000:]}"
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def start_clients(folder):
    """Every client that scripts/setup found, each with its version, by name."""
    found = tools()
    assert "CLIENTS" in found, "the clients are missing: run `make setup`"
    clients = [Client("anthropic-2x", "anthropic", [sys.executable, FOLDER / "run_python.py"], {}, folder)]
    for packages in sorted(pathlib.Path(found["CLIENTS"]).iterdir()):
        family = packages.name.split("-")[0]
        command = [sys.executable, FOLDER / FAMILIES[family]]
        clients.append(Client(packages.name, family, command, {"PYTHONPATH": str(packages)}, folder))
    if "NODE" in found:
        command = [found["NODE"], FOLDER / "run_typescript.cjs"]
        clients.append(Client("typescript", "typescript", command, {"NODE_CLIENT": found["NODE_CLIENT"]}, folder))
    return {client.name: (client, client.version()) for client in clients}
