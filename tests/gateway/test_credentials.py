"""The keys of the Secret: they come from a mounted folder, and another Secret is in use without a restart."""

import concurrent.futures
import time

import pytest

from harness.gateway import CREDENTIALS
from harness.messages import assert_envelope
from harness.processes import wait_until

WRONG = "[default]\naws_access_key_id=AKIAWRONG\naws_secret_access_key=wrong\n"


def test_a_patched_secret_is_in_use_at_once_where_aws_refused_the_old_keys(start, simulator):
    """The Secret arrives as the kubelet brings it: a link is swapped."""
    gateway = start(credentials=WRONG)
    response = gateway.post()
    assert_envelope(response, 502)
    print(response.json()["error"]["message"])
    assert response.header("x-should-retry") == "false"
    gateway.secret.replace(credentials=CREDENTIALS)
    begun = time.monotonic()
    wait_until(lambda: gateway.post().status == 200, 20, "a request with the new keys")
    print(f"in use after {time.monotonic() - begun:.1f} s")
    assert simulator.last().verified


@pytest.mark.slow
def test_a_rotated_secret_is_in_use_within_a_minute(start, simulator):
    """Nobody is refused, so nothing hurries: the filter asks for the file every minute. Meanwhile a request that takes longer than the 15 s that
    Envoy allows where nobody says otherwise."""
    gateway = start()
    with concurrent.futures.ThreadPoolExecutor() as threads:
        slow = threads.submit(gateway.post, "[[fault: delay ms=16000]] Count to 3")
        assert gateway.post().status == 200
        gateway.secret.replace(credentials=WRONG)
        begun = time.monotonic()
        wait_until(lambda: gateway.post().status != 200, 70, "a request with the new keys")
        print(f"in use after {time.monotonic() - begun:.1f} s")
        assert slow.result().status == 200
    gateway.secret.replace(credentials=CREDENTIALS)
    wait_until(lambda: gateway.post().status == 200, 20, "a request with the right keys")


def test_a_secret_without_keys(start, simulator):
    """The answer says what is wrong with it; the right one is in use as soon as it is there."""
    gateway = start(credentials="")
    for text, words in [("# none yet\n", "no profile default"), ("garbage", "line 1: expected a [profile]")]:
        gateway.secret.replace(credentials=text)
        time.sleep(3)
        begun = time.monotonic()
        response = gateway.post()
        print(f"{time.monotonic() - begun:.1f} s: {response.status} {response.body}")
        assert_envelope(response, 503, contains=["the gateway has no AWS credentials yet", words])
        assert time.monotonic() - begun < 7
        assert words in gateway.log()
    gateway.secret.replace(credentials=CREDENTIALS)
    begun = time.monotonic()
    wait_until(lambda: gateway.post().status == 200, 20, "a request with the new keys")
    print(f"in use after {time.monotonic() - begun:.1f} s")


def test_nobody_outside_reaches_the_keys(serving, simulator):
    gateway = serving()
    for headers in [[], [("host", "localhost")]]:
        assert gateway.request("GET", "/credentials", None, headers).status in (400, 404)
