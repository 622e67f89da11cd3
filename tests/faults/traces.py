# SPDX-License-Identifier: Apache-2.0
"""Spans reach a collector whole and in time, on every host; a collector that is slow, away or refuses is no request's
business; what a statement's values were never gets out."""
import re
import time

from lib import collector, fault, process

TRACE = "4bf92f3577b34da6a3ce929d0e0e47%02x"
PARENT = "00f067aa0ba902b7"
SECRET = "topsecretvalue"
TARGET = "/api/packages?section=neq.%s&select=id,name" % SECRET
# what SQL sees of the request's headers
PGSQL = ("CREATE FUNCTION asked_by() RETURNS text LANGUAGE sql STABLE AS "
         "$$ SELECT current_setting('request.headers', true)::json ->> 'traceparent' $$")
SQLITE = ("INSERT INTO app_functions (name, args, returns, volatility, body) VALUES ('asked_by', '[]', 'text', 'stable', "
          "'SELECT current_setting(''request.headers'', true) ->> ''traceparent''')",
          "INSERT INTO app_grants (role, resource, action) VALUES ('web_anon', 'asked_by', 'execute')")
HOSTS = (("event", "pgsql"), ("prefork", "sqlite"), ("cgi", "sqlite"), ("fastcgi", "pgsql"))


def run(build):
    databases = {kind: fault.database(build, kind) for kind in ("pgsql", "sqlite")}
    databases["pgsql"].query(PGSQL)
    for statement in SQLITE:
        databases["sqlite"].query(statement)
    for host, kind in HOSTS:
        whole(build, host, kind, databases[kind])
    slow(build, databases["sqlite"])
    away(build, databases["sqlite"])
    ratio(build, databases["sqlite"])


def start(build, database, endpoint, *settings, host="event", **options):
    return fault.start(build, database, host, (
        "trace Endpoint " + endpoint, "trace SendEvery 100ms", *settings), **options)


def ask(server, number, flags="01", target=TARGET, **more):
    headers = [("traceparent", "00-%s-%s-%s" % (TRACE % number, PARENT, flags)), ("tracestate", "a=1, b=2")]
    return fault.get(server, target, headers, **more)


def whole(build, host, kind, database):
    with collector.Collector() as to:
        server = start(build, database, to.url, "trace EndpointHeader \"X-Key: %s\"" % SECRET,
                       "trace ServiceName shop", "AppDatabaseSlowQuery 1ms", host=host)
        try:
            number = [name for name, _ in HOSTS].index(host)
            answer = ask(server, number)
            fault.expect(answer.status == 200, "%s: %s", host, answer.text()[:300])
            fault.expect(ask(server, 100 + number, "00").status == 200, host)
            fault.expect(fault.get(server, "/api/many?text=neq." + SECRET).status == 200, host)
            process.wait_until(lambda: len(to.roots()) >= 2, 5)
            one_trace(to, TRACE % number, kind, answer)
            fault.expect(not to.trace(TRACE % (100 + number)), "%s: what the caller did not sample was sent", host)
            fault.expect(len(to.roots()) == 2, "%s: %d requests", host, len(to.roots()))
            fault.expect(to.requests[0].get("X-Key") == SECRET, "%s: no header", host)
            slow_query(server, host, kind)
            asked_by = ask(server, 200 + number, "00", "/api/rpc/asked_by").text()
            fault.expect(re.fullmatch('"00-%s-[0-9a-f]{16}-00"' % (TRACE % (200 + number)), asked_by)
                         and PARENT not in asked_by, "%s: SQL sees %s", host, asked_by)
            fault.expect_quiet(server, ("APP0240", "AH01215", "AH01071"))
        finally:
            server.stop()
        fault.expect(not to.problems, "%s: %s", host, to.problems[:3])
        fault.expect(SECRET not in repr(to.spans), "%s: a value got out", host)


def one_trace(to, trace, kind, answer):
    spans = to.trace(trace)
    root, = [span for span in spans if span["kind"] == 2]
    tags = root["tags"]
    wanted = {"http.request.method": "GET", "http.route": "/api/packages", "http.response.status_code": 200,
              "url.scheme": "http", "app.request_id": answer.header("X-Request-Id"), "app.rows": 10,
              "http.response.body.size": len(answer.body), "http.request.body.size": 0}
    fault.expect(tags == wanted, "attributes are %s", tags)
    fault.expect((root["name"], root["parentSpanId"], root["traceState"]) == ("GET /api/packages", PARENT, "a=1,b=2"),
                 "the request is %s", root)
    fault.expect(root["resource"]["service.name"] == "shop" and root["resource"]["process.pid"] > 1,
                 "sent by %s", root["resource"])
    queries = [span for span in spans if span["kind"] == 3]
    fault.expect(queries, "no query among %s", [span["name"] for span in spans])
    fault.expect(all(span["tags"]["db.system.name"] == {"pgsql": "postgresql"}.get(kind, kind) for span in queries),
                 "%s", queries)
    fault.expect(any(re.search("[$?]1", span["tags"]["db.query.text"]) for span in queries), "no SQL in %s", queries)
    fault.expect(len({span["spanId"] for span in spans}) == len(spans), "span ids come twice")
    for span in spans:
        if span is not root:
            inside = (int(root["startTimeUnixNano"]) <= int(span["startTimeUnixNano"])
                      and int(span["endTimeUnixNano"]) <= int(root["endTimeUnixNano"]) + 1000)
            fault.expect(span["parentSpanId"] == root["spanId"] and inside, "%s is not in %s", span, root)


