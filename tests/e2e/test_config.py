"""Configurations that cannot be right are refused by name, never by value; those of the deployment files are right."""

import os
import ssl
import string
import subprocess

import pytest

from harness.messages import assert_envelope
from harness.processes import MODULE, ROOT, envoy_binary, wait_until
from harness.raw import Connection

SECRET = "a-secret-that-no-log-may-show"
BAD = [
    ("not JSON", "JSON"),
    ('{"region": "us-east-1"', "JSON"),
    ({"regionn": SECRET}, "regionn"),
    ({"region": 5}, "region"),
    ({"region": ""}, "region"),
    ({"credentials": {"type": SECRET}}, "credentials"),
    ({"credentials": {"type": "static", "accessKeyId": SECRET}}, "secretAccessKey"),
    ({"credentials": {"type": "static", "accessKeyId": "A", "secretAccessKey": SECRET, "extra": 1}}, "extra"),
    ({"credentials": {"type": "static", "accessKeyId": "A", "secretAccessKey": {"value": SECRET}}}, "secretAccessKey"),
    ({"routing": {"default": SECRET}}, "routing.default"),
    ({"routing": {"header": {"name": "x-provider"}}}, "routing.header"),
    ({"models": {"a": 5}}, "models"),
    ({"allowedModels": SECRET}, "allowedModels"),
    ({"pathPrefix": "anthropic"}, "pathPrefix"),
    ({"limits": {"requestBytes": -1}}, "requestBytes"),
    ({"limits": {"requestBytes": "33554432"}}, "requestBytes"),
    ({"limits": {"frameBytes": 0}}, "frameBytes"),
    ({"limits": {"bytes": 1}}, "bytes"),
]


@pytest.mark.parametrize("config, key", BAD, ids=[str(number) for number in range(len(BAD))])
def test_a_bad_configuration_is_refused(envoy, config, key):
    refused = envoy(config, ready=False)
    refused.tolerate(r"\[critical\]")
    wait_until(lambda: not refused.program.running(), 20, "Envoy's refusal")
    assert refused.program.process.returncode != 0
    refused.stop = lambda: None
    own = [line for line in refused.log().splitlines() if "wasm log" in line]
    assert any(key in line for line in own), refused.program.tail()
    assert SECRET not in refused.log().replace(str(refused.program.log_file), ""), "the log shows a value"
    assert "panicked" not in refused.log()


def test_no_region_anywhere(envoy):
    refused = envoy('{"credentials": {"type": "environment"}}', ready=False)
    wait_until(lambda: not refused.program.running(), 20, "Envoy's refusal")
    refused.stop = lambda: None
    assert "AWS_REGION" in refused.log()


def test_the_region_of_the_environment(envoy, simulator):
    gateway = envoy('{"credentials": {"type": "environment"}}',
                    env={"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"})
    assert gateway.post().status == 200
    assert simulator.last().host == "bedrock-runtime.us-east-1.amazonaws.com"


