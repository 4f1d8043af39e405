"""Members and betas that Bedrock does not take: stripped, observed or refused."""

import contextlib
import http.client
import itertools
import json

import pytest

from harness.messages import assert_envelope
from harness.simulator import API_KEY
from harness.stripped import MODEL, OLD, PIECE

pytestmark = pytest.mark.xdist_group("fields")


def directly(simulator, record):
    """What the simulator says to the same request, without Envoy."""
    headers = {"host": record.host, "authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=20)) as connection:
        connection.request("POST", record.path, record.body, headers)
        return connection.getresponse().read()


# ---- a request with all there is


def cached(**more):
    return {**more, "cache_control": {"type": "ephemeral", "scope": "global", "ttl": "1h"}}


def image(**source):
    return {"type": "image", "source": source or {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


def document(**source):
    return {"type": "document", "source": source}


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
BETAS = ["claude-code-20250219,advanced-tool-use-2025-11-20,context-management-2025-06-27", "compact-2026-01-12, effort-2025-11-24,computer-use-2025-11-24",
         "dangerous-tool-use-2026-09-03,prompt-caching-scope-2026-01-05"]
EVERYTHING = {
    "service_tier": "auto",
    "metadata": {"user_id": '{"device_id":"0","account_uuid":"","session_id":"1"}'},
    "max_tokens": 2000,
    "cache_control": {"type": "ephemeral"},
    "inference_geo": "us", "speed": "fast", "fallbacks": [{"model": "claude-sonnet-4-5"}], "thread": {"id": "t"}, "diagnostics": {"level": 1},
    "stream": False,
    "system": [{"type": "text", "text": "Say it."}, cached(type="text", text="In short.")],
    "tools": [cached(name="get_weather", description="d", input_schema=SCHEMA, input_examples=[{"city": "Paris"}], eager_input_streaming=True),
              {"name": "later", "type": "custom", "input_schema": SCHEMA, "defer_loading": True, "eager_input_streaming": False, "strict": True},
              {"type": "bash_20250124", "name": "bash"}, {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
              {"type": "memory_20250818", "name": "memory"}, {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
              {"type": "computer_20251124", "name": "computer", "display_width_px": 800, "display_height_px": 600}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {"type": "adaptive", "display": "omitted"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"},
                                     {"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": 30000}}, {"type": "compact_20260112"}]},
    "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": SCHEMA}},
    "safeguards": {"x": 1}, "user_profile_id": "p-1",
    "stop_sequences": ["END"], "temperature": 1, "top_k": 5, "top_p": 0.9,
    "messages": [
        {"role": "user", "content": [cached(**image()), document(type="base64", media_type="application/pdf", data="JVBERi0="),
                                     document(type="text", media_type="text/plain", data="Plain."),
                                     document(type="content", content=[cached(type="text", text="Inside."), image()]),
                                     {"type": "text", "text": "What is the weather?"}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmF0dXJl"},
                                          {"type": "tool_use", "id": "toolu_1", "name": "get_weather",
                                           "input": {"city": "Paris", "cache_control": {"scope": 1}, "type": "web_search_20250305", "source": {"type": "url"}}}]},
        {"role": "user", "content": [cached(type="tool_result", tool_use_id="toolu_1", content=[cached(type="text", text="21 degrees"), image()])]},
        {"role": "system", "content": [cached(type="text", text="Be quick.")]},
        {"role": "user", "content": "And tomorrow?"},
    ],
    "model": MODEL,
}
# Name in the filter state: where it stands.
REFUSED = {
    "service_tier": ["service_tier"], "metadata.user_id": ["metadata.user_id"], "cache_control": ["cache_control"], "inference_geo": ["inference_geo"],
    "speed": ["speed"], "fallbacks": ["fallbacks"], "thread": ["thread"], "diagnostics": ["diagnostics"],
    "cache_control.scope": ["system[1].cache_control.scope", "tools[0].cache_control.scope", "messages[0].content[0].cache_control.scope (and 2 more)",
                            "messages[0].content[3].source.content[0].cache_control.scope", "messages[2].content[0].content[0].cache_control.scope"],
    "tools[].eager_input_streaming": ["tools[0].eager_input_streaming", "tools[1].eager_input_streaming"],
    "context_management.edits[].type": ["context_management.edits[0].type"],
}
IMPOSSIBLE = {
    "mcp_servers": [{"type": "url", "url": "https://example.com", "name": "m"}],
    "container": {"skills": []},
    "tools": [{"name": "t", "input_schema": {}}, {"type": "mcp_toolset", "mcp_server_name": "m"}, {"type": "web_search_20250305", "name": "web_search"},
              {"type": "web_fetch_20250910", "name": "web_fetch"}, {"type": "code_execution_20250825", "name": "code_execution"},
              {"type": "advisor_20260301", "name": "advisor"}, {"type": "computer_toolset_20260801"}, {"type": "browser_toolset_20260801"}],
    "messages": [{"role": "user", "content": "Hi"},
                 {"role": "user", "content": [image(type="url", url="https://example.com/a.png"), document(type="file", file_id="file_1"),
                                              {"type": "tool_result", "tool_use_id": "t", "content": [image(type="file", file_id="file_2")]},
                                              document(type="content", content=[image(type="url", url="https://example.com/b.png")]),
                                              {"type": "container_upload", "file_id": "file_3"}]}],
    "max_tokens": 5, "model": MODEL,
}
IMPOSSIBLE_PATHS = ["mcp_servers", "container", "tools[1].type (and 6 more)", "messages[1].content[0].source.type (and 1 more)",
                    "messages[1].content[2].content[0].source.type", "messages[1].content[3].source.content[0].source.type", "messages[1].content[4].type"]


def without(value, *names):
    """The value without what the filter takes out of EVERYTHING."""
    if isinstance(value, list):
        return [without(element, *names) for element in value]
    if not isinstance(value, dict) or value.get("type") == "tool_use":
        return value
    return {name: without(inside, "scope" if name == "cache_control" else "eager_input_streaming") for name, inside in value.items() if name not in names}


@pytest.mark.parametrize("streamed", [False, True])
def test_everything_is_served(strip, simulator, streamed):
    response, stripped = strip.ask({**EVERYTHING, "stream": streamed}, BETAS)
    assert response.status == 200, response
    assert sorted(stripped) == sorted(REFUSED)
    record = simulator.last()
    sent = record.json
    betas = sent.pop("anthropic_beta")
    assert record.verified and sent.pop("anthropic_version") == "bedrock-2023-05-31"
    expected = without(EVERYTHING, "service_tier", "metadata", "cache_control", "inference_geo", "speed", "fallbacks", "thread", "diagnostics", "stream", "model")
    expected["context_management"]["edits"].pop(0)
    assert sent == expected
    assert betas == ["tool-search-tool-2025-10-19", "context-management-2025-06-27", "compact-2026-01-12", "effort-2025-11-24", "computer-use-2025-11-24",
                     "dangerous-tool-use-2026-09-03", "tool-examples-2025-10-29", "fine-grained-tool-streaming-2025-05-14"]


def test_everything_is_refused_by_path(strict, simulator):
    response, stripped = strict.ask(EVERYTHING, BETAS)
    text = assert_envelope(response, 400, "invalid_request_error")
    said = [part.removesuffix(": not taken by AWS Bedrock") for part in text.split("; ")]
    assert sorted(said) == sorted(itertools.chain(*REFUSED.values()))
    assert simulator.requests() == []


def test_everything_is_bedrocks_to_refuse(observe, simulator):
    response, stripped = observe.ask(EVERYTHING, BETAS)
    text = assert_envelope(response, 400, "invalid_request_error")
    record = simulator.last()
    assert text == json.loads(directly(simulator, record))["message"] and "Extra inputs are not permitted" in text
    assert sorted(stripped) == sorted(REFUSED)
    sent = record.json
    del sent["anthropic_version"], sent["anthropic_beta"]
    assert sent == {name: value for name, value in EVERYTHING.items() if name not in ("model", "stream")}


@pytest.mark.parametrize("mode", ["strip", "strict"])
def test_what_can_never_be_is_refused_by_path(serving, simulator, mode):
    response, _ = serving({"fields": {"mode": mode}}).ask(IMPOSSIBLE)
    text = assert_envelope(response, 400, "invalid_request_error")
    said = {part.split(": ")[0] for part in text.split("; ")}
    assert said == set(IMPOSSIBLE_PATHS)
    assert text.count("is not available through AWS Bedrock") == len(IMPOSSIBLE_PATHS)
    assert simulator.requests() == []


def test_what_can_never_be_is_bedrocks_to_refuse(observe, simulator):
    response, stripped = observe.ask(IMPOSSIBLE)
    text = assert_envelope(response, 400, "invalid_request_error")
    assert text == json.loads(directly(simulator, simulator.last()))["message"]
    assert sorted(stripped) == ["container", "mcp_servers", "messages[].content[].type", "source.type", "tools[].type"]


def test_nothing_refused_nothing_said(strip, simulator):
    response, stripped = strip.ask(message(tools=[{"name": "t", "input_schema": {"properties": {"eager_input_streaming": {}}}}]))
    assert response.status == 200 and stripped == []


def message(text="Hi", **more):
    return {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": text}], **more}


@pytest.mark.parametrize("more, name", [
    ({"service_tier": "auto"}, "service_tier"), ({"speed": "fast"}, "speed"), ({"metadata": {"user_id": "a:b"}}, "metadata.user_id"),
    ({"system": [cached(type="text", text="s")]}, "cache_control.scope"),
    ({"tools": [{"name": "t", "input_schema": {}, "eager_input_streaming": True}]}, "tools[].eager_input_streaming"),
    ({"context_management": {"edits": [{"type": "clear_thinking_20251015"}]}}, "context_management.edits[].type")])
def test_one_by_one(strip, observe, strict, simulator, more, name):
    """Each is refused by Bedrock, so taking it out is what serves the request."""
    response, stripped = strip.ask(message(**more))
    assert response.status == 200 and stripped == [name], response
    response, stripped = observe.ask(message(**more))
    assert response.status == 400 and stripped == [name], response
    simulator.reset()
    assert strict.ask(message(**more))[0].status == 400
    assert simulator.requests() == []


def test_a_configuration_adds_and_allows(serving, simulator):
    gateway = serving({"fields": {"drop": ["top_k", "messages[].content[].citations"], "allow": ["service_tier"]}})
    content = [{"type": "text", "text": "Hi", "citations": []}]
    response, stripped = gateway.ask({"top_k": 5, **message(content), "speed": "fast"})
    assert response.status == 200 and stripped == ["top_k", "messages[].content[].citations", "speed"]
    assert simulator.last().json["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    response, stripped = gateway.ask(message(service_tier="auto"))
    assert_envelope(response, 400, contains=["service_tier: Extra inputs are not permitted"])
    assert stripped == []


# ---- betas


def test_betas_of_the_head_and_of_the_body(strip, simulator):
    body = message(anthropic_beta=["effort-2025-11-24", "compact-2026-01-12", "files-api-2025-04-14", "advanced-tool-use-2025-11-20"])
    response, _ = strip.ask(body, ["context-1m-2025-08-07, effort-2025-11-24", "tool-search-tool-2025-10-19,unknown-2030-01-01"])
    assert response.status == 200, response
    assert simulator.last().json["anthropic_beta"] == ["context-1m-2025-08-07", "effort-2025-11-24", "tool-search-tool-2025-10-19", "compact-2026-01-12"]
    assert simulator.last().header("anthropic-beta") is None


def test_no_beta_left_no_member(strip, simulator):
    assert strip.ask(message(anthropic_beta=["files-api-2025-04-14"]), ["unknown"])[0].status == 200
    assert "anthropic_beta" not in simulator.last().json


def test_a_list_that_is_none(strip, simulator):
    for wrong in ("effort-2025-11-24", [1], {}, None):
        assert_envelope(strip.ask(message(anthropic_beta=wrong))[0], 400, contains=["anthropic_beta"])
    assert simulator.requests() == []


def test_an_unknown_beta_that_is_allowed(serving, simulator):
    response, _ = serving({"betas": {"allow": ["files-api-2025-04-14"]}}).ask(message(), ["files-api-2025-04-14"])
    assert_envelope(response, 400, contains=["invalid beta flag"])
    assert simulator.last().json["anthropic_beta"] == ["files-api-2025-04-14"]


TOOL = {"name": "t", "input_schema": {}}
NEEDING = {
    "tool-search-tool-2025-10-19": ({"tools": [{**TOOL, "defer_loading": True}, TOOL]}, "tools[].defer_loading", {"tools": [TOOL, TOOL]}),
    "tool-examples-2025-10-29": ({"tools": [{**TOOL, "input_examples": [{}]}]}, "tools[].input_examples", {"tools": [TOOL]}),
    "context-management-2025-06-27": ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management.edits[].type", {}),
    "compact-2026-01-12": ({"context_management": {"edits": [{"type": "compact_20260112"}]}}, "context_management.edits[].type", {}),
    "effort-2025-11-24": ({"output_config": {"effort": "high"}}, "output_config.effort", {}),
    "dangerous-tool-use-2026-09-03": ({"safeguards": {"x": 1}}, "safeguards", {}),
}


@pytest.mark.parametrize("place", ["head", "body", "end"])
@pytest.mark.parametrize("beta", NEEDING)
def test_a_dropped_beta_takes_its_fields_along(serving, strip, simulator, beta, place):
    more, name, left = NEEDING[beta]

    def ask(gateway):
        body = {"head": message(**more), "body": {"anthropic_beta": [beta], **message(**more)}, "end": {**message(**more), "anthropic_beta": [beta]}}[place]
        return gateway.ask(body, [beta] if place == "head" else [])

    response, stripped = ask(strip)
    assert response.status == 200 and stripped == [], response
    assert simulator.last().json["anthropic_beta"] == [beta]
    response, stripped = ask(serving({"betas": {"deny": [beta]}}))
    assert response.status == 200 and stripped == [name], response
    sent = simulator.last().json
    del sent["anthropic_version"]
    expected = {**message(), **left}
    del expected["model"]
    assert sent == expected and simulator.last().verified
    simulator.reset()
    response, _ = ask(serving({"betas": {"deny": [beta]}, "fields": {"mode": "strict"}}))
    assert_envelope(response, 400, contains=[beta, "which is not sent"])
    assert simulator.requests() == []


# ---- the model, named last, changes what was assumed


def written(members):
    """A body whose members stand in this order."""
    return ("{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members) + "}").encode()


def turns(size):
    return ("messages", [{"role": "user", "content": "x" * size}])


@pytest.mark.parametrize("size", [10, PIECE, 5_000_000])
@pytest.mark.parametrize("safeguards_first", [True, False])
def test_an_old_model_named_last(strip, simulator, size, safeguards_first):
    parts = [("safeguards", {"a": [1, 2]}), ("user_profile_id", "p"), turns(size)]
    body = written([("max_tokens", 9), *(parts if safeguards_first else parts[::-1]), ("anthropic_beta", ["dangerous-tool-use-2026-09-03", "effort-2025-11-24"]),
                    ("model", OLD)])
    response, stripped = strip.ask(body)
    assert response.status == 200, response
    assert sorted(stripped) == ["safeguards", "user_profile_id"]
    record = simulator.last()
    assert record.verified and record.length < len(body)
    if size < 1000:
        expected = [("messages", parts[2][1]), ("max_tokens", 9), ("anthropic_version", "bedrock-2023-05-31"), ("anthropic_beta", ["effort-2025-11-24"])]
        assert record.json == dict(expected)


@pytest.mark.parametrize("first", [True, False])
def test_a_newer_model_keeps_them(strip, simulator, first):
    model = [("model", MODEL)]
    body = written([*(model if first else []), ("max_tokens", 9), ("safeguards", {"a": 1}), ("user_profile_id", "p"), turns(10),
                    ("anthropic_beta", ["dangerous-tool-use-2026-09-03"]), *([] if first else model)])
    response, stripped = strip.ask(body)
    assert response.status == 200 and stripped == []
    assert simulator.last().json["safeguards"] == {"a": 1} and simulator.last().json["user_profile_id"] == "p"


def test_strictly_with_an_old_model_named_last(strict, simulator):
    body = written([("safeguards", {"a": 1}), ("max_tokens", 9), turns(PIECE), ("anthropic_beta", ["dangerous-tool-use-2026-09-03"]), ("model", OLD)])
    assert_envelope(strict.ask(body)[0], 400, contains=["safeguards: ", "dangerous-tool-use-2026-09-03"])
    assert simulator.requests() == []
