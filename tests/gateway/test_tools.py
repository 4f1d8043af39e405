"""What the tools make is what Envoy Gateway takes: the image from a registry, and the manifests that were converted from AI Gateway's.

What was converted runs as it is written, but for this, each of which has to be there to be replaced:

- EnvoyProxy: the provider is the host; the folder that the Secret is mounted to becomes the test's, with the Secret's own text and the simulator's
  keys; the cluster by which Envoy Gateway hands out the module is added
- Gateway: the listener's port
- Backend and BackendTLSPolicy: Bedrock is the simulator on loopback, without TLS; one test leaves both as they are
"""

import copy
import hashlib
import json
import os
import pathlib
import re
import subprocess

import pytest
import yaml

from harness import sse
from harness.credential_files import sockets
from harness.gateway import BEDROCK, Gateway
from harness.messages import GUIDE_MODEL, assert_envelope, assert_forwarded, encoded
from harness.processes import MODULE, ROOT, wait_until
from harness.registry import Registry
from harness.simulator import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from harness.standalone import MODULE_CLUSTER, PORT, text, to_loopback

GUIDE = ROOT / "tools/tests/fixtures/convert/guide.yaml"
NAME = "anthropic-to-aws-bedrock"
MOUNT = "/etc/bedrock-messages/aws-bedrock-credentials-file"
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


