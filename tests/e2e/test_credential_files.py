"""The files of envoy/credentials serve, each with the credentials of the service that it is for."""

import http.client
import json
import os
import re
import time
import urllib.parse

import pytest

from harness.credential_files import KEY, NAMES
from harness.credential_fixtures import ECS, EXTERNAL, FILES, MOUNTS, POD, PROFILE, calls, key_of, sts_keys, wanted
from harness.messages import assert_envelope
from harness.processes import wait_until
from harness.simulator import ACCESS_KEY_ID, API_KEY, KEYS, SECRET_ACCESS_KEY, Simulator
from harness.sse import names, parse
from harness.wire import PRIVATE, SECRET

# A request that cannot be served says so soon.
HASTE = {'"region": "us-east-1",': '"region": "us-east-1", "limits": { "credentialsWaitMs": 300 },'}


@pytest.fixture
def short(tmp_path):
    """A simulator whose credentials last 8 seconds: new ones are due after 6."""
    simulator = Simulator(tmp_path, "--session-seconds", "8")
    yield simulator
    simulator.stop()


def own_lines(gateway):
    return [line for line in gateway.log().splitlines() if "wasm log" in line]


# ---- what takes its time comes first, for it runs beside the others


@pytest.mark.xdist_group("credentials-file-replaced")
def test_a_replaced_credentials_file_is_in_use_within_a_minute(start_file, mount, simulator):
    mounted = mount("credentials-file", wanted("credentials-file", simulator))
    gateway = start_file("credentials-file", simulator, mounted)
    assert gateway.ask().status == 200
    assert key_of(simulator.last()) == ACCESS_KEY_ID
    text, key = sts_keys(simulator)
    mounted.put(text)

    def in_use():
        time.sleep(0.5)
        assert gateway.ask().status == 200
        return key_of(simulator.last()) == key

    begun = time.monotonic()
    wait_until(in_use, 65, "the use of the new file")
    time.sleep(1.5)
    assert all(gateway.ask().status == 200 and key_of(simulator.last()) == key for _ in range(8)), "another worker has the old keys"
    assert time.monotonic() - begun > 30, "a file is asked for more often than documented"


# ---- each of them serving


