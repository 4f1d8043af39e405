"""The quick start's pair, and profile A: the filter once, with the patch. Both serve; what they differ in is what the guide says."""

import json

import pytest

from harness import sse
from harness.gateway import PROFILE_A, QUICKSTART
from harness.messages import assert_envelope, encoded


@pytest.fixture(scope="module", params=[QUICKSTART, PROFILE_A], ids=["pair", "profile-a"])
def files(request):
    return request.param


def plugins(gateway):
    """Name and settings of each wasm filter of the listener, in their order."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            if value.get("name", "").startswith("envoy.filters.http.wasm/"):
                found.append((value["name"].rsplit("/", 1)[1], value["typed_config"]["config"]))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk([entry["active_state"] for entry in json.loads(gateway.listener())["configs"] if "active_state" in entry])
    return found


def test_serves(serving, simulator, files):
    gateway = serving(files)
    assert gateway.post("Count to 3").json()["content"][0]["text"] == "1, 2, 3"
    assert sse.text(sse.parse(gateway.stream("Count to 3"))) == "1, 2, 3"
    assert gateway.request("POST", "/v1/messages", encoded("x" * 20_000_000)).status == 200
    assert_envelope(gateway.post("[[fault: ThrottlingException]]"), 429)
    assert gateway.request("GET", "/other").status == 404
    assert gateway.alarms() == []
    found = plugins(gateway)
    if files == QUICKSTART:
        assert [json.loads(config["configuration"]["value"])["role"] for _, config in found] == ["transform", "hold"]
    else:
        (_, config), = found
        assert config["allow_on_headers_stop_iteration"] is True and config["failure_policy"] == "FAIL_RELOAD"


def test_an_exception_in_a_streams_first_frame(serving, simulator, files):
    """Profile A answers with the error's status; a pair has sent the head by then, and says it in an event."""
    response = serving(files).stream("[[fault: stream throttlingException after=0]]")
    if files == PROFILE_A:
        assert_envelope(response, 429)
    else:
        (event,) = sse.parse(response)
        assert response.status == 200 and event.name == "error" and event.json["error"]["type"] == "rate_limit_error"


def test_an_errors_status_by_its_wording(serving, simulator, files):
    """Some exceptions have one name for several things. Profile A goes by the wording; a pair has sent the head by then."""
    response = serving(files).post('[[fault: ResourceNotFoundException message="Model use case details have not been submitted."]]')
    status, kind = (403, "permission_error") if files == PROFILE_A else (404, "not_found_error")
    assert_envelope(response, status, response.json()["error"]["type"], contains=["use case details"])
    print(status, kind, response.json())
