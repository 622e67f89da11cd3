#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of the data API that are no matter of load; `make figures` calls it.

    tests/bench/figures.py [--build BUILD] [--only plan,large,rows,tables]

plan    microseconds of CPU for parsing, planning and rendering a request
large   an answer of 200,000 rows, as JSON and as CSV: by how much the child's resident memory grows, when the first byte
        comes, when the last
rows    a filter on an indexed column: CPU of a request where the table has 1,000 rows, and where it has 1,000,000
tables  how long a snapshot of 2,000 tables takes to be loaded, the best of some times, and its size
"""
import argparse
import glob
import os
import re
import statistics
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, TESTS)
sys.dont_write_bytecode = True

from lib import fault, process  # noqa: E402

from load import cpu_seconds, must  # noqa: E402

LARGE = 200000
FEW, MANY = 1000, 1000000
TABLES = 2000
REQUESTS = 3000
ROUNDS = 5
KINDS = ("sqlite", "pgsql")
NAMES = {"sqlite": "SQLite", "pgsql": "PostgreSQL"}
CHILD = "StartServers 1\nServerLimit 1\nThreadsPerChild 4\nMaxRequestWorkers 4\n"
# The same statements on both, but for the word for a series.
SERIES = {"sqlite": "(WITH RECURSIVE s (g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM s WHERE g < %d) SELECT g FROM s)",
          "pgsql": "(SELECT generate_series(1, %d) AS g)"}


def grant(database, table):
    if database.kind == "sqlite":
        database.query("INSERT INTO app_grants (role, resource, action) VALUES ('web_anon', '%s', 'select')" % table)
    else:
        database.query("GRANT SELECT ON %s TO web_anon" % table)


def fill(database, table, rows):
    database.query("CREATE TABLE %s (id integer PRIMARY KEY, part integer, name text, note text)" % table)
    database.query("INSERT INTO %s SELECT g, g / 20, 'name of ' || g, 'something that is said of it' FROM %s AS s"
                   % (table, SERIES[database.kind] % rows))
    database.query("CREATE INDEX %s_part ON %s (part)" % (table, table))
    database.query("ANALYZE %s" % table)
    grant(database, table)


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*cells):
    print()
    row(*cells)
    row(*["---"] * len(cells))


# plan

def plan(build):
    head("planning", "database", "µs of CPU")
    for line in must([os.path.join(build, "tests", "bench", "plan_loop")]).splitlines():
        database, name, took = line.split("\t")
        row(name, database, took)


# large

def child_of(server):
    """The child that answers: the only one that is not httpd's helper; it has most threads."""
    found = []
    for path in glob.glob("/proc/[0-9]*/status"):
        try:
            with open(path, encoding="utf-8") as file:
                status = file.read()
        except OSError:
            continue
        if int(re.search(r"PPid:\s+(\d+)", status).group(1)) == server.process.pid:
            found.append((int(re.search(r"Threads:\s+(\d+)", status).group(1)), path.split("/")[2]))
    return max(found)[1]


def resident(pid, what):
    """MB. what: VmRSS, VmHWM (the most so far)"""
    with open("/proc/%s/status" % pid, encoding="utf-8") as file:
        return int(re.search(what + r":\s+(\d+)", file.read()).group(1)) / 1024


def stream(server, target, headers=()):
    """(milliseconds to the first byte of the body, to the last, bytes)"""
    import http.client
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    began = time.monotonic()
    link.request("GET", target, headers=dict([fault.SITE, *headers]))
    answer = link.getresponse()
    process_failed = answer.status not in (200, 206)
    first = answer.read1(1)
    came, size = time.monotonic(), len(first)
    while piece := answer.read1(65536):
        size += len(piece)
    if process_failed:
        raise process.Failed("%s answers %d" % (target, answer.status))
    link.close()
    return (came - began) * 1000, (time.monotonic() - began) * 1000, size


