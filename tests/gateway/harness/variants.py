"""The files of envoy/gateway/variants, each applied over the quick start."""

import json
import re

from . import sse
from .messages import MODEL
from .processes import ROOT
from .standalone import FOLDER

GUIDE = ROOT / "docs/envoy-gateway-variants.md"
NAMES = sorted(file.name for file in (FOLDER / "variants").glob("*.yaml"))
POLICY, PROXY = ("EnvoyExtensionPolicy", "bedrock"), ("EnvoyProxy", "bedrock")


def assert_serves(gateway, simulator, headers=(), model=MODEL):
    """A request, and a stream whose text is complete; what reached Bedrock."""
    answer = gateway.post("Count to 3", headers, model=model)
    assert answer.status == 200, answer
    assert answer.json()["content"][0]["text"] == "1, 2, 3"
    last = simulator.last()
    assert last.verified and last.path.endswith("/invoke"), last.record
    assert sse.text(sse.parse(gateway.stream("Count to 3", headers, model=model))) == "1, 2, 3"
    assert simulator.last().verified and simulator.last().path.endswith("/invoke-with-response-stream")
    assert gateway.alarms() == []
    return simulator.last()


def assert_tls(cluster, host):
    """It speaks TLS, and checks the certificate by that name."""
    text = json.dumps([cluster.get("transport_socket"), cluster.get("transport_socket_matches")])
    assert re.search(rf'"sni": "{re.escape(host)}"', text) and f'{{"exact": "{host}"}}' in text, (cluster["name"], text)


def refusals(gateway):
    """What Envoy Gateway does not accept. That a Gateway without Kubernetes has no address is as it should be."""
    refused = re.findall(r"[^\n]*(?:local validation error|error when reload)[^\n]*", gateway.log())
    for found in re.finditer(r'status: "False"\n\s*type: (\w+)', gateway.log()):
        if found.group(1) != "Programmed":
            refused.append(gateway.log()[max(0, found.start() - 600):found.end()])
    return refused
