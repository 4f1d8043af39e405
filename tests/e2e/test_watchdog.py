"""A deployment that lacks what the filter needs is told so at once; it never hangs."""

import time

import pytest

from harness.messages import assert_envelope, encoded
from harness.raw import Connection


@pytest.mark.parametrize("streamed", [False, True])
def test_without_the_option_that_lets_it_hold_headers(envoy, simulator, streamed):
    gateway = envoy(hold=False)
    begun = time.monotonic()
    response = gateway.post(stream=streamed)
    assert time.monotonic() - begun < 5
    assert_envelope(response, 500, "api_error", contains=["allow_on_headers_stop_iteration"])
    assert response.header("x-should-retry") == "false"
    assert simulator.requests() == []


def test_other_requests_are_not_harmed_by_the_missing_option(envoy):
    gateway = envoy(hold=False)
    assert gateway.request("POST", "/other", b"x" * 100_000).json()["length"] == 100_000


def test_a_slow_client_is_no_missing_option(gateway):
    """A body has come through before, so the option is there: the watchdog must not mistake a client that pauses."""
    body = encoded("Count to 3")
    assert gateway.request("POST", "/v1/messages", body).status == 200
    with Connection(gateway.port) as connection:
        connection.head("POST", "/v1/messages", [("content-length", len(body))])
        time.sleep(6)
        connection.send(body[:10])
        time.sleep(1)
        connection.send(body[10:])
        assert connection.response().json()["content"][0]["text"] == "1, 2, 3"
