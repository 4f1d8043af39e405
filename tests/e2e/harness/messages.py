"""Requests that the tests send, and what must hold of the answers."""

import json

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
MODEL_PATH = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0"
GUIDE_MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
               413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 502: "api_error", 503: "api_error", 504: "timeout_error", 529: "overloaded_error"}


def message(text="Hello", **members):
    return {"model": MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": text}], **members}


def encoded(text="Hello", **members):
    return json.dumps(message(text, **members)).encode()


def assert_envelope(response, status, kind=None, contains=()):
    """The answer is Anthropic's error envelope, once, with that status; its message."""
    assert response.status == status, response
    assert (response.header("content-type") or "").startswith("application/json"), response
    body = response.json()
    assert body["type"] == "error", body
    assert body["error"]["type"] == (kind or ERROR_TYPES.get(status, "invalid_request_error")), body
    text = body["error"]["message"]
    assert isinstance(text, str) and text.strip(), body
    assert not text.lstrip().startswith("{"), f"an envelope inside an envelope: {body}"
    for part in contains:
        assert part in text, f"{part!r} is not in {text!r}"
    if "request_id" in body and response.header("request-id"):
        assert body["request_id"] == response.header("request-id"), body
    return text


def assert_upstream_failure(response):
    """Bedrock could not be reached, or broke off: an error that every SDK retries."""
    assert response.status in (500, 502, 503, 504, 529), response
    assert_envelope(response, response.status, response.json()["error"]["type"])
    assert response.json()["error"]["type"] in ("api_error", "overloaded_error", "timeout_error"), response
    assert response.header("x-should-retry") != "false", response


def members(body):
    """The top-level members of a JSON object as raw (name, value) texts, in their order."""
    text = body.decode()
    decoder = json.JSONDecoder()
    found = []
    at = _space(text, text.index("{") + 1)
    while text[at] != "}":
        _, end = decoder.raw_decode(text, at)
        name = text[at:end]
        at = _space(text, end)
        assert text[at] == ":", text[at:at + 20]
        at = _space(text, at + 1)
        _, end = decoder.raw_decode(text, at)
        found.append((name, text[at:end]))
        at = _space(text, end)
        if text[at] == ",":
            at = _space(text, at + 1)
    return found


def _space(text, at):
    while text[at] in " \t\r\n":
        at += 1
    return at


VERSION_MEMBER = ('"anthropic_version"', '"bedrock-2023-05-31"')


def expected_members(body, removed=("model", "stream", "anthropic_version")):
    """What must reach Bedrock of a body that no field rule touches, less the version that the filter adds."""
    return [(name, value) for name, value in members(body) if json.loads(name) not in removed]


def assert_forwarded(sent, received):
    """Bedrock got the client's members byte for byte and in their order, and its version once."""
    got = members(received)
    assert got.count(VERSION_MEMBER) == 1, received[:2000]
    got.remove(VERSION_MEMBER)
    assert got == expected_members(sent)
