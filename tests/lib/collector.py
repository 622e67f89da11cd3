# SPDX-License-Identifier: Apache-2.0
"""A collector of traces: takes OTLP in JSON over HTTP, and holds every message to what OpenTelemetry says of it."""
import http.server
import json
import re
import threading
import time

HEX = re.compile(r"[0-9a-f]+")


class Collector:
    """Use it in a with statement. mode: "take", "slow" (no answer for a minute), or a status to answer with."""

    def __init__(self, mode="take", port=0):
        self.mode = mode
        self.spans = []
        self.problems = []
        self.requests = []  # headers of each
        self.lock = threading.Lock()
        self.closed = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = "http://127.0.0.1:%d/v1/traces" % self.port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closed.set()
        self.server.shutdown()
        self.server.server_close()

    def _handler(self):
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # where it stands in for a server that is asked on behalf of others
                with collector.lock:
                    collector.requests.append(dict(self.headers))
                self.send_response(collector.mode)
                self.end_headers()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = collector._take(self.path, self.headers, body)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        return Handler

    def _take(self, path, headers, body):
        with self.lock:
            self.requests.append(dict(headers))
        if self.mode == "slow":
            self.closed.wait(60)
            return None
        if self.mode != "take":
            return self.mode
        if path != "/v1/traces" or headers["Content-Type"] != "application/json":
            self.problems.append("asked for %s with %s" % (path, headers["Content-Type"]))
        try:
            spans = list(self._spans(json.loads(body)))
        except (ValueError, KeyError, TypeError) as error:
            self.problems.append("%r in %s" % (error, body[:400]))
            return 400
        with self.lock:
            self.spans += spans
        return 200

    def _spans(self, message):
        for resource in message["resourceSpans"]:
            about = attributes(resource["resource"])
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    self._check(span)
                    span["resource"] = about
                    span["tags"] = attributes(span)
                    yield span

    def _check(self, span):
        """Ids, kind and times of one span."""
        for name, length in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
            value = span.get(name)
            if value is None and name == "parentSpanId":
                continue
            if len(value) != length or not HEX.fullmatch(value) or not value.strip("0"):
                self.problems.append("%s is %r" % (name, value))
        begun, ended = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        if not (isinstance(span["startTimeUnixNano"], str) and begun <= ended
                and abs(time.time() - begun / 1e9) < 120):
            self.problems.append("from %r to %r" % (begun, ended))
        if not span["name"] or span["kind"] not in (1, 2, 3):
            self.problems.append("name %r, kind %r" % (span["name"], span["kind"]))

    def trace(self, trace_id):
        with self.lock:
            return [span for span in self.spans if span["traceId"] == trace_id]

    def roots(self):
        """The spans of requests."""
        with self.lock:
            return [span for span in self.spans if span["kind"] == 2]


def attributes(of):
    """Attributes as a dict, with numbers as numbers."""
    found = {}
    for entry in of["attributes"]:
        (kind, value), = entry["value"].items()
        found[entry["key"]] = int(value) if kind == "intValue" else value
        if kind == "intValue" and not isinstance(value, str):
            raise ValueError("intValue %r is no text" % value)
    return found
