"""The Bedrock simulator as a test sees it."""

import base64
import contextlib
import http.client
import json
import re
import urllib.parse

from .processes import Program, simulator_binary, wait_until

ACCESS_KEY_ID = "AKIDEXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
API_KEY = "bedrock-api-key-example"
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}


class Record:
    """One request as it reached Bedrock."""

    def __init__(self, record):
        self.record = record
        self.method = record["method"]
        self.path = record["path"]
        self.host = record["host"]
        self.auth = record["auth"]
        self.sha256 = record["bodySha256"]
        self.length = record["bodyLength"]
        self.headers = {}
        for name, value in record["headers"]:
            self.headers.setdefault(name.lower(), []).append(value)

    @property
    def body(self):
        assert self.record["body"] is not None, "the simulator keeps no body of over 1 MiB"
        return base64.b64decode(self.record["body"])

    @property
    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return ", ".join(self.headers.get(name, [])) or None

    @property
    def verified(self):
        return not self.auth.startswith(("refused", "not checked"))


class Simulator:
    def __init__(self, folder, *arguments, token_delay_ms=1, port=0):
        command = [simulator_binary(), "--listen", f"127.0.0.1:{port}", "--token-delay-ms", str(token_delay_ms), *arguments]
        self.program = Program(command, folder / "simulator.log")
        self.port = wait_until(self._announced, 15, "the simulator's port")

    def _announced(self):
        assert self.program.running(), f"the simulator ended:\n{self.program.tail()}"
        found = re.search(r"listening on 127\.0\.0\.1:(\d+)", self.program.log())
        return int(found.group(1)) if found else None

    def _ask(self, method, path, body=None):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, f"/_simulator/{path}", body)
            response = connection.getresponse()
            return response.status, response.read()

    def requests(self):
        """The requests since the last reset, oldest first; no more than the newest 64."""
        status, body = self._ask("GET", "requests")
        assert status == 200, body
        return [Record(record) for record in json.loads(body)["requests"]]

    def last(self):
        status, body = self._ask("GET", "last")
        assert status == 200, "nothing reached the simulator"
        return Record(json.loads(body))

    def credentials(self):
        """What the credential services were asked, and what they gave."""
        status, body = self._ask("GET", "credentials")
        assert status == 200, body
        return json.loads(body)

    def credential_requests(self):
        """The newest 64 requests to the credential services, oldest first."""
        status, body = self._ask("GET", "credentials/requests")
        assert status == 200, body
        return [Record(record) for record in json.loads(body)["requests"]]

    def fault(self, service, fault, **more):
        """What goes wrong with a credential service from now on."""
        status, body = self._ask("POST", "credentials/fault", json.dumps({"service": service, "fault": fault, **more}))
        assert status < 300, body

    def identity_token(self, **query):
        """A token as the kubelet would mount it."""
        status, body = self._ask("POST", f"identity-token?{urllib.parse.urlencode(query)}")
        assert status == 200, body
        return body.decode()

    def reset(self):
        self._ask("POST", "reset")

    def stop(self):
        self.program.stop()
