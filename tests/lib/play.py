# SPDX-License-Identifier: Apache-2.0
"""Plays the cases of tests/http: starts a server for each host and database, sends, compares, reads the log."""
import os
import re
import signal
import traceback
from concurrent.futures import ThreadPoolExecutor

from lib import case as cases
from lib import client, log, match, postgres, process, server, sqlite, stage

FOLDER = os.path.join(sqlite.ROOT, "tests", "http")
# What the full run plays, and in which order the first that fits is chosen for one case alone.
COMBINATIONS = [("event", "sqlite"), ("event", "pgsql"), ("prefork", "sqlite"),
                ("prefork", "pgsql"), ("cgi", "sqlite"), ("cgi", "pgsql"), ("fastcgi", "sqlite"),
                ("fastcgi", "pgsql"), ("worker", "sqlite"), ("worker", "pgsql")]
WRITING = ("POST", "PATCH", "PUT", "DELETE")
# What no answer may hold: places on this machine, passwords, SQL.
LEAKS = re.compile(r"/tmp/|/usr/lib|/home/|\.so\b|%s|\bSELECT \S+ FROM\b" % postgres.PASSWORD)


def load(wanted):
    """Reads all wanted cases. Returns (cases, [(name, what is wrong with the file)])."""
    read, wrong = [], []
    for name, path in cases.find(FOLDER, wanted):
        try:
            read.append(cases.read(path, name))
        except (cases.Wrong, UnicodeDecodeError) as error:
            wrong.append((name, str(error)))
    return read, wrong


def choose(read, hosts, databases, one):
    """The combinations to be played: one per case where one is set, else all; narrowed to the hosts and databases asked for."""
    chosen = {}
    for case in read:
        for pair in COMBINATIONS:
            if (not hosts or pair[0] in hosts) and (not databases or pair[1] in databases) \
                    and case.runs_on(*pair):
                chosen.setdefault(pair, []).append(case)
                if one:
                    break
    return chosen


def play(build, chosen, report, parallel=2):
    """Plays chosen: {(host, database): cases}."""
    build = stage.build(build)
    cluster = None
    if any(pair[1] == "pgsql" for pair in chosen):
        try:
            cluster = postgres.Cluster()
        except process.Skip as reason:
            for pair in [pair for pair in chosen if pair[1] == "pgsql"]:
                for case in chosen.pop(pair):
                    report.skipped(_label(case, pair), str(reason))
    pool = ThreadPoolExecutor(parallel)
    try:
        done = [pool.submit(_play_pair, build, pair, group, cluster, report)
                for pair, group in chosen.items()]
        for future in done:
            future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _label(case, pair):
    return "%s [%s, %s]" % ((case.name,) + pair)


def _play_pair(build, pair, group, cluster, report):
    host, kind = pair
    try:
        database = cluster.database("app_" + host) if kind == "pgsql" else sqlite.Database(build)
        sites = _sites(group, database)
        with server.Server(build, host, sites.values()) as running:
            for case in group:
                _play_case(case, pair, running, database, sites, report)
            last = running.log.rest()
            # A plain stop under the event MPM now and then crashes a child in httpd's own close_worker_sockets().
            ended = running.stop(signal.SIGWINCH)
        last = log.unexpected(last + running.log.rest())
        name = "http [%s, %s]" % pair
        if last:
            report.failed(name, ["nobody named these lines of the log:"] + last[:20])
        elif not ended:
            report.failed(name, ["did not stop within 20 s and was killed"])
        elif server.under_valgrind and running.valgrind_reports():
            report.failed(name, ["valgrind reports:"] + running.valgrind_reports()[:60])
        elif postgres.PASSWORD in running.log.text():
            report.failed(name, ["the database's password stands in the log"])
    except (process.Failed, OSError) as error:
        report.failed("http [%s, %s]" % pair, str(error).splitlines())
        for case in group:
            report.skipped(_label(case, pair), "their server did not start")
    except Exception:
        report.failed("http [%s, %s]" % pair, traceback.format_exc().splitlines())


def _sites(group, database):
    """A site for each set of settings: {(settings, server lines): site}. Cases choose theirs with the Host header."""
    sites = {}
    for case in group:
        key = (case.settings, case.server)
        if key not in sites:
            sites[key] = server.Site("site%d.test" % len(sites), database, *key)
    return sites


