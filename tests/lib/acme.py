# SPDX-License-Identifier: Apache-2.0
"""An ACME authority (RFC 8555) that believes whoever asks, as long as httpd answers its challenge: for conf/acme.conf."""
import base64
import http.server
import json
import os
import threading

from lib import client, process


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*words):
    status, output = process.run(["openssl", *words])
    if status:
        raise process.Failed("openssl: " + output)


class Authority:
    """Use it in a with statement. Challenges are looked for at http_port of this machine, whatever the name."""

    def __init__(self, http_port):
        self.http_port = http_port
        self.folder = process.folder("acme")
        self.names, self.valid, self.certificate, self.number = [], set(), None, 0
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=authority of the tests", "-keyout", self.path("ca.key"), "-out", self.path("ca.crt"))
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Hands each request on, and keeps the log quiet."""

            def do_GET(self):
                authority.answer(self, None)

            do_HEAD = do_GET

            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                authority.answer(self, decoded(message["payload"]))

            def log_message(self, *_):
                """Nobody reads it."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def answer(self, request, payload):
        """One step of the protocol, by the first word of the path."""
        word, _, rest = request.path.strip("/").partition("/")
        status, body, more = getattr(self, word.replace("-", "_"))(rest, payload)
        self.number += 1
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Replay-Nonce", "nonce%d" % self.number)
        request.send_header("Content-Type", "application/pem-certificate-chain" if isinstance(body, str) else "application/json")
        request.send_header("Content-Length", str(len(data)))
        for pair in more.items():
            request.send_header(*pair)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(data)

    def directory(self, *_):
        names = {"newNonce": "nonce", "newAccount": "account", "newOrder": "new-order", "revokeCert": "revoke",
                 "keyChange": "change"}
        return 200, {name: "%s/%s" % (self.url, path) for name, path in names.items()}, {}

    def nonce(self, *_):
        return 200, {}, {}

    def account(self, *_):
        return 201, {"status": "valid"}, {"Location": self.url + "/account/1"}

    def new_order(self, _, payload):
        self.names = [one["value"] for one in json.loads(payload)["identifiers"]]
        return 201, self._order(), {"Location": self.url + "/order/1"}

    def order(self, *_):
        return 200, self._order(), {}

    def _order(self):
        state = "valid" if self.certificate else "ready" if self.valid == set(self.names) else "pending"
        found = {"status": state, "identifiers": [{"type": "dns", "value": name} for name in self.names],
                 "authorizations": ["%s/authz/%s" % (self.url, name) for name in self.names],
                 "finalize": self.url + "/finalize/1"}
        return dict(found, certificate=self.url + "/cert/1") if self.certificate else found

    def authz(self, name, _):
        state = "valid" if name in self.valid else "pending"
        return 200, {"status": state, "identifier": {"type": "dns", "value": name},
                     "challenges": [self._challenge(name, state)]}, {}

    def _challenge(self, name, state):
        return {"type": "http-01", "status": state, "url": "%s/challenge/%s" % (self.url, name), "token": "token-of-" + name}

    def challenge(self, name, _):
        token = "token-of-" + name
        answer = client.get(self.http_port, "/.well-known/acme-challenge/" + token, [("Host", name)])
        if answer.status == 200 and answer.text().startswith(token + "."):
            self.valid.add(name)
        return 200, self._challenge(name, "processing"), {}

    def finalize(self, _, payload):
        with open(self.path("csr"), "wb") as file:
            file.write(decoded(json.loads(payload)["csr"]))
        openssl("x509", "-req", "-inform", "DER", "-in", self.path("csr"), "-CA", self.path("ca.crt"), "-CAkey",
                self.path("ca.key"), "-days", "90", "-copy_extensions", "copy", "-out", self.path("crt"))
        with open(self.path("crt"), encoding="ascii") as file:
            self.certificate = file.read()
        return 200, self._order(), {"Location": self.url + "/order/1"}

    def cert(self, *_):
        with open(self.path("ca.crt"), encoding="ascii") as file:
            return 200, self.certificate + file.read(), {}