@pytest.mark.parametrize("name", NAMES)
def test_it_serves_from_the_first_request_on(start_file, mount, simulator, name):
    _, issuer, expected = FILES[name]
    gateway = start_file(name, simulator, mount(name, wanted(name, simulator)) if name in MOUNTS else None)
    response = gateway.ask()
    assert response.status == 200, f"{response}\n{own_lines(gateway)}"
    assert response.json()["content"][0]["text"] == "1, 2, 3"
    record = simulator.last()
    if issuer == "api key":
        assert record.auth == "API key accepted"
    elif issuer is None:
        assert key_of(record) == ACCESS_KEY_ID
    else:
        issued = {key["accessKeyId"]: key["service"] for key in simulator.credentials()["issued"]}
        assert issued[key_of(record)] == issuer
    used = {record.auth}
    # Each is a connection of its own, so that every worker has some.
    for _ in range(8):
        assert names(parse(gateway.ask(stream=True)))[-1] == "message_stop"
        assert gateway.ask().status == 200
        used |= {record.auth for record in simulator.requests()}
    assert len(used) == 1, used
    assert calls(simulator) == expected
    if name not in ("api-key", *EXTERNAL):
        [(counter, fetches)] = gateway.stats("bedrock_messages_credential_fetches").items()
        assert counter.endswith(".outcome.ok") and fetches == 1
        assert len([line for line in own_lines(gateway) if "AWS credentials are those of" in line]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_it_serves_clients_with_a_key_and_nothing_else(start_file, mount, simulator, name):
    gateway = start_file(name, simulator, mount(name, wanted(name, simulator)) if name in MOUNTS else None, concurrency=1)
    for headers in ([], [("x-api-key", "wrong")], [("x-gateway-client", "example")]):
        assert gateway.post(headers=headers).status == 401
    assert_envelope(gateway.request("POST", "/v1/other", b"{}", [KEY]), 404)
    assert_envelope(gateway.request("POST", "/model/x/invoke", b"{}", [KEY]), 404)
    assert simulator.requests() == []
    assert gateway.ask(headers=list(PRIVATE.items())).status == 200
    record = simulator.last()
    for secret in (SECRET, KEY[1], "x-gateway-client"):
        assert secret not in json.dumps(record.record)
    assert gateway.ask("x" * 2_000_000).status == 200
    assert simulator.last().length > 2_000_000 and simulator.last().verified
    wait_until(lambda: re.search(r"Z 200 via_upstream - \d+ms example us\.anthropic\.claude\S+ \d+\+\d+ -", gateway.log()), what="the access log")
    assert KEY[1] not in gateway.log()


@pytest.mark.parametrize("name", ["web-identity-oidc", "web-identity-file", "assume-role", "ecs"])
def test_no_secret_in_log_and_statistics(start_file, mount, simulator, name):
    """And /config_dump has no other than those that stand in the file."""
    gateway = start_file(name, simulator, mount(name, wanted(name, simulator)) if name in MOUNTS else None)
    assert gateway.ask().status == 200
    shown = gateway.log() + gateway.admin("/stats") + gateway.admin("/clusters")
    for secret in (SECRET_ACCESS_KEY, "oidc-client-secret-example", "container-token-example", simulator.last().header("x-amz-security-token")):
        assert secret not in shown
    assert ("oidc-client-secret-example" in gateway.admin("/config_dump")) == (name == "web-identity-oidc"), "the file's head says so"


# ---- the chain


@pytest.mark.parametrize("env, key, service, expected", [
    (KEYS, ACCESS_KEY_ID, None, {}),
    ({"AWS_BEARER_TOKEN_BEDROCK": API_KEY}, None, None, {}),
    (ECS, None, "container", {"container": 1}),
    ({}, None, "instanceMetadata", {"instanceMetadata": 3}),
    (POD, None, "instanceMetadata", {"instanceMetadata": 3}),
], ids=["environment", "api-key", "container", "instance-metadata", "no-pod-identity"])
def test_the_chain_takes_the_first_that_has_some(start_file, mount, simulator, env, key, service, expected):
    """The token's file is there and empty, as the file's head asks for."""
    gateway = start_file("chain", simulator, mount("chain", ""), env=env)
    assert gateway.ask().status == 200
    record = simulator.last()
    if service:
        assert {each["accessKeyId"]: each["service"] for each in simulator.credentials()["issued"]}[key_of(record)] == service
        wait_until(lambda: f"AWS credentials are those of chain: {service}" in gateway.log(), what="the log")
    else:
        assert key_of(record) == key if key else record.auth == "API key accepted"
    assert calls(simulator) == expected


# ---- mounted files that are replaced


def test_what_the_listener_hands_out_and_when_it_changes(start_file, simulator, tmp_path):
    """It is for the filter alone; what is moved there counts, what is written over or too long does not."""
    folder = tmp_path / "plain"
    folder.mkdir()
    file, beside = folder / "credentials", folder / "credentials.new"
    file.write_text("first")
    gateway = start_file("credentials-file", simulator, type("", (), {"folder": folder}), concurrency=1)

    def handed_out(host="localhost"):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.ports[9902], timeout=10)
        connection.request("GET", "/credentials", headers={"host": host})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return text if response.status == 200 else response.status

    def move(text):
        beside.write_text(text)
        os.replace(beside, file)

    assert handed_out() == "first"
    assert handed_out("elsewhere.test") == 404
    move("second")
    wait_until(lambda: handed_out() == "second", 5, "the moved file")
    file.write_text("written over")
    time.sleep(1)
    assert handed_out() == "second"
    move("x" * 65537)
    time.sleep(1)
    assert handed_out() == "second"
    move("third")
    wait_until(lambda: handed_out() == "third", 5, "the moved file")


def until(gateway, condition, seconds):
    """Keeps asking, and nothing fails, until that holds."""
    def asked():
        time.sleep(0.25)
        assert gateway.ask().status == 200
        return condition()
    wait_until(asked, seconds, "the new token's use")


def test_the_next_refresh_takes_the_new_web_identity_token(start_file, mount, short):
    old, new = short.identity_token(subject="old"), short.identity_token(subject="new")
    mounted = mount("web-identity-file", old)
    gateway = start_file("web-identity-file", short, mounted)
    assert gateway.ask().status == 200
    mounted.put(new)
    until(gateway, lambda: calls(short)["sts"] == 2, 12)
    tokens = [urllib.parse.parse_qs(record.body.decode())["WebIdentityToken"][0] for record in short.credential_requests()]
    assert tokens == [old, new]
    until(gateway, lambda: short.credentials()["issued"][1]["uses"] > 0, 3)
    assert short.credentials()["expiredUses"] == 0


