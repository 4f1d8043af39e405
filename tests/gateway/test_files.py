"""The files of envoy/gateway beside each other: what repeats the quick start says the same, and the region is said where the guide says."""

import copy
import re
import shutil
import subprocess

import pytest
import yaml

from harness.gateway import QUICKSTART
from harness.processes import wait_until
from harness.standalone import FOLDER, shipped
from harness.variants import GUIDE, NAMES, POLICY, PROXY

ROUTE = ("HTTPRoute", "bedrock")
# Of these nothing is replaced but a port, or they are Kubernetes' own.
AS_IT_RUNS = ("Namespace", "Secret", "ConfigMap", "GatewayClass", "Gateway")
ROUTING = ["routing-default.yaml", "routing-header.yaml", "routing-model.yaml"]
SETS = [*ROUTING, "profile-a/policy.yaml", *(f"variants/{name}" for name in NAMES)]
REGION = re.compile(r"\b[a-z]{2}(?:-[a-z]+)+-[1-9]\b")


def policy(*files):
    return shipped(files)[POLICY]["spec"]


def without_routing(spec):
    spec = copy.deepcopy(spec)
    spec["wasm"][0]["config"].pop("routing", None)
    return spec


@pytest.mark.parametrize("file", ROUTING)
def test_a_routing_file_only_changes_the_routing(file):
    assert without_routing(policy(file)) == without_routing(policy(*QUICKSTART))
    rules, own = shipped(QUICKSTART)[ROUTE]["spec"]["rules"], shipped([file])[ROUTE]["spec"]["rules"]
    assert own[0] == rules[0] and own[-1]["filters"] == rules[-1]["filters"] and own[-1]["matches"] == rules[-1]["matches"]


def test_profile_a_is_the_first_entry_alone():
    expected = policy(*QUICKSTART)
    del expected["wasm"][1]
    expected["wasm"][0]["name"] = "bedrock"
    expected["wasm"][0]["config"]["role"] = "single"
    assert policy("profile-a/policy.yaml") == expected


# ---- the region


def test_every_guide_has_the_command_for_another_region():
    for document in (FOLDER / "quickstart.yaml", GUIDE, GUIDE.with_name("envoy-gateway.md")):
        assert "sed -i 's/us-east-1/eu-west-1/g' *.yaml */*.yaml" in document.read_text(), document
    marked = [line.removesuffix(" # region") for line in (FOLDER / "quickstart.yaml").read_text().splitlines() if line.endswith(" # region")]
    assert len(marked) == 3 and all("us-east-1" in line for line in marked)


@pytest.fixture
def elsewhere_in_aws(tmp_path):
    """The folder, after that command; and the region."""
    folder = shutil.copytree(FOLDER, tmp_path / "gateway")
    for file in (*folder.glob("*.yaml"), *folder.glob("*/*.yaml")):
        file.write_text(file.read_text().replace("us-east-1", "ap-southeast-2"))
    return folder, "ap-southeast-2"


@pytest.mark.parametrize("name", SETS)
def test_another_region_is_one_replacement(elsewhere_in_aws, name):
    """In no file is anything left of the old one, so hosts and configurations agree."""
    folder, region = elsewhere_in_aws
    assert [file for file in folder.rglob("*") if file.is_file() and "us-east-1" in file.read_text()] == []
    own = {"eu-west-1", "us-west-2"} if name == "variants/regions.yaml" else set()
    documents = shipped([folder / "quickstart.yaml", folder / name])
    assert set(REGION.findall(yaml.safe_dump_all(documents.values()))) == {region} | own
    hosts = {document["spec"]["endpoints"][0]["fqdn"]["hostname"] for (kind, _), document in documents.items() if kind == "Backend"}
    assert sum("bedrock-runtime" in host for host in hosts) == 1 + len(own)


# ---- kustomize


