"""The files of envoy/credentials beside one another: what they have in common is the same, and Envoy accepts each as it is."""

import json

import pytest
import yaml

from harness.credential_files import AUTHORITIES, IRSA, NAMES, place, shipped, sockets, validated
from harness.credential_fixtures import FILES, MOUNTS, wanted
from harness.processes import ROOT


def test_each_file_has_its_tests():
    assert sorted(FILES) == NAMES


def blocks():
    """What all files have in common, from the shortest of them."""
    text = shipped("api-key")
    cuts = ["#\n# As in every file here", "admin:\n", "                          environment_variables:\n", "                  - name: envoy.filters.http.router\n",
            "\n  clusters:\n", "      load_assignment:\n"]
    parts = []
    for cut in cuts:
        assert text.count(cut) == 1, cut
        before, text = text.split(cut)
        parts.append(before)
        text = cut + text
    return [parts[1], parts[2], *parts[4:], text]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_common_is_the_same(name):
    text = shipped(name)
    for block in blocks():
        assert block in text, f"{name}.yaml differs here from api-key.yaml:\n{block}"
        text = text[text.index(block) + len(block):]


def resources(text):
    static = yaml.safe_load(text)["static_resources"]
    manager = static["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    filters = {each["name"].rsplit(".", 1)[1]: each["typed_config"] for each in manager["http_filters"]}
    routes = {route["name"]: route for route in manager["route_config"]["virtual_hosts"][0]["routes"]}
    return static, manager, filters, routes


def test_what_is_common_is_as_in_aws_yaml():
    """The files are compared with one another above."""
    static, manager, filters, routes = resources(shipped("api-key"))
    theirs, their_manager, their_filters, their_routes = resources((ROOT / "envoy/aws.yaml").read_text())
    assert routes == their_routes
    assert static["clusters"] == theirs["clusters"]
    assert {name for name in their_manager if their_manager[name] != manager.get(name)} == {"access_log", "http_filters", "local_reply_config"}
    for name in ("api_key_auth", "header_to_metadata", "router"):
        assert filters[name] == their_filters[name]
    wasm, their_wasm = filters["wasm"]["config"], their_filters["wasm"]["config"]
    for differing in (wasm, their_wasm):
        differing.pop("configuration")
        differing["vm_config"].pop("environment_variables")
    assert wasm == their_wasm
    listener, their_listener = static["listeners"][0], theirs["listeners"][0]
    assert {name for name in their_listener if their_listener[name] != listener[name]} == {"filter_chains"}


def clusters_named(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "cluster" else clusters_named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from clusters_named(inner)


@pytest.mark.parametrize("name", NAMES)
def test_clusters_are_those_that_are_called_and_have_tls_outside(name):
    static, _, filters, routes = resources(shipped(name))
    configuration = json.loads(filters["wasm"]["config"]["configuration"]["value"])
    assert sorted(cluster["name"] for cluster in static["clusters"]) == sorted({"bedrock", *clusters_named(configuration)})
    loopback = [socket["port_value"] for listener in static["listeners"][1:] for socket in sockets(listener)]
    for cluster in static["clusters"]:
        [socket] = sockets(cluster)
        host, port = socket["address"], socket["port_value"]
        if host.startswith("169.254."):
            assert port == 80 and "transport_socket" not in cluster and cluster["type"] == "STATIC"
        elif host == "127.0.0.1":
            assert [port] == loopback and cluster["type"] == "STATIC"
        else:
            tls = cluster["transport_socket"]["typed_config"]
            assert port == 443 and tls["sni"] == host
            context = tls["common_tls_context"]["validation_context"]
            assert context["match_typed_subject_alt_names"] == [{"san_type": "DNS", "matcher": {"exact": host}}]
            assert context["trusted_ca"] == {"filename": AUTHORITIES}
    for listener in static["listeners"]:
        assert {socket["address"] for socket in sockets(listener)} == {"127.0.0.1"}


@pytest.mark.parametrize("name", NAMES)
def test_envoy_accepts_it_as_it_is(tmp_path, mount, simulator, name):
    folders = {MOUNTS[name]: mount(name, wanted(name, simulator)).folder} if name in MOUNTS else {}
    validated(tmp_path, name, place(tmp_path, name, folders, {}))


def test_envoy_accepts_another_region(tmp_path, mount):
    text = place(tmp_path, "chain", {IRSA: mount("chain", "token").folder}, {"us-east-1": "eu-west-1"})
    validated(tmp_path, "chain", text)