def assert_serves(gateway, simulator, headers=()):
    """The guide's request, and a stream of it."""
    body = {"model": GUIDE_MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": "Count to 3"}]}
    answer = gateway.request("POST", "/v1/messages", body, headers)
    assert answer.status == 200, answer
    assert answer.json()["content"][0]["text"] == "1, 2, 3"
    record = simulator.last()
    assert record.verified and record.host == BEDROCK and record.path.endswith("/invoke"), record.record
    assert_forwarded(json.dumps(body).encode(), record.body)
    stream = gateway.stream("Count to 3", headers, model=GUIDE_MODEL)
    assert stream.status == 200 and stream.header("content-type").startswith("text/event-stream"), stream
    assert sse.text(sse.parse(stream)) == "1, 2, 3"
    assert simulator.last().verified and simulator.last().path.endswith("/invoke-with-response-stream")
    assert gateway.alarms() == []


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
    gateway = start(changes=from_the_image(pushed))
    assert_serves(gateway, simulator)
    assert_serves(gateway, simulator, [("x-provider", "aws")])
    assert_pulled(registry, pushed)
    assert hashlib.sha256(MODULE.read_bytes()).hexdigest() in gateway.listener()


def test_an_image_of_another_digest(start, simulator, registry, pushed):
    """What the policy says is what is looked at: nothing of another image is served, and nothing goes on unsigned."""
    other = {"type": "Image", "image": {**pushed["image"], "sha256": "0" * 64}}
    gateway = start(changes=from_the_image(other), ready=False)
    wait_until(gateway.starts, 45, "Envoy's start")
    assert gateway.post().status == 500
    gateway.wait_for(rf"module downloaded from oci://\S+ has checksum {pushed['image']['sha256']}, which does not match: 0{{64}}")
    assert simulator.requests() == []


# ---- the converter


def converted(folder, *options):
    """The guide's manifest, converted and checked; the text, and where `check` has something to say."""
    file = folder / "bedrock.yaml"
    _, notes = tool("convert", GUIDE, "-o", file, *options)
    content = file.read_text()
    assert all(note in content for note in notes.splitlines())
    said, _ = tool("check", "--format", "json", file)
    findings = json.loads(said)
    assert {(finding["rule"], finding["severity"]) for finding in findings} <= {("placeholder", "warning")}, findings
    return content, findings


class Converted(Gateway):
    """What the converter wrote."""

    shipped_backends = False

    def apply(self, files, changes=None):
        documents = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(files)}
        self.secret.replace(credentials=self.filled_in(documents.pop(("Secret", "aws-credentials"))))
        self.on_the_host(documents["EnvoyProxy", NAME]["spec"])
        (listener,) = documents["Gateway", NAME]["spec"]["listeners"]
        assert listener["port"] == 80
        listener["port"] = PORT
        if not self.shipped_backends:
            to_loopback(documents["Backend", "aws-bedrock-service"]["spec"], self.settings["upstreams"])
            del documents["BackendTLSPolicy", "aws-bedrock-service"]
        new = self.folder / "resources.new"
        new.write_text(text(documents))
        new.replace(self.folder / "resources/all.yaml")

    def filled_in(self, secret):
        content = secret["stringData"]["credentials"]
        for placeholder, value in {"YOUR_ACCESS_KEY_ID": ACCESS_KEY_ID, "YOUR_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}.items():
            assert placeholder in content
            content = content.replace(placeholder, value)
        return content

    def on_the_host(self, spec):
        kubernetes = spec["provider"]["kubernetes"]["envoyDeployment"]
        (volume,), (mounted,) = kubernetes["pod"]["volumes"], kubernetes["container"]["volumeMounts"]
        assert volume["secret"]["secretName"] == "aws-credentials" and volume["name"] == mounted["name"] and mounted["mountPath"] == MOUNT
        assert spec["bootstrap"]["type"] == "Merge" and spec["bootstrap"]["value"].count(MOUNT) == 2
        merged = yaml.safe_load(spec["bootstrap"]["value"].replace(MOUNT, str(self.settings["mount"])))
        merged["static_resources"]["clusters"].append(yaml.safe_load(MODULE_CLUSTER))
        spec["bootstrap"]["value"] = yaml.safe_dump(merged)
        spec["provider"] = {"type": "Host", "host": {"envoyVersion": self.settings["envoy_version"]}}
        spec["concurrency"] = self.settings["concurrency"]


class AsWritten(Converted):
    """With Bedrock's real host, and TLS."""

    shipped_backends = True


@pytest.fixture
def start_converted(running, tmp_path_factory, shared_simulator, simulator, elsewhere):
    def new(content, kind=Converted):
        running.stop()
        running.gateway = kind(tmp_path_factory.mktemp("converted"), shared_simulator.port, elsewhere.port, None, content)
        return running.gateway.wait_ready()

    yield new
    running.stop()


def test_the_guide_without_an_image(tmp_path):
    """Nothing but placeholders is left to do."""
    _, findings = converted(tmp_path)
    assert sorted(finding["path"] for finding in findings) == [
        "spec.wasm[0].code.image.sha256", "spec.wasm[0].code.image.url", "spec.wasm[1].code.image.sha256", "spec.wasm[1].code.image.url",
        "stringData.credentials"], findings


def test_the_guide_with_the_image(tmp_path, start_converted, simulator, registry, pushed):
    """Each step of docs/migrating-from-ai-gateway.md."""
    content, findings = converted(tmp_path, "--image", pushed["image"]["url"], "--sha256", pushed["image"]["sha256"])
    assert [finding["path"] for finding in findings] == ["stringData.credentials"], findings
    gateway = start_converted(content)
    assert_serves(gateway, simulator, [("x-provider", "aws")])
    assert_pulled(registry, pushed)


def test_the_guide_with_the_module_by_http(tmp_path, start_converted, simulator, modules, elsewhere):
    content, _ = converted(tmp_path, "--url", modules.url, "--sha256", hashlib.sha256(MODULE.read_bytes()).hexdigest())
    gateway = start_converted(content)
    assert_serves(gateway, simulator, [("x-provider", "aws")])
    # The guide's other rules: by the model, and by nothing.
    assert_serves(gateway, simulator)
    assert gateway.post("Count to 3", model="claude-sonnet-4-5").status == 200
    assert simulator.last().verified
    # As docs/migrating-from-ai-gateway.md has it of another value.
    simulator.reset()
    answer = gateway.request("POST", "/v1/messages", encoded(model=GUIDE_MODEL), [("x-provider", "openai")])
    assert_envelope(answer, 404, contains=["This gateway serves the Anthropic Messages API"])
    assert simulator.requests() == []


def test_what_was_converted_reaches_bedrock_by_tls(tmp_path, start_converted, modules):
    """The Backend and its policy as they were written: the certificate is checked by Bedrock's name."""
    content, _ = converted(tmp_path, "--url", modules.url, "--sha256", hashlib.sha256(MODULE.read_bytes()).hexdigest())
    gateway = start_converted(content, AsWritten)

    def cluster():
        dump = json.loads(gateway.admin("/config_dump"))
        (of_kind,) = [each for each in dump["configs"] if each["@type"].endswith("ClustersConfigDump")]
        found = [each["cluster"] for state in ("active", "warming") for each in of_kind.get(f"dynamic_{state}_clusters", [])]
        return next((each for each in found if BEDROCK in json.dumps(each.get("load_assignment"))), None)

    found = wait_until(cluster, 20, "a cluster for Bedrock")
    assert [(socket["address"], socket["port_value"]) for socket in sockets(found["load_assignment"])] == [(BEDROCK, 443)]
    tls = json.dumps([found.get("transport_socket"), found.get("transport_socket_matches")])
    assert re.search(rf'"sni": "{re.escape(BEDROCK)}"', tls) and f'{{"exact": "{BEDROCK}"}}' in tls, tls