def kustomized(folder):
    kubectl = shutil.which("kubectl") or pytest.skip("there is no kubectl to build kustomization.yaml with")
    done = subprocess.run([kubectl, "kustomize", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return {(document["kind"], document["metadata"]["name"]): document for document in yaml.safe_load_all(done.stdout)}


def test_the_kustomization_is_the_quick_start():
    assert kustomized(FOLDER) == shipped(QUICKSTART)


def test_the_kustomization_says_the_region_once(tmp_path):
    shutil.copy(FOLDER / "quickstart.yaml", tmp_path)
    text = (FOLDER / "kustomization.yaml").read_text()
    assert text.count("us-east-1") == 1
    (tmp_path / "kustomization.yaml").write_text(text.replace("us-east-1", "eu-west-1"))
    found = kustomized(tmp_path)
    assert "us-east-1" not in yaml.safe_dump_all(found.values())
    assert found["Backend", "bedrock"]["spec"]["endpoints"][0]["fqdn"]["hostname"] == "bedrock-runtime.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("name", ["irsa.yaml", "oidc-role.yaml", "api-key.yaml", "vpc-endpoint.yaml"])
def test_a_variant_as_a_patch(tmp_path, name):
    """As the head of kustomization.yaml says."""
    shutil.copy(FOLDER / "quickstart.yaml", tmp_path)
    text = (FOLDER / "variants" / name).read_text()
    (tmp_path / name).write_text(text.replace("\nspec:\n", "\nspec:\n  $patch: replace\n"))
    head, patches = (FOLDER / "kustomization.yaml").read_text().split("\npatches:\n")
    if name == "vpc-endpoint.yaml":
        patches = patches.split("replacements:")[0]
    (tmp_path / "kustomization.yaml").write_text(f"{head}\npatches:\n  - path: {name}\n{patches}")
    assert kustomized(tmp_path) == shipped([*QUICKSTART, f"variants/{name}"])


# ---- variants


@pytest.mark.parametrize("name", NAMES)
def test_what_a_variant_repeats_is_the_quick_starts(name):
    """Each replaces whole objects of the quick start, so what it does not mean to change has to stay the same."""
    before, after = shipped(QUICKSTART), shipped([f"variants/{name}"])
    if PROXY in after:
        new, old = after[PROXY]["spec"], before[PROXY]["spec"]
        assert [new[part] for part in ("telemetry", "logging", "shutdown")] == [old[part] for part in ("telemetry", "logging", "shutdown")]
        new, old = (spec["provider"]["kubernetes"] for spec in (new, old))
        assert new["envoyService"] == old["envoyService"] and new["envoyDeployment"]["name"] == old["envoyDeployment"]["name"]
    old, old_hold = before[POLICY]["spec"]["wasm"]
    for new, hold in (document["spec"]["wasm"] for (kind, _), document in after.items() if kind == "EnvoyExtensionPolicy"):
        assert new["code"] == hold["code"] == old["code"] and new["failOpen"] is hold["failOpen"] is False
        assert hold["config"] == old_hold["config"] and new["config"]["role"] == "transform"
        if name not in ("regions.yaml", "providers.yaml"):
            assert new["config"]["routing"] == old["config"]["routing"] and new["config"]["region"] == old["config"]["region"]
        if PROXY not in after:
            assert new["config"]["credentials"] == old["config"]["credentials"] and "env" not in new


def test_every_variant_is_in_the_guide_and_says_how():
    guide = GUIDE.read_text()
    for name in NAMES:
        assert f"../envoy/gateway/variants/{name}" in guide, name
        head = (FOLDER / "variants" / name).read_text().split("apiVersion")[0]
        assert f"variants/{name}" in head and "kubectl" in head and "docs/" in head, name


# ---- all of them


def test_every_manifest_is_one_of_envoy_gateways(start):
    """As it is shipped: Envoy Gateway checks each against its schemas and rules before it does anything with it. One set after the other, in the
    same process, the EnvoyProxy of Kubernetes before the one that runs."""
    gateway = start()

    def loads(name, spoil=None):
        def seen(documents):
            documents[POLICY]["spec"]["wasm"][0]["config"]["models"] = {f"seen-{name}": "us.anthropic.claude-sonnet-4-6"}

        ours = shipped([name])
        if spoil:
            spoil(ours)
        gateway.apply(changes=seen, more={("shipped", *key): under_another_name(document) for key, document in ours.items() if key[0] not in AS_IT_RUNS})

    files = [*QUICKSTART, *ROUTING, "profile-a/patch.yaml", "profile-a/policy.yaml", *(f"variants/{name}" for name in NAMES)]
    assert len(files) == 14
    for name in files:
        loads(name)
        wait_until(lambda name=name: f"seen-{name}" in gateway.listener() or validation(gateway), 15, f"what is done with {name}")
        assert validation(gateway) == [], validation(gateway)

    def spoiled(documents):
        documents[PROXY]["spec"]["provider"]["kubernetes"]["envoyServiceAcount"] = {"name": "bedrock"}

    loads("variants/irsa.yaml", spoiled)
    gateway.wait_for("local validation error")
    print(validation(gateway))


def under_another_name(document):
    """And for other objects, which are not there."""
    spec = document["spec"]
    single = [spec["targetRef"]] if "targetRef" in spec else []
    for each in [document["metadata"], *spec.get("targetRefs", []), *single, *spec.get("parentRefs", [])]:
        each["name"] = f"shipped-{each['name']}"
    return document


def validation(gateway):
    return re.findall(r"[^\n]*local validation error[^\n]*", gateway.log())
