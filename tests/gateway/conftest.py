"""Fixtures: Envoy Gateway without Kubernetes, with the files of envoy/gateway, before the simulator of tests/e2e.

Envoy Gateway's ports are fixed, so there is one at a time: `gateway(files, …)` ends the one before, unless that is the same.
"""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import harness  # noqa: E402

# The end-to-end tests' harness, with more of our own.
harness.__path__.append(str(HERE / "harness"))

from harness.gateway import QUICKSTART, Gateway, Modules  # noqa: E402
from harness.simulator import Simulator  # noqa: E402
from harness.upstreams import Echo  # noqa: E402
from harness.variants import refusals  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes longer than ten seconds")


@pytest.fixture(scope="session")
def shared_simulator(tmp_path_factory):
    simulator = Simulator(tmp_path_factory.mktemp("simulator"))
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(shared_simulator):
    """Bedrock, with no memory of earlier tests."""
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture(scope="session")
def elsewhere():
    """What stands in the place of api.anthropic.com."""
    echo = Echo()
    yield echo
    echo.stop()


@pytest.fixture(scope="session")
def modules():
    modules = Modules()
    yield modules
    modules.stop()


class Running:
    """The Envoy Gateway that runs, and how it was asked for."""

    def __init__(self):
        self.gateway, self.key = None, None

    def stop(self):
        gateway, self.gateway, self.key = self.gateway, None, None
        if gateway:
            gateway.stop()


@pytest.fixture(scope="session")
def running():
    running = Running()
    yield running
    running.stop()


@pytest.fixture
def start(running, tmp_path_factory, shared_simulator, elsewhere, modules):
    """One of the test's own: start(files, changes=…, ready=False, …)."""
    def new(files=QUICKSTART, *, ready=True, **options):
        running.stop()
        options.setdefault("module_url", modules.url)
        running.gateway = Gateway(tmp_path_factory.mktemp("gateway"), shared_simulator.port, elsewhere.port, files=files, **options)
        return running.gateway.wait_ready() if ready else running.gateway

    yield new
    running.stop()


@pytest.fixture
def variant(start, running, simulator):
    """The quick start with a variant over it: variant(name, …). Envoy Gateway accepts all of it."""
    def new(name, **options):
        return start(("quickstart.yaml", f"variants/{name}"), **options)

    yield new
    if running.gateway:
        assert refusals(running.gateway) == []


@pytest.fixture
def serving(running, tmp_path_factory, shared_simulator, elsewhere, modules):
    """One that tests share as long as they want the same files: serving(files)."""
    def shared(files=QUICKSTART, **options):
        if running.key != (files, options):
            running.stop()
            running.gateway = Gateway(tmp_path_factory.mktemp("gateway"), shared_simulator.port, elsewhere.port, modules.url, files, **options)
            running.gateway.wait_ready()
            running.key = files, options
        return running.gateway

    return shared


@pytest.fixture
def gateway(serving, simulator):
    """The quick start."""
    gateway = serving()
    yield gateway
    assert gateway.alarms() == [], "\n".join(gateway.alarms())
