"""Upstreams that are no Bedrock: one that says what it received, and one that a test scripts byte by byte."""

import contextlib
import hashlib
import http.server
import inspect
import json
import socket
import threading


class Echo:
    """Answers every request with a JSON text of its method, path, headers and body digest, and keeps the last request."""

    def __init__(self):
        echo = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                try:
                    body, trailers = self.read_body()
                except (ConnectionError, ValueError):
                    self.close_connection = True
                    return
                echo.body = body
                echo.count += 1
                answer = {"echo": echo.name, "method": self.command, "path": self.path, "length": len(body),
                          "sha256": hashlib.sha256(body).hexdigest(), "trailers": trailers,
                          "headers": [[name.lower(), value] for name, value in self.headers.items()]}
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def read_body(self):
                if "chunked" not in self.headers.get("transfer-encoding", ""):
                    return self.read_exactly(int(self.headers.get("content-length", 0))), []
                pieces = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    pieces.append(self.read_exactly(size))
                    self.rfile.readline()
                    with echo.changed:
                        echo.arrived += size
                        echo.changed.notify_all()
                trailers = []
                while (line := self.rfile.readline().strip()):
                    trailers.append(line.decode().split(": ", 1))
                return b"".join(pieces), trailers

            def read_exactly(self, size):
                data = self.rfile.read(size)
                if len(data) < size:
                    raise ConnectionError("the request ended early")
                return data

            def log_message(self, *_):
                pass

        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            setattr(Handler, f"do_{method}", Handler.handle_any)
        self.name = "elsewhere"
        self.body = b""
        self.count = 0
        self.arrived = 0
        self.changed = threading.Condition()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for_bytes(self, count, seconds=10):
        """Waits until that many bytes of chunked bodies have arrived."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.arrived >= count, seconds), f"{self.arrived} of {count} bytes arrived"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Scripted:
    """Reads one request a connection, then runs the test's `script(connection)`, which writes what it likes and may break it off.
    A script with two parameters gets the request's path too."""

    def __init__(self, script):
        self.script = script if len(inspect.signature(script).parameters) == 2 else lambda connection, _: script(connection)
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            self.script(connection, self._read_request(connection))
        self.ended.set()

    @staticmethod
    def _read_request(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return ""
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while lengths and len(body) < lengths[0]:
            piece = connection.recv(65536)
            if not piece:
                break
            body += piece
        return head.split(b" ")[1].decode()

    def stop(self):
        self.listener.close()


def reset(connection):
    """Breaks a connection off with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()
