"""The files of envoy/credentials: Envoy accepts each as it is shipped, and each serves with the credentials of the service that it is for."""

import http.client
import json
import os
import re
import time
import urllib.parse

import pytest
import yaml

from harness.credential_files import AUTHORITIES, AWS_FILES, IRSA, KEY, NAMES, POD_IDENTITY, Configured, Mounted, place, shipped, sockets, validated
from harness.messages import assert_envelope, encoded
from harness.processes import ROOT, wait_until
from harness.simulator import ACCESS_KEY_ID, API_KEY, KEYS, SECRET_ACCESS_KEY, Simulator
from harness.sse import names, parse
from harness.wire import PRIVATE, SECRET

ECS = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/example", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token-example"}
POD = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}
EXTERNAL = ["external", "external-upstream"]
PROFILE = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n"
# A request that cannot be served says so soon.
HASTE = {'"region": "us-east-1",': '"region": "us-east-1", "limits": { "credentialsWaitMs": 300 },'}

# By file: Envoy's environment, who issues the keys (None for the permanent ones, "api key"), and the calls that brings.
FILES = {
    "api-key": ({"AWS_BEARER_TOKEN_BEDROCK": API_KEY}, "api key", {}),
    "assume-role": (KEYS, "sts", {"sts": 1}),
    "chain": ({}, "sts", {"sts": 1}),
    "credentials-file": ({}, None, {}),
    "ecs": (ECS, "container", {"container": 1}),
    "external": (KEYS, None, {}),
    "external-upstream": (KEYS, None, {}),
    "instance-metadata": ({}, "instanceMetadata", {"instanceMetadata": 3}),
    "pod-identity": (POD, "container", {"container": 1}),
    "web-identity-file": ({}, "sts", {"sts": 1}),
    "web-identity-oidc": ({}, "sts", {"oidc": 1, "sts": 1}),
}
MOUNTS = {"chain": IRSA, "web-identity-file": IRSA, "pod-identity": POD_IDENTITY, "credentials-file": AWS_FILES}


@pytest.fixture
def mount(tmp_path):
    """Mounts what a file wants: mount(name, text), `text` in the place of the right token or profile."""
    def mounted(name, text):
        file = {IRSA: "token", POD_IDENTITY: "eks_pod_identity_token", AWS_FILES: "credentials"}[MOUNTS[name]]
        folder = Mounted(tmp_path / f"mounted-{name}", **{file: text})
        folder.put = lambda new: folder.replace(**{file: new})
        return folder
    return mounted


@pytest.fixture
def start(tmp_path):
    """Starts a file's Envoy against a simulator: start(name, simulator, mounted, …)."""
    started = []

    def starting(name, simulator, mounted=None, *, ready=True, **options):
        options.setdefault("env", FILES[name][0])
        changes = {"replace-this-secret": "oidc-client-secret-example"} if name == "web-identity-oidc" else {}
        folders = {MOUNTS[name]: mounted.folder} if mounted else {}
        new = Configured(tmp_path, simulator.port, name, folders=folders, **{**options, "changes": {**changes, **options.get("changes", {})}})
        if ready:
            started.append(new.wait_ready())
        return new

    yield starting
    for envoy in started:
        envoy.stop()


@pytest.fixture
def short(tmp_path):
    """A simulator whose credentials last 8 seconds: new ones are due after 6."""
    simulator = Simulator(tmp_path, "--session-seconds", "8")
    yield simulator
    simulator.stop()


def wanted(name, simulator):
    """What belongs into the file's mount. The kubelet writes tokens without a line break; Envoys before 1.40 would put one into the header."""
    return PROFILE.format(ACCESS_KEY_ID, SECRET_ACCESS_KEY) if name == "credentials-file" else simulator.identity_token()


def key_of(record):
    assert record.auth.startswith("SigV4 verified "), record.auth
    return record.auth.split(" ")[2]


def calls(simulator):
    return {service: counts["total"] for service, counts in simulator.credentials()["calls"].items() if counts["total"]}