def test_the_next_refresh_takes_the_new_pod_identity_token(start_file, mount, short):
    old, new = short.identity_token(subject="old"), short.identity_token(subject="new")
    mounted = mount("pod-identity", old)
    gateway = start_file("pod-identity", short, mounted)
    assert gateway.ask().status == 200
    mounted.put(new)
    until(gateway, lambda: calls(short)["container"] == 2, 12)
    assert [record.header("authorization") for record in short.credential_requests()] == [old, new]
    assert short.credentials()["expiredUses"] == 0


def test_refused_keys_of_a_file_are_read_anew_at_once(start_file, mount, simulator):
    mounted = mount("credentials-file", PROFILE.format(ACCESS_KEY_ID, "taken-away"))
    gateway = start_file("credentials-file", simulator, mounted, concurrency=1)
    wait_until(lambda: "those of credentialsFile" in gateway.log(), what="the old file's use")
    mounted.put(wanted("credentials-file", simulator))
    time.sleep(1)
    assert_envelope(gateway.ask(), 502, "api_error", contains=["credentials were refused"])
    wait_until(lambda: gateway.ask().status == 200, 5, "the new file's use")


# ---- what is wrong


def test_a_role_that_may_not_be_assumed(start_file, mount, simulator):
    gateway = start_file("web-identity-file", simulator, mount("web-identity-file", simulator.identity_token()), changes={**HASTE, "role/bedrock": "role/denied"})
    assert_envelope(gateway.ask(), 503, "api_error", contains=["the gateway has no AWS credentials yet", "webIdentity", "STS answered 403 AccessDenied"])
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in gateway.log()
    assert simulator.requests() == []


@pytest.mark.parametrize("token, said", [
    ("", "webIdentity: the token is none"),
    ("  \n", "webIdentity: the token is none"),
    ("not.a.token", "webIdentity: STS answered 400 InvalidIdentityToken"),
])
def test_a_token_that_is_none_then_one(start_file, mount, simulator, token, said):
    mounted = mount("web-identity-file", token)
    gateway = start_file("web-identity-file", simulator, mounted, changes=HASTE)
    assert_envelope(gateway.ask(), 503, "api_error", contains=[said])
    mounted.put(simulator.identity_token())
    wait_until(lambda: gateway.ask().status == 200, 8, "the new token's use")


def test_a_token_that_has_expired(start_file, mount, simulator):
    gateway = start_file("web-identity-file", simulator, mount("web-identity-file", simulator.identity_token(seconds=-60)), changes=HASTE)
    assert_envelope(gateway.ask(), 503, "api_error", contains=["webIdentity: STS answered 400 ExpiredTokenException"])


@pytest.mark.parametrize("name", ["web-identity-file", "credentials-file", "chain"])
def test_envoy_names_the_file_that_is_not_there(start_file, simulator, tmp_path, name):
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    refused = start_file(name, simulator, type("", (), {"folder": nothing}), ready=False)
    wait_until(lambda: not refused.program.running(), 20, "Envoy's refusal")
    file = nothing / ("credentials" if name == "credentials-file" else "token")
    assert f"file {file} does not exist" in refused.log()


@pytest.mark.parametrize("token, words", [("", "no authorization token"), ("another", "token is not valid")])
def test_a_pod_identity_token_that_is_none_then_one(start_file, mount, simulator, token, words):
    mounted = mount("pod-identity", token)
    gateway = start_file("pod-identity", simulator, mounted, changes=HASTE)
    assert_envelope(gateway.ask(), 503, "api_error", contains=["container: the container's endpoint answered 401 AccessDenied"])
    assert words in gateway.log()
    mounted.put(simulator.identity_token())
    wait_until(lambda: gateway.ask().status == 200, 8, "the new token's use")


@pytest.mark.parametrize("name, change, said", [
    ("assume-role", {"role/bedrock": "role/external", "external-id-example": "another"}, "assumeRole: STS answered 403 AccessDenied"),
    ("web-identity-oidc", {"oidc-client-secret-example": "another-secret"}, "webIdentity: the OIDC issuer answered 401 invalid_client"),
])
def test_what_else_is_refused(start_file, simulator, name, change, said):
    gateway = start_file(name, simulator, changes={**HASTE, **change})
    text = assert_envelope(gateway.ask(), 503, "api_error", contains=[said])
    assert "another" not in text
