"""Credentials that are fetched: requests that wait for them, sources that fail, one fetch for all workers, and no secret anywhere."""

import contextlib
import re
import threading
import time

import pytest

from harness.envoy import Envoy
from harness.messages import assert_envelope, assert_forwarded, encoded
from harness.processes import wait_until
from harness.raw import Connection
from harness.simulator import Simulator
from harness.upstreams import Echo

ROLE = "arn:aws:iam::123456789012:role/bedrock"
STS = {"cluster": "sts"}
WORKERS = 4

pytestmark = pytest.mark.xdist_group("credentials")


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """Bedrock and the services that hand out credentials."""
    simulator = Simulator(tmp_path_factory.mktemp("aws"))
    yield simulator
    simulator.stop()


@pytest.fixture
def sts(aws):
    aws.reset()
    yield aws
    aws.reset()


def web_identity(aws, **members):
    return {"type": "webIdentity", "roleArn": ROLE, "sts": STS, "token": {"value": aws.identity_token()}, **members}


@pytest.fixture
def serving(envoy):
    """Starts an Envoy whose credentials come from a source; the clusters are all the simulator's."""
    def start(aws, credentials=None, *, wait_ms=None, bedrock_port=None, **options):
        config = {"credentials": credentials or web_identity(aws)}
        if wait_ms is not None:
            config["limits"] = {"credentialsWaitMs": wait_ms}
        clusters = {name: aws.port for name in ("sts", "oidc", "imds", "container")}
        return envoy(config, bedrock_port=bedrock_port or aws.port, clusters=clusters, env={}, **{"concurrency": WORKERS, **options})
    return start


def calls(aws, service="sts"):
    return aws.credentials()["calls"][service]["total"]


def at_once(count, ask):
    """What so many threads got from `ask(number)`."""
    answers = [None] * count

    def run(number):
        answers[number] = ask(number)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


# ---- requests that wait


def test_one_fetch_for_all_workers(sts, serving):
    """Requests on every worker, all of them there before the credentials are."""
    sts.fault("sts", "slow", ms=1000)
    gateway = serving(sts)
    begun = time.monotonic()
    answers = at_once(40, lambda _: gateway.post())
    took = time.monotonic() - begun
    assert [answer.status for answer in answers] == [200] * 40
    assert calls(sts) == 1
    assert took < 2, took
    assert {issued["service"] for issued in sts.credentials()["issued"] if issued["uses"]} == {"sts"}
    assert gateway.stats("credential_fetches") == {"wasmcustom.bedrock_messages_credential_fetches.source.webIdentity.outcome.ok": 1}


def test_they_go_on_the_moment_the_credentials_arrive(sts, serving):
    sts.fault("sts", "slow", ms=700)
    gateway = serving(sts)
    ready = time.time()
    at_once(20, lambda _: gateway.post())
    waited = time.time() - ready
    asked = sts.credentials()["calls"]["sts"]["at"][0] / 1000
    assert waited < asked - ready + 0.7 + 0.4, (waited, asked - ready)


@pytest.fixture(scope="module")
def bedrock():
    """A Bedrock that takes everything and keeps it."""
    echo = Echo()
    yield echo
    echo.stop()


