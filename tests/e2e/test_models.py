"""Model names of Anthropic's, and the endpoints that the filter answers itself."""

import anthropic
import pytest

from harness.clients import CLIENT_KEY, sdk
from harness.messages import GUIDE_MODEL, assert_envelope
from harness.raw import Connection

ROUTING = {"header": {"name": "x-provider", "value": "aws"}, "default": "passthrough"}


@pytest.mark.parametrize("name", ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5-latest", "claude-sonnet-4-5[1m]"])
def test_anthropics_names_reach_bedrock_as_ids(gateway, simulator, name):
    assert gateway.post(model=name).status == 200
    assert simulator.last().path == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke"
    assert simulator.last().verified


def test_ids_are_sent_as_they_are(gateway, simulator):
    assert gateway.post(model=GUIDE_MODEL).status == 200
    assert simulator.last().path == f"/model/{GUIDE_MODEL.replace(':', '%3A')}/invoke"


def test_a_chosen_inference_profile(envoy, simulator):
    gateway = envoy({"inferenceProfile": "global", "models": {"own": "us.anthropic.claude-opus-4-5-20251101-v1:0"}})
    gateway.post(model="claude-opus-4-5")
    assert simulator.last().path == "/model/global.anthropic.claude-opus-4-5-20251101-v1%3A0/invoke"
    gateway.post(model="own")
    assert simulator.last().path == "/model/us.anthropic.claude-opus-4-5-20251101-v1%3A0/invoke"


def test_unknown_models_can_be_refused(envoy, simulator):
    gateway = envoy({"unknownModels": "reject"})
    simulator.reset()
    assert_envelope(gateway.post(model="claude-9"), 404, contains=["claude-9", "models"])
    with pytest.raises(anthropic.NotFoundError, match="claude-9"):
        sdk(gateway).messages.create(model="claude-9", max_tokens=8, messages=[{"role": "user", "content": "Hello"}])
    assert simulator.requests() == []
    assert gateway.post(model="claude-sonnet-4-5").status == 200


def test_allowed_models_go_by_name_and_by_id(envoy, simulator):
    gateway = envoy({"allowedModels": ["claude-sonnet-4-5", "*.claude-haiku-4-5-*"]})
    for name in ("claude-sonnet-4-5", "claude-sonnet-4-5[1m]", "claude-haiku-4-5"):
        assert gateway.post(model=name).status == 200, name
    simulator.reset()
    assert_envelope(gateway.post(model="claude-opus-4-5"), 403, "permission_error", contains=["claude-opus-4-5"])
    assert simulator.requests() == []
    listed = gateway.request("GET", "/v1/models").json()
    assert [model["id"] for model in listed["data"]] == ["claude-haiku-4-5-20251001", "claude-sonnet-4-5"]


def test_a_configured_name_routes_however_it_is_decorated(envoy, simulator):
    gateway = envoy({"routing": {"default": "passthrough"}, "models": {"team": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}})
    assert "echo" not in gateway.post(model="team[1m]").json()
    assert "echo" in gateway.post(model="team-b").json()


def test_the_list_as_curl_sees_it(gateway, simulator):
    response = gateway.request("GET", "/v1/models?beta=true", headers=[("x-api-key", CLIENT_KEY), ("anthropic-version", "2023-06-01")])
    assert response.status == 200 and response.header("content-type") == "application/json"
    page = response.json()
    assert set(page) == {"data", "has_more", "first_id", "last_id"}
    assert {"type": "model", "id": "claude-sonnet-4-5-20250929", "display_name": "Claude Sonnet 4.5",
            "created_at": "2025-09-29T00:00:00Z", "lifecycle": "deprecated"} in page["data"]
    # It asked nobody.
    assert simulator.requests() == []


def test_one_connection_goes_on_after_the_list(gateway):
    with Connection(gateway.port) as connection:
        for method in ("GET", "HEAD", "GET"):
            connection.head(method, "/v1/models")
            response = connection.response(method)
            assert response.status == 200
            assert bool(response.body) == (method == "GET")
        connection.head("HEAD", "/api/hello")
        response = connection.response("HEAD")
        assert (response.status, response.body) == (200, b"")
        connection.head("GET", "/api/hello")
        assert connection.response().status == 200


def test_the_list_with_a_body_and_a_method_that_has_none(gateway):
    """A client may send a body with a GET; nobody reads it."""
    assert gateway.request("GET", "/v1/models", b'{"x": 1}').status == 200
    wrong = gateway.request("POST", "/v1/models", b"{}")
    assert_envelope(wrong, 405, "invalid_request_error", contains=["/v1/models"])
    assert wrong.header("allow") == "GET, HEAD"


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_the_sdk_pages_through_the_list(gateway, limit):
    whole = [model["id"] for model in gateway.request("GET", "/v1/models?limit=1000").json()["data"]]
    models = list(sdk(gateway).models.list(limit=limit))
    assert [model.id for model in models] == whole
    assert len(set(whole)) == len(whole) > 10
    assert models[0].created_at.year == 2026 and models[0].display_name and models[0].lifecycle == "active"


def test_the_sdk_pages_backwards(gateway):
    whole = [model.id for model in sdk(gateway).models.list(limit=1000)]
    pages = [[model.id for model in page.data] for page in sdk(gateway).models.list(before_id=whole[-1], limit=4).iter_pages()]
    assert [name for page in reversed(pages) for name in page] == whole[:-1]


def test_the_sdk_retrieves_one(gateway):
    client = sdk(gateway)
    assert client.models.retrieve("claude-sonnet-4-5").id == "claude-sonnet-4-5-20250929"
    assert client.models.retrieve("claude-sonnet-4-5-20250929").display_name == "Claude Sonnet 4.5"
    with pytest.raises(anthropic.NotFoundError, match="model: gpt/5 x") as refused:
        client.models.retrieve("gpt/5 x")
    assert refused.value.body["error"]["type"] == "not_found_error"


@pytest.mark.parametrize(("query", "named"), [("limit=0", "limit"), ("limit=x", "limit"), ("after_id=x", "after_id"), ("before_id=x", "before_id")])
def test_a_wrong_parameter_is_named(gateway, query, named):
    assert_envelope(gateway.request("GET", f"/v1/models?{query}"), 400, contains=[f"{named}:"])


def test_below_a_prefix(envoy):
    gateway = envoy({"pathPrefix": "/anthropic", "models": {"team/a": GUIDE_MODEL}})
    assert gateway.request("GET", "/anthropic/v1/models?limit=1").json()["first_id"] == "team/a"
    assert gateway.request("GET", "/anthropic/v1/models/team%2Fa").json()["id"] == "team/a"
    assert gateway.request("HEAD", "/anthropic/api/hello").status == 200
    assert "echo" in gateway.request("GET", "/v1/models").json()


def test_they_are_passed_on_where_bedrock_is_not_the_default(envoy):
    gateway = envoy({"routing": ROUTING})
    for path in ("/v1/models", "/v1/models/claude-opus-5", "/api/hello"):
        assert "echo" in gateway.request("GET", path).json()
        assert "echo" not in gateway.request("GET", path, headers=[("x-provider", "aws")]).json()


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/v1/messages/batches"), ("GET", "/v1/files"), ("POST", "/v1/complete"), ("GET", "/v1/organizations/me"), ("GET", "/v1/skills/x")])
def test_endpoints_that_are_not_served_are_named(gateway, method, path):
    body = b"{}" if method == "POST" else None
    assert_envelope(gateway.request(method, path, body), 404, "not_found_error", contains=[path])


def test_an_answered_list_is_no_error(envoy):
    gateway = envoy()
    assert gateway.request("GET", "/v1/models").status == 200
    assert sum(gateway.stats("bedrock_messages_errors").values()) == 0
    assert gateway.request("GET", "/v1/files").status == 404
    assert sum(gateway.stats("bedrock_messages_errors").values()) == 1
