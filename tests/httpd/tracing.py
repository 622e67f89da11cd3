# SPDX-License-Identifier: Apache-2.0
"""Requests that are not for the API but traced (OtherRequests): programs and proxied servers are told of the trace, and the
collector of the request."""
import re
import stat
import os

from lib import bare, collector, process

LINES = """
<AppPlugin hello>
</AppPlugin>
<AppPlugin trace>
    Endpoint %(to)s
    SendEvery 100ms
    OtherRequests on
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
<Location "/plain">
    <AppPlugin trace>
        OtherRequests off
    </AppPlugin>
</Location>
<Location "/anew">
    <AppPlugin trace>
        TakeParent off
    </AppPlugin>
</Location>
ScriptSock "%%(folder)s/cgisock"
ScriptAlias "/program" "%%(folder)s/program"
DirectoryIndex page.txt
ProxyPass "/shop" "http://127.0.0.1:%(behind)d/shop"
ProxyPass "/plain" "http://127.0.0.1:%(behind)d/plain"
ProxyPass "/anew" "http://127.0.0.1:%(behind)d/anew"
CustomLog "%%(folder)s/access.log" "%%%%{path}^ap %%%%{trace_id}^ap"
"""
PROGRAM = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n%s %s' "$HTTP_TRACEPARENT" "$HTTP_TRACESTATE"
"""
TRACE = "4bf92f3577b34da6a3ce929d0e0e47%02x"
PARENT = "00f067aa0ba902b7"
GIVEN = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01")


def ask(httpd, number, target, state=()):
    headers = [("traceparent", "00-%s-%s-01" % (TRACE % number, PARENT)), *state]
    return httpd.get(target, headers)


def passed(check, httpd, behind, to):
    """What mod_proxy hands on is the request's own span, and that is sent."""
    check.equal("proxied", ask(httpd, 1, "/shop?q=1", [("tracestate", "a=1 ,, b=2")]).status, 204)
    headers = behind.requests[-1]
    given = GIVEN.fullmatch(headers.get("traceparent", ""))
    check.true("proxied: %s" % headers, given and given[1] == TRACE % 1 and given[2] != PARENT)
    check.equal("proxied", headers.get("tracestate"), "a=1,b=2")
    process.wait_until(lambda: to.trace(TRACE % 1), 5)
    spans = to.trace(TRACE % 1)
    check.equal("spans", [(span["name"], span["kind"], span["parentSpanId"], span["spanId"]) for span in spans],
                [("GET", 2, PARENT, given and given[2])])
    check.equal("tags", [(span["tags"].get("http.response.status_code"), span["tags"].get("http.route"))
                         for span in spans], [(204, None)])


def others(check, httpd, behind, to):
    answer = ask(httpd, 2, "/program")
    given = GIVEN.match(answer.text())
    check.true("program: %r" % answer.text(), given and given[1] == TRACE % 2 and given[2] != PARENT)
    ask(httpd, 3, "/plain", [("tracestate", "a=1 ,, b=2")])
    check.equal("not traced", (behind.requests[-1].get("traceparent"), behind.requests[-1].get("tracestate")),
                ("00-%s-%s-01" % (TRACE % 3, PARENT), "a=1 ,, b=2"))
    ask(httpd, 4, "/anew", [("tracestate", "a=1")])
    headers = behind.requests[-1]
    given = GIVEN.fullmatch(headers.get("traceparent", ""))
    check.true("begun anew: %s" % headers, given and given[1] != TRACE % 4 and "tracestate" not in headers)
    ask(httpd, 5, "/folder/")
    ask(httpd, 6, "/api/hello")
    process.wait_until(lambda: to.trace(TRACE % 5) and to.trace(TRACE % 6), 5)
    check.equal("a folder's page is one request", len(to.trace(TRACE % 5)), 1)
    check.equal("the API", [span["name"] for span in to.trace(TRACE % 6) if span["kind"] == 2], ["GET /api/hello"])
    check.equal("not traced", to.trace(TRACE % 3), [])
    check.equal("no route", ask(httpd, 7, "/api/made/up").status, 404)
    process.wait_until(lambda: to.trace(TRACE % 7), 5)
    check.equal("no route", [(span["name"], span["tags"].get("http.route"), "app.request_id" in span["tags"])
                             for span in to.trace(TRACE % 7) if span["kind"] == 2], [("GET", None, True)])


def run(build):
    check = bare.Check()
    with collector.Collector() as to, collector.Collector(204) as behind:
        httpd = bare.Httpd(build, LINES % {"to": to.url, "behind": behind.port},
                           "log_config cgid alias dir proxy proxy_http")
        path = os.path.join(httpd.folder, "program")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        os.chmod(path, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
        httpd.file("folder/page.txt", "a page")
        with httpd:
            passed(check, httpd, behind, to)
            others(check, httpd, behind, to)
            check.problems += httpd.complaints()
        with open(os.path.join(httpd.folder, "access.log"), encoding="utf-8") as file:
            lines = file.read()
        check.holds("log", lines, "/shop %s\n" % (TRACE % 1))
        check.holds("log", lines, "/folder/page.txt %s\n" % (TRACE % 5))
        check.problems += to.problems
    return check.problems