def test_static_credentials(envoy, simulator):
    keys = {"type": "static", "accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
    gateway = envoy({"credentials": keys}, env={})
    assert gateway.post().status == 200 and simulator.last().verified
    assert keys["secretAccessKey"] not in gateway.log()


def test_nothing_secret_in_the_log(envoy):
    gateway = envoy(env={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}, log_level="trace")
    gateway.post(headers=[("x-api-key", "sk-ant-of-a-client")])
    own = [line for line in gateway.log().splitlines() if "wasm log" in line]
    assert not any(SECRET in line or "sk-ant-of-a-client" in line for line in own)
    assert SECRET not in gateway.log()


# ---- the deployment files


def authorities():
    usual = [ssl.get_default_verify_paths().cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"]
    return next((path for path in usual if path and os.path.isfile(path)), None) or pytest.skip("there are no certificate authorities")


def validate(folder, name, text):
    file = folder / name
    file.write_text(text)
    env = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
    done = subprocess.run([envoy_binary(), "--mode", "validate", "-c", file, "--log-level", "warning"], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, output
    unexpected = [line for line in output.splitlines() if "Deprecated" in line or "[error]" in line or "[critical]" in line]
    assert unexpected == [], unexpected


def test_local_yaml(folder):
    raw_buffer = '{name: envoy.transport_sockets.raw_buffer, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}'
    values = {"PORT": 0, "ADMIN_PORT": 0, "MODULE": MODULE, "REGION": "us-east-1", "BEDROCK_HOST": "bedrock-runtime.us-east-1.amazonaws.com",
              "BEDROCK_ADDRESS": "127.0.0.1", "BEDROCK_PORT": 1, "TRANSPORT_SOCKET": raw_buffer}
    validate(folder, "local.yaml", string.Template((ROOT / "envoy/local.yaml").read_text()).substitute(values))


def aws_yaml(**replaced):
    """envoy/aws.yaml with the module of this repository, and other places replaced."""
    text = (ROOT / "envoy/aws.yaml").read_text()
    changes = {"/etc/envoy/bedrock_messages.wasm": str(MODULE), "/etc/ssl/certs/ca-certificates.crt }": f"{authorities()} }}", **replaced}
    for old, new in changes.items():
        assert old in text, f"envoy/aws.yaml has no {old!r}"
        text = text.replace(old, new)
    return text


def test_aws_yaml(folder):
    validate(folder, "aws.yaml", aws_yaml())


def test_aws_yaml_in_another_region(folder):
    validate(folder, "aws-eu.yaml", aws_yaml().replace("us-east-1", "eu-west-1"))


def test_aws_yaml_with_mantle(folder):
    validate(folder, "aws-mantle.yaml", aws_yaml(**{"#mantle: ": ""}))


def deploy(folder, **replaced):
    """aws.yaml as it is but for its ports, its clients' key, an AWS that is not there, and other places."""
    from harness.envoy import Envoy
    from harness.processes import Program, free_port

    new = Envoy.__new__(Envoy)
    new.port, new.admin_port, new.tolerated, new.reloads_tolerated = free_port(), free_port(), [], False
    file = folder / f"deployed-{new.port}.yaml"
    file.write_text(aws_yaml(**{"port_value: 9901": f"port_value: {new.admin_port}", "port_value: 8080": f"port_value: {new.port}",
                                "address: bedrock-runtime.us-east-1.amazonaws.com, port_value: 443": "address: 127.0.0.1, port_value: 1",
                                "address: bedrock-mantle.us-east-1.api.aws, port_value: 443": "address: 127.0.0.1, port_value: 1",
                                "replace-this-key": "key-of-a-client", **replaced}))
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
    new.program = Program([envoy_binary(), "-c", file, "--disable-hot-restart", "--concurrency", "1"], file.with_suffix(".log"), env)
    return new.wait_ready()


@pytest.fixture(scope="module")
def deployed(folder):
    new = deploy(folder)
    yield new
    new.stop()


@pytest.mark.parametrize("mantle", [False, True])
def test_aws_yaml_has_routes_for_native_upstreams(folder, mantle):
    """AWS is not there: what has a route gets as far as its cluster, what has none is not found."""
    models = '"models": { "runtime": { "id": "a", "upstream": "runtimeNative" }, "mantle": { "id": "b", "upstream": "mantle" } }, "allowedModels"'
    gateway = deploy(folder, **{'"allowedModels"': models, **({"#mantle: ": ""} if mantle else {})})
    key = [("x-api-key", "key-of-a-client")]
    assert_envelope(gateway.post(headers=key, model="runtime"), 503, "api_error", contains=["could not connect"])
    if mantle:
        assert_envelope(gateway.post(headers=key, model="mantle"), 503, "api_error", contains=["could not connect"])
    else:
        assert_envelope(gateway.post(headers=key, model="mantle"), 404, "not_found_error")
    gateway.stop()


@pytest.mark.parametrize("headers", [[], [("x-api-key", "wrong")], [("authorization", "Bearer wrong")], [("authorization", "key")]])
def test_aws_yaml_asks_for_a_key(deployed, headers):
    assert_envelope(deployed.post(headers=headers), 401, "authentication_error")


@pytest.mark.parametrize("headers", [[("x-api-key", "key-of-a-client")], [("authorization", "Bearer key-of-a-client")]])
def test_aws_yaml_takes_both_places_of_a_key(deployed, headers):
    """AWS is not reached here, which the client is told once, in Anthropic's way."""
    response = deployed.post(headers=headers)
    assert response.status >= 500
    assert_envelope(response, response.status, response.json()["error"]["type"])


def test_aws_yaml_logs_who_asked(deployed):
    deployed.post(headers=[("x-api-key", "key-of-a-client"), ("x-gateway-client", "somebody-else")])
    wait_until(lambda: '"client":"example"' in deployed.log(), what="the access log")
    assert "somebody-else" not in deployed.log() and "key-of-a-client" not in deployed.log()


def test_aws_yaml_leaves_the_filters_own_replies_as_they_are(deployed):
    headers = [("x-api-key", "key-of-a-client")]
    assert_envelope(deployed.request("POST", "/v1/messages", b'{"model": 5}', headers), 400, contains=["model"])
    assert_envelope(deployed.request("GET", "/v1/messages", None, headers), 405, "invalid_request_error")
    assert_envelope(deployed.request("POST", "/model/x/invoke", b"{}", headers), 404)


def test_aws_yaml_sends_nothing_else_to_aws(deployed):
    assert_envelope(deployed.request("GET", "/v1/other", None, [("x-api-key", "key-of-a-client")]), 404)
    assert deployed.request("GET", "/healthz").status == 200


def test_aws_yaml_takes_large_requests(deployed):
    response = deployed.post("x" * 5_000_000, [("x-api-key", "key-of-a-client")])
    assert response.status >= 500, response
    with Connection(deployed.port) as connection:
        connection.head("POST", "/v1/messages", [("x-api-key", "key-of-a-client"), ("content-length", 33_600_000)])
        assert_envelope(connection.response(), 413)
