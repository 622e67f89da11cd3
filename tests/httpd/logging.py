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
AppLogLevel APP:notice APP00:info APP0004:error APP27:debug
<AppPlugin auth>
    JwtSecret "%s"
</AppPlugin>
CustomLog "%%(folder)s/plain.log" "%%%%{route}^ap %%%%{path}^ap %%%%{rows}^ap %%%%{nothing}^ap"
Include "%s"
""" % (jwt.SECRET, os.path.join(stage.ROOT, "conf", "logging.conf").replace("%", "%%"))

NUMBERED = re.compile(r"/api/(?:hello\?n=(\d+)|(\d+)/)")
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


def entries(check, httpd, count):
    """The newest lines by the number that each of their requests has in its query or path: they come in any order."""
    lines = wait_for(httpd.folder, "access-*.json", count)
    check.equal("lines", len(lines), count)
    found = {}
    for line in lines:
        check.true("a line of %d bytes" % len(line), len(line) < 4096)
        try:
            entry = json.loads(line)
        except ValueError as error:
            check.problems.append("%s in %r" % (error, line[:600]))
            continue
        number = NUMBERED.match("%s?%s" % (entry["path"], entry["query"]))
        if number:
            found[int(number[1] or number[2])] = entry
    return found


def hostile(check, httpd):
    """Every place of a request that a client chooses."""
    for number, value in enumerate(HOSTILE):
        agent = re.sub(rb"[\x00-\x1f\x7f]", b"\x81", value)  # what httpd would refuse in a header
        coded = b"".join(b"%%%02x" % c for c in value[:900])
        ask(httpd.port, b"GET /api/hello?n=%d&%s HTTP/1.1" % (2 * number, coded),
            b"User-Agent: " + agent + b"\r\nReferer: " + agent + b"\r\n")
        ask(httpd.port, b"GET /api/%d/%s HTTP/1.1" % (2 * number + 1, coded))
    found = entries(check, httpd, 2 * len(HOSTILE))
    for number, value in enumerate(HOSTILE):
        name = repr(value[:20])
        by_header, by_path = found.get(2 * number), found.get(2 * number + 1)
        if not by_header or not by_path:
            check.problems.append("%s: no line" % name)
            continue
        agent = re.sub(rb"[\x00-\x1f\x7f]", b"\x81", value).strip()
        for member in ("user_agent", "referer"):
            check.true("%s: %s %r" % (name, member, by_header[member]), begins(by_header[member], agent))
        check.equal(name, by_header["role"], None)
        if value != b"</script>":  # in which httpd itself sees two segments
            check.true("%s: path %r" % (name, by_path["path"]),
                       begins(by_path["path"], b"/api/%d/%s" % (2 * number + 1, value)))


def users(check, httpd):
    """Names of users and roles, as a token may have them."""
    names = [value.decode("utf-8", "replace")[:300] for value in HOSTILE]
    before = 2 * len(HOSTILE)
    for number, name in enumerate(names, before):
        token = jwt.make({"sub": name, "role": name, "exp": int(time.time()) + 60})
        httpd.get("/api/hello?n=%d" % number, [("Authorization", "Bearer " + token)])
    found = entries(check, httpd, before + len(names))
    for number, name in enumerate(names, before):
        entry = found.get(number, {})
        check.equal("status of %r" % name[:20], entry.get("status"), 200)
        for member in ("user", "role"):
            check.true("%s %r of %r" % (member, entry.get(member), name[:20]),
                       entry.get(member) and begins(entry[member], name.encode()))


def longest(check, httpd):
    """All that a client has a hand in is as long as it can be."""
    number, text = 3 * len(HOSTILE), b"x" * 3000
    name = "\u00e4" * 600
    token = jwt.make({"sub": name, "role": name, "exp": int(time.time()) + 60}).encode()
    ask(httpd.port, b"%s /api/%d/%s?%s HTTP/1.1" % (b"M" * 2000, number, text, text),
        b"Authorization: Bearer " + token + b"\r\nUser-Agent: " + text + b"\r\nReferer: " + text + b"\r\n")
    check.true("no line of the longest request", number in entries(check, httpd, number + 1))


def plain_request(check, httpd):
    before = len(read(httpd.folder, "access-*.json"))
    answer = httpd.get("/api/hello?name=Ada", [("traceparent", "00-%s-00f067aa0ba902b7-01" % TRACE)])
    httpd.get("/nothing")
    lines = wait_for(httpd.folder, "access-*.json", before + 2)
    api, other = sorted((json.loads(line) for line in lines[before:]), key=lambda entry: entry["path"])
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
        longest(check, httpd)
        plain_request(check, httpd)
        errors(check, httpd)
        texts(check, httpd)
    return check.problems
