"""A program for the Anthropic SDK 0.x: does the named steps against the gateway of its first argument, prints what came of them as JSON."""

import json
import sys

import anthropic

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
HELLO = {"model": MODEL, "max_tokens": 200, "messages": [{"role": "user", "content": "Hello"}]}
FAULT = {**HELLO, "messages": [{"role": "user", "content": "[[fault: ThrottlingException]]"}]}


def create(client):
    return client.messages.create(**HELLO).content[0].text


def stream(client):
    with client.messages.stream(**HELLO) as events:
        pieces = list(events.text_stream)
        return {"pieces": pieces, "final": events.get_final_message().content[0].text}


def error(client):
    try:
        client.messages.create(**FAULT)
    except anthropic.APIStatusError as problem:
        return {"class": type(problem).__name__, "status": problem.status_code, "message": problem.message}


client = anthropic.Anthropic(base_url=sys.argv[1], api_key="sk-ant-client-secret", max_retries=0, timeout=30)
answers = {step.__name__: step(client) for step in (create, stream, error) if step.__name__ in sys.argv[2:]}
print(json.dumps({"version": anthropic.__version__, **answers}))
