"""The files of envoy/gateway beside each other: what repeats the quick start says the same, and the region is said where the guide says."""

import copy
import shutil
import subprocess

import pytest
import yaml

from harness.gateway import QUICKSTART
from harness.standalone import FOLDER, shipped

POLICY, ROUTE = ("EnvoyExtensionPolicy", "bedrock"), ("HTTPRoute", "bedrock")
ROUTING = ["routing-default.yaml", "routing-header.yaml", "routing-model.yaml"]


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
