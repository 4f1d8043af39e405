"""TLS before the simulator, with certificates of a test's own authority."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading

import pytest


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.openssl = shutil.which("openssl") or pytest.skip("there is no openssl to make certificates with")
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a test's authority", "-keyout", "ca.key", "-out", "ca.crt")
        self.certificate = (folder / "ca.crt").read_text()

    def issue(self, host):
        """The files of a key and of a certificate for that name."""
        (self.folder / "names").write_text(f"subjectAltName=DNS:{host}\n")
        self._run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", f"{host}.key", "-out", f"{host}.csr")
        self._run("x509", "-req", "-in", f"{host}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names",
                  "-out", f"{host}.crt")
        return self.folder / f"{host}.crt", self.folder / f"{host}.key"

    def _run(self, *arguments):
        subprocess.run([self.openssl, *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Front:
    """Ends TLS, and hands what is inside to a port. `asked` are the names that clients asked for, `protocols` what was agreed upon."""

    def __init__(self, port, certificate, protocols):
        self.target, self.asked, self.protocols = port, [], []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.context.set_alpn_protocols(protocols)
        self.context.sni_callback = lambda connection, name, context: self.asked.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError), self.context.wrap_socket(client, server_side=True) as inside:
            self.protocols.append(inside.selected_alpn_protocol())
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                threading.Thread(target=forward, args=(server, inside), daemon=True).start()
                forward(inside, server)


def forward(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
