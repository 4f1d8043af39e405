"""Fixtures: a simulated Bedrock, an echo server behind the same Envoy, and Envoys with the filter."""

import json
import os
import pathlib
import resource
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.credential_fixtures import mount, start_file  # noqa: E402, F401
from harness.envoy import Envoy  # noqa: E402
from harness.simulator import Simulator  # noqa: E402
from harness.stripped import ACCESS_LOG, Stripping  # noqa: E402
from harness.upstreams import Echo, Scripted  # noqa: E402

def pytest_collection_modifyitems(items):
    if os.environ.get("ROLE") == "pair":
        for item in items:
            if item.get_closest_marker("single"):
                item.add_marker(pytest.mark.skip(reason="a pair does not hold the head of an answer"))


# A thousand connections at once: some systems allow a process few open files.
_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (8192 if most_files == resource.RLIM_INFINITY else min(8192, most_files), most_files))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def shared_simulator(folder):
    simulator = Simulator(folder)
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(shared_simulator):
    """Bedrock, with no memory of earlier tests."""
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture(scope="session")
def shared_elsewhere():
    echo = Echo()
    yield echo
    echo.stop()


@pytest.fixture
def elsewhere(shared_elsewhere):
    """Where Envoy sends what the filter passed on."""
    shared_elsewhere.body, shared_elsewhere.count, shared_elsewhere.arrived = b"", 0, 0
    return shared_elsewhere


@pytest.fixture
def upstream():
    """Starts an upstream that plays the test's script."""
    started = []

    def start(script):
        started.append(Scripted(script))
        return started[-1]

    yield start
    for scripted in started:
        scripted.stop()


@pytest.fixture
def envoy(folder, shared_simulator, shared_elsewhere):
    """Starts Envoys of the test's own: envoy(config, env=…, bedrock_port=…, hold=False, …), see Envoy and bootstrap."""
    started = []

    def start(config=None, *, bedrock_port=None, ready=True, **options):
        new = Envoy(folder, bedrock_port or shared_simulator.port, shared_elsewhere.port, config, **options)
        started.append(new)
        return new.wait_ready() if ready else new

    yield start
    stop_all(started)


def stop_all(envoys):
    problems = []
    for each in envoys:
        try:
            each.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def envoys(folder, shared_simulator, shared_elsewhere):
    """Envoys that the tests of a file share, one for each configuration: envoys(config, bedrock_port=…, …)."""
    started = {}

    def serving(config=None, *, bedrock_port=None, **options):
        key = json.dumps([config, bedrock_port, options])
        if key not in started:
            started[key] = Envoy(folder, bedrock_port or shared_simulator.port, shared_elsewhere.port, config, **options)
        return started[key].wait_ready()

    yield serving
    stop_all(started.values())


@pytest.fixture(scope="module")
def serving(envoys):
    """The same, with an access log that tells what was taken out."""
    return lambda config=None, **options: Stripping(envoys(config, access_log=ACCESS_LOG, **options))


@pytest.fixture
def strip(serving, simulator):
    return serving()


@pytest.fixture
def strict(serving, simulator):
    return serving({"fields": {"mode": "strict"}})


@pytest.fixture
def observe(serving, simulator):
    return serving({"fields": {"mode": "observe"}})


@pytest.fixture(scope="session")
def shared_gateway(folder, shared_simulator, shared_elsewhere):
    gateway = Envoy(folder, shared_simulator.port, shared_elsewhere.port, {"routing": {"header": {"name": "x-provider", "value": "aws"}}}, concurrency=2)
    yield gateway.wait_ready()
    gateway.stop()


@pytest.fixture
def gateway(shared_gateway, simulator, elsewhere):
    """The Envoy that tests share: everything goes to the simulator, but for requests with another x-provider than aws."""
    yield shared_gateway
    assert shared_gateway.alarms() == [], "\n".join(shared_gateway.alarms())