def slow_query(server, host, kind):
    """The line about /api/many: no value, the types instead, cut, with the request's trace."""
    found = process.wait_until(lambda: [line for line in server.log.text().split("\n") if "APP0240" in line
                                        and "/many" in line], 5)
    fault.expect(found, "%s, %s: no slow query in the log", host, kind)
    fault.expect(SECRET not in server.log.text(), "%s: a value in the log", host)
    line = found[0]
    shape = r"APP0240: \[\w+ trace=[0-9a-f]{32}\] slow: \d+\.\d{3} ms, role web_anon, route /many, \d+ parameters " \
            r"\([a-z, ]+\): .*many.*[$?]1"
    fault.expect(re.search(shape, line) and len(line) < 4000, "%s: %s", host, line)


def timed(server, count):
    """The longest of so many requests."""
    longest = 0
    for _ in range(count):
        begun = time.monotonic()
        answer = fault.get(server, "/api/hello")
        fault.expect(answer.status == 200, "%s", answer.text()[:300])
        longest = max(longest, time.monotonic() - begun)
    return longest


def slow(build, database):
    """A collector that never answers: requests do not notice, the queue fills, and what is more is counted. The server
    stops in time all the same."""
    with collector.Collector("slow") as to:
        server = start(build, database, to.url, "trace QueueSize 64k", mpm=fault.ONE_CHILD)
        try:
            fault.expect(timed(server, 300) < 5, "a request took its time")
            status = fault.get(server, "/status").text()
            dropped = re.search(r'"dropped": ?(\d+)', status)
            fault.expect(dropped and int(dropped[1]) > 50, "%s", status)
            waiting = re.search(r'"waiting_bytes": ?(\d+)', status)
            fault.expect(waiting and 0 < int(waiting[1]) <= 65536, "%s", status)
        finally:
            begun = time.monotonic()
            server.stop()
        fault.expect(time.monotonic() - begun < 8, "to stop took %.1f s", time.monotonic() - begun)
        lines = len(re.findall("APP2900", server.log.text()))
        fault.expect(lines <= 2, "%d lines about it", lines)


def away(build, database):
    """Nobody listens at first; then there is a collector, and what waited arrives. One that refuses is not asked again
    with the same."""
    port = process.free_port()
    server = start(build, database, "http://127.0.0.1:%d/v1/traces" % port, mpm=fault.ONE_CHILD)
    try:
        fault.expect(timed(server, 20) < 5, "a request took its time")
        fault.expect(server.log.wait_for("APP2900.*so far those of 0 requests are lost", 5), "nobody told")
        with collector.Collector(port=port) as to:
            process.wait_until(lambda: len(to.roots()) >= 20, 8)
            fault.expect(len(to.roots()) == 20, "%d of 20 requests arrived", len(to.roots()))
            fault.expect(server.log.wait_for("APP2901", 5), "nobody told that it goes on")
            to.mode = 400
            asked = len(to.requests)
            timed(server, 1)
            process.wait_until(lambda: len(to.requests) > asked, 5)
            time.sleep(0.5)
            fault.expect(len(to.requests) == asked + 1, "%d requests for one batch", len(to.requests) - asked)
            to.mode = "take"
            timed(server, 5)  # just before the end: sent while stopping
            server.stop()
            fault.expect(len(to.roots()) == 25, "%d of 25 requests arrived", len(to.roots()))
        fault.expect_quiet(server, ("APP2900",))
    finally:
        server.stop()


def ratio(build, database):
    """Of traces that begin here a part is kept; what a caller says holds, unless its header is not one."""
    with collector.Collector() as to:
        server = start(build, database, to.url, "trace SampleRatio 0")
        try:
            timed(server, 5)
            headers = [("traceparent", "00-%s-%s-01, twice" % (TRACE % 7, PARENT))]
            fault.expect(fault.get(server, "/api/hello", headers).status == 200, "a broken header")
            fault.expect(ask(server, 8, target="/api/hello").status == 200, "a good header")
            process.wait_until(to.roots, 5)
        finally:
            server.stop()
        fault.expect([span["traceId"] for span in to.roots()] == [TRACE % 8], "%s", to.roots())
        fault.expect(not to.problems, "%s", to.problems[:3])
