"""An HTTP/1.1 client over a bare socket: it writes the pieces it is told, and notes when each byte came back."""

import contextlib
import json
import socket
import time


class Broken(Exception):
    """The transfer ended before its announced end."""


class Response:
    """Status, headers, and the body's pieces with the time at which each arrived."""

    def __init__(self, status, headers):
        self.status = status
        self.headers = headers
        self.pieces = []
        self.clean = False
        self.trailers = []

    @property
    def body(self):
        return b"".join(data for _, data in self.pieces)

    def header(self, name):
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self):
        return json.loads(self.body)

    def timed(self, data):
        self.pieces.append((time.monotonic(), data))

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:2000]!r} {'clean' if self.clean else 'broken'}>"


class Connection:
    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def send(self, *pieces, pause=0.0):
        for piece in pieces:
            self.socket.sendall(piece)
            if pause:
                time.sleep(pause)

    def head(self, method, path, headers=()):
        lines = [f"{method} {path} HTTP/1.1", "host: gateway.test", *(f"{name}: {value}" for name, value in headers)]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")

    def post(self, path, body, headers=(), pieces=None):
        """Sends a whole POST with a content-length; `pieces` is the body cut as the test wants it."""
        self.head("POST", path, [("content-type", "application/json"), ("content-length", len(body)), *headers])
        self.send(*(pieces if pieces is not None else [body]))

    def chunked(self, path, pieces, headers=(), trailers=()):
        self.head("POST", path, [("content-type", "application/json"), ("transfer-encoding", "chunked"), *headers])
        self.send(*(chunk(piece) for piece in pieces))
        end = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        self.send(f"0\r\n{end}\r\n".encode())

    def response(self, method="POST"):
        """The whole next response; raises Broken when the transfer does not end as announced."""
        response = self.response_head()
        self.read_body(response, method)
        return response

    def response_head(self):
        while True:
            status, headers = self._head()
            if status != 100:
                return Response(status, headers)

    def wait_for_continue(self):
        status, _ = self._head()
        assert status == 100, f"not 100 Continue but {status}"

    def read_body(self, response, method="POST"):
        for _ in self.pieces(response, method):
            pass

    def pieces(self, response, method="POST"):
        """The body's pieces as they arrive, each noted in the response too."""
        if method == "HEAD" or response.status in (204, 304):
            pass
        elif "chunked" in (response.header("transfer-encoding") or ""):
            yield from self._chunks(response)
        elif response.header("content-length") is not None:
            left = int(response.header("content-length"))
            while left:
                data = self._some(left)
                left -= len(data)
                response.timed(data)
                yield data
        else:
            with contextlib.suppress(Broken):
                while True:
                    data = self._some(65536)
                    response.timed(data)
                    yield data
        response.clean = True

    def closed(self):
        """Whether the other side ends the connection without another byte."""
        if self.unread:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def _head(self):
        lines = []
        while line := self._line():
            lines.append(line.decode("latin-1"))
        status = int(lines[0].split(" ")[1])
        headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:])]
        return status, headers

    def _chunks(self, response):
        while size := int(self._line().split(b";")[0], 16):
            while size:
                data = self._some(size)
                size -= len(data)
                response.timed(data)
                yield data
            self._line()
        while line := self._line():
            response.trailers.append(line.decode("latin-1"))

    def _line(self):
        while b"\r\n" not in self.unread:
            self._receive()
        line, self.unread = self.unread.split(b"\r\n", 1)
        return line

    def _some(self, most):
        if not self.unread:
            self._receive()
        data, self.unread = self.unread[:most], self.unread[most:]
        return data

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError as problem:
            raise Broken(repr(problem)) from problem
        if not data:
            raise Broken("the connection ended")
        self.unread += data


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def request(port, method, path, body=None, headers=()):
    """One request on a connection of its own."""
    with Connection(port) as connection:
        if body is None:
            connection.head(method, path, headers)
        else:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.head(method, path, [("content-type", "application/json"), ("content-length", len(data)), *headers])
            connection.send(data)
        return connection.response(method)
