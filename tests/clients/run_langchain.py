"""Plays scenarios with LangChain's ChatAnthropic: a JSON text a line comes in, one with what LangChain showed goes out.

It knows the calls `create` (invoke) and `stream`, and shows content, stop reason and errors, which is what LangChain itself keeps."""

import importlib.metadata
import json
import sys

import anthropic
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage


def play(base_url, auth, headers, scenario):
    answers = []
    seen = []
    for step in scenario["steps"]:
        try:
            answer = ask(step["call"], dict(step["request"]), answers, base_url, auth, headers, scenario)
            shown = {"message": shape(answer)}
        except anthropic.APIError as problem:
            answer, shown = None, {"error": error(problem)}
        answers.append(answer)
        seen.append(shown)
    return seen


def ask(call, request, answers, base_url, auth, headers, scenario):
    messages = [message for each in request.pop("messages") for message in framed(each, answers)]
    if "system" in request:
        messages.insert(0, SystemMessage(request.pop("system")))
    tools, choice = request.pop("tools", None), request.pop("tool_choice", None)
    model = ChatAnthropic(base_url=base_url, api_key=auth["api_key"], default_headers=headers, max_retries=scenario.get("retries", 0),
                          default_request_timeout=scenario.get("timeout", 30), **request)
    if tools:
        model = model.bind_tools(tools, tool_choice=choice)
    if call == "create":
        return model.invoke(messages)
    pieces = list(model.stream(messages))
    return sum(pieces[1:], pieces[0])


def framed(message, answers):
    """A message of the scenario as LangChain's own: its earlier answers, and a tool's result."""
    content = message["content"]
    if message["role"] == "assistant":
        return [answers[content["$answer"][0]] if "$answer" in content else AIMessage(content)]
    results = [block for block in content if isinstance(block, dict) and block["type"] == "tool_result"]
    if results:
        return [ToolMessage(block["content"], tool_call_id=call_of(block, answers)["id"]) for block in results]
    return [HumanMessage(content)]


def call_of(block, answers):
    step, *_ = block["tool_use_id"]["$answer"]
    return answers[step].tool_calls[0]


def shape(answer):
    """LangChain keeps a text that stands alone as a string, and adds an index to streamed blocks."""
    content = [{"type": "text", "text": answer.content}] if isinstance(answer.content, str) else answer.content
    if answer.tool_calls:
        inputs = {call["id"]: call["args"] for call in answer.tool_calls}
        content = [{**block, "input": inputs[block["id"]]} if block["type"] == "tool_use" else block for block in content]
    return {"role": "assistant", "content": content, "stop_reason": answer.response_metadata["stop_reason"]}


def error(problem):
    told = problem.body["error"]
    kind = next(kind for kind in type(problem).__mro__ if kind.__module__.startswith("anthropic"))  # LangChain's own are made of these
    return {"class": kind.__name__, "status": problem.status_code, "type": told["type"], "message": told["message"],
            "request_id": problem.request_id}


if __name__ == "__main__":
    print(json.dumps({"version": importlib.metadata.version("langchain-anthropic")}), flush=True)
    for line in sys.stdin:
        print(json.dumps(play(**json.loads(line))), flush=True)
