"""A steady load: so many requests a second from several connections, each connection renewed now and then so that every worker gets its part."""

import contextlib
import http.client
import threading
import time

from .messages import encoded

CONNECTIONS = 10
# Of a connection.
REQUESTS = 20


class Load:
    def __init__(self, port, rate=100):
        self.port, self.interval = port, CONNECTIONS / rate
        # Of each request: when it began, how long it took, its status or what went wrong, the body of a failure.
        self.answers = []
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        body = encoded("Hello")
        due = time.monotonic() + number * self.interval / CONNECTIONS
        while not self.ending.is_set():
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                for _ in range(REQUESTS):
                    if self.ending.wait(max(0, due - time.monotonic())):
                        return
                    due += self.interval
                    begun = time.monotonic()
                    try:
                        connection.request("POST", "/v1/messages", body, {"content-type": "application/json"})
                        response = connection.getresponse()
                        text = response.read()
                        self.answers.append((begun, time.monotonic() - begun, response.status, b"" if response.status == 200 else text))
                    except (OSError, http.client.HTTPException) as problem:
                        self.answers.append((begun, time.monotonic() - begun, repr(problem), b""))
                        break

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(40)
        return self.answers

    def failures(self):
        return [answer for answer in self.answers if answer[2] != 200]

    def longest(self):
        """Seconds."""
        return max(took for _, took, _, _ in self.answers)
