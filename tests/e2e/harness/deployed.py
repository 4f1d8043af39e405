"""An Envoy that runs envoy/local.yaml itself, with what a test adds to it."""

import json
import string

from .envoy import Envoy
from .processes import MODULE, ROOT, Program, envoy_binary, free_port
from .simulator import KEYS

HOST = "bedrock-runtime.us-east-1.amazonaws.com"
PLAINTEXT = ("{name: envoy.transport_sockets.raw_buffer, typed_config: "
             '{"@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}')


def local_yaml(port, admin_port, bedrock_port, *, routes=(), clusters=(), filters_before=(), filters_after=(), **replaced):
    values = {"PORT": port, "ADMIN_PORT": admin_port, "MODULE": MODULE, "REGION": "us-east-1", "BEDROCK_HOST": HOST,
              "BEDROCK_ADDRESS": "127.0.0.1", "BEDROCK_PORT": bedrock_port, "TRANSPORT_SOCKET": PLAINTEXT}
    text = string.Template((ROOT / "envoy/local.yaml").read_text()).substitute(values)
    items = {"                      routes:\n": ("", routes), "  clusters:\n": ("", clusters), "                http_filters:\n": ("", filters_before),
             "                  - name: envoy.filters.http.router\n": ("before", filters_after)}
    for place, (side, added) in items.items():
        assert text.count(place) == 1, place
        indent = " " * (len(place) - len(place.lstrip()) + (0 if side else 2))
        block = "".join(f"{indent}- {json.dumps(item)}\n" for item in added)
        text = text.replace(place, block + place if side else place + block)
    for old, new in replaced.items():
        assert text.count(f"{old}: ") == 1, f"envoy/local.yaml has not one {old}"
        start = text.index(f"{old}: ")
        text = text[:start] + f"{old}: {new}" + text[text.index("\n", start):]
    return text


class Deployed(Envoy):
    def __init__(self, folder, bedrock_port, **options):
        self.port, self.admin_port, self.tolerated, self.reloads_tolerated = free_port(), free_port(), [], False
        file = folder / f"local-{self.port}.yaml"
        file.write_text(local_yaml(self.port, self.admin_port, bedrock_port, **options))
        self.program = Program([envoy_binary(), "-c", file, "--disable-hot-restart", "--concurrency", "1"], file.with_suffix(".log"), KEYS)

    def access_log(self):
        """`details` of each request by its path, once Envoy has stopped: its log is written late."""
        assert not self.program.running()
        lines = (line.split(" ") for line in self.log().splitlines())
        return {words[4]: words[2] for words in lines if len(words) >= 6 and words[3].isupper() and words[5].endswith("ms")}
