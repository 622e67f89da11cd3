# SPDX-License-Identifier: Apache-2.0
"""Reads a case of tests/http. tests/http/README.md describes the format for those who write cases."""
import json
import os
import re

from lib import jwt, totp

METHOD_LINE = re.compile(r"[A-Z]+ /\S*$|[A-Z]+ \S*\{\{.*$")
STATUS_LINE = re.compile(r"[1-5]\d\d$")
HOSTS = ("event", "worker", "prefork", "cgi", "fastcgi")
DATABASES = ("sqlite", "pgsql")
# What one word of "only" and "not" stands for.
WORDS = dict({name: {name} for name in HOSTS + DATABASES}, httpd={"event", "worker", "prefork"},
             threaded={"event", "worker"})
OPTIONS = ("http2", "raw", "broken", "same connection", "new connection")
KEYS = ("only", "not", "settings", "server", "log", "writes")


class Wrong(Exception):
    """The file is not a case."""


class Exchange:
    def __init__(self):
        self.method = self.target = ""
        self.line = 0
        self.options = set()   # of OPTIONS
        self.headers = []      # as written, templates not yet expanded
        self.body = None
        self.status = 0
        self.expected = []     # (name, value); value None: absent
        self.expected_body = None


class Case:
    def __init__(self, name, title):
        self.name = name       # "http/rest/filter-eq"
        self.title = title
        self.hosts = set(HOSTS)
        self.databases = set(DATABASES)
        self.settings = ()     # lines for the site, httpd's and the CGI's alike
        self.server = ()       # lines for httpd's virtual host
        self.logs = {}         # number -> hosts that must write it
        self.may_log = {}      # number -> hosts that may
        self.writes = ()       # tables to be restored afterwards
        self.exchanges = []

    def runs_on(self, host, database):
        return host in self.hosts and database in self.databases


def read(path, name):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    if not lines[0].startswith("# "):
        raise Wrong("line 1: a case begins with a comment that says what it shows")
    case = Case(name, lines[0][2:])
    at = _read_keys(case, lines)
    while at < len(lines):
        at = _read_exchange(case, lines, at)
    if not case.exchanges:
        raise Wrong("there is no request")
    return case


def _read_keys(case, lines):
    lists = {"settings": [], "server": []}
    for at, line in enumerate(lines):
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon or key not in KEYS:
            break
        value = value.strip()
        if key in lists:
            lists[key].append(value)
        elif key == "log":
            number, *words = value.split()
            logs = case.may_log if number.endswith("?") else case.logs
            logs[number.rstrip("?")] = _wanted(words, at)[0]
        elif key == "writes":
            case.writes = tuple(value.split())
        else:
            hosts, databases = _wanted(value.split(), at)
            if key == "only":
                case.hosts &= hosts
                case.databases &= databases
            else:
                case.hosts -= hosts if hosts != set(HOSTS) else set()
                case.databases -= databases if databases != set(DATABASES) else set()
    case.settings, case.server = tuple(lists["settings"]), tuple(lists["server"])
    return at


def _wanted(words, at):
    """The hosts and databases that words name; all of a kind where none of it is named."""
    named = set()
    for word in words:
        if word not in WORDS:
            raise Wrong("line %d: %r is no host and no database" % (at + 1, word))
        named |= WORDS[word]
    return (named & set(HOSTS) or set(HOSTS)), (named & set(DATABASES) or set(DATABASES))


def _read_exchange(case, lines, at):
    exchange = Exchange()
    while at < len(lines) and (not lines[at] or lines[at].startswith("#")):
        at += 1
    if at == len(lines):
        return at
    while lines[at].startswith("% "):
        option = lines[at][2:].strip()
        if option not in OPTIONS:
            raise Wrong("line %d: there is no option %r" % (at + 1, option))
        exchange.options.add(option)
        at += 1
    if "raw" not in exchange.options and not METHOD_LINE.match(lines[at]):
        raise Wrong("line %d: expected METHOD /path, not %r" % (at + 1, lines[at]))
    exchange.line = at + 1
    exchange.method, exchange.target = lines[at].split(" ", 1)
    at = _read_headers(exchange.headers, lines, at + 1)
    at = _read_request_body(exchange, lines, at)
    exchange.status = int(lines[at])
    at = _read_headers(exchange.expected, lines, at + 1)
    at = _read_expected_body(exchange, lines, at)
    case.exchanges.append(exchange)
    return at


