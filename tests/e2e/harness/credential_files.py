"""The files of envoy/credentials in a real Envoy, with the simulator in the place of AWS and of every source of credentials.

A file runs as it is shipped, but for this:

- every cluster's address, where it is not loopback, becomes the simulator's, and its TLS goes;
- listeners and the admin interface get free ports;
- the module is this repository's, the clients' key is a test's;
- the folders that are mounted, and /etc/envoy, become the test's.
"""

import json
import os
import ssl
import subprocess

import pytest
import yaml

from .envoy import Envoy
from .processes import MODULE, ROOT, Program, envoy_binary, free_port

FOLDER = ROOT / "envoy/credentials"
# What is started. The other file there is a part of pod-identity.yaml.
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml") if file.stem != "pod-identity-token")
KEY = ("x-api-key", "key-of-a-client")
IRSA = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
POD_IDENTITY = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
AWS_FILES = "/etc/aws"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


def shipped(name):
    return (FOLDER / f"{name}.yaml").read_text()


def placed(text, folders, changes):
    """A file's text with other paths; `changes` are other texts to replace, each of which has to be there."""
    for old, new in changes.items():
        assert old in text, f"there is no {old!r}"
        text = text.replace(old, new)
    text = text.replace("/etc/envoy/bedrock_messages.wasm", str(MODULE))
    for old, new in folders.items():
        text = text.replace(old, str(new))
    return text


def place(folder, name, folders, changes):
    """The file's text, and beside it what it takes from /etc/envoy."""
    own = folder / f"etc-{name}-{free_port()}"
    own.mkdir()
    folders = {**folders, "/etc/envoy": own}
    token = own / "pod-identity-token.yaml"
    token.write_text(placed(shipped("pod-identity-token"), folders, {}))
    return placed(shipped(name), folders, changes)


def sockets(value):
    """Every socket_address of a configuration."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "socket_address" else sockets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from sockets(inner)


def against(simulator_port, text):
    """The configuration with the simulator in the place of everything outside; and its ports by the ones that are shipped."""
    config = yaml.safe_load(text)
    ports = {socket["port_value"]: free_port() for socket in sockets([config["admin"], config["static_resources"]["listeners"]])}
    for cluster in config["static_resources"]["clusters"]:
        outside = False
        for socket in sockets(cluster):
            if socket["address"] != "127.0.0.1":
                socket.update(address="127.0.0.1", port_value=simulator_port)
                outside = True
        if outside:
            cluster.pop("transport_socket", None)
            cluster["type"] = "STATIC"
    for socket in sockets(config):
        socket["port_value"] = ports.get(socket["port_value"], socket["port_value"])
    return config, ports


class Configured(Envoy):
    """One of the files with four workers. `env` is Envoy's environment, `folders` are what stands in the place of mounted ones."""

    def __init__(self, folder, simulator_port, name, *, env=None, folders=None, changes=None, concurrency=4, log_level="info"):
        text = place(folder, name, folders or {}, {"replace-this-key": KEY[1], **(changes or {})})
        config, ports = against(simulator_port, text)
        self.port, self.admin_port, self.tolerated, self.reloads_tolerated = ports[8080], ports[9901], [], False
        # By the ones in the file.
        self.ports = ports
        self.url = f"http://127.0.0.1:{self.port}"
        file = folder / f"{name}-{self.port}.json"
        file.write_text(json.dumps(config, indent=1))
        command = [envoy_binary(), "-c", file, "--disable-hot-restart", "--concurrency", concurrency, "--log-level", log_level,
                   "--file-flush-interval-msec", 50]
        self.program = Program(command, file.with_suffix(".log"), {"AWS_EC2_METADATA_DISABLED": "", **(env or {})})

    def ask(self, text="Count to 3", headers=(), **members):
        return self.post(text, [KEY, *headers], **members)


class Mounted:
    """A folder as the kubelet mounts it: the files are links into `..data`, which is a link that is swapped by a rename."""

    def __init__(self, folder, **files):
        self.folder = folder
        self.version = 0
        folder.mkdir()
        self.replace(**files)
        for name in files:
            (folder / name.replace("_", "-")).symlink_to(f"..data/{name.replace('_', '-')}")

    def replace(self, **files):
        self.version += 1
        data = self.folder / f"..version-{self.version}"
        data.mkdir()
        for name, text in files.items():
            (data / name.replace("_", "-")).write_text(text)
        new = self.folder / "..data-new"
        new.symlink_to(data.name)
        os.replace(new, self.folder / "..data")


def validated(folder, name, text):
    """Envoy's --mode validate accepts it."""
    file = folder / f"{name}-shipped.yaml"
    usual = [ssl.get_default_verify_paths().cafile, AUTHORITIES, "/etc/ssl/cert.pem"]
    there = next((path for path in usual if path and os.path.isfile(path)), None) or pytest.skip("there are no certificate authorities")
    file.write_text(text.replace(AUTHORITIES, there))
    env = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
    done = subprocess.run([envoy_binary(), "--mode", "validate", "-c", file, "--log-level", "warning"], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, output
    unexpected = [line for line in output.splitlines() if "Deprecated" in line or "[error]" in line or "[critical]" in line]
    assert unexpected == [], unexpected
