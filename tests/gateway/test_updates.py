"""What changes while requests run."""

import dataclasses
import hashlib
import time

from harness.gateway import PROFILE_A, QUICKSTART, Modules
from harness.load import Load
from harness.processes import MODULE, wait_until

POLICY = ("EnvoyExtensionPolicy", "bedrock")


def test_the_modules_bytes_are_pinned_by_sha256(start, simulator, modules):
    digest = hashlib.sha256(MODULE.read_bytes()).hexdigest()
    gateway = start(sha256=digest)
    assert gateway.post().status == 200
    assert digest in gateway.listener()


def test_another_module_drops_nobody(start, simulator, tmp_path):
    """The same one with a section that means nothing: other bytes, so another module for Envoy Gateway and for Envoy."""
    other = tmp_path / "bedrock_messages.wasm"
    other.write_bytes(MODULE.read_bytes() + b"\x00\x06\x05other")
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    server = Modules(other)
    gateway = start()
    load = Load(gateway.port, rate=60)
    time.sleep(1)
    gateway.place = dataclasses.replace(gateway.place, module_url=server.url, sha256=digest)
    gateway.apply()
    wait_until(lambda: digest in gateway.listener(), 20, "the other module")
    time.sleep(3)
    load.stop()
    server.stop()
    print(f"{len(load.answers)} requests, {len(load.failures())} failed, longest {load.longest():.2f} s")
    assert load.failures() == []


def test_a_changed_configuration_drops_nobody(start, simulator):
    gateway = start(concurrency=4)
    load = Load(gateway.port, rate=60)
    for version in range(3):
        time.sleep(1)

        def changed(documents, version=version):
            documents[POLICY]["spec"]["wasm"][0]["config"]["models"] = {f"version-{version}": "us.anthropic.claude-sonnet-4-6"}

        gateway.apply(changes=changed)
        wait_until(lambda version=version: f"version-{version}" in gateway.listener(), 10, "the new configuration")
    time.sleep(1)
    answers = load.stop()
    print(f"{len(answers)} requests, {len(load.failures())} failed, longest {load.longest():.2f} s")
    assert len(answers) > 150 and load.failures() == []
    assert gateway.post(model="version-2").status == 200


def test_from_the_pair_to_profile_a_and_back(start, simulator):
    """In the order that profile-a/patch.yaml tells. Listener and routes reach Envoy one after the other, so for a moment it may have half of each:
    requests of that moment get an error, and none reaches AWS unsigned."""
    patched = (*QUICKSTART, "profile-a/patch.yaml")
    signs = {QUICKSTART: "hold", patched: "allow_on_headers_stop_iteration", PROFILE_A: "single"}
    gateway = start()
    load = Load(gateway.port, rate=40)
    for files in (patched, PROFILE_A, QUICKSTART):
        begun = time.monotonic()
        gateway.apply(files)
        wait_until(lambda files=files: signs[files] in gateway.listener(), 10, str(files))
        time.sleep(2)
        failures = [(round(at - begun, 2), status, text) for at, _, status, text in load.failures() if at >= begun]
        print(f"{files}: {len(failures)} failures {failures[:1]}")
        assert all(at < 2 and status in (404, 500, 503) for at, status, _ in failures)
    answers = load.stop()
    print(f"{len(answers)} requests, {len(load.failures())} failed, longest {load.longest():.2f} s")
    assert len(load.failures()) < len(answers) / 10
    assert all(record.verified for record in simulator.requests())