def large(build):
    head("%d rows" % LARGE, "database", "MB", "first byte, ms", "last byte, ms", "memory grows by, MB")
    for kind in KINDS:
        database = fault.database(build, kind)
        fill(database, "large", LARGE)
        for name, accept in (("JSON", "application/json"), ("CSV", "text/csv")):
            server = fault.start(build, database, mpm=CHILD)
            try:
                fault.get(server, "/api/large?limit=1", [("Accept", accept)])
                pid = child_of(server)
                before = resident(pid, "VmRSS")
                first, last, size = stream(server, "/api/large", [("Accept", accept)])
                row(name, NAMES[kind], "%.1f" % (size / 1e6), "%.0f" % first, "%.0f" % last,
                    "%.1f" % (resident(pid, "VmHWM") - before))
            finally:
                server.stop()


# rows

def cost(server, roots, target):
    """CPU microseconds of a request, that of the database's processes included."""
    import http.client
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    before = cpu_seconds(roots)
    for number in range(REQUESTS):
        link.request("GET", target % (number % 40 + 5), headers=dict([fault.SITE]))
        answer = link.getresponse()
        answer.read()
        fault.expect(answer.status == 200, "%s answers %d", target, answer.status)
    link.close()
    return (cpu_seconds(roots) - before) * 1e6 / REQUESTS


def main_process(database):
    with open(os.path.join(database.cluster.data, "postmaster.pid"), encoding="ascii") as file:
        return int(file.readline())


def rows(build):
    head("rows in the table", "database", "CPU of a request, µs", "against the small one")
    for kind in KINDS:
        database = fault.database(build, kind)
        for table, count in (("few", FEW), ("many_rows", MANY)):
            fill(database, table, count)
        server = fault.start(build, database, mpm=CHILD)
        roots = {server.process.pid} | ({main_process(database)} if kind == "pgsql" else set())
        costs = {"few": [], "many_rows": []}
        try:
            for _ in range(ROUNDS): # by turns: what else the machine does hits both
                for table, list_ in costs.items():
                    list_.append(cost(server, roots, "/api/" + table + "?part=eq.%d&select=id,name"))
        finally:
            server.stop()
        small, big = (statistics.median(costs[table]) for table in ("few", "many_rows"))
        row("{:,}".format(FEW), NAMES[kind], "%.0f" % small, "")
        row("{:,}".format(MANY), NAMES[kind], "%.0f" % big, "%+.1f %%" % ((big / small - 1) * 100))


# tables

def make_tables(database):
    columns = "id integer PRIMARY KEY, a text, b integer, c text, d integer, e text, f integer"
    texts = []
    for number in range(TABLES):
        key = ", parent integer REFERENCES t%d" % (number - 1) if number else ""
        texts.append("CREATE TABLE t%d (%s%s);\n" % (number, columns, key))
    if database.kind == "pgsql":
        for first in range(0, TABLES, 200): # a transaction has a bound of locks
            database.query("".join(texts[first:first + 200]))
        database.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO web_anon")
    else:
        link = database.connect()
        link.executescript("BEGIN; %s COMMIT;" % "".join(texts))
        link.close()
        database.query("INSERT INTO app_grants (role, resource, action) SELECT 'web_anon', name, 'select' FROM sqlite_schema"
                       " WHERE type = 'table' AND name GLOB 't[0-9]*'")


def load_once(build, database):
    """(milliseconds, MB of the image)"""
    server = fault.start(build, database, mpm=CHILD, lines="LogLevel app:debug\n")
    try:
        fault.expect_served(server, "/api/t7?limit=1", within=30)
        process.wait_until(lambda: "APP1000" in server.log.text(), 5)
        times = re.findall(r"APP1000\b.*loaded in (\d+) ms", server.log.text())
        images = glob.glob(os.path.join(server.folder, "**", "rest-*.image"), recursive=True)
        return min(map(int, times)), max((os.path.getsize(image) / 1e6 for image in images), default=0)
    finally:
        server.stop()


def tables(build):
    head("%d tables" % TABLES, "loaded in, ms", "image, MB")
    for kind in KINDS:
        database = fault.database(build, kind)
        make_tables(database)
        took, size = min(load_once(build, database) for _ in range(ROUNDS))
        row(NAMES[kind], took, "%.1f" % size)


PARTS = {"plan": plan, "large": large, "rows": rows, "tables": tables}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--only", default=",".join(PARTS))
    options = parser.parse_args()
    for name in options.only.split(","):
        PARTS[name](os.path.abspath(options.build))


if __name__ == "__main__":
    main()