def image(size):
    source = {"type": "base64", "media_type": "image/png", "data": "ABCD" * (size // 4)}
    return encoded([{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}])


def h1(gateway, body, pieces, pause):
    with Connection(gateway.port, timeout=60) as connection:
        connection.head("POST", "/v1/messages", [("content-type", "application/json"), ("content-length", len(body))])
        connection.send(*pieces, pause=pause)
        return connection.response().status


def chunked_with_trailers(gateway, body, pieces, pause):
    with Connection(gateway.port, timeout=60) as connection:
        connection.head("POST", "/v1/messages", [("content-type", "application/json"), ("transfer-encoding", "chunked")])
        for piece in pieces:
            connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n", pause=pause)
        connection.send(b"0\r\nx-checksum: none\r\n\r\n")
        return connection.response().status


def h2(gateway, body, pieces, pause):
    import httpx

    def sending():
        for piece in pieces:
            yield piece
            time.sleep(pause)
    with httpx.Client(http1=False, http2=True, timeout=60) as client:
        response = client.post(f"{gateway.url}/v1/messages", content=sending(), headers={"content-type": "application/json"})
        return response.status_code


@pytest.mark.parametrize("send", [h1, chunked_with_trailers, h2])
@pytest.mark.parametrize("moment", ["complete before they come", "still arriving when they come"])
def test_a_long_body_that_arrives_meanwhile_is_whole(sts, serving, bedrock, send, moment):
    body = image(5_000_000)
    pieces = [body[at:at + 250_000] for at in range(0, len(body), 250_000)]
    sts.fault("sts", "slow", ms=1500)
    gateway = serving(sts, bedrock_port=bedrock.port)
    assert send(gateway, body, pieces, 0.02 if moment.startswith("complete") else 0.15) == 200
    assert_forwarded(body, bedrock.body)
    assert calls(sts) == 1


def test_the_long_body_is_signed_right(sts, serving):
    sts.fault("sts", "slow", ms=1000)
    gateway = serving(sts)
    body = image(5_000_000)
    assert gateway.request("POST", "/v1/messages", body).status == 200
    record = sts.last()
    assert record.verified and record.length > 5_000_000


def test_every_kind_of_request_waits(sts, serving):
    sts.fault("sts", "slow", ms=1000)
    gateway = serving(sts)
    count = {"path": "/v1/messages/count_tokens", "model": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
    asks = [lambda: gateway.post(), lambda: gateway.stream("Count to 3"), lambda: gateway.post(**count)]
    answers = at_once(3, lambda number: asks[number]())
    assert [answer.status for answer in answers] == [200, 200, 200], answers
    assert b"message_stop" in answers[1].body and answers[2].json()["input_tokens"] > 0


def test_what_is_wrong_is_said_at_once(sts, serving):
    sts.fault("sts", "stall")
    gateway = serving(sts)
    begun = time.monotonic()
    assert_envelope(gateway.request("POST", "/v1/messages", b'{"model": 5}'), 400, contains=["model"])
    assert gateway.request("GET", "/v1/models").status == 200
    assert time.monotonic() - begun < 1


def test_a_client_that_leaves_while_it_waits(sts, serving):
    sts.fault("sts", "slow", ms=1500)
    gateway = serving(sts, concurrency=1)
    body = encoded()
    for _ in range(20):
        with Connection(gateway.port) as connection:
            connection.post("/v1/messages", body)
            time.sleep(0.02)
    assert gateway.post().status == 200
    assert len(sts.requests()) == 1
    wait_until(lambda: gateway.stats("outcome.cancelled") == {"wasmcustom.bedrock_messages_requests.operation.none.outcome.cancelled": 20},
               what="the cancelled requests")


def test_no_more_than_a_thousand_wait(sts, serving):
    sts.fault("sts", "slow", ms=4000)
    gateway = serving(sts, concurrency=1)
    body = encoded()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(gateway.port, timeout=30)) for _ in range(1010)]
        for connection in connections:
            connection.post("/v1/messages", body)
        answers = [connection.response() for connection in connections]
    crowded = [answer for answer in answers if answer.status != 200]
    assert len(crowded) == 10
    for answer in crowded:
        assert_envelope(answer, 529, "overloaded_error", contains=["no AWS credentials yet"])


def test_in_the_chain_of_a_cluster_too(sts, folder):
    """There the filter is loaded before Envoy has any cluster to call."""
    sts.fault("sts", "slow", ms=700)
    gateway = Envoy(folder, sts.port, sts.port, {"credentials": web_identity(sts)}, clusters={"sts": sts.port}, env={}, concurrency=WORKERS, upstream=True)
    answers = at_once(8, lambda _: gateway.wait_ready().request("POST", "/v1/messages", image(200_000)))
    assert [answer.status for answer in answers] == [200] * 8
    assert calls(sts) == 1 and sts.last().verified
    # Envoy calls no on_log there, and they are counted all the same.
    wait_until(lambda: gateway.stats("requests.operation") == {"wasmcustom.bedrock_messages_requests.operation.InvokeModel.outcome.ok": 8},
               what="the counters")
    gateway.stop()


# ---- sources that fail


def test_down_from_the_start(sts, serving):
    """What clients get after how long; then the source comes up."""
    sts.fault("sts", "error", status=500)
    gateway = serving(sts, wait_ms=1500)
    begun = time.monotonic()
    answers = at_once(50, lambda _: (gateway.post(), time.monotonic() - begun))
    for answer, took in answers:
        assert_envelope(answer, 503, "api_error", contains=["no AWS credentials yet", "webIdentity: STS answered 500"])
        assert 1.4 < took < 2.5, took
    # At 0 s, 1 s and 2 s at the earliest, whoever waits.
    assert calls(sts) <= 3
    sts.fault("sts", "none")
    up = time.monotonic()
    wait_until(lambda: gateway.post().status == 200, what="the first success")
    assert time.monotonic() - up < 4.5


def test_the_pauses_grow_to_four_seconds(sts, serving):
    sts.fault("sts", "error", status=500)
    gateway = serving(sts)
    wait_until(lambda: calls(sts) >= 5, 20, "five calls")
    at = sts.credentials()["calls"]["sts"]["at"]
    pauses = [(later - earlier) / 1000 for earlier, later in zip(at, at[1:])]
    # A tick is a second.
    assert all(least <= pause < most for pause, least, most in zip(pauses, [0.8, 1.4, 3, 3], [2.3, 3.3, 5.3, 5.3])), pauses
    # Each worker that has tried says it once.
    assert 1 <= gateway.log().count("no new AWS credentials: webIdentity: STS answered 500") <= WORKERS + 1


@pytest.mark.parametrize("fault, said", [
    ({"fault": "error", "status": 403, "code": "AccessDenied"}, "STS answered 403 AccessDenied"),
    ({"fault": "reset"}, "STS"),
    ({"fault": "garbage"}, "STS answered with"),
    ({"fault": "cut"}, "STS gave no answer: the connection broke"),
    ({"fault": "huge"}, "STS answered with more than 64 KiB"),
    ({"fault": "redirect"}, "STS answered 302"),
    ({"fault": "empty"}, "STS answered with"),
])
def test_each_failure_has_its_words(sts, serving, fault, said):
    sts.fault("sts", **fault)
    gateway = serving(sts, wait_ms=1000, concurrency=1)
    assert_envelope(gateway.post(), 503, "api_error", contains=[f"webIdentity: {said}"])


def test_the_wrong_content_type_does_not_matter(sts, serving):
    sts.fault("sts", "wrongType")
    assert serving(sts, concurrency=1).post().status == 200


def test_a_source_that_never_answers(sts, serving):
    sts.fault("sts", "stall")
    gateway = serving(sts, wait_ms=6500, concurrency=2)
    begun = time.monotonic()
    assert_envelope(gateway.post(), 503, contains=["webIdentity: STS answered 504"])
    assert 6 < time.monotonic() - begun < 8
    assert calls(sts) <= 2


def test_a_cluster_that_is_not_there(sts, serving):
    gateway = serving(sts, web_identity(sts, sts={"cluster": "nowhere"}), wait_ms=500, concurrency=1)
    assert_envelope(gateway.post(), 503, contains=["STS gave no answer: Envoy has no such cluster"])
    assert "cluster nowhere" in gateway.log()


def test_without_waiting(sts, serving):
    sts.fault("sts", "slow", ms=1000)
    gateway = serving(sts, wait_ms=0, concurrency=1)
    begun = time.monotonic()
    assert_envelope(gateway.post(), 503, contains=["still being fetched"])
    assert time.monotonic() - begun < 0.5
    wait_until(lambda: gateway.post().status == 200, what="the credentials")


# ---- which source, and what it may show


def test_a_chain_says_which_source_it_uses(sts, serving):
    chain = {"type": "chain", "providers": [{"type": "environment"}, {"type": "container", "cluster": "container", "path": "/v2/credentials/task", "authorization": "wrong"},
                                            web_identity(sts)]}
    gateway = serving(sts, chain)
    assert gateway.post().status == 200
    assert (calls(sts, "container"), calls(sts)) == (1, 1)
    assert "AWS credentials are those of chain: webIdentity" in gateway.log()


def test_a_chain_without_any(sts, serving):
    sts.fault("sts", "error", status=403, code="AccessDenied")
    gateway = serving(sts, {"type": "chain", "providers": [{"type": "environment"}, web_identity(sts)]}, wait_ms=500)
    assert_envelope(gateway.post(), 503, contains=["chain: environment: neither AWS_ACCESS_KEY_ID", "webIdentity: STS answered 403 AccessDenied"])


def test_roles_on_roles(sts, serving):
    first = {"type": "assumeRole", "roleArn": "arn:aws:iam::123456789012:role/hub", "sts": STS, "source": web_identity(sts)}
    second = {"type": "assumeRole", "roleArn": "arn:aws:iam::210987654321:role/external", "externalId": "external-id-example", "sts": STS,
              "sessionName": "gateway", "durationSeconds": 900, "policy": '{"Version":"2012-10-17","Statement":[]}', "source": first}
    gateway = serving(sts, second)
    assert gateway.post().status == 200
    assert calls(sts) == 3
    issued = sts.credentials()["issued"]
    assert [entry["uses"] for entry in issued if entry["uses"]] == [1]


def test_instance_metadata(sts, serving):
    gateway = serving(sts, {"type": "instanceMetadata", "cluster": "imds"})
    assert gateway.post().status == 200
    assert calls(sts, "instanceMetadata") == 3 and sts.credentials()["calls"]["instanceMetadata"]["documents"] == 1
    for record in sts.credential_requests():
        assert not [name for name in record.headers if name.startswith("x-forwarded-for")]


SECRETS = {"client": "secret-of-the-oidc-client", "container": "authorization-of-the-container"}


def test_no_secret_is_shown_anywhere(sts, serving):
    """Every service says back what it was told; then all works. Log at debug of the filter, statistics, access log, answers, config dump."""
    token = sts.identity_token()
    oidc = {"cluster": "oidc", "host": "oidc.example.com", "path": "/token", "clientId": "bedrock-gateway", "clientSecret": SECRETS["client"]}
    providers = [{"type": "container", "cluster": "container", "path": "/v2/credentials/task", "authorization": SECRETS["container"]},
                 web_identity(sts, token={"oidc": oidc}), web_identity(sts, token={"value": token}),
                 {"type": "assumeRole", "roleArn": ROLE, "sts": STS, "source": {"type": "instanceMetadata", "cluster": "imds"}}]
    for service in ("container", "oidc", "sts"):
        sts.fault(service, "echo")
    log = "state: %FILTER_STATE(wasm.bedrock.error:PLAIN)% %RESPONSE_CODE_DETAILS%"
    gateway = serving(sts, {"type": "chain", "providers": providers}, wait_ms=1000, access_log=log)
    refused = gateway.post()
    assert_envelope(refused, 503, contains=["container: ", "webIdentity: ", "assumeRole: "])
    sts.fault("sts", "none")
    wait_until(lambda: gateway.post().status == 200, what="credentials")
    secrets = [token, *SECRETS.values()]
    for record in [*sts.credential_requests(), sts.last()]:
        secrets += [value for name in ("x-aws-ec2-metadata-token", "x-amz-security-token") for value in record.headers.get(name, [])]
    assert len(secrets) >= 6
    shown = {"log": gateway.log(), "stats": gateway.admin("/stats") + gateway.admin("/stats/prometheus"), "answer": repr(refused.body) + repr(refused.headers)}
    # The plugin's own text is there as the operator has written it, in the bootstrap and in the listener, and nothing else.
    dump = gateway.admin("/config_dump?include_eds")
    texts = [text for text in re.findall(r'"value": "((?:[^"\\]|\\.)*)"', dump) if SECRETS["client"] in text]
    assert texts and len(set(texts)) == 1
    shown["config dump"] = dump.replace(texts[0], "")
    found = [(place, secret[:12]) for place, text in shown.items() for secret in secrets if secret in text]
    assert found == []


# ---- keys that AWS refuses before their time


def test_refused_keys_are_asked_for_anew(tmp_path, envoy):
    """Another simulator in the old one's place does not know the keys that were issued: the next ones come at once, and not with every request."""
    old = Simulator(tmp_path)
    gateway = envoy({"credentials": {"type": "instanceMetadata", "cluster": "imds"}}, bedrock_port=old.port, clusters={"imds": old.port}, env={}, concurrency=WORKERS)
    assert gateway.post().status == 200
    old.stop()
    new = Simulator(tmp_path, port=old.port)
    refused = gateway.post()
    assert_envelope(refused, 502, "api_error", contains=["security token"])
    begun = time.monotonic()
    wait_until(lambda: gateway.post().status == 200, what="new keys")
    assert time.monotonic() - begun < 3
    time.sleep(1.2)  # The other workers look once a second.
    assert all(answer.status == 200 for answer in at_once(20, lambda _: gateway.post()))
    assert new.credentials()["calls"]["instanceMetadata"]["documents"] == 1
    gateway.stop()
    new.stop()


def test_a_wrong_clock_is_told(envoy, upstream):
    """AWS's `date` says how far off it is."""
    def script(connection):
        body = b'{"message":"Signature expired: 20261122T115459Z is now earlier than 20261122T115500Z"}'
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\ndate: Sun, 22 Nov 2026 12:00:00 GMT\r\nx-amzn-errortype: InvalidSignatureException\r\n"
                           b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
    gateway = envoy(bedrock_port=upstream(script).port)
    assert_envelope(gateway.post(), 502, contains=["Signature expired"])
    off = abs(int(time.time()) - 1795348800)
    line = next(line for line in gateway.log().splitlines() if "credentials were refused" in line)
    said = int(line.split("the gateway's clock is ")[1].split(" s ")[0])
    assert abs(said - off) <= 5, line
