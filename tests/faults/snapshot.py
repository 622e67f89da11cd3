# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's schema changes under load: all children have heard of it within a second of a NOTIFY, also after the child
that listens was killed, after the database was away and across graceful restarts; no request fails, none is answered from an
older snapshot, and the catalogue is read no more often than that. A CGI program takes the snapshot of others as it is.
On SQLite the next request knows."""
import os
import re
import signal
import time

from lib import fault, load, process

RESTARTS = 50
BURST = 20
SOON = 1.0      # from a NOTIFY to the last child's new answer
TAKEN_OVER = 3  # from the death of the child that listens
RECONNECTED = 1.5  # longest that a child still says that the database is away
LOADED = re.compile(r"APP1000\b")
LISTENS = re.compile(r"\[pid (\d+).*APP1114\b")
ROOT = "/api/"
ROW = "/api/packages?id=eq.3&select=name"
CHILDREN = "StartServers 3\nServerLimit 16\nThreadsPerChild 8\nMaxRequestWorkers 64\n" \
           "MinSpareThreads 24\nMaxSpareThreads 64\n"


def run(build):
    for host in ("event", "prefork"):
        database = fault.database(build, "pgsql")
        mpm = CHILDREN if host == "event" else ""
        server = fault.start(build, database, host, lines="LogLevel app:debug\n", mpm=mpm)
        try:
            hear(server, database)
            killed(server, database)
            away(server, database)
            restart(server, database, RESTARTS if host == "event" else RESTARTS // 5)
            fault.expect_quiet(server, ("APP0201",), killed=True)
        except process.Failed as error:
            raise process.Failed("[%s] %s" % (host, error)) from error
        finally:
            server.stop()
            database.cluster.stop("immediate")
    plain(build)
    indexed(build)


def say(database, word, notify=True):
    """A change that no request can run into: the description of the API tells of it, and nothing else."""
    database.query("COMMENT ON TABLE packages IS 'word %s'; %s"
                   % (word, "NOTIFY pgrst" if notify else ""))


def words(server, count=24):
    """What so many requests in a row, each on a new connection, are told."""
    answers = [fault.get(server, ROOT, [("Connection", "close")]) for _ in range(count)]
    for answer in answers:
        fault.expect(answer.status == 200, "the root answers %d: %s", answer.status,
                     answer.text()[:200])
    return {found for answer in answers for found in re.findall(r"word (\w+)", answer.text())}


def expect_word(server, word, within):
    until = time.monotonic() + within
    while time.monotonic() < until and words(server, 3) != {word}:
        time.sleep(0.02)
    time.sleep(max(0, until - time.monotonic()))
    seen = words(server)
    fault.expect(seen == {word}, "%s s after the change to %s, children say %s", within, word, seen)


def loads(server):
    return len(LOADED.findall(server.log.text()))


def listener(server):
    """The child that listens."""
    found = LISTENS.findall(server.log.text())
    return int(found[-1]) if found else None


def hear(server, database):
    fault.expect(process.wait_until(lambda: listener(server), 5), "nobody listens")
    fault.expect_served(server)
    for word in ("one", "two"):
        say(database, word)
        expect_word(server, word, SOON)
    time.sleep(0.3)
    before = loads(server)
    for number in range(BURST):
        say(database, "burst%d" % number)
    expect_word(server, "burst%d" % (BURST - 1), SOON)
    read = loads(server) - before
    fault.expect(read <= BURST // 2, "%d notifications in a row made %d loads", BURST, read)
    before = loads(server)
    database.query("NOTIFY pgrst, 'nonsense'; NOTIFY other")
    time.sleep(0.5)
    fault.expect(loads(server) == before, "a notification about something else made a load")


def killed(server, database):
    """Changes while nobody listens are not missed either."""
    pid = listener(server)
    os.kill(pid, signal.SIGKILL)
    say(database, "killed", notify=False)
    expect_word(server, "killed", TAKEN_OVER)
    fault.expect(listener(server) != pid, "nobody has taken over from %d", pid)
    say(database, "inherited")
    expect_word(server, "inherited", SOON)


def away(server, database):
    database.cluster.stop("immediate")
    time.sleep(0.5)
    database.cluster.start()
    say(database, "away", notify=False)
    time.sleep(RECONNECTED)
    expect_word(server, "away", TAKEN_OVER - RECONNECTED)


def restart(server, database, count):
    first = len(re.findall("resuming normal operations", server.log.text()))
    with load.Load(server.port, [ROW, ROOT, "/health/live"], threads=2, keep=False) as fresh, \
            load.Load(server.port, [ROW], threads=1, keep=True) as kept:
        for number in range(count):
            say(database, "graceful%d" % number, notify=number % 2)
            server.graceful()
            fault.expect(process.wait_until(lambda: len(re.findall(
                "resuming normal operations", server.log.text())) > first + number, 15),
                         "restart %d did not end:\n%s", number, server.last_words())
        results = fresh.stop() + kept.stop()
    for _, status, text in results:
        fault.expect(status == 200, "a request failed: %s %s", status, text[:200])
    fault.expect(len(results) > count, "only %d requests were made", len(results))
    expect_word(server, "graceful%d" % (count - 1), SOON)


def plain(build):
    """The first request reads the catalogue, others do not, whoever makes them; a name that is missing does."""
    database = fault.database(build, "pgsql")
    database.cluster.psql("postgres", "ALTER ROLE authenticator SET log_statement = 'all';"
                          "ALTER ROLE authenticator SET log_min_messages = 'log'")
    server = fault.start(build, database, "cgi")
    try:
        counts = []
        for _ in range(3):
            before = catalogue(database)
            fault.expect_served(server, within=10)
            counts.append(catalogue(database) - before)
        fault.expect(counts[0] > 0 and counts[1:] == [0, 0],
                     "requests made %s queries of the catalogue", counts)
        database.query("CREATE TABLE fresh (a int); GRANT SELECT ON fresh TO web_anon")
        fault.expect_served(server, "/api/fresh", within=10)
        fault.expect_quiet(server)
    finally:
        server.stop()


def catalogue(database):
    """How many queries of the catalogue the server has logged."""
    with open(os.path.join(database.cluster.folder, "log"), encoding="utf-8") as file:
        return len(re.findall(r"LOG:  (?:statement|execute).*pg_(?:class|proc|attribute)\b",
                              file.read()))


def indexed(build):
    """SQLite: what a request was refused for want of is there for the next, also if it is no name that is looked up."""
    database = fault.database(build, "sqlite")
    server = fault.start(build, database)
    try:
        target = "/api/packages?summary=plfts.shell&select=name&order=name"
        fault.expect_answer(fault.get(server, target), 501, "PGRST127")
        database.query("CREATE VIRTUAL TABLE found USING fts5(summary, content='packages', content_rowid='id')")
        database.query("INSERT INTO found (found) VALUES ('rebuild')")
        fault.expect_answer(fault.get(server, target), 200)
        fault.expect_quiet(server)
    finally:
        server.stop()
