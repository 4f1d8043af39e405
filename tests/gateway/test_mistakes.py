"""What goes wrong when somebody deploys: what the client sees and how soon, and where the operator finds the reason. Nothing hangs."""

import time

import pytest

from harness.gateway import PROFILE_A
from harness.messages import assert_envelope, encoded
from harness.processes import wait_until
from harness.raw import Connection

POLICY = ("EnvoyExtensionPolicy", "bedrock")
PATCH = ("EnvoyPatchPolicy", "bedrock")


def entries(documents):
    return documents[POLICY]["spec"]["wasm"]


def timed(gateway, **members):
    begun = time.monotonic()
    response = gateway.post(**members)
    took = time.monotonic() - begun
    print(f"after {took:.1f} s: {response}")
    return response, took


def without_hold(documents):
    del entries(documents)[1]


def without_transform(documents):
    del entries(documents)[0]


def swapped(documents):
    entries(documents).reverse()


def misspelt(documents):
    entries(documents)[0]["config"]["regoin"] = "us-east-1"


@pytest.mark.parametrize("change", [without_transform, swapped])
def test_hold_without_transform_before_it(start, simulator, change):
    gateway = start(changes=change)
    for stream in (False, True):
        response, took = timed(gateway, stream=stream)
        assert_envelope(response, 500, contains=["role transform", "transform first"])
        assert response.header("x-should-retry") == "false" and took < 5
    assert simulator.requests() == []
    gateway.wait_for("bedrock-messages: [^\n]*transform first")


def test_transform_without_hold_behind_it(start, simulator):
    """Nobody holds the request, so it ends at once where requests end that the filter passes on: no call to AWS. The filter sees that."""
    gateway = start(changes=without_hold)
    for stream in (False, True):
        response, took = timed(gateway, stream=stream)
        assert_envelope(response, 500, contains=["none with role hold behind it", "transform first"])
        assert took < 5
    assert simulator.requests() == []
    gateway.wait_for("bedrock-messages: [^\n]*none with role hold")


def test_profile_a_before_its_patch(start, simulator):
    """The answer names both causes: no patch, and one that came after Envoy had loaded the filter. Once there is one, new connections are
    served; those from before are not, until they end."""
    def unpatched(documents):
        del documents[PATCH]

    gateway = start(PROFILE_A, changes=unpatched)
    response, took = timed(gateway)
    assert_envelope(response, 500, contains=["allow_on_headers_stop_iteration: true", "or it was set after Envoy had loaded the plugin"])
    assert response.header("x-should-retry") == "false" and took < 6
    with Connection(gateway.port) as before:
        before.post("/v1/messages", encoded())
        assert before.response().status == 500
        gateway.apply(PROFILE_A)
        wait_until(lambda: "allow_on_headers_stop_iteration" in gateway.listener(), 10, "the patch")
        wait_until(lambda: gateway.post().status == 200, 20, "a new connection that is served")
        begun = time.monotonic()
        before.post("/v1/messages", encoded())
        assert before.response().status == 500 and time.monotonic() - begun < 6
    assert len(simulator.requests()) == 1


def test_a_wrong_configuration_at_the_start(start, simulator):
    """Envoy starts and refuses requests; only its log has the reason."""
    gateway = start(changes=misspelt)
    gateway.tolerate("Failed to configure base Wasm plugin|configured to fail closed|regoin")
    response, took = timed(gateway)
    assert (response.status, response.body) == (503, b"") and took < 5
    assert "bedrock-messages: configuration refused: regoin: unknown key" in gateway.log()


def test_a_wrong_configuration_of_hold_at_the_start(start, simulator):
    """It is there, only it does not run: nobody is told that it were missing."""
    def wrong(documents):
        entries(documents)[1]["config"]["region"] = "us-east-1"

    gateway = start(changes=wrong)
    gateway.tolerate("Failed to configure base Wasm plugin|configured to fail closed|configuration refused")
    response, took = timed(gateway)
    assert_envelope(response, 503, contains=["a filter of the gateway does not run"])
    assert took < 5 and simulator.requests() == []
    assert "none with role hold" not in gateway.log()


def test_a_wrong_configuration_later(start, simulator):
    """Envoy keeps what it has, and nobody notices; Envoy Gateway's log has it."""
    gateway = start()
    gateway.tolerate("Failed to configure base Wasm plugin|configured to fail closed|regoin")
    assert gateway.post().status == 200
    gateway.apply(changes=misspelt)
    gateway.wait_for("regoin: unknown key")
    gateway.wait_for("Envoy rejected the last update")
    assert timed(gateway)[0].status == 200
    gateway.apply()
    assert gateway.post().status == 200


def test_the_module_cannot_be_fetched(start, simulator):
    """Envoy Gateway gives up after some tries, and answers for the routes itself, without a word."""
    gateway = start(module_url="http://127.0.0.1:9/bedrock_messages.wasm", ready=False)
    begun = time.monotonic()
    gateway.wait_for("Wasm: wasm module download failed after 5 attempts", 60)
    wait_until(gateway.starts, 60, "Envoy")
    print(f"{time.monotonic() - begun:.0f} s until Envoy answers")
    response, _ = timed(gateway)
    assert (response.status, response.body) == (500, b"")
    assert simulator.requests() == []


def test_a_checksum_that_does_not_fit(start, simulator):
    gateway = start(sha256="0" * 64, ready=False)
    gateway.wait_for("has checksum [0-9a-f]+, which does not match", 30)
    wait_until(gateway.starts, 30, "Envoy")
    response, _ = timed(gateway)
    assert (response.status, response.body) == (500, b"")


def test_no_request_buffer(start, simulator):
    def unbuffered(documents):
        del documents["BackendTrafficPolicy", "bedrock"]["spec"]["requestBuffer"]

    gateway = start(changes=unbuffered)
    assert gateway.post("x" * 20_000).status == 200
    with Connection(gateway.port) as connection:
        connection.post("/v1/messages", encoded("x" * 200_000))
        assert_envelope(connection.response(), 413)
    assert len(simulator.requests()) == 1


def test_an_unknown_member_of_a_policy_is_refused_as_a_whole(start, simulator):
    def wrong(documents):
        documents[POLICY]["spec"]["wasn"] = []

    gateway = start()
    gateway.apply(changes=wrong)
    found = gateway.wait_for(r'[^\n]*unknown field[^\n]*')
    print(found.group(0))
    assert gateway.post().status == 200
