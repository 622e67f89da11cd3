# SPDX-License-Identifier: Apache-2.0
"""Plays the tables of tests/dialect: short requests and answers, many to a file, over one httpd on both databases.

Every transaction is rolled back, so no case is seen by another.
"""
import glob
import os
import re

from lib import client, jwt, log, match, postgres, process, server, sqlite, stage

FOLDER = os.path.join(sqlite.ROOT, "tests", "dialect")
HOST = "event"
DATABASES = ("sqlite", "pgsql")
SETTINGS = ("rest AggregatesEnabled on", "rest TxEnd rollback")
MAY_LOG = {"APP0003"}  # an error that the dialect calls one of the server, as a row given twice
WRITES = ("POST", "PATCH", "PUT", "DELETE")
SCHEMAS = {"sqlite": "main", "pgsql": "public"}
PARTS = {"d: ": "details", "h: ": "hint"}

REQUEST = re.compile(r"(?:\[(?P<words>[a-z_ ]+)\] )?(?P<method>[A-Z]+) (?P<target>/\S.*|/)")
ERROR = re.compile(r"(?P<code>PGRST[0-9X]\d\d|[0-9A-Z]{5})(?: (?P<message>.*))?")
HEADERS = re.compile(r" {3,}(?=!?[A-Z][A-Za-z-]+(?:: |$))")


class Wrong(Exception):
    """A table that cannot be read; the text says where."""


class Case:
    """One request and its answer."""

    def __init__(self, line, words, method, target, headers):
        self.line = line
        self.databases = [word for word in words if word in DATABASES] or DATABASES
        roles = [word for word in words if word not in DATABASES]
        self.role = roles[0] if roles else "web_user" if method in WRITES else "web_anon"
        self.method = method
        self.target = target
        self.headers = headers
        self.body = None
        self.status = 0
        self.expected = None
        self.expected_headers = []
        self.below = []


def find(wanted):
    """The tables that are wanted: [(name, path)]."""
    found = [(os.path.basename(path)[:-4], path) for path in sorted(glob.glob(FOLDER + "/*.txt"))]
    return [(name, path) for name, path in found if wanted in ("", "dialect", "dialect/" + name)]


def read(path):
    """The cases of a table. Blocks of lines with blank lines between; what begins with # is for the reader."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    cases, block = [], []
    for number, line in enumerate(lines + [""], 1):
        if line.startswith("#"):
            continue
        if line:
            block.append((number, line))
        elif block:
            cases.append(_case(path, block))
            block = []
    return cases


def _case(path, block):
    case = _request(path, *block[0])
    body = []
    rest = block[1:]
    while rest and not re.match(r"\d{3}( |$)", rest[0][1]):
        body.append(rest.pop(0)[1])
    if not rest:
        raise Wrong("%s:%d: no answer" % (path, case.line))
    case.body = "\n".join(body) if body else None
    _answer(case, rest[0][1], [line for _, line in rest[1:]])
    return case


def _request(path, number, line):
    target, *headers = HEADERS.split(line)
    found = REQUEST.fullmatch(target)
    if not found:
        raise Wrong("%s:%d: no request: %s" % (path, number, line))
    words = (found["words"] or "").split()
    return Case(number, words, found["method"], found["target"], _pairs(headers))


def _answer(case, line, below):
    """STATUS, then JSON, or an error's code and message, or nothing; what stands below belongs to it."""
    status, _, rest = line.partition(" ")
    expected, *headers = HEADERS.split(" " + rest)
    case.status = int(status)
    case.expected_headers = [(name.lstrip("!"), None if name.startswith("!") else value)
                             for name, value in _pairs(headers)]
    case.expected = expected.strip() or None
    case.below = below


def _error(case, kind):
    """The error that is expected, "d: " and "h: " below it; None if it is none."""
    found = ERROR.fullmatch(case.expected or "") if case.status >= 300 else None
    if not found:
        return None
    value = {"code": found["code"], match.ANY: match.ANY}
    parts = [("message", found["message"])] + [(PARTS[line[:3]], line[3:]) for line in case.below]
    for name, text in parts:
        if text:
            text = text.replace("{{schema}}", SCHEMAS[kind])
            value[name] = match.loads(text) if text.startswith("[{") else text
    return value


def _differences(case, kind, answer):
    error = _error(case, kind)
    if error:
        return match.values(error, answer)
    if case.expected:
        return match.values(match.loads(case.expected), answer)
    text = "\n".join(line.removeprefix("|") for line in case.below)
    return match.body(text if case.below else None, answer)


def _pairs(headers):
    return [tuple((text + ": ").split(": ", 2)[:2]) for text in headers]


def _encoded(target):
    """The target as it goes over the wire: what may not stand in a request line is percent-encoded."""
    return "".join(char if "!" <= char <= "~" and char not in '"<>\\^`{|}'
                   else "".join("%%%02X" % byte for byte in char.encode()) for char in target)


def _problems(case, connection, kind):
    headers = [("Host", kind)] + case.headers
    if case.role != "web_anon":
        headers.append(("Authorization", "Bearer " + jwt.make({"role": case.role})))
    body = case.body.encode() if case.body is not None else None
    answer = connection.request(case.method, "/api" + _encoded(case.target), headers, body)
    if answer.status != case.status:
        yield "status %d, should be %d: %s" % (answer.status, case.status, answer.text()[:500])
    yield from match.headers(case.expected_headers, answer)
    yield from _differences(case, kind, answer)


def _times(case):
    """Reads are asked again, and again: then the answer comes of what was kept of them."""
    return 3 if case.method in ("GET", "HEAD") and not case.target.startswith("/rpc/") else 1


class _Player:
    """Sends cases over one connection, as long as the server keeps it."""

    def __init__(self, running, report):
        self.running = running
        self.report = report
        self.connection = None

    def _ask(self, case, kind):
        try:
            if not self.connection or not self.connection.open:
                self.connection = client.Connection("127.0.0.1", self.running.port)
            return list(_problems(case, self.connection, kind))
        except (client.Broken, OSError, ValueError) as error:
            self.connection = None
            return ["%s: %s" % (type(error).__name__, error)]

    def play(self, name, case, kind):
        label = "dialect/%s:%d [%s]" % (name, case.line, kind)
        problems = []
        for _ in range(_times(case)):
            problems = problems or self._ask(case, kind)
        problems += ["log: " + line
                     for line in log.unexpected(self.running.log.rest(), MAY_LOG)]
        if problems:
            self.report.failed(label, ["%s %s" % (case.method, case.target)] + problems)
        else:
            self.report.passed(label)


def _databases(build, wanted):
    """Those that are wanted and there, by name."""
    found = {}
    if "sqlite" in wanted:
        found["sqlite"] = sqlite.Database(build)
    if "pgsql" in wanted:
        try:
            found["pgsql"] = postgres.Cluster().database("app_dialect")
        except process.Skip:
            pass
    return found


def play(build, tables, wanted, report):
    build = stage.build(build)
    databases = _databases(build, wanted or DATABASES)
    sites = [server.Site(name, database, SETTINGS) for name, database in databases.items()]
    with server.Server(build, HOST, sites) as running:
        player = _Player(running, report)
        for name, path in tables:
            for case in read(path):
                for kind in case.databases:
                    if kind in databases:
                        player.play(name, case, kind)
