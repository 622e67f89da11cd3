#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a request costs, against a static file of the same size from the same httpd; `make bench` calls it.

    tests/bench/bench.py [--build BUILD] [--rounds N] [--seconds S]

Requests/s come from wrk. CPU is that of all processes of httpd and PostgreSQL, kernel time included, divided by the requests
answered. Targets take turns, round by round, so that what else the machine does hits all of them; the
table shows medians. Only ratios of one run mean anything: absolute numbers belong to the machine.
"""
import argparse
import glob
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

from lib import postgres, process, server, stage  # noqa: E402

IMPORT = os.path.join(ROOT, "sql", "sample", "import.sh")
ROW = "/api/packages?name=eq.bash"
LIST = ("/api/packages?section=eq.net&installed_size=gt.10000"
        "&select=name,version,summary&order=installed_size.desc&limit=20")
TICK = os.sysconf("SC_CLK_TCK")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    return parser.parse_args()


def must(command, **options):
    status, output = process.run(command, **options)
    if status:
        raise process.Failed("%s: %s" % (command[0], output.strip()[-500:]))
    return output


# Data: the sample's rows, from one CSV, in both databases

class Sqlite:
    name = "SQLite"

    def __init__(self, csv):
        folder = process.folder("bench-db")
        path = os.path.join(folder, "packages.db")
        must([IMPORT, "sqlite", csv, path])
        scripts = sorted(glob.glob(os.path.join(ROOT, "sql", "sqlite", "*.sql")))
        for script in scripts + [os.path.join(ROOT, "sql", "sample", "grants-sqlite.sql")]:
            with open(script, encoding="utf-8") as file:
                must(["sqlite3", "-bail", path], stdin=file)
        process.give_to(folder, process.web_user())
        process.give_to(path, process.web_user())
        self.url = "sqlite:" + path

    processes = None


class Pgsql:
    name = "PostgreSQL"

    def __init__(self, csv):
        self.cluster = postgres.Cluster()
        self.cluster.psql("postgres", "CREATE DATABASE bench")
        for script in sorted(glob.glob(os.path.join(ROOT, "sql", "pgsql", "*.sql"))):
            self.cluster.psql("bench", file=script)
        must([IMPORT, "pgsql", csv, "postgresql://postgres@/bench?host=%s&port=%d"
              % (self.cluster.folder, self.cluster.port)])
        self.cluster.psql("bench", file=os.path.join(ROOT, "sql", "sample", "grants-pgsql.sql"))
        self.url = postgres.Database(self.cluster, "bench").url

    def processes(self):
        with open(os.path.join(self.cluster.data, "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())


# CPU time

def stat(pid):
    """(parent, own ticks, ticks of children that have ended) of a process; None if it is gone."""
    try:
        with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def cpu_seconds(roots):
    """CPU of the processes and all below them, ended ones included."""
    table = {int(pid): stat(pid) for pid in os.listdir("/proc") if pid.isdigit()}
    ticks = 0
    for pid, found in table.items():
        if found and under(pid, roots, table):
            ticks += found[1] + (found[2] if pid in roots else 0)
    return ticks / TICK


def under(pid, roots, table):
    while pid and pid not in roots:
        found = table.get(pid)
        pid = found[0] if found else 0
    return pid != 0


# Load

class Target:
    def __init__(self, what, site, path, like=None):
        self.what, self.site, self.path = what, site, path
        self.like = like or self  # the static file that it is compared with
        self.size = 0
        self.rates, self.costs = [], []


def fetch(port, target):
    request = urllib.request.Request("http://127.0.0.1:%d%s" % (port, target.path),
                                     headers={"Host": target.site})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def press(port, target, seconds, connections):
    """Requests answered and the time that took."""
    output = must(["wrk", "-t2", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "5s",
                   "-H", "Host: " + target.site, "http://127.0.0.1:%d%s" % (port, target.path)])
    if re.search(r"Non-2xx|Socket errors", output):
        raise process.Failed("%s: not every request was answered well\n%s" % (target.what, output))
    count, time, unit = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", output).groups()
    return int(count), float(time) * {"ms": 0.001, "s": 1, "m": 60}[unit]


def measure(port, targets, roots, options):
    for target in targets:
        press(port, target, 1, options.connections)
    for number in range(options.rounds):
        # The other way round each second time: nobody is always behind the same neighbour.
        for target in targets if number % 2 == 0 else reversed(targets):
            before = cpu_seconds(roots)
            count, seconds = press(port, target, options.seconds, options.connections)
            target.rates.append(count / seconds)
            target.costs.append((cpu_seconds(roots) - before) * 1000 / count)


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


def table(targets):
    rows = [("request", "bytes", "requests/s", "to static", "CPU s per 1,000", "to static")]
    for target in targets:
        rate, cost = statistics.median(target.rates), statistics.median(target.costs)
        like = target.like
        rows.append((target.what, "%d" % target.size, "{:,.0f}".format(rate),
                     "%.2f" % (rate / statistics.median(like.rates)), "%.3f" % cost,
                     "%.2f" % (cost / statistics.median(like.costs))))
    rows.insert(1, ("---",) + ("---:",) * (len(rows[0]) - 1))
    return "\n".join("| %s |" % " | ".join(row) for row in rows)


def prepare(build):
    """A server with a site for each database, and what to ask of it."""
    csv = process.folder("bench-csv")
    must([IMPORT, "csv", csv])
    databases = [Sqlite(csv), Pgsql(csv)]
    shutil.rmtree(csv)
    sites = [server.Site("sqlite.test", databases[0]), server.Site("pgsql.test", databases[1])]
    # The file is JSON, so that it meets the same filters. More threads in each child than there are connections: a child without an idle one closes those kept alive.
    web = server.Server(stage.build(build), "event", sites,
                        mpm="StartServers 2\nThreadsPerChild 32\nLogLevel error\n"
                            "AddType application/json .json\n")
    web.start()
    return web, databases[1]


def static_like(web, what, target):
    """A target for a file with the very bytes that another target answers with."""
    body = fetch(web.port, target)
    name = "%s.json" % what
    with open(os.path.join(web.folder, "htdocs", name), "wb") as file:
        file.write(body)
    static = Target("static file, size of %s" % what, target.site, "/" + name)
    static.size = target.size = len(body)
    target.like = static
    return static


def targets_of(web):
    live = Target("`/health/live`", "sqlite.test", "/health/live")
    row = Target("one row by key, SQLite", "sqlite.test", ROW)
    row_pg = Target("one row by key, PostgreSQL", "pgsql.test", ROW)
    many = Target("20 rows of 60,000, SQLite", "sqlite.test", LIST)
    many_pg = Target("20 rows of 60,000, PostgreSQL", "pgsql.test", LIST)
    found = []
    for what, group in (("live", [live]), ("row", [row, row_pg]), ("rows", [many, many_pg])):
        static = static_like(web, what, group[0])
        for target in group:
            target.like = static
            target.size = len(fetch(web.port, target))
        found += [static] + group
    return found


def main():
    options = arguments()
    process.end_on_signals()
    if not shutil.which("wrk"):
        raise process.Failed("wrk is not installed: .ci/packages all")
    web, pgsql = prepare(os.path.abspath(options.build))
    targets = targets_of(web)
    measure(web.port, targets, {web.process.pid, pgsql.processes()}, options)
    print("mod_app %s · %s\n%s · %d connections, %d rounds of %d s, no access log\n" %
          (commit(), machine(), versions(pgsql.cluster), options.connections, options.rounds,
           options.seconds))
    print(table(targets))
    web.stop()


if __name__ == "__main__":
    try:
        main()
    except (process.Failed, process.Skip, subprocess.TimeoutExpired, OSError) as error:
        sys.exit("bench: %s" % error)
