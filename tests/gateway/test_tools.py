"""What the tools make is what Envoy Gateway takes: the image from a registry, and the manifests that were converted from AI Gateway's."""

import copy
import hashlib
import json
import os
import pathlib
import subprocess

import pytest
import yaml

from harness.credential_files import sockets
from harness.gateway import BEDROCK
from harness.messages import GUIDE_MODEL, assert_envelope, encoded
from harness.processes import MODULE, ROOT, wait_until
from harness.registry import Registry
from harness.simulator import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from harness.standalone import shipped
from harness.variants import assert_serves, assert_tls

GUIDE = ROOT / "tools/tests/fixtures/convert/guide.yaml"
REPOSITORY = "bedrock-messages"


def tool(*arguments, status=0):
    """What `bedrock-messages` prints: on stdout, and on stderr."""
    binary = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug/bedrock-messages"
    assert binary.is_file(), f"{binary} is missing: run `cargo build -p bedrock-messages-tools`"
    # Without the login and the proxies of whoever runs this.
    done = subprocess.run([binary, *arguments], cwd=ROOT, env={"HOME": "/nonexistent"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


@pytest.fixture
def registry():
    registry = Registry()
    yield registry
    registry.stop()


@pytest.fixture
def pushed(registry):
    """The image in the registry: `code` as the tool prints it."""
    printed, _ = tool("image", "--module", MODULE, "--push", f"{registry.host}/{REPOSITORY}:test", "--plain-http")
    code = yaml.safe_load(printed)["code"]
    assert code["type"] == "Image" and code["image"]["url"] == f"{registry.host}/{REPOSITORY}:test"
    assert f"sha256:{code['image']['sha256']}" in registry.manifests
    registry.requests.clear()
    return code


def assert_pulled(registry, code):
    """Envoy Gateway took the module out of the registry: the manifest that was named, and the layer that has the module."""
    manifest = json.loads(registry.manifests[f"sha256:{code['image']['sha256']}"][1])
    assert {"test", f"sha256:{code['image']['sha256']}"} & set(registry.served("manifests")), registry.requests
    assert manifest["layers"][0]["digest"] in registry.served("blobs"), registry.requests
    assert {status for _, _, status in registry.requests} == {200}, registry.requests
    print("pulls:", [(method, path) for method, path, _ in registry.requests])


# ---- the image


def from_the_image(code):
    def changes(documents):
        for entry in documents["EnvoyExtensionPolicy", "bedrock"]["spec"]["wasm"]:
            entry["code"] = copy.deepcopy(code)

    return changes


def test_the_quick_start_with_the_image(start, simulator, registry, pushed):
    gateway = start(changes=from_the_image(pushed), module_url=None)
    assert_serves(gateway, simulator, model=GUIDE_MODEL)
    assert_serves(gateway, simulator, [("x-provider", "aws")], GUIDE_MODEL)
    assert_pulled(registry, pushed)
    assert hashlib.sha256(MODULE.read_bytes()).hexdigest() in gateway.listener()


def test_an_image_of_another_digest(start, simulator, registry, pushed):
    """What the policy says is what is looked at: nothing of another image is served, and nothing goes on unsigned."""
    other = {"type": "Image", "image": {**pushed["image"], "sha256": "0" * 64}}
    gateway = start(changes=from_the_image(other), module_url=None, ready=False)
    wait_until(gateway.starts, 45, "Envoy's start")
    assert gateway.post().status == 500
    gateway.wait_for(rf"module downloaded from oci://\S+ has checksum {pushed['image']['sha256']}, which does not match: 0{{64}}")
    assert simulator.requests() == []


# ---- the converter


def converted(folder, *options):
    """The guide's manifest, converted and checked: the file, and where `check` has something to say."""
    file = folder / "bedrock.yaml"
    _, notes = tool("convert", GUIDE, "-o", file, *options)
    content = file.read_text()
    assert all(note in content for note in notes.splitlines())
    said, _ = tool("check", "--format", "json", file)
    findings = json.loads(said)
    assert {(finding["rule"], finding["severity"]) for finding in findings} <= {("placeholder", "warning")}, findings
    return file, findings


@pytest.fixture
def start_converted(start, simulator):
    """With the placeholders of the Secret filled in."""
    def new(file, **options):
        credentials = shipped([file])["Secret", "default-aws-credentials"]["stringData"]["credentials"]
        for placeholder, value in {"YOUR_ACCESS_KEY_ID": ACCESS_KEY_ID, "YOUR_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}.items():
            assert placeholder in credentials
            credentials = credentials.replace(placeholder, value)
        return start((file,), module_url=None, credentials=credentials, **options)

    return new


def test_the_guide_without_an_image(tmp_path):
    """Nothing but placeholders is left to do."""
    _, findings = converted(tmp_path)
    assert sorted(finding["path"] for finding in findings) == [
        "spec.wasm[0].code.image.sha256", "spec.wasm[0].code.image.url", "spec.wasm[1].code.image.sha256", "spec.wasm[1].code.image.url",
        "stringData.credentials"], findings


def test_the_guide_with_the_image(tmp_path, start_converted, simulator, registry, pushed):
    """Each step of docs/migrating-from-ai-gateway.md."""
    file, findings = converted(tmp_path, "--image", pushed["image"]["url"], "--sha256", pushed["image"]["sha256"])
    assert [finding["path"] for finding in findings] == ["stringData.credentials"], findings
    gateway = start_converted(file)
    assert_serves(gateway, simulator, [("x-provider", "aws")], GUIDE_MODEL)
    assert_pulled(registry, pushed)


def test_the_guide_with_the_module_by_http(tmp_path, start_converted, simulator, modules, elsewhere):
    file, _ = converted(tmp_path, "--url", modules.url, "--sha256", hashlib.sha256(MODULE.read_bytes()).hexdigest())
    gateway = start_converted(file)
    assert_serves(gateway, simulator, [("x-provider", "aws")], GUIDE_MODEL)
    # The guide's other rules: by the model, and by nothing.
    assert_serves(gateway, simulator, model=GUIDE_MODEL)
    assert gateway.post("Count to 3", model="claude-sonnet-4-5").status == 200
    assert simulator.last().verified
    # As docs/migrating-from-ai-gateway.md has it of another value.
    simulator.reset()
    answer = gateway.request("POST", "/v1/messages", encoded(model=GUIDE_MODEL), [("x-provider", "openai")])
    assert_envelope(answer, 404, contains=["This gateway serves the Anthropic Messages API"])
    assert simulator.requests() == []


def test_what_was_converted_reaches_bedrock_by_tls(tmp_path, start_converted, modules):
    """The Backend and its policy as they were written: the certificate is checked by Bedrock's name."""
    file, _ = converted(tmp_path, "--url", modules.url, "--sha256", hashlib.sha256(MODULE.read_bytes()).hexdigest())
    gateway = start_converted(file, shipped_backends=True)
    (cluster,) = wait_until(gateway.clusters, 20, "a cluster for Bedrock")
    assert [(socket["address"], socket["port_value"]) for socket in sockets(cluster["load_assignment"])] == [(BEDROCK, 443)]
    assert_tls(cluster, BEDROCK)
