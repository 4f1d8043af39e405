"""The filter twice in one chain, as `transform` and `hold`: what holds them together, and what is wrong without one of them.
All that clients see of a pair is tested by the other files, with ROLE=pair."""

import hashlib
import threading
import time

import pytest

from harness.envoy import Envoy
from harness.envoy_config import CONFIG, as_transform, bootstrap, write_listener
from harness.load import Load
from harness.messages import MODEL, assert_envelope, encoded
from harness.processes import MODULE, wait_until
from harness.raw import Connection

TRANSFORM, HOLD = as_transform(CONFIG), {"role": "hold"}
ROUTED = {"routing": {"models": ["*anthropic.*"], "default": "passthrough"}}

pytestmark = pytest.mark.xdist_group("pair")


@pytest.fixture
def pair(envoy, simulator):
    return lambda config=None, **options: envoy(config, pair=True, **{"concurrency": 4, **options})


@pytest.mark.parametrize("roles, missing", [([TRANSFORM], "none with role hold"), ([HOLD], "none with role transform"), ([HOLD, TRANSFORM], "none with role transform")])
@pytest.mark.parametrize("streamed", [False, True])
def test_half_a_pair_or_the_wrong_way_round(envoy, simulator, roles, missing, streamed):
    gateway = envoy(pair=roles)
    begun = time.monotonic()
    response = gateway.post(stream=streamed)
    assert time.monotonic() - begun < 1
    assert_envelope(response, 500, "api_error", contains=[missing, "it is missing, or stands", "transform first"])
    assert response.header("x-should-retry") == "false"
    assert simulator.requests() == []
    gateway.post()
    # Once a minute.
    assert gateway.log().count(missing) == 1


def test_without_hold_where_the_route_answers_at_once(envoy, simulator, upstream):
    """Envoy's answer to a request that nobody holds comes before its body."""
    early = upstream(lambda connection: connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"))
    gateway = Envoy(simulator.program.log_file.parent, simulator.port, early.port, pair=[TRANSFORM]).wait_ready()
    with Connection(gateway.port) as connection:
        connection.head("POST", "/v1/messages", [("transfer-encoding", "chunked")])
        connection.send(b"1\r\n{\r\n")
        assert_envelope(connection.response(), 500, contains=["none with role hold"])
    gateway.stop()


def test_two_that_hold(envoy, simulator):
    """The second is in nobody's way."""
    gateway = envoy(pair=[TRANSFORM, HOLD, HOLD])
    assert gateway.post().status == 200 and simulator.last().verified


def test_many_requests_on_many_workers(pair, simulator):
    """Each leaves with its own headers: the simulator verifies each signature."""
    gateway = pair()
    answers = []

    def ask(number):
        for turn in range(25):
            text = hashlib.sha256(f"{number} {turn}".encode()).hexdigest()
            response = gateway.post(text + "x" * 200_000)
            answers.append(response.status == 200 and text in response.json()["content"][0]["text"])
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == [True] * 400


def test_clients_that_leave_at_every_step(pair, simulator):
    gateway = pair(concurrency=1)
    body = encoded("Count to 200 [[fault: pace ms=5]]", stream=True)

    def leave(*, sent=len(body), read=0):
        with Connection(gateway.port) as connection:
            connection.head("POST", "/v1/messages", [("content-length", len(body))])
            connection.send(body[:sent])
            time.sleep(0.03)
            if read:
                response = connection.response_head()
                for number, _ in enumerate(connection.pieces(response)):
                    if number == read:
                        break
    for _ in range(20):
        for step in ({"sent": 0}, {"sent": 10}, {"sent": len(body) - 1}, {}, {"read": 1}, {"read": 5}):
            leave(**step)
        assert gateway.post().status == 200


def test_the_routers_retries(envoy, simulator):
    gateway = envoy(pair=True, retry={"retry_on": "5xx", "num_retries": 2})
    response = gateway.post("Hello [[fault: InternalServerException times=1]]")
    assert response.status == 200
    assert [record.verified for record in simulator.requests()] == [True, True]


@pytest.mark.parametrize("body", [encoded(), b"no JSON", b'{"model": "gpt", "x": "' + b"y" * 3_000_000 + b'"}', b""])
def test_what_is_passed_on_by_its_body_leaves_as_it_came(pair, simulator, elsewhere, body):
    gateway = pair(ROUTED)
    ours = body == encoded()
    with Connection(gateway.port) as connection:
        connection.post("/v1/messages", body, pieces=[body[:7], body[7:]])
        response = connection.response()
    assert response.status == 200
    if ours:
        assert simulator.last().verified
    else:
        assert response.json()["sha256"] == hashlib.sha256(body).hexdigest() and response.json()["path"] == "/v1/messages"


class Updated(Envoy):
    def __init__(self, folder, simulator):
        self.simulator, self.file = simulator, folder / "listener.json"
        super().__init__(folder, simulator.port, 1, concurrency=4, pair=True, listeners=self.file)

    def update(self, version):
        before = self.stats("listener_manager.lds.update_success")
        config = {**CONFIG, "models": {f"version-{version}": MODEL}}
        static = bootstrap(MODULE, config, self.port, self.admin_port, self.simulator.port, 1, pair=True)
        write_listener(self.file, static["static_resources"]["listeners"][0])
        wait_until(lambda: self.stats("listener_manager.lds.update_success") != before, what="the update")


def test_an_update_under_load_drops_nobody(tmp_path, simulator):
    gateway = Updated(tmp_path, simulator).wait_ready()
    load = Load(gateway.port)
    for version in range(1, 6):
        time.sleep(1)
        gateway.update(version)
    time.sleep(1)
    load.stop()
    assert load.failures() == [] and len(load.answers) > 400
    assert "version-5" in {model["id"] for model in gateway.request("GET", "/v1/models").json()["data"]}
    gateway.stop()