def sts_keys(simulator):
    """Temporary keys, as a credentials file has them; and their id."""
    form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::123456789012:role/bedrock",
            "RoleSessionName": "test", "WebIdentityToken": simulator.identity_token()}
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    connection.request("POST", "/", urllib.parse.urlencode(form), {"host": "sts.us-east-1.amazonaws.com", "content-type": "application/x-www-form-urlencoded"})
    document = connection.getresponse().read().decode()
    connection.close()
    key, secret, token = (re.search(f"<{name}>(.*?)</{name}>", document).group(1) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return PROFILE.format(key, secret) + f"aws_session_token = {token}\n", key


def own_lines(gateway):
    return [line for line in gateway.log().splitlines() if "wasm log" in line]


# ---- what takes its time comes first, for it runs beside the others


@pytest.mark.xdist_group("credentials-file-replaced")
def test_a_replaced_credentials_file_is_in_use_within_a_minute(start, mount, simulator):
    mounted = mount("credentials-file", wanted("credentials-file", simulator))
    gateway = start("credentials-file", simulator, mounted)
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


# ---- the files as they are shipped


def test_each_file_has_its_tests():
    assert sorted(FILES) == NAMES


def blocks():
    """What all files have in common, from the shortest of them."""
    text = shipped("api-key")
    cuts = ["#\n# As in every file here", "admin:\n", "                          environment_variables:\n", "                  - name: envoy.filters.http.router\n",
            "\n  clusters:\n", "      load_assignment:\n"]
    parts = []
    for cut in cuts:
        assert text.count(cut) == 1, cut
        before, text = text.split(cut)
        parts.append(before)
        text = cut + text
    return [parts[1], parts[2], *parts[4:], text]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_common_is_the_same(name):
    text = shipped(name)
    for block in blocks():
        assert block in text, f"{name}.yaml differs here from api-key.yaml:\n{block}"
        text = text[text.index(block) + len(block):]


def resources(text):
    static = yaml.safe_load(text)["static_resources"]
    manager = static["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    filters = {each["name"].rsplit(".", 1)[1]: each["typed_config"] for each in manager["http_filters"]}
    routes = {route["name"]: route for route in manager["route_config"]["virtual_hosts"][0]["routes"]}
    return static, manager, filters, routes


def test_what_is_common_is_as_in_aws_yaml():
    """The files are compared with one another above."""
    static, manager, filters, routes = resources(shipped("api-key"))
    theirs, their_manager, their_filters, their_routes = resources((ROOT / "envoy/aws.yaml").read_text())
    assert routes == their_routes
    assert static["clusters"] == theirs["clusters"]
    assert {name for name in their_manager if their_manager[name] != manager.get(name)} == {"access_log", "http_filters", "local_reply_config"}
    for name in ("api_key_auth", "header_to_metadata", "router"):
        assert filters[name] == their_filters[name]
    wasm, their_wasm = filters["wasm"]["config"], their_filters["wasm"]["config"]
    for differing in (wasm, their_wasm):
        differing.pop("configuration")
        differing["vm_config"].pop("environment_variables")
    assert wasm == their_wasm
    listener, their_listener = static["listeners"][0], theirs["listeners"][0]
    assert {name for name in their_listener if their_listener[name] != listener[name]} == {"filter_chains"}


def clusters_named(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "cluster" else clusters_named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from clusters_named(inner)


@pytest.mark.parametrize("name", NAMES)
def test_clusters_are_those_that_are_called_and_have_tls_outside(name):
    static, _, filters, routes = resources(shipped(name))
    configuration = json.loads(filters["wasm"]["config"]["configuration"]["value"])
    assert sorted(cluster["name"] for cluster in static["clusters"]) == sorted({"bedrock", *clusters_named(configuration)})
    loopback = [socket["port_value"] for listener in static["listeners"][1:] for socket in sockets(listener)]
    for cluster in static["clusters"]:
        [socket] = sockets(cluster)
        host, port = socket["address"], socket["port_value"]
        if host.startswith("169.254."):
            assert port == 80 and "transport_socket" not in cluster and cluster["type"] == "STATIC"
        elif host == "127.0.0.1":
            assert [port] == loopback and cluster["type"] == "STATIC"
        else:
            tls = cluster["transport_socket"]["typed_config"]
            assert port == 443 and tls["sni"] == host
            context = tls["common_tls_context"]["validation_context"]
            assert context["match_typed_subject_alt_names"] == [{"san_type": "DNS", "matcher": {"exact": host}}]
            assert context["trusted_ca"] == {"filename": AUTHORITIES}
    for listener in static["listeners"]:
        assert {socket["address"] for socket in sockets(listener)} == {"127.0.0.1"}


@pytest.mark.parametrize("name", NAMES)
def test_envoy_accepts_it_as_it_is(tmp_path, mount, simulator, name):
    folders = {MOUNTS[name]: mount(name, wanted(name, simulator)).folder} if name in MOUNTS else {}
    validated(tmp_path, name, place(tmp_path, name, folders, {}))


def test_envoy_accepts_another_region(tmp_path, mount):
    text = place(tmp_path, "chain", {IRSA: mount("chain", "token").folder}, {"us-east-1": "eu-west-1"})
    validated(tmp_path, "chain", text)


# ---- each of them serving


@pytest.mark.parametrize("name", NAMES)
def test_it_serves_from_the_first_request_on(start, mount, simulator, name):
    _, issuer, expected = FILES[name]
    gateway = start(name, simulator, mount(name, wanted(name, simulator)) if name in MOUNTS else None)
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
def test_it_serves_clients_with_a_key_and_nothing_else(start, mount, simulator, name):
    gateway = start(name, simulator, mount(name, wanted(name, simulator)) if name in MOUNTS else None, concurrency=1)
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
def test_no_secret_in_log_and_statistics(start, mount, simulator, name):
    """And /config_dump has no other than those that stand in the file."""
    gateway = start(name, simulator, mount(name, wanted(name, simulator)) if name in MOUNTS else None)
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
], ids=["environment", "api-key", "container", "instance-metadata"])
def test_the_chain_takes_the_first_that_has_some(start, mount, simulator, env, key, service, expected):
    """The token's file is there and empty, as the file's head asks for."""
    gateway = start("chain", simulator, mount("chain", ""), env=env)
    assert gateway.ask().status == 200
    record = simulator.last()
    if service:
        assert {each["accessKeyId"]: each["service"] for each in simulator.credentials()["issued"]}[key_of(record)] == service
        wait_until(lambda: f"AWS credentials are those of chain: {service}" in gateway.log(), what="the log")
    else:
        assert key_of(record) == key if key else record.auth == "API key accepted"
    assert calls(simulator) == expected


# ---- mounted files that are replaced


def test_what_the_listener_hands_out_and_when_it_changes(start, simulator, tmp_path):
    """It is for the filter alone; what is moved there counts, what is written over or too long does not."""
    folder = tmp_path / "plain"
    folder.mkdir()
    file, beside = folder / "credentials", folder / "credentials.new"
    file.write_text("first")
    gateway = start("credentials-file", simulator, type("", (), {"folder": folder}), concurrency=1)

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


def test_the_next_refresh_takes_the_new_web_identity_token(start, mount, short):
    old, new = short.identity_token(subject="old"), short.identity_token(subject="new")
    mounted = mount("web-identity-file", old)
    gateway = start("web-identity-file", short, mounted)
    assert gateway.ask().status == 200
    mounted.put(new)
    until(gateway, lambda: calls(short)["sts"] == 2, 12)
    tokens = [urllib.parse.parse_qs(record.body.decode())["WebIdentityToken"][0] for record in short.credential_requests()]
    assert tokens == [old, new]
    until(gateway, lambda: short.credentials()["issued"][1]["uses"] > 0, 3)
    assert short.credentials()["expiredUses"] == 0


def test_the_next_refresh_takes_the_new_pod_identity_token(start, mount, short):
    old, new = short.identity_token(subject="old"), short.identity_token(subject="new")
    mounted = mount("pod-identity", old)
    gateway = start("pod-identity", short, mounted)
    assert gateway.ask().status == 200
    mounted.put(new)
    until(gateway, lambda: calls(short)["container"] == 2, 12)
    assert [record.header("authorization") for record in short.credential_requests()] == [old, new]
    assert short.credentials()["expiredUses"] == 0


def test_refused_keys_of_a_file_are_read_anew_at_once(start, mount, simulator):
    mounted = mount("credentials-file", PROFILE.format(ACCESS_KEY_ID, "taken-away"))
    gateway = start("credentials-file", simulator, mounted, concurrency=1)
    wait_until(lambda: "those of credentialsFile" in gateway.log(), what="the old file's use")
    mounted.put(wanted("credentials-file", simulator))
    time.sleep(1)
    assert_envelope(gateway.ask(), 502, "api_error", contains=["credentials were refused"])
    wait_until(lambda: gateway.ask().status == 200, 5, "the new file's use")


# ---- what is wrong


def test_a_role_that_may_not_be_assumed(start, mount, simulator):
    gateway = start("web-identity-file", simulator, mount("web-identity-file", simulator.identity_token()), changes={**HASTE, "role/bedrock": "role/denied"})
    assert_envelope(gateway.ask(), 503, "api_error", contains=["the gateway has no AWS credentials yet", "webIdentity", "STS answered 403 AccessDenied"])
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in gateway.log()
    assert simulator.requests() == []


@pytest.mark.parametrize("token, said", [
    ("", "webIdentity: the token is none"),
    ("  \n", "webIdentity: the token is none"),
    ("not.a.token", "webIdentity: STS answered 400 InvalidIdentityToken"),
])
def test_a_token_that_is_none_then_one(start, mount, simulator, token, said):
    mounted = mount("web-identity-file", token)
    gateway = start("web-identity-file", simulator, mounted, changes=HASTE)
    assert_envelope(gateway.ask(), 503, "api_error", contains=[said])
    mounted.put(simulator.identity_token())
    wait_until(lambda: gateway.ask().status == 200, 8, "the new token's use")


def test_a_token_that_has_expired(start, mount, simulator):
    gateway = start("web-identity-file", simulator, mount("web-identity-file", simulator.identity_token(seconds=-60)), changes=HASTE)
    assert_envelope(gateway.ask(), 503, "api_error", contains=["webIdentity: STS answered 400 ExpiredTokenException"])


@pytest.mark.parametrize("name", ["web-identity-file", "credentials-file", "chain"])
def test_envoy_names_the_file_that_is_not_there(start, simulator, tmp_path, name):
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    refused = start(name, simulator, type("", (), {"folder": nothing}), ready=False)
    wait_until(lambda: not refused.program.running(), 20, "Envoy's refusal")
    file = nothing / ("credentials" if name == "credentials-file" else "token")
    assert f"file {file} does not exist" in refused.log()


@pytest.mark.parametrize("token, words", [("", "no authorization token"), ("another", "token is not valid")])
def test_a_pod_identity_token_that_is_none_then_one(start, mount, simulator, token, words):
    mounted = mount("pod-identity", token)
    gateway = start("pod-identity", simulator, mounted, changes=HASTE)
    assert_envelope(gateway.ask(), 503, "api_error", contains=["container: the container's endpoint answered 401 AccessDenied"])
    assert words in gateway.log()
    mounted.put(simulator.identity_token())
    wait_until(lambda: gateway.ask().status == 200, 8, "the new token's use")


@pytest.mark.parametrize("name, change, said", [
    ("assume-role", {"role/bedrock": "role/external", "external-id-example": "another"}, "assumeRole: STS answered 403 AccessDenied"),
    ("web-identity-oidc", {"oidc-client-secret-example": "another-secret"}, "webIdentity: the OIDC issuer answered 401 invalid_client"),
])
def test_what_else_is_refused(start, simulator, name, change, said):
    gateway = start(name, simulator, changes={**HASTE, **change})
    text = assert_envelope(gateway.ask(), 503, "api_error", contains=[said])
    assert "another" not in text


# ---- external: Envoy signs


MODELS = ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"]


@pytest.mark.parametrize("name", EXTERNAL)
def test_envoys_signature_covers_all_that_is_sent(start, simulator, name):
    gateway = start(name, simulator, concurrency=1)
    for model in MODELS:
        for stream in (False, True):
            body = encoded("Count to 3", model=model, stream=stream, metadata={"user_id": "somebody"})
            private = [*PRIVATE.items(), ("authorization", f"Bearer {SECRET}"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
            assert gateway.request("POST", "/v1/messages", body, [KEY, *private]).status == 200
            record = simulator.last()
            assert key_of(record) == ACCESS_KEY_ID
            assert urllib.parse.unquote(record.path).startswith(f"/model/{model}/")
            assert record.header("x-amz-content-sha256") == record.sha256
            signed = re.search("SignedHeaders=([^,]*)", record.header("authorization")).group(1).split(";")
            assert signed == ["accept", "content-type", "host", "x-amz-content-sha256", "x-amz-date"] or stream and "x-amzn-bedrock-accept" in signed, signed
            assert len(record.headers["authorization"]) == 1
            assert SECRET not in json.dumps(record.record)


@pytest.mark.parametrize("name", EXTERNAL)
def test_envoys_signature_of_a_long_body_and_a_session(start, simulator, tmp_path, name):
    """With temporary keys, from a file that Envoy itself reads."""
    text, key = sts_keys(simulator)
    file = tmp_path / "credentials"
    file.write_text(text)
    gateway = start(name, simulator, env={**NOWHERE, "AWS_SHARED_CREDENTIALS_FILE": str(file)}, concurrency=1)
    assert gateway.ask("x" * 2_000_000).status == 200
    record = simulator.last()
    assert key_of(record) == key and record.length > 2_000_000
    assert record.header("x-amz-content-sha256") == record.sha256


@pytest.mark.parametrize("name", EXTERNAL)
def test_envoy_asks_the_containers_endpoint_itself(start, simulator, name):
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{simulator.port}/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token-example"}
    gateway = start(name, simulator, env={**NOWHERE, **env})
    assert all(gateway.ask().status == 200 for _ in range(8))
    assert {each["accessKeyId"]: each["service"] for each in simulator.credentials()["issued"]}[key_of(simulator.last())] == "container"
    assert calls(simulator) == {"container": 1}


@pytest.mark.parametrize("name", EXTERNAL)
def test_without_credentials_envoy_sends_it_unsigned(start, simulator, name):
    gateway = start(name, simulator, env=NOWHERE, concurrency=1)
    assert_envelope(gateway.ask(), 502, "api_error", contains=["Missing Authentication Token"])


@pytest.mark.parametrize("name, signed", [("external", True), ("external-upstream", False)])
def test_whether_envoy_signs_what_is_passed_on(start, simulator, elsewhere, name, signed):
    """Why external.yaml is for Bedrock alone."""
    there = {"socket_address": {"address": "127.0.0.1", "port_value": elsewhere.port}}
    cluster = {"name": "elsewhere", "type": "STATIC", "load_assignment": {"cluster_name": "elsewhere", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": there}}]}]}}
    direct = re.search(r" +direct_response:\n +status: 404\n +body: .*\n", shipped(name)).group(0)
    changes = {direct: " " * 26 + "route: { cluster: elsewhere }\n", "\n  clusters:\n": f"\n  clusters:\n    - {json.dumps(cluster)}\n",
               '"type": "external" }': '"type": "external" }, "routing": { "header": { "name": "x-provider", "value": "aws" } }'}
    gateway = start(name, simulator, changes=changes, concurrency=1)
    response = gateway.ask(headers=[("x-provider", "another"), ("authorization", "Bearer of-the-client")])
    authorization = dict(response.json()["headers"])["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 ") if signed else authorization == "Bearer of-the-client"
    assert gateway.ask(headers=[("x-provider", "aws")]).status == 200 and simulator.last().verified
