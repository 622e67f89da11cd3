# SPDX-License-Identifier: Apache-2.0
"""What fault tests have in common: a server around one site, and checks that each of them makes at its end."""
import json
import re

from lib import client, jwt, log, postgres, process, server, sqlite, stage

SITE = ("Host", "site0.test")
JSON = ("Content-Type", "application/json")
ONE_CHILD = "StartServers 1\nServerLimit 1\nMaxRequestWorkers 16\n"


def user(**claims):
    """The header of a token for web_user."""
    return ("Authorization", "Bearer " + jwt.make(dict(claims, role="web_user")))


def start(build, database, host="event", settings=(), lines="", **options):
    """A running server with one site over database."""
    site = server.Site("site0.test", database, settings, options.pop("site_lines", ()))
    running = server.Server(stage.build(build), host, [site], lines, **options)
    running.start()
    return running


def database(build, kind, name="app_fault"):
    """A fresh database with the tests' tables. That of PostgreSQL sits in a cluster of its own."""
    if kind == "pgsql":
        return postgres.Cluster().database(name)
    return sqlite.Database(stage.build(build))


def get(running, target, headers=(), **options):
    return client.get(running.port, target, [SITE, *headers], **options)


def post(running, target, rows, headers=(), **options):
    return client.get(running.port, target, [SITE, JSON, user(), *headers], method="POST",
                      body=json.dumps(rows).encode(), **options)


def code(answer):
    """The code of an error answer; None if it is none."""
    try:
        return json.loads(answer.text()).get("code")
    except (ValueError, AttributeError):
        return None


def expect(condition, text, *values):
    if not condition:
        raise process.Failed(text % values if values else text)


def expect_answer(answer, status, wanted_code=None):
    expect(answer.status == status and code(answer) == wanted_code,
           "expected %s %s, got %s: %s", status, wanted_code or "", answer.status,
           answer.text()[:300])


def expect_quiet(running, allowed=(), killed=False):
    """Nothing in the log but what is allowed; no child died but those that the test killed itself."""
    found = log.unexpected(running.log.rest(), allowed)
    if killed:
        found = [line for line in found if not re.search(r"exit signal Killed", line)]
    expect(not found, "the log holds lines that nobody named:\n%s", "\n".join(found[:10]))


def expect_whole(database_):
    broken = database_.check()
    expect(not broken, "the database is broken: %s", broken)


def expect_served(running, target="/api/packages?id=eq.3&select=name", within=2.0):
    """The site answers rightly, now or within so many seconds."""
    last = []

    def good():
        try:
            answer = get(running, target)
            last[:] = ["%d %s" % (answer.status, answer.text()[:200])]
            return answer.status == 200
        except (client.Broken, OSError) as error:
            last[:] = [str(error)]
            return False
    expect(process.wait_until(good, within), "no right answer within %s s, the last was %s",
           within, last)
