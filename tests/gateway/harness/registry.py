"""A registry for images on loopback, as much of one as pushing and pulling takes."""

import hashlib
import http.server
import threading
import urllib.parse


class Registry:
    """`requests` are the method and path of each that came, with the status of its answer."""

    def __init__(self):
        self.blobs, self.manifests, self.requests = {}, {}, []
        self.server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"registry": self}))
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def served(self, kind):
        """The names of what was handed out: of `manifests` or `blobs`."""
        return [path.rsplit("/", 1)[1] for method, path, status in self.requests if method == "GET" and status == 200 and f"/{kind}/" in path]


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Whoever pulls may hang up."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/v2/":
            return self.answer(200, b"{}", {"content-type": "application/json"})
        kind, name = path.split("/")[-2:]
        found = {"blobs": self.registry.blobs, "manifests": self.registry.manifests}.get(kind, {}).get(name)
        if not found:
            return self.answer(404, b'{"errors": [{"code": "UNKNOWN"}]}', {"content-type": "application/json"})
        media_type, content = found
        return self.answer(200, content, {"content-type": media_type, "docker-content-digest": digest(content)})

    do_HEAD = do_GET

    def do_POST(self):
        self.body()
        self.answer(202, b"", {"location": f"{self.path.rstrip('/')}/1"})

    def do_PUT(self):
        content, place = self.body(), urllib.parse.urlsplit(self.path)
        found = digest(content)
        if "/manifests/" in place.path:
            stored = self.headers["content-type"], content
            self.registry.manifests.update({place.path.rsplit("/", 1)[1]: stored, found: stored})
        elif urllib.parse.parse_qs(place.query).get("digest") == [found]:
            self.registry.blobs[found] = "application/octet-stream", content
        else:
            return self.answer(400, b'{"errors": [{"code": "DIGEST_INVALID"}]}', {"content-type": "application/json"})
        return self.answer(201, b"", {"docker-content-digest": found})

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def answer(self, status, content, headers):
        self.registry.requests.append((self.command, self.path.split("?")[0], status))
        self.send_response(status)
        for name, value in {**headers, "content-length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