def _read_headers(headers, lines, at):
    while at < len(lines) and lines[at] and lines[at] != "---":
        line = lines[at]
        if line.startswith("!"):
            headers.append((line[1:].strip(), None))
        else:
            name, colon, value = line.partition(":")
            if not colon:
                raise Wrong("line %d: expected Name: value, not %r" % (at + 1, line))
            headers.append((name, value.strip()))
        at += 1
    return at


def _read_request_body(exchange, lines, at):
    """The body ends at a blank line with three digits alone on the line behind it."""
    start = at + 1
    for at in range(start, len(lines)):
        if STATUS_LINE.match(lines[at]) and not lines[at - 1]:
            break
    else:
        raise Wrong("line %d: this request has no expected status" % exchange.line)
    if at > start:
        exchange.body = "\n".join(lines[start:at - 1])
    return at


def _read_expected_body(exchange, lines, at):
    start = at
    while at < len(lines) and lines[at] != "---":
        at += 1
    body = "\n".join(lines[start:at]).strip("\n")
    exchange.expected_body = body if body else None
    return at + 1


def find(folder, wanted=""):
    """Names and paths of the cases below folder whose name is, or lies below, wanted."""
    for path, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            if file.endswith(".md") or file.startswith("."):
                continue
            full = os.path.join(path, file)
            name = "http/" + os.path.relpath(full, folder)
            if not wanted or name == wanted or name.startswith(wanted.rstrip("/") + "/"):
                yield name, full


TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.S)


def _member(words, answers):
    """{{body NAME}}: of the last answer that has it; {{body 2 NAME}}: of the second answer; {{body 2 0.NAME}}: of its first row."""
    chosen = answers[int(words[0]) - 1:int(words[0])] if len(words) > 1 else answers
    for answer in reversed(chosen):
        try:
            found = json.loads(answer.text())
            for step in words[-1].split("."):
                found = found[int(step) if step.isdigit() else step]
            return str(found)
        except (ValueError, KeyError, IndexError, TypeError):
            continue
    raise Wrong("no answer before has the member %s" % words[-1])


def _jar(answers):
    """What a browser would send back of the cookies that the answers so far have set, wherever they are for."""
    jar = {}
    for name, value in [pair for answer in answers for pair in answer.headers]:
        if name.lower() == "set-cookie":
            cookie, _, rest = value.partition(";")
            key, _, content = cookie.partition("=")
            jar[key] = content
            if "Max-Age=0" in rest:
                del jar[key]
    return "; ".join("%s=%s" % pair for pair in jar.items())


def expand(text, answers):
    """Replaces {{…}} in a part of a request; answers are those to the requests before. Bytes come out as surrogates."""
    def value(match):
        word, *words = match[1].split()
        if word == "token":
            return jwt.from_words(words)
        if word == "repeat":
            return " ".join(words[1:]) * int(words[0])
        if word == "nest":
            return words[1] * int(words[0])
        if word == "hex":
            return bytes.fromhex("".join(words)).decode("utf-8", "surrogateescape")
        if word == "answer":
            found = answers[-1].header(words[0]) if answers else None
            if found is None:
                raise Wrong("the answer before has no header %s" % words[0])
            return found
        if word == "cookies":
            return _jar(answers)
        if word == "body":
            return _member(words, answers)
        if word == "totp":
            return totp.code(_member(words[:-1], answers), int(words[-1]))
        raise Wrong("unknown template {{%s}}" % match[1])
    return TEMPLATE.sub(value, text)
