"""Many requests at once through four workers: all are answered, none much later than through the same filter in a plain Envoy."""

import pytest

from harness.crowd import crowd, median, p99
from harness.envoy import Envoy
from harness.gateway import PROFILE_A, QUICKSTART

pytestmark = pytest.mark.slow
BODIES = {"count": 400, "at_once": 16, "text": "Count to 3 " + "x" * 200_000}
STREAMS = {"count": 200, "at_once": 40, "text": "[[fault: pace ms=10]] Count to 20", "stream": True}


@pytest.fixture(scope="module")
def plain(tmp_path_factory, shared_simulator, elsewhere):
    """What the same requests take where there is no Envoy Gateway."""
    envoy = Envoy(tmp_path_factory.mktemp("plain"), shared_simulator.port, elsewhere.port, concurrency=4, hold=True, pair=False).wait_ready()
    crowd(envoy.port, 40, 16, "Hello")
    measured = {"bodies": crowd(envoy.port, **BODIES), "streams": crowd(envoy.port, **STREAMS)}
    envoy.stop()
    return measured


@pytest.fixture(scope="module", params=[QUICKSTART, PROFILE_A], ids=["pair", "profile-a"])
def files(request):
    return request.param


@pytest.mark.parametrize("kind", ["bodies", "streams"])
def test_all_are_answered(plain, serving, simulator, files, kind):
    gateway = serving(files, concurrency=4)
    crowd(gateway.port, 40, 16, "Hello")
    answers = crowd(gateway.port, **(BODIES if kind == "bodies" else STREAMS))
    for name, each in (("plain Envoy", plain[kind]), ("Envoy Gateway", answers)):
        print(f"{name}: median {1000 * median(each):.0f} ms, p99 {1000 * p99(each):.0f} ms")
    assert {status for status, _, _ in answers} == {200}
    if kind == "streams":
        assert all(b"message_stop" in body and b"event: error" not in body for _, body, _ in answers)
    assert p99(answers) < 5 * median(plain[kind])
    failures = {name: value for name, value in gateway.stats("wasm").items() if value and ("fail" in name or "reload" in name or "crash" in name)}
    assert failures == {} and gateway.alarms() == []
    assert gateway.stats("runtime.v8.active"), "no VM runs"
