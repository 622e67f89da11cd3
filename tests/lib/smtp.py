# SPDX-License-Identifier: Apache-2.0
"""A mail server (RFC 5321) that keeps what it is given, and can be slow, refuse, break off or speak TLS."""
import base64
import email
import email.policy
import os
import socketserver
import ssl
import threading
import time

from lib import process


class Server:
    """Attributes may be changed while it runs: greeting_delay (s), answers (command -> reply in place of 250),
    cut_at (command at which the connection is closed)."""

    def __init__(self, port=None, tls=None, login=None):
        self.port = port or process.free_port()
        self.tls = tls          # (certificate, key) for STARTTLS; None: not offered
        self.login = login      # (user, password) that AUTH PLAIN must bring
        self.greeting_delay = 0
        self.answers = {}
        self.cut_at = None
        self.mails = []         # of Mail, in the order in which they came
        self.connections = 0
        self.server = None

    def start(self):
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                outer.connections += 1
                try:
                    Session(outer, self).run()
                except (OSError, ValueError):
                    pass

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Listener(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def wait(self, count, within=15.0):
        """The mails, once there are so many."""
        if not process.wait_until(lambda: len(self.mails) >= count, within):
            raise process.Failed("%d mails came within %s s, not %d"
                                 % (len(self.mails), within, count))
        return list(self.mails)

    def to(self, address, count=1, within=15.0):
        """The last mail to an address, once there are so many."""
        wanted = "<%s>" % address
        if not process.wait_until(lambda: sum(wanted in mail.recipients for mail in self.mails) >= count, within):
            raise process.Failed("%d mails came within %s s, and not %d to %s"
                                 % (len(self.mails), within, count, address))
        return [mail for mail in self.mails if wanted in mail.recipients][-1]


class Session:
    def __init__(self, server, handler):
        self.server = server
        self.handler = handler
        self.read, self.write = handler.rfile, handler.wfile
        self.secure = self.known = False
        self.sender, self.recipients = None, []

    def say(self, line):
        self.write.write(line.encode() + b"\r\n")
        self.write.flush()

    def run(self):
        time.sleep(self.server.greeting_delay)
        self.say(self.server.answers.get("CONNECT", "220 test"))
        while True:
            line = self.read.readline(2000).decode("ascii").rstrip("\r\n")
            word = line.split(" ")[0].upper()
            if not line or word == self.server.cut_at:
                return
            if word in self.server.answers:
                self.say(self.server.answers[word])
            elif not self.command(word, line):
                return

    def command(self, word, line):
        server = self.server
        if word == "EHLO":
            offers = ["test"]
            offers += ["STARTTLS"] if server.tls and not self.secure else []
            offers += ["AUTH PLAIN"] if server.login and (self.secure or not server.tls) else []
            for offer in offers[:-1]:
                self.say("250-" + offer)
            self.say("250 " + offers[-1])
        elif word == "STARTTLS" and server.tls:
            self.say("220 go")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*server.tls)
            wrapped = context.wrap_socket(self.handler.connection, server_side=True)
            self.read, self.write = wrapped.makefile("rb"), wrapped.makefile("wb")
            self.secure = True
        elif word == "AUTH":
            self.say("334 ")
            answer = self.read.readline(2000)
            given = tuple(base64.b64decode(answer).decode().split("\0")[1:])
            self.known = given == server.login
            self.say("235 welcome" if self.known else "535 no")
        elif word == "MAIL":
            if server.login and not self.known:
                self.say("530 who are you")
                return True
            self.sender, self.recipients = line.split(":", 1)[1].split(" ")[0], []
            self.say("250 ok")
        elif word == "RCPT":
            self.recipients.append(line.split(":", 1)[1])
            self.say("250 ok")
        elif word == "DATA":
            self.say("354 go on")
            self.data()
        else:
            self.say("221 bye" if word == "QUIT" else "250 ok")
            return word != "QUIT"
        return True

    def data(self):
        lines = []
        while True:
            line = self.read.readline(2000)
            if line == b".\r\n":
                break
            if not line:
                raise OSError("cut off")
            lines.append(line[1:] if line.startswith(b".") else line)
        if self.server.cut_at == "END":
            raise OSError("before the mail was accepted")
        self.server.mails.append(Mail(b"".join(lines), self.sender, self.recipients, self.secure))
        self.say("250 kept")


class Mail:
    def __init__(self, raw, sender=None, recipients=(), secure=False):
        self.raw = raw
        self.sender, self.recipients, self.secure = sender, list(recipients), secure
        self.message = email.message_from_bytes(raw, policy=email.policy.default)
        self.text = self.message.get_content()

    @property
    def link(self):
        return [line for line in self.text.splitlines() if line.startswith("http")][0]

    @property
    def code(self):
        return self.text.split("code: ")[1][:6]

    def given(self, name):
        """What stands behind "#" of the link."""
        pairs = dict(pair.split("=") for pair in self.link.split("#")[1].split("&"))
        return pairs[name]


def certificate(folder, name="localhost"):
    """A certificate that vouches for itself: (path, path of its key)."""
    paths = tuple(os.path.join(folder, "%s.%s" % (name, kind)) for kind in ("crt", "key"))
    status, output = process.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name, "-out", paths[0], "-keyout", paths[1]])
    if status:
        raise process.Failed("openssl: " + output)
    process.give_to(paths[0], process.web_user())
    return paths
