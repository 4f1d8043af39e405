"""Plays scenarios with the Anthropic SDK on the path: a JSON text a line comes in, one with what the SDK showed goes out.

Runs with every line of the SDK since 0.68, so it uses what they have in common."""

import json
import sys

import anthropic


def play(base_url, auth, headers, scenario):
    client = anthropic.Anthropic(base_url=base_url, **auth, default_headers=headers, max_retries=scenario.get("retries", 0),
                                 timeout=scenario.get("timeout", 30))
    answers = []
    seen = []
    for step in scenario["steps"]:
        endpoint = client.beta if step.get("beta") else client
        try:
            answer, shown = CALLS[step["call"]](endpoint, resolved(step.get("request", {}), answers))
        except anthropic.APIError as problem:
            answer, shown = None, {"error": error(problem)}
        answers.append(answer)
        seen.append(shown)
    return seen


def resolved(value, answers):
    """The request with each {"$answer": [step, member or index, …]} replaced by that part of an earlier answer, as the SDK gave it."""
    if isinstance(value, dict) and "$answer" in value:
        step, *path = value["$answer"]
        found = answers[step]
        for part in path:
            found = found[part] if isinstance(part, int) else getattr(found, part)
        return found
    if isinstance(value, dict):
        return {key: resolved(each, answers) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, answers) for each in value]
    return value


def plain(answer):
    return json.loads(answer.to_json())


def error(problem):
    body = getattr(problem, "body", None)
    told = body["error"] if isinstance(body, dict) else {"type": None, "message": str(problem)}
    return {"class": type(problem).__name__, "status": getattr(problem, "status_code", None), "type": told["type"], "message": told["message"],
            "request_id": getattr(problem, "request_id", None)}


def create(endpoint, request):
    answer = endpoint.messages.create(**request)
    return answer, {"message": plain(answer), "request_id": answer._request_id}


def events(endpoint, request):
    found = [plain(event) for event in endpoint.messages.create(**request, stream=True)]
    return None, {"events": found}


def stream(endpoint, request):
    with endpoint.messages.stream(**request) as opened:
        text = "".join(opened.text_stream)
        answer = opened.get_final_message()
        return answer, {"text": text, "message": plain(answer), "request_id": opened.request_id}


def raw(endpoint, request):
    response = endpoint.messages.with_raw_response.create(**request)
    answer = response.parse()
    names = ("content-type", "request-id", "x-amzn-requestid")
    return answer, {"status": response.http_response.status_code, "headers": {name: response.headers.get(name) for name in names},
                    "request_id": response.request_id, "message": plain(answer)}


def count_tokens(endpoint, request):
    return None, plain(endpoint.messages.count_tokens(**request))


def models_list(endpoint, request):
    page = endpoint.models.list(**request)
    return None, {"page": [model.id for model in page.data], "more": page.has_more, "all": [model.id for model in page]}


def models_retrieve(endpoint, request):
    return None, plain(endpoint.models.retrieve(**request))


CALLS = {call.__name__: call for call in (create, events, stream, raw, count_tokens, models_list, models_retrieve)}

if __name__ == "__main__":
    print(json.dumps({"version": anthropic.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(play(**json.loads(line))), flush=True)
