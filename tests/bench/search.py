#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a search takes, and what it costs, in the sample's packages on both databases.

    tests/bench/search.py [--build BUILD] [--seconds S] [--connections N] [--csv FOLDER]

The median and the 99th percentile are those of wrk, with every connection asking all the time; CPU is that of all processes
of httpd and PostgreSQL, and beside it that of the statements alone, run by the database without anything of ours. Absolute
numbers belong to the machine.
"""
import argparse
import os
import re
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, TESTS)
sys.dont_write_bytecode = True

from lib import process, server, stage  # noqa: E402

import data  # noqa: E402
import search_alone  # noqa: E402
from load import Request, cpu_seconds, must  # noqa: E402

MPM = "StartServers 2\nThreadsPerChild 32\nLogLevel error\n"
COLLECTION = ["packages", "--table", "packages", "--columns", "name:A,summary:B", "--facets", "section,priority"]
PATH = "/api/search/packages?q=%s&select=name,summary"
# Title, path; and what SQLite is asked for alone.
SEARCHES = [
    ("two words, 20 hits, total, two facets", PATH % "web%20server", ("few", "web server")),
    ("a word of a quarter of all rows", PATH % "library", ("many", "library")),
    ("words of a third of all rows", PATH % "library%20OR%20dev", ("many", "library OR dev")),
    ("a package's name", PATH % "postgresql", ("few", "postgresql")),
    ("a word mistyped, with a proposal", "/api/search/packages?q=postgrseql&select=name", None),
    ("suggest, four letters", "/api/search/packages/suggest?q=post&limit=10", ("beginning", "post")),
    ("suggest, a word inside", "/api/search/packages/suggest?q=partman&limit=10", None),
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--csv", help="folder with what sql/sample/import.sh csv has written")
    return parser.parse_args()


def create(build, database):
    """Makes the collection as who owns the tables."""
    url = database.url
    if database.name == "PostgreSQL":
        database.run("CREATE EXTENSION pg_trgm")
        url = "postgresql://postgres@/bench?host=%s&port=%d" % (database.cluster.folder, database.cluster.port)
    path = os.path.join(process.folder("search"), "app.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write('AppDatabase "%s"\nAppPluginDir "%s"\n<AppPlugin rest>\n</AppPlugin>\n<AppPlugin search>\n</AppPlugin>\n'
                   % (url, os.path.join(build, "plugins")))
    must([os.path.join(build, "appctl"), "-f", path, "search", "create"] + COLLECTION)
    if database.name == "PostgreSQL":
        database.run("GRANT USAGE ON SCHEMA app TO authenticator; GRANT SELECT ON app.app_search TO authenticator")
        for function in ("pg_catalog.ts_match_vq(tsvector, tsquery)", "pg_catalog.lower(text)", "similarity_op(text, text)"):
            database.run("ALTER FUNCTION %s LEAKPROOF" % function)
        database.run("VACUUM ANALYZE packages")
    else:
        process.give_to(database.path, process.web_user())


def press(port, request, options):
    output = must(["wrk", "-t2", "-c%d" % options.connections, "-d%ds" % options.seconds, "--latency", "--timeout", "5s"]
                  + request.words(port, ""))
    if re.search(r"Non-2xx|Socket errors", output):
        raise process.Failed("%s: not every request was answered well\n%s" % (request.path, output))
    count = int(re.search(r"(\d+) requests in", output)[1])
    return count, [milliseconds(re.search(r"(?m)^ +%s%% +(\S+) *$" % part, output)[1]) for part in ("50", "99")]


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def run(options):
    build = stage.build(os.path.abspath(options.build))
    databases = data.make(options.csv)
    for database in databases:
        create(build, database)
    sites = [server.Site("%s.test" % database.name.lower(), database) for database in databases]
    with server.Server(build, "event", sites, mpm=MPM) as web:
        roots = {web.process.pid, databases[1].main_process()}
        folder = process.folder("search-alone")
        lite = search_alone.Sqlite(databases[0], folder)
        pgsql = search_alone.Pgsql(databases[1], folder,
                                   lambda path: search_alone.fetch(web.port, sites[1].name, path))
        print("| search, at %d connections | requests/s | median ms | 99 %% ms | CPU s per 1,000 | SQL alone | times |\n"
              "| --- | ---: | ---: | ---: | ---: | ---: | ---: |" % options.connections)
        for title, path, alone in SEARCHES:
            for database in databases:
                measure(web, roots, title, Request("%s.test" % database.name.lower(), path), options,
                        lambda: pgsql.cost(path, options.seconds) if database.name == "PostgreSQL"
                        else lite.cost(*alone, options.seconds) if alone else None)


def measure(web, roots, title, request, options, alone):
    press(web.port, request, options)
    before = cpu_seconds(roots)
    count, (median, slow) = press(web.port, request, options)
    cost = (cpu_seconds(roots) - before) * 1000 / count
    least = alone()
    print("| %s, %s | %.0f | %.1f | %.1f | %.2f | %s |"
          % (title, request.site.partition(".")[0], count / options.seconds, median, slow, cost,
             "%.2f | %.2f" % (least, cost / least) if least else " | "), flush=True)


if __name__ == "__main__":
    try:
        run(arguments())
    except (process.Failed, subprocess.SubprocessError) as error:
        sys.exit("search.py: %s" % error)
