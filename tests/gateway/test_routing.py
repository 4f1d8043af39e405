"""The three ways to say what goes to Bedrock: by a header, by the model, everything. What does not goes to Anthropic, as the client sent it."""

import pytest

from harness.messages import GUIDE_MODEL, encoded

AWS, OTHER, NONE = [("x-provider", "aws")], [("x-provider", "anthropic")], []
PROFILE, ALIAS = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"
# By file: which requests go to Bedrock.
RULES = {
    "routing-header.yaml": lambda headers, model: headers == AWS,
    "routing-model.yaml": lambda headers, model: model != ALIAS,
    "routing-default.yaml": lambda headers, model: True,
}


@pytest.mark.parametrize("file", RULES)
def test_option(serving, simulator, elsewhere, file):
    gateway = serving(("quickstart.yaml", file))
    for headers in (AWS, OTHER, NONE):
        for model in (GUIDE_MODEL, PROFILE, ALIAS):
            simulator.reset()
            elsewhere.count = 0
            body = encoded("Count to 3", model=model)
            response = gateway.request("POST", "/v1/messages", body, [("x-api-key", "key-of-a-client"), *headers])
            assert response.status == 200, (headers, model, response)
            to_bedrock = RULES[file](headers, model)
            assert (len(simulator.requests()), elsewhere.count) == ((1, 0) if to_bedrock else (0, 1)), (headers, model)
            if to_bedrock:
                assert simulator.last().verified and "key-of-a-client" not in str(simulator.last().record)
            else:
                assert elsewhere.body == body
                sent = dict(response.json()["headers"])
                assert (sent["host"], sent["x-api-key"]) == ("api.anthropic.com", "key-of-a-client")
    assert gateway.alarms() == []


def test_other_endpoints_go_the_same_way(serving, simulator, elsewhere):
    gateway = serving(("quickstart.yaml", "routing-header.yaml"))
    elsewhere.count = 0
    assert gateway.request("GET", "/v1/models", None, AWS).json()["data"]
    assert gateway.request("GET", "/v1/models", None, OTHER).json()["echo"] == "elsewhere"
    assert gateway.request("POST", "/v1/messages/batches", {}, OTHER).json()["path"] == "/v1/messages/batches"
    assert gateway.request("GET", "/other").status == 404
    assert elsewhere.count == 2 and simulator.requests() == []
