"""A standalone Envoy Gateway, with the Envoy that it starts, before the simulator."""

import contextlib
import functools
import http.client
import http.server
import json
import os
import pathlib
import re
import shlex
import subprocess
import threading
import time

import yaml

from .credential_files import Mounted
from .envoy import ALARMS, Envoy
from .processes import MODULE, ROOT, Program, envoy_binary, wait_until
from .simulator import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from .standalone import PORT, Place, shipped, standalone, text

QUICKSTART = ("quickstart.yaml",)
PROFILE_A = ("quickstart.yaml", "profile-a/patch.yaml", "profile-a/policy.yaml")
BEDROCK = "bedrock-runtime.us-east-1.amazonaws.com"
ANTHROPIC = "api.anthropic.com"
CREDENTIALS = f"[default]\naws_access_key_id={ACCESS_KEY_ID}\naws_secret_access_key={SECRET_ACCESS_KEY}\n"
# Envoy loads one module twice at once: the second is told to wait for the first, which it says as if it were lost.
FIRST_LOAD = re.compile(r"Plugin \S+ failed to load|Plugin configured to fail closed \S+ failed to load|\S+ configured to fail closed failed to load")
COMPLAINTS = re.compile(r"\terror\t|\[(error|critical)\]|message: ")
SERVER = {
    "apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyGateway",
    "gateway": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    "provider": {"type": "Custom", "custom": {
        "resource": {"type": "File", "file": {"paths": ["resources"]}},
        "infrastructure": {"type": "Host", "host": {"configHome": "config", "dataHome": "data", "stateHome": "state", "runtimeDir": "run"}},
    }},
    "logging": {"level": {"default": "info"}},
    "extensionApis": {"enableBackend": True, "enableEnvoyPatchPolicy": True},
}


def gateway_binary():
    binary = pathlib.Path(os.environ.get("ENVOY_GATEWAY") or max((ROOT / ".tools/gateway").glob("*/envoy-gateway"), default="envoy-gateway"))
    assert binary.is_file(), "there is no Envoy Gateway: run `scripts/setup-gateway`"
    return binary


def envoy_version():
    said = subprocess.run([envoy_binary(), "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.search(r"/(\d+\.\d+\.\d+)/", said).group(1)


class Modules:
    """A web server with the filter's module."""

    def __init__(self, module=MODULE):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=module.parent))
        self.url = f"http://127.0.0.1:{self.server.server_port}/{module.name}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Gateway(Envoy):
    """Starts with files of envoy/gateway. `changes` gets their documents, by kind and name, before and may change them; `more` are others, as they are.
    The pod's mounted folder has `credentials` or, where a variant wants that, `token`; the rest is as in Place."""

    def __init__(self, folder, simulator_port, elsewhere_port, module_url, files=QUICKSTART, *, changes=None, more=None, credentials=CREDENTIALS,
                 token=None, bedrock_port=None, upstreams=None, sha256=None, concurrency=2, eks=None, env=None, shipped_backends=False):
        assert MODULE.is_file(), f"{MODULE} is missing: run `make build`"
        self.folder = folder
        self.port, self.url, self.admin_port = PORT, f"http://127.0.0.1:{PORT}", None
        self.tolerated, self.reloads_tolerated = [FIRST_LOAD], False
        self.secret = Mounted(folder / "mounted", **({"credentials": credentials} if token is None else {"token": token}))
        upstreams = {BEDROCK: bedrock_port or simulator_port, ANTHROPIC: elsewhere_port, **(upstreams or {})}
        self.place = Place(folder, simulator_port, upstreams, envoy_version(), module_url, sha256, concurrency, self.secret.folder, eks, env or {},
                           shipped_backends)
        self.files = files
        self.prepare()
        self.apply(changes=changes, more=more)
        self.begun = time.monotonic()
        (folder / "server.yaml").write_text(yaml.safe_dump(SERVER))
        self.program = Program([gateway_binary(), "server", "--config-path", "server.yaml"], folder / "gateway.log", {"HOME": str(folder / "home")},
                               cwd=folder)

    def prepare(self):
        """Envoy where Envoy Gateway looks for it, and the certificates that the two know each other by."""
        for name in ("config", "state", "run", "resources", "home"):
            (self.folder / name).mkdir()
        binary = self.folder / "data/envoy-versions" / self.place.envoy_version / "bin/envoy"
        binary.parent.mkdir(parents=True)
        env = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.place.env.items())
        binary.write_text(f'#!/bin/sh\n{env}exec "{envoy_binary()}" --disable-hot-restart --file-flush-interval-msec 50 "$@"\n')
        binary.chmod(0o755)
        done = subprocess.run([gateway_binary(), "certgen", "--local", "--config-home", "config"], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout

    def apply(self, files=None, changes=None, more=None):
        """What `kubectl apply` would do. Moved into its place: Envoy Gateway reads whatever appears there."""
        documents = shipped(files or self.files)
        if changes:
            changes(documents)
        new = self.folder / "resources.new"
        new.write_text(text({**(more or {}), **standalone(documents, self.place)}))
        os.replace(new, self.folder / "resources/all.yaml")

    def wait_ready(self, seconds=45):
        """Until Envoy serves what was applied; says what Envoy Gateway and Envoy complain of when that does not come."""
        deadline = time.monotonic() + seconds
        while not self.ready():
            ended = not self.program.running()
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"Envoy Gateway {'ended' if ended else f'is not ready after {seconds} s'}:\n{self.complaints() or self.program.tail()}")
            time.sleep(0.05)
        self.ready_after = time.monotonic() - self.begun
        return self

    def ready(self):
        return self.starts() and "envoy.filters.http.wasm" in self.listener()

    def starts(self):
        """Envoy serves, if only what Envoy Gateway says of a policy that it refused."""
        # The file may be there before its text is.
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, IndexError):
            address = next(self.folder.glob("run/*/admin-address.txt"), None)
            if address:
                self.admin_port = int(address.read_text().rsplit(":", 1)[1])
                return self.admin("/ready") == "LIVE\n" and f'"port_value": {PORT}' in self.listener()
        return False

    def complaints(self, lines=40):
        return "\n".join([line for line in self.log().splitlines() if COMPLAINTS.search(line)][-lines:])

    def listener(self):
        """The listener's configuration as Envoy has it."""
        return self.admin("/config_dump?resource=dynamic_listeners")

    def clusters(self):
        """The clusters of the routes, as Envoy has them or is about to."""
        dump = json.loads(self.admin("/config_dump"))
        of_kind = {each["@type"].rsplit(".", 1)[1]: each for each in dump["configs"]}["ClustersConfigDump"]
        found = [each["cluster"] for state in ("active", "warming") for each in of_kind.get(f"dynamic_{state}_clusters", [])]
        return [each for each in found if each["name"].startswith("httproute/")]

    def wait_for(self, pattern, seconds=20):
        """Until a line of the log matches."""
        return wait_until(lambda: re.search(pattern, self.log()), seconds, f"{pattern!r} in Envoy Gateway's log")

    def alarms(self):
        lines = [line for line in self.log().splitlines() if ALARMS.search(line)]
        return [line for line in lines if not any(pattern.search(line) for pattern in self.tolerated)]
