"""Credentials that live for seconds, under load: no request fails, none is signed with what has expired, and there are as few fetches as lives.

`LIVES=20,120` is what a release is tested with (a life and the length of each test, in seconds); a shorter run is what every change gets."""

import os
import threading
import time

import pytest

from harness.envoy import Envoy
from harness.envoy_config import CONFIG, bootstrap, write_listener
from harness.load import Load
from harness.processes import MODULE
from harness.simulator import Simulator

LIFE, SECONDS = (int(number) for number in os.environ.get("LIVES", "10,30").split(","))
ROLE = "arn:aws:iam::123456789012:role/bedrock"
# A life ends early for the gateway: new keys are there after three quarters of it, and four fifths with the most jitter.
MOST_FETCHES = SECONDS / (LIFE * 0.75) + 2

pytestmark = pytest.mark.xdist_group("lives")


@pytest.fixture
def aws(tmp_path):
    simulator = Simulator(tmp_path, "--session-seconds", LIFE)
    yield simulator
    simulator.stop()


class Updated(Envoy):
    """An Envoy that takes its listener from a file, and another configuration of the filter whenever that file is replaced."""

    def __init__(self, folder, aws, credentials):
        self.folder, self.aws, self.credentials = folder, aws, credentials
        self.file = folder / "listener.json"
        super().__init__(folder, aws.port, 1, self._config(0), env={}, concurrency=4, clusters={"sts": aws.port}, listeners=self.file)

    def _config(self, version):
        return {"credentials": self.credentials, "models": {f"version-{version}": "us.anthropic.claude-sonnet-4-6"}}

    def update(self, version):
        before = self.stats("listener_manager.lds.update_success")
        static = bootstrap(MODULE, {**CONFIG, **self._config(version)}, self.port, self.admin_port, self.aws.port, 1,
                           clusters={"sts": self.aws.port}, pair=os.environ.get("ROLE") == "pair")
        write_listener(self.file, static["static_resources"]["listeners"][0])
        deadline = time.monotonic() + 10
        while self.stats("listener_manager.lds.update_success") == before:
            assert time.monotonic() < deadline, "the listener was not updated"
            time.sleep(0.05)


@pytest.fixture
def gateway(tmp_path, aws):
    credentials = {"type": "webIdentity", "roleArn": ROLE, "sts": {"cluster": "sts"}, "token": {"value": aws.identity_token(seconds=3600)}}
    gateway = Updated(tmp_path, aws, credentials).wait_ready()
    yield gateway
    gateway.stop()


def run(aws, gateway, meanwhile=lambda: None):
    load = Load(gateway.port)
    thread = threading.Thread(target=meanwhile)
    thread.start()
    time.sleep(SECONDS)
    answers = load.stop()
    thread.join()
    state = aws.credentials()
    fetches = state["calls"]["sts"]
    print(f"{len(answers)} requests, {len(load.failures())} failed, longest {load.longest():.2f} s; STS: {fetches['ok']} of {fetches['total']} calls brought keys")
    assert len(answers) > 90 * SECONDS, len(answers)
    assert load.failures() == []
    assert state["expiredUses"] == 0
    assert 2 <= fetches["ok"] <= MOST_FETCHES
    return load, fetches


def test_lives_of_seconds_under_load(aws, gateway):
    load, fetches = run(aws, gateway)
    assert fetches["total"] == fetches["ok"]
    assert load.longest() < 1


def test_while_sts_fails_for_half_of_each_life(aws, gateway):
    def failing():
        for second in range(SECONDS):
            aws.fault("sts", "error" if second % LIFE >= LIFE / 2 else "none", status=500)
            time.sleep(1)
        aws.fault("sts", "none")
    _, fetches = run(aws, gateway, failing)
    assert fetches["total"] > fetches["ok"]


def test_while_the_configuration_is_updated(aws, gateway):
    def updating():
        for version in range(1, 6):
            time.sleep(SECONDS / 6)
            gateway.update(version)
    load, fetches = run(aws, gateway, updating)
    assert fetches["total"] == fetches["ok"]
    assert load.longest() < 1
    assert {model["id"] for model in gateway.request("GET", "/v1/models").json()["data"]} >= {"version-5"}


def test_an_update_while_requests_wait(aws, gateway):
    """What the old configuration holds goes on with what the new one fetches."""
    aws.fault("sts", "slow", ms=1500)
    credentials = {**gateway.credentials, "sessionName": "another-session"}
    gateway.credentials = credentials
    gateway.update(1)
    load = Load(gateway.port, rate=50)
    time.sleep(0.5)
    gateway.update(2)
    time.sleep(3)
    load.stop()
    assert load.failures() == [] and load.longest() < 3
    assert aws.credentials()["calls"]["sts"]["total"] <= 2
