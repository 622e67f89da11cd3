#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a request costs, against the least that it can cost, and against a static file; `make bench` calls it.

    tests/bench/bench.py [--build BUILD] [--rounds N] [--seconds S] [--only WORK,...] [--no-static]

CPU is that of all processes of httpd and PostgreSQL, kernel time included, divided by the requests answered. The limit of a
work is what a handler costs that writes the same bytes from memory, in the same httpd, and what the database costs that runs
the same SQL alone: pgbench with prepared statements, a loop in C over sqlite3. Every request comes with a token; role,
claims, settings, grants and policies apply.

Everything takes turns, round by round, so that what else the machine does hits all of it; the tables show medians. Only
ratios of one run mean anything: absolute numbers belong to the machine.
"""
import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import urllib.request

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, TESTS)
sys.dont_write_bytecode = True

from lib import process, server, stage  # noqa: E402

import data  # noqa: E402
import limits  # noqa: E402
import work  # noqa: E402
from load import Request, cpu_seconds, must, press  # noqa: E402

# More threads in each child than there are connections: a child without an idle one closes those kept alive.
MPM = "StartServers 2\nThreadsPerChild 32\nLogLevel error\nAddType application/json .json\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-static", action="store_true")
    parser.add_argument("--csv", help="folder with what sql/sample/import.sh csv has written")
    return parser.parse_args()


class Bench:
    """The databases, and a server with a site for each."""

    def __init__(self, options):
        self.options = options
        self.folder = process.folder("bench")
        module, self.loop = limits.build(self.folder)
        self.bytes = os.path.join(self.folder, "bytes")
        os.mkdir(self.bytes)
        self.sqlite, self.pgsql = data.make(options.csv)
        work.bind(self.pgsql.cluster.psql("bench", "SELECT maintainer_id FROM packages GROUP BY 1"
                                          " HAVING count(*) = 10 ORDER BY 1 LIMIT 1"))
        lines = ('LoadModule bytes_module "%s"\nBytesFolder "%s"\n<Location "/bytes">\n'
                 "    SetHandler bytes\n</Location>\n" % (module, self.bytes))
        sites = [server.Site("sqlite.test", self.sqlite), server.Site("pgsql.test", self.pgsql),
                 server.Site("kept.test", self.sqlite, ["cache Answers fresh", "cache Ttl 1h"])]
        # The files are JSON, so that they meet the same filters.
        self.web = server.Server(stage.build(os.path.abspath(options.build)), "event", sites,
                                 lines=lines, mpm=MPM)
        self.web.start()

    def roots(self):
        return {self.web.process.pid, self.pgsql.main_process()}

    def fetch(self, request):
        body = request.body.encode() if request.body is not None else None
        asked = urllib.request.Request("http://127.0.0.1:%d%s" % (self.web.port, request.path),
                                       data=body, headers=request.headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.read()

    def press(self, request, seconds):
        """(requests/s, CPU seconds of 1,000)"""
        roots = self.roots()
        before = cpu_seconds(roots)
        count, time = press(self.web.port, request, seconds, self.options.connections,
                            os.path.join(self.folder, "wrk.lua"))
        return count / time, (cpu_seconds(roots) - before) * 1000 / count

    def keep(self, name, body):
        """Has the handler answer with these bytes at /bytes/name, once httpd has been restarted."""
        with open(os.path.join(self.bytes, name), "wb") as file:
            file.write(body)


class Target:
    """Something that is asked again and again."""

    def __init__(self, bench, title, request, size=0, like=None):
        self.bench, self.title, self.request, self.size = bench, title, request, size
        self.like = like or self  # the static file that it is compared with
        self.rates, self.costs = [], []

    def turn(self, seconds):
        rate, cost = self.bench.press(self.request, seconds)
        self.rates.append(rate)
        self.costs.append(cost)

    def rate(self):
        return statistics.median(self.rates)

    def cost(self):
        return statistics.median(self.costs)


class Alone:
    """A statement that the database runs alone."""

    def __init__(self, database):
        self.database, self.costs = database, []

    def turn(self, seconds):
        self.costs.append(self.database.cost(seconds))

    def cost(self):
        return statistics.median(self.costs)


class Measured:
    """A work on one database: the request, the bytes, the statement."""

    def __init__(self, bench, each, database, alone):
        site = database.name.lower().replace("postgresql", "pgsql")
        self.title = "%s, %s" % (each.title, database.name)
        request = Request(site + ".test", each.path, each.headers, each.body, each.connections)
        body = bench.fetch(request)
        name = "%s-%s" % (each.name, site)
        bench.keep(name, body)
        self.request = Target(bench, self.title, request, len(body))
        self.bytes = Target(bench, name, Request(site + ".test", "/bytes/" + name, each.headers,
                                                 each.body, each.connections))
        self.alone = Alone(alone)

    def turns(self):
        return [self.request, self.bytes, self.alone]

    def row(self):
        cost, least = self.request.cost(), self.bytes.cost() + self.alone.cost()
        return (self.title, "%d" % self.request.size, "{:,.0f}".format(self.request.rate()),
                "%.3f" % cost, "%.3f" % self.bytes.cost(), "%.3f" % self.alone.cost(),
                "%.3f" % least, "%.2f" % (cost / least))


def measured(bench):
    found = []
    only = bench.options.only.split(",") if bench.options.only else []
    for each in work.WORKS:
        if only and each.name not in only:
            continue
        found.append(Measured(bench, each, bench.sqlite, limits.SqliteAlone(
            bench.loop, bench.sqlite.path, each.sql, each.values)))
        request = Request("pgsql.test", each.path, each.headers, each.body)
        sql, values = limits.statement_of(bench.pgsql, lambda: bench.fetch(request))
        found.append(Measured(bench, each, bench.pgsql, limits.PgsqlAlone(
            bench.pgsql, sql, values, bench.options.connections, bench.folder)))
    return found


# Against static files

def static_like(bench, name, target):
    """A target for a file with the very bytes that another target answers with."""
    body = bench.fetch(target.request)
    with open(os.path.join(bench.web.folder, "htdocs", name + ".json"), "wb") as file:
        file.write(body)
    target.size = len(body)
    request = Request(target.request.site, "/%s.json" % name)
    target.like = Target(bench, "static file, size of %s" % name, request, len(body))
    return [target.like, target]


def static_targets(bench):
    row, page = work.WORKS[0], work.WORKS[1]
    live = Target(bench, "`/health/live`", Request("sqlite.test", "/health/live"))
    found = static_like(bench, "live", live)
    for each in (row, page):
        group = [Target(bench, "%s, %s, no token" % (each.title, name), Request(site, each.path))
                 for name, site in (("SQLite", "sqlite.test"), ("PostgreSQL", "pgsql.test"))]
        found += static_like(bench, each.name, group[0])
        group.append(Target(bench, "%s, kept by plugin cache" % each.title, Request("kept.test", each.path)))
        for other in group[1:]:
            other.like, other.size = group[0].like, len(bench.fetch(other.request))
            found.append(other)
    return found


# Report

def machine():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*:\s*(.+)$", file.read(), re.M)
    return "%s × %d, Linux %s" % (found[1] if found else model, os.cpu_count(),
                                  platform.release())


def versions(cluster):
    httpd = re.search(r"Apache/([\d.]+)", must([server.httpd_program(), "-v"]))[1]
    sqlite = must(["sqlite3", "--version"]).split()[0]
    pgsql = cluster.psql("postgres", "SHOW server_version").split()[0]
    return "httpd %s (event), SQLite %s, PostgreSQL %s" % (httpd, sqlite, pgsql)


def commit():
    status, output = process.run(["git", "describe", "--always", "--dirty"], cwd=ROOT)
    return output.strip() if status == 0 else "no commit"


def print_table(rows):
    rows.insert(1, ("---",) + ("---:",) * (len(rows[0]) - 1))
    print("\n".join("| %s |" % " | ".join(row) for row in rows) + "\n")


def print_limits(works):
    print_table([("work", "bytes", "requests/s", "CPU s per 1,000", "handler", "database", "limit",
                  "to limit")] + [each.row() for each in works])


def print_static(targets):
    rows = [("request", "bytes", "requests/s", "to static", "CPU s per 1,000", "to static")]
    for target in targets:
        like = target.like
        rows.append((target.title, "%d" % target.size, "{:,.0f}".format(target.rate()),
                     "%.2f" % (target.rate() / like.rate()), "%.3f" % target.cost(),
                     "%.2f" % (target.cost() / like.cost())))
    print_table(rows)


def measure(turns, options):
    for each in turns:
        if isinstance(each, Target):
            each.bench.press(each.request, 1)
    for number in range(options.rounds):
        # The other way round each second time: nobody is always behind the same neighbour.
        for each in turns if number % 2 == 0 else reversed(turns):
            each.turn(options.seconds)


def main():
    options = arguments()
    process.end_on_signals()
    if not shutil.which("wrk"):
        raise process.Failed("wrk is not installed: .ci/packages all")
    bench = Bench(options)
    works = measured(bench)
    targets = [] if options.no_static else static_targets(bench)
    bench.web.stop()
    bench.web.start()
    measure(sum([each.turns() for each in works], []) + targets, options)
    print("mod_app %s · %s\n%s · %d connections, %d rounds of %d s, no access log\n" %
          (commit(), machine(), versions(bench.pgsql.cluster), options.connections, options.rounds,
           options.seconds))
    print_limits(works)
    if targets:
        print_static(targets)
    bench.web.stop()


if __name__ == "__main__":
    try:
        main()
    except (process.Failed, process.Skip, subprocess.TimeoutExpired, OSError) as error:
        sys.exit("bench: %s" % error)
