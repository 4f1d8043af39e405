"""The scenarios of tests/clients: read, compared with what a client showed, and made comparable between clients."""

import json
import re

import yaml

from .clients import FOLDER

SDKS = ["anthropic", "typescript"]


def load():
    file = yaml.safe_load((FOLDER / "scenarios.yaml").read_text())
    return [{"for": SDKS, "bedrock": {}, **scenario} for scenario in file["scenarios"]]


def differences(expected, shown, family, at=""):
    """Where `shown` does not have what is expected; nothing is said of what it has beside."""
    if isinstance(expected, dict) and set(expected) <= {*SDKS, "langchain"} and expected:
        expected = expected.get(family, expected.get("anthropic"))
    if isinstance(expected, dict) and isinstance(shown, dict):
        return [found for key, value in expected.items() for found in differences(value, shown.get(key), family, f"{at}.{key}")]
    if isinstance(expected, list) and isinstance(shown, list) and len(expected) == len(shown):
        return [found for n, value in enumerate(expected) for found in differences(value, shown[n], family, f"{at}[{n}]")]
    if isinstance(expected, str) and expected.startswith("~"):
        matches = isinstance(shown, str) and expected[1:] in shown
    else:
        matches = expected == shown
    return [] if matches else [f"{at or 'all'}: not {expected!r} but {shown!r}"]


def comparable(shown):
    """What a client showed, less what differs between two requests or two languages: ids, signatures, the names of classes."""
    text = re.sub(r'"(msg|toolu)_bdrk_[0-9a-f]+"', r'"\1"', json.dumps(without_nulls(shown), sort_keys=True))
    text = re.sub(r'"signature": "[A-Za-z0-9+/=]{100,}"', '"signature": "…"', text)
    text = re.sub(r'"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"', '"uuid"', text)
    return [{key: value for key, value in step.items() if key != "error"} | error(step) for step in json.loads(text)]


def without_nulls(value):
    """The members that an SDK knows and the answer lacks are null in one version and absent in another."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def error(step):
    """In the middle of a stream the TypeScript SDK has no status."""
    told = step.get("error", {})
    return {"error": {key: told[key] for key in ("type", "message")}} if "type" in told else {}
