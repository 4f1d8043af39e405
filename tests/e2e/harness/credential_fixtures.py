"""Starts the files of envoy/credentials, each with what it wants around it."""

import http.client
import re
import urllib.parse

import pytest

from .credential_files import AWS_FILES, IRSA, POD_IDENTITY, Configured, Mounted
from .simulator import ACCESS_KEY_ID, API_KEY, KEYS, SECRET_ACCESS_KEY

ECS = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/example", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token-example"}
POD = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}
EXTERNAL = ["external", "external-upstream"]
PROFILE = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n"

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
def start_file(tmp_path):
    """Starts a file's Envoy against a simulator: start_file(name, simulator, mounted, …)."""
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
