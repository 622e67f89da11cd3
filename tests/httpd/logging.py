# SPDX-License-Identifier: Apache-2.0
"""conf/logging.conf, as shipped: whatever a client sends, each line of the access log is JSON and says what was asked;
the error log is written by the same programs."""
import calendar
import glob
import json
import os
import re
import time

from lib import bare, client, jwt, process, stage

LINES = """
LimitRequestLine 20000
Define APP_LOG_DIR "%%(folder)s/logs"
<AppPlugin hello>
</AppPlugin>
<AppPlugin trace>
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
<Location "/api/quiet">
    LogLevel app:warn
</Location>
<AppPlugin auth>
    JwtSecret "%s"
</AppPlugin>
CustomLog "%%(folder)s/plain.log" "%%%%{route}^ap %%%%{path}^ap %%%%{rows}^ap %%%%{nothing}^ap"
Include "%s"
""" % (jwt.SECRET, os.path.join(stage.ROOT, "conf", "logging.conf").replace("%", "%%"))

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HOSTILE = [
    b"plain", b'"', b'","role":"admin', b"\\", b"\\\\\\\"", b"\x01\x02\x1f\x7f\t\x0b", b"\xff\xfe\x80",
    "Grüße 😀".encode(), b"%22%5c", b"'", b"</script>", b"{", b"}\\", b"\\u0000", b"\xe2\x82",
    b'"' * 3000, "ä".encode() * 2000, b"\x02" * 900,
]


def read(folder, pattern):
    lines = []
    for path in glob.glob(os.path.join(folder, "logs", pattern)):
        with open(path, "rb") as file:
            lines += file.read().splitlines()
    return lines


def wait_for(folder, pattern, count):
    process.wait_until(lambda: len(read(folder, pattern)) >= count, 10)
    return read(folder, pattern)


def begins(found, sent):
    """Whether a member holds what was sent, or the beginning of it; what is no UTF-8 is replaced."""
    return sent.decode("utf-8", "replace").startswith(found.rstrip("\ufffd"))


def ask(port, line, headers=b""):
    with client.Connection("127.0.0.1", port) as connection:
        connection.send(line + b"\r\nHost: localhost\r\nConnection: close\r\n" + headers + b"\r\n")
        return connection.answer("GET").status


def hostile(check, httpd):
    """Every place of a request that a client chooses, in one line of the log each."""
    asked = []
    for value in HOSTILE:
        agent = re.sub(rb"[\x00-\x1f\x7f]", b"\x81", value)  # what httpd would refuse in a header
        coded = b"".join(b"%%%02x" % c for c in value[:900])
        ask(httpd.port, b"GET /api/hello?" + coded + b" HTTP/1.1",
            b"User-Agent: " + agent + b"\r\nReferer: " + agent + b"\r\n")
        ask(httpd.port, b"GET /api/" + coded + b" HTTP/1.1")
        asked += [(agent, None), (None, value)]
    lines = wait_for(httpd.folder, "access-*.json", len(asked))
    check.equal("lines", len(lines), len(asked))
    for line, (agent, path) in zip(lines, asked):
        name = repr((agent or path)[:20])
        check.true(name + ": a line of %d bytes" % len(line), len(line) < 4096)
        try:
            entry = json.loads(line)
        except ValueError as error:
            check.problems.append("%s: %s in %r" % (name, error, line[:600]))
            continue
        if agent:
            check.true(name + ": user_agent %r" % entry["user_agent"],
                       begins(entry["user_agent"], agent.strip()))
            check.equal(name, entry["role"], None)
        elif path != b"</script>":  # in which httpd itself sees two segments
            check.true(name + ": path %r" % entry["path"], begins(entry["path"], b"/api/" + path))


def users(check, httpd):
    """Names of users and roles, as a token may have them."""
    names = [value.decode("utf-8", "replace")[:300] for value in HOSTILE]
    before = len(read(httpd.folder, "access-*.json"))
    for name in names:
        token = jwt.make({"sub": name, "role": name, "exp": int(time.time()) + 60})
        httpd.get("/api/hello", [("Authorization", "Bearer " + token)])
    lines = wait_for(httpd.folder, "access-*.json", before + len(names))[before:]
    for line, name in zip(lines, names):
        entry = json.loads(line)
        check.equal("status of " + name[:20], entry["status"], 200)
        for member in ("user", "role"):
            check.true("%s %r of %r" % (member, entry[member], name[:20]),
                       entry[member] and begins(entry[member], name.encode()))
        check.true("user %r: a line of %d bytes" % (name[:20], len(line)), len(line) < 4096)


def plain_request(check, httpd):
    before = len(read(httpd.folder, "access-*.json"))
    answer = httpd.get("/api/hello?name=Ada", [("traceparent", "00-%s-00f067aa0ba902b7-01" % TRACE)])
    httpd.get("/nothing")
    lines = wait_for(httpd.folder, "access-*.json", before + 2)
    api, other = (json.loads(line) for line in lines[before:])
    wanted = {"method": "GET", "path": "/api/hello", "query": "name=Ada", "protocol": "HTTP/1.1", "route": "/hello",
              "status": 200, "bytes": len(answer.body), "client": "127.0.0.1", "user": None, "role": None,
              "trace_id": TRACE, "request_id": answer.header("X-Request-Id"), "rows": None, "wait_us": 0,
              "database_us": 0, "referer": None, "user_agent": None}
    check.equal("a request", {name: api.get(name) for name in wanted}, wanted)
    check.equal("members", set(api) - set(wanted), {"time", "duration_us", "api_us"})
    check.true("duration %r" % api["api_us"], 0 < api["api_us"] <= api["duration_us"] + 1000)
    check.true("time " + api["time"], abs(time.time() - when(api["time"])) < 60)
    check.equal("not ours", [other[name] for name in ("status", "route", "trace_id", "api_us", "path")],
                [404, None, None, None, "/nothing"])


def when(text):
    whole, part = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + int(part) / 1000


def errors(check, httpd):
    """A refused request in the error log, with the trace's id; none where LogLevel says so."""
    httpd.get("/api/quiet/none")
    httpd.get("/api/none", [("traceparent", "00-%s-00f067aa0ba902b7-01" % TRACE)])
    seen = process.wait_until(lambda: b"trace=" + TRACE.encode() in b"\n".join(read(httpd.folder, "error-*.log")), 10)
    lines = [line for line in read(httpd.folder, "error-*.log") if TRACE.encode() in line]
    check.true("no line with the trace in the error log", seen)
    check.true("LogLevel of a location is not followed",
               b"/api/quiet" not in b"\n".join(read(httpd.folder, "error-*.log")))
    check.true("%r" % lines, lines and b"APP0003: [" in lines[-1] and b"[client 127.0.0.1:" in lines[-1])


def texts(check, httpd):
    with open(os.path.join(httpd.folder, "plain.log"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    check.holds("as text", "\n".join(lines), "/hello /api/hello - -")
    check.holds("as text", "\n".join(lines), "- /nothing - -")


def run(build):
    check = bare.Check()
    httpd = bare.Httpd(build, LINES, "log_config setenvif")
    os.mkdir(os.path.join(httpd.folder, "logs"))
    with httpd:
        hostile(check, httpd)
        users(check, httpd)
        plain_request(check, httpd)
        errors(check, httpd)
        texts(check, httpd)
    return check.problems
