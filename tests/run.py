#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests; `make check` calls it.

    tests/run.py [--build BUILD] [T]

T is one test or a folder of tests: unit/app_url, http/rest/filter-eq, http/rest, dialect/filters, clients/embeds,
policies/generated, faults/graceful, guard/symbols, fuzz/url.
Without T everything runs. One http case alone is played over one host and one database, unless --all-hosts is given.
"""
import argparse
import glob
import importlib.util
import os
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
sys.dont_write_bytecode = True

if "LD_PRELOAD" in os.environ:  # lib/process.py says why
    ENVIRONMENT = dict(os.environ, APP_TEST_PRELOAD=os.environ["LD_PRELOAD"])
    del ENVIRONMENT["LD_PRELOAD"]
    os.execve(sys.executable, [sys.executable, *sys.argv], ENVIRONMENT)

from lib import clients, dialect, play, postgres, process, report, server, sqlite  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wanted", nargs="?", default="", metavar="T")
    parser.add_argument("--build", help="folder that make built into; else $BUILD, else build/")
    parser.add_argument("--hosts", default="", help="only these: event,worker,prefork,cgi,fastcgi")
    parser.add_argument("--db", default="", help="only these: sqlite,pgsql")
    parser.add_argument("--all-hosts", action="store_true", help="one case over all of them")
    parser.add_argument("--keep", action="store_true", help="leave temporary folders, print them")
    parser.add_argument("--valgrind", action="store_true",
                        help="httpd under valgrind; its reports fail the run")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each test")
    found = parser.parse_args()
    found.wanted = found.wanted.removeprefix("T=").removeprefix("tests/").strip("/")
    found.build = os.path.abspath(found.build) if found.build else \
        os.path.join(sqlite.ROOT, os.environ.get("BUILD") or "build")
    return found


def selected(name, wanted):
    return not wanted or name == wanted or name.startswith(wanted + "/")


def module(path):
    """A guard or a fault: a Python file with one function run()."""
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def run_module(name, path, options, found):
    """run(build) returns, yields or raises what is wrong."""
    problems = []
    try:
        for problem in module(path).run(options.build) or []:
            problems += str(problem).splitlines()
    except process.Skip as reason:
        found.skipped(name, str(reason))
        return
    except process.Failed as error:
        problems += str(error).splitlines()
    except Exception:
        problems += traceback.format_exc().splitlines()
    if problems:
        found.failed(name, problems)
    else:
        found.passed(name)


def run_modules(kind, options, found):
    for path in sorted(glob.glob(os.path.join(TESTS, kind, "*.py"))):
        name = "%s/%s" % (kind, os.path.basename(path)[:-3])
        if selected(name, options.wanted):
            run_module(name, path, options, found)


def run_program(name, command, found, seconds):
    try:
        status, output = process.run(command, cwd=sqlite.ROOT, timeout=seconds)
    except subprocess.TimeoutExpired:
        found.failed(name, ["did not end within %d s" % seconds])
        return
    if status:
        found.failed(name, ["exit status %d" % status] + output.splitlines()[-40:])
    else:
        found.passed(name)


def programs(pattern):
    return [path for path in sorted(glob.glob(pattern))
            if os.path.isfile(path) and os.access(path, os.X_OK)]


def needs_server(path):
    return path.endswith("_pgsql")


def serve_unit_tests():
    """A server for the tests that need one, whose superuser they are; without one they skip themselves."""
    if "APP_TEST_PGSQL" in os.environ:
        return
    try:
        cluster = postgres.Cluster(empty=True)
    except process.Skip:
        return
    os.environ["APP_TEST_PGSQL"] = "postgresql:///postgres?host=%s&port=%d&user=postgres" % (
        cluster.folder, cluster.port)


def run_units(paths, found):
    for path in paths:
        run_program("unit/" + os.path.basename(path).removeprefix("test_"), [path], found, 60)


def run_served_units(paths, found):
    if paths:
        serve_unit_tests()
    run_units(paths, found)


def run_unit(options, found):
    """Those that want a server take a while to get one: meanwhile the others run."""
    paths = [path for path in programs(os.path.join(options.build, "tests", "unit", "test_*"))
             if selected("unit/" + os.path.basename(path).removeprefix("test_"), options.wanted)]
    with ThreadPoolExecutor(2) as pool:
        served = pool.submit(run_served_units, [path for path in paths if needs_server(path)], found)
        run_units([path for path in paths if not needs_server(path)], found)
        served.result()


def run_fuzz(options, found):
    """Each fuzz target reads every file of its corpus once; a crash or a report of a sanitizer fails it."""
    for path in programs(os.path.join(options.build, "tests", "fuzz", "fuzz_*")):
        target = os.path.basename(path).removeprefix("fuzz_")
        if not selected("fuzz/" + target, options.wanted):
            continue
        corpus = sorted(glob.glob(os.path.join(TESTS, "fuzz", "corpus", target, "*")))
        if not corpus:
            found.failed("fuzz/" + target, ["tests/fuzz/corpus/%s holds no file" % target])
        else:
            run_program("fuzz/" + target, [path] + corpus, found, 60)


def run_http(options, found):
    cases, wrong = play.load(options.wanted)
    for name, what in wrong:
        found.failed(name, [what])
    one = not options.all_hosts and any(case.name == options.wanted for case in cases)
    hosts = [word for word in options.hosts.split(",") if word]
    databases = [word for word in options.db.split(",") if word]
    chosen = play.choose(cases, hosts, databases, one)
    if chosen:
        play.play(options.build, chosen, found)


def run_clients(options, found):
    files = clients.find(options.wanted)
    hosts = [word for word in options.hosts.split(",") if word]
    if files and (not hosts or clients.HOST in hosts):
        databases = [word for word in options.db.split(",") if word]
        clients.play(options.build, files, databases, found)


def run_dialect(options, found):
    hosts = [word for word in options.hosts.split(",") if word]
    tables = dialect.find(options.wanted)
    if tables and (not hosts or dialect.HOST in hosts):
        databases = [word for word in options.db.split(",") if word]
        dialect.play(options.build, tables, databases, found)


KINDS = {
    "guard": lambda options, found: run_modules("guard", options, found),
    "unit": run_unit,
    "fuzz": run_fuzz,
    "http": run_http,
    "dialect": run_dialect,
    "clients": run_clients,
    "httpd": lambda options, found: run_modules("httpd", options, found),
    "policies": lambda options, found: run_modules("policies", options, found),
    "faults": lambda options, found: run_modules("faults", options, found),
}


def main():
    options = arguments()
    process.end_on_signals()
    server.under_valgrind = options.valgrind
    found = report.Report(options.verbose)
    for kind, call in KINDS.items():
        if options.wanted and options.wanted.split("/")[0] != kind:
            continue
        since, before = time.monotonic(), dict(found.counts)
        try:
            call(options, found)
        except process.Failed as error:
            found.failed(kind, str(error).splitlines())
        if found.counts != before:
            found.section(kind, since, before)
    if not sum(found.counts.values()):
        print("no test is called %s" % options.wanted)
    process.clean_up(options.keep)
    return found.close()


if __name__ == "__main__":
    sys.exit(main())
