# SPDX-License-Identifier: Apache-2.0
"""A small HTTP/1.1 client that hides nothing: it sends the bytes it is given and shows the bytes that come back.

The standard client would repair, refuse or follow what the tests want to see. HTTP/2 goes through curl.
"""
import gzip
import re
import shutil
import socket
import subprocess

TIMEOUT = 15.0
MAX_HEAD = 256 * 1024


class Broken(Exception):
    """The server closed, stalled, or sent what is not HTTP."""


class Answer:
    def __init__(self, status, reason, headers, body):
        self.status = status
        self.reason = reason
        self.headers = headers  # list of (name, value) in order
        self.body = body        # bytes, chunks joined, still compressed

    def header(self, name):
        """All values of a header joined by ", ", or None."""
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    def content(self):
        """The body with its compression undone."""
        if self.header("Content-Encoding") == "gzip" and self.body:
            return gzip.decompress(self.body)
        return self.body

    def text(self):
        return self.content().decode("utf-8", "replace")


class Connection:
    """One TCP connection. Answers come in order; nothing is sent again by itself."""

    def __init__(self, host, port, timeout=TIMEOUT):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.open = True
        self.version = None  # of the last answer

    def close(self):
        self.open = False
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Broken("sending failed: %s" % error) from error

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except socket.timeout as error:
            raise Broken("no answer within %s s" % self.socket.gettimeout()) from error
        except OSError as error:
            raise Broken("receiving failed: %s" % error) from error
        if not data:
            self.open = False
            return False
        self.rest += data
        return True

    def _need(self, count):
        while len(self.rest) < count:
            if not self._more():
                raise Broken("closed after %d of %d bytes" % (len(self.rest), count))
        data, self.rest = self.rest[:count], self.rest[count:]
        return data

    def _line(self):
        while b"\r\n" not in self.rest:
            if len(self.rest) > MAX_HEAD:
                raise Broken("a line without end")
            if not self._more():
                raise Broken("closed in the head of an answer" if self.rest else
                             "closed without an answer")
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line.decode("latin-1")

    def head(self):
        """Reads a status line and headers. Returns (status, reason, headers)."""
        status_line = self._line()
        match = re.fullmatch(r"(HTTP/1\.[01]) (\d\d\d) ?(.*)", status_line)
        if not match:
            raise Broken("not a status line: %r" % status_line[:80])
        self.version = match[1]
        headers = []
        while True:
            line = self._line()
            if not line:
                return int(match[2]), match[3], headers
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))

    def _chunks(self):
        body = b""
        while True:
            size = int(self._line().split(";")[0], 16)
            if size == 0:
                while self._line():
                    pass
                return body
            body += self._need(size)
            self._need(2)

    def answer(self, method):
        """Reads one final answer; 1xx answers before it are passed over."""
        status, reason, headers = self.head()
        while status < 200:
            status, reason, headers = self.head()
        answer = Answer(status, reason, headers, b"")
        length = answer.header("Content-Length")
        if method == "HEAD" or status in (204, 304):
            pass
        elif (answer.header("Transfer-Encoding") or "").lower() == "chunked":
            answer.body = self._chunks()
        elif length is not None:
            answer.body = self._need(int(length))
        else:
            while self._more():
                pass
            answer.body, self.rest = self.rest, b""
        words = (answer.header("Connection") or "").lower().replace(",", " ").split()
        if "close" in words or self.version == "HTTP/1.0":
            self.open = False
        return answer

    def request(self, method, target, headers=(), body=None):
        """Sends a request and reads its answer. The body waits where the headers expect 100-continue."""
        names = {name.lower(): value.lower() for name, value in headers}
        lines = ["%s %s HTTP/1.1" % (method, target)]
        if "host" not in names:
            lines.append("Host: localhost")
        lines += ["%s: %s" % pair for pair in headers]
        chunked = names.get("transfer-encoding") == "chunked"
        if body is not None and not chunked and "content-length" not in names:
            lines.append("Content-Length: %d" % len(body))
        self.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n")
        if names.get("expect") == "100-continue" and body is not None:
            early = self._final_before_continue()
            if early:
                return early
        if body is not None:
            self._send_body(body, chunked)
        return self.answer(method)

    def _send_body(self, body, chunked):
        try:
            self.send(b"".join(as_chunks(body)) if chunked else body)
        except Broken:
            pass  # the server may refuse and close before it has read all; its answer counts

    def _final_before_continue(self):
        """The answer, if the server refuses before it asks for the body; None after 100 Continue."""
        mark = self.rest
        status, reason, headers = self.head()
        if status == 100:
            return None
        raw = "HTTP/1.1 %d %s\r\n" % (status, reason)
        raw += "".join("%s: %s\r\n" % pair for pair in headers) + "\r\n"
        self.rest = mark + raw.encode("latin-1") + self.rest
        answer = self.answer("POST")
        self.open = False  # the body was announced and never sent
        return answer


def as_chunks(body, size=1000):
    for at in range(0, len(body), size):
        part = body[at:at + size]
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def get(port, target, headers=(), method="GET", body=None, timeout=TIMEOUT):
    """One request on a connection of its own."""
    headers = list(headers) + [("Connection", "close")]
    with Connection("127.0.0.1", port, timeout) as connection:
        return connection.request(method, target, headers, body)


def has_http2():
    curl = shutil.which("curl")
    if not curl:
        return False
    version = subprocess.run([curl, "--version"], stdout=subprocess.PIPE, text=True, check=False)
    return "HTTP2" in version.stdout


def http2(port, method, target, headers=(), body=None):
    """The same request over cleartext HTTP/2, by prior knowledge."""
    command = ["curl", "-sS", "--http2-prior-knowledge", "-m", str(int(TIMEOUT)), "-i",
               "--path-as-is", "http://127.0.0.1:%d%s" % (port, target)]
    command += ["-I"] if method == "HEAD" else ["-X", method]
    for pair in headers:
        command += ["-H", "%s: %s" % pair]
    if body is not None:
        command += ["--data-binary", "@-"]
    run = subprocess.run(command, input=body or b"", stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, check=False)
    head, _, content = run.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    match = re.match(r"HTTP/2 (\d\d\d)", lines[0])
    if run.returncode or not match:
        raise Broken("curl: %s %r" % (run.stderr.decode().strip(), lines[0][:80]))
    pairs = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
    return Answer(int(match[1]), "", pairs, content)