def _play_case(case, pair, running, database, sites, report):
    host = sites[(case.settings, case.server)].name
    problems = ["log before the case: " + line for line in log.unexpected(running.log.rest())]
    try:
        problems += _exchanges(case, running.port, host)
    except (client.Broken, cases.Wrong, OSError, ValueError) as error:
        problems.append("%s: %s" % (type(error).__name__, error))
    except process.Skip as reason:
        report.skipped(_label(case, pair), str(reason))
        return
    problems += _log_problems(case, pair[0], running)
    if case.writes:
        database.restore(case.writes)
    if problems:
        report.failed(_label(case, pair), [case.title] + problems)
    else:
        report.passed(_label(case, pair))


def _log_problems(case, host, running):
    wanted = {number for number, hosts in case.logs.items() if host in hosts}
    seen = running.log.rest()

    def found():
        seen.extend(running.log.rest())
        return set().union(*map(log.numbers, seen))
    process.wait_until(lambda: wanted <= found(), 2)
    yield from ("log: %s is missing" % number for number in sorted(wanted - found()))
    allowed = wanted | {number for number, hosts in case.may_log.items() if host in hosts}
    yield from ("log: " + line for line in log.unexpected(seen, allowed))


def _exchanges(case, port, host):
    """Plays the exchanges of a case, in order, over one connection as long as the server keeps it."""
    connection, answers = None, []
    try:
        for exchange in case.exchanges:
            if connection and (not connection.open or "new connection" in exchange.options):
                connection.close()
                if "same connection" in exchange.options:
                    return ["line %d: the connection was closed before" % exchange.line]
                connection = None
            if not connection and not _alone(exchange):
                connection = client.Connection("127.0.0.1", port)
            try:
                answer = _send(exchange, connection, port, host, answers)
            except client.Broken:
                if "broken" not in exchange.options:
                    raise
                connection.close()
                continue
            if "broken" in exchange.options:
                return ["line %d: the answer came whole, and should break off" % exchange.line]
            answers.append(answer)
            found = _compare(exchange, answer, case)
            if found:
                where = "line %d: %s %s" % (exchange.line, exchange.method, exchange.target[:200])
                return [where] + found
    finally:
        if connection:
            connection.close()
    return []


def _alone(exchange):
    return "http2" in exchange.options


def _send(exchange, connection, port, host, answers):
    target = cases.expand(exchange.target, answers)
    headers = [(name, cases.expand(value, answers)) for name, value in exchange.headers]
    body = exchange.body
    if body is not None:
        body = cases.expand(body, answers).encode("utf-8", "surrogateescape")
    if "raw" in exchange.options:
        return _send_raw(exchange, connection, target, headers, body)
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", host))
    if "http2" in exchange.options:
        if not client.has_http2():
            raise process.Skip("curl with HTTP/2 is not installed")
        return client.http2(port, exchange.method, target, headers, body)
    return connection.request(exchange.method, target, headers, body)


def _send_raw(exchange, connection, target, headers, body):
    """Only what stands in the case goes out: no Host, no Content-Length."""
    lines = ["%s %s" % (exchange.method, target)] + ["%s: %s" % pair for pair in headers]
    connection.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n"
                    + (body or b""))
    return connection.answer(exchange.method)


def _compare(exchange, answer, case):
    found = []
    if answer.status != exchange.status:
        found.append("status %d, should be %d" % (answer.status, exchange.status))
    found += match.headers(exchange.expected, answer)
    found += match.body(exchange.expected_body, answer)
    found += _always(exchange, answer, case)
    if found and answer.status != exchange.status:
        found.append("answer: " + answer.text()[:500])
    return found


def _always(exchange, answer, case):
    """What holds for every answer, whether or not the case says so."""
    text = answer.text()
    if LEAKS.search(text):
        yield "the answer tells too much: %s" % LEAKS.search(text)[0]
    if exchange.target.startswith("/api") and answer.status >= 400 and exchange.method != "HEAD" \
            and exchange.expected_body != match.ANY and not _is_data(answer):
        yield from _is_error(answer, case)
    if exchange.method in WRITING and answer.status < 300 and not case.writes \
            and not exchange.target.startswith(("/api/probe/", "/api/rpc/")):
        yield "this case writes: name the tables it changes (writes: tasks)"


def _is_data(answer):
    """A function may give its result any status."""
    return answer.status != 416 and answer.header("Content-Range")


def _is_error(answer, case):
    if not (answer.header("Content-Type") or "").startswith("application/json"):
        yield "an error without Content-Type: application/json"
        return
    minimal = "AppErrorVerbosity minimal" in case.settings
    wanted = {"code", "message"} if minimal else {"code", "details", "hint", "message"}
    found = match.loads(answer.text())
    if {"error", "error_description"} <= set(found):  # RFC 6749 5.2
        wanted = wanted | {"error", "error_description"}
    if set(found) != wanted and "checks" not in found:
        yield "an error is not {code, details, hint, message}: %s" % answer.text()[:200]
