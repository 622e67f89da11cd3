# SPDX-License-Identifier: Apache-2.0
"""A foreign issuer of tokens: Ed25519 keys by the openssl program, and a server that publishes them, or fails to."""
import base64
import http.server
import json
import os
import subprocess
import threading
import time

from lib import process


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A key pair with a kid of its own."""

    def __init__(self, kid):
        self.kid = kid
        self.path = os.path.join(process.folder("key"), "private.pem")
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        public = self._openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": _encode(public[-32:])}

    def sign(self, claims, kid=None):
        header = {"alg": "EdDSA", "kid": kid or self.kid}
        text = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
        path = self.path + ".text"
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return text + "." + _encode(self._openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin",
                                                  "-in", path))

    @staticmethod
    def _openssl(*words):
        return subprocess.run(("openssl",) + words, check=True, capture_output=True).stdout


class Issuer:
    """Publishes keys. mode: "good", "hangs", "fails" (500), "moved" (302), "huge", "text", "empty"."""

    def __init__(self, *keys, max_age=None):
        self.keys = list(keys)
        self.max_age = max_age
        self.mode = "good"
        self.fetches = []
        self.port = process.free_port()
        self.server = None

    @property
    def url(self):
        return "http://127.0.0.1:%d/jwks" % self.port

    def start(self):
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request, client_address):
                pass  # who fetches may go away

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def answer(self, request):
        self.fetches.append(time.monotonic())
        mode, body = self.mode, json.dumps({"keys": [key.jwk for key in self.keys]}).encode()
        if mode == "hangs":
            time.sleep(30)
        body = {"huge": b" " * 300000 + body, "text": b"<html>", "empty": b'{"keys":[]}'}.get(mode, body)
        request.send_response({"fails": 500, "moved": 302}.get(mode, 200))
        if mode == "moved":
            request.send_header("Location", self.url + "2")
        if self.max_age is not None:
            request.send_header("Cache-Control", "public, max-age=%d, must-revalidate" % self.max_age)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
