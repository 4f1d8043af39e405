"""A wire between two programs that keeps a copy of the bytes which go to the server."""

import contextlib
import socket
import threading

import h11


class Tap:
    """Forwards connections to a port of this machine, and remembers what the clients wrote."""

    def __init__(self, port):
        self.target = port
        self.lock = threading.Lock()
        self.written = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        """Everything but the connections: one that stays open goes on with its next request."""
        with self.lock:
            for copy in self.written:
                copy.clear()

    def bytes(self):
        """What was written since the last `forget`, one text a connection."""
        with self.lock:
            return [bytes(copy) for copy in self.written if copy]

    def requests(self):
        """The requests since the last `forget`, in each connection's order."""
        return [request for written in self.bytes() for request in parse(written)]

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            copy = bytearray()
            with self.lock:
                self.written.append(copy)
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._forward, args=(client, server, copy), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, None), daemon=True).start()

    def _forward(self, source, target, copy):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if copy is not None:
                    with self.lock:
                        copy += data
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Request:
    def __init__(self, event):
        self.method = event.method.decode()
        self.path = event.target.decode()
        self.headers = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        self.body = b""

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)


def parse(written):
    """The requests of a connection; an unfinished one counts too."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(written)
    found = []
    while True:
        event = server.next_event()
        if isinstance(event, h11.Request):
            found.append(Request(event))
        elif isinstance(event, h11.Data):
            found[-1].body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            server.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            server.send(h11.EndOfMessage())
            server.start_next_cycle()
        else:
            return found
