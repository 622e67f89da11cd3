# SPDX-License-Identifier: Apache-2.0
"""Slow statements and a pool that is too small: the dialect's 504 after the bounded wait, its 57014 at the deadline, the
connection kept; a client that goes away takes its statement with it."""
import threading
import time

from lib import client, fault, process

TARGET = "/api/packages?id=eq.3&select=name"
WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'packages'::regclass AND NOT granted"


def run(build):
    database = fault.database(build, "pgsql")
    exhausted(build, database)
    statement_timeout(build, database)
    for kind in ("pgsql", "sqlite"):
        client_gone(build, database if kind == "pgsql" else fault.database(build, "sqlite"))


class Lock:
    """A session of somebody else's that keeps everybody out of a table."""

    def __init__(self, database):
        self.database = database
        self.session = database.cluster.session(database.name)
        self.session.stdin.write("BEGIN; LOCK TABLE packages IN ACCESS EXCLUSIVE MODE;"
                                 " SELECT 'locked';\n")
        self.session.stdin.flush()
        fault.expect("locked" in self.session.stdout.readline(), "the table could not be locked")

    def expect_waiting(self):
        """Somebody has come to the lock, and so has a connection."""
        fault.expect(process.wait_until(lambda: self.database.query(WAITING) == "1", 10),
                     "nobody has come to the locked table")

    def release(self):
        self.session.stdin.close()
        process.stop(self.session)


def exhausted(build, database):
    """One connection, and somebody has it."""
    server = fault.start(build, database, mpm=fault.ONE_CHILD, settings=(
        "AppDatabaseMax 1", "AppDatabaseKeep 1", "AppDatabaseWait 300ms"))
    lock = Lock(database)
    try:
        first = []
        thread = threading.Thread(target=lambda: first.append(fault.get(server, TARGET)))
        thread.start()
        lock.expect_waiting()
        begun = time.monotonic()
        answer = fault.get(server, TARGET)
        took = time.monotonic() - begun
        fault.expect_answer(answer, 504, "PGRST003")
        fault.expect(answer.header("Retry-After"), "the 504 has no Retry-After")
        fault.expect(took < 3, "the wait for a connection took %.1f s, not 0.3", took)
        fault.expect_answer(fault.get(server, "/api/hello"), 200)
        lock.release()
        thread.join(10)
        fault.expect(first and first[0].status == 200, "who had the connection got %s",
                     [answer.status for answer in first])
        fault.expect_served(server)
        fault.expect_quiet(server, allowed=("APP0003",))
    finally:
        lock.release() if lock.session.poll() is None else None
        server.stop()


def statement_timeout(build, database):
    """A statement past its deadline is cancelled in the database, and its connection serves on."""
    server = fault.start(build, database, mpm=fault.ONE_CHILD,
                         settings=("AppDatabaseMax 1", "AppStatementTimeout 400ms"))
    try:
        fault.expect_served(server)
        before = backends(database)
        lock = Lock(database)
        try:
            answer = fault.get(server, TARGET)
            fault.expect_answer(answer, 500, "57014")
        finally:
            lock.release()
        fault.expect_served(server)
        fault.expect(backends(database) == before, "the connection was not kept: %s became %s",
                     before, backends(database))
        fault.expect_quiet(server, allowed=("APP0003",))
    finally:
        server.stop()


def backends(database):
    return database.query("SELECT pid FROM pg_stat_activity WHERE usename = 'authenticator'"
                          " ORDER BY pid")


def client_gone(build, database):
    """The only connection runs a statement for a client that leaves: soon it is free for others."""
    server = fault.start(build, database, mpm=fault.ONE_CHILD, settings=(
        "AppDatabaseMax 1", "AppDatabaseWait 20s", "AppStatementTimeout 60s"))
    try:
        connection = client.Connection("127.0.0.1", server.port)
        connection.send(b"GET /api/slow HTTP/1.1\r\nHost: site0.test\r\n\r\n")
        time.sleep(0.5)
        connection.close()
        begun = time.monotonic()
        answer = fault.get(server, TARGET, timeout=30)
        took = time.monotonic() - begun
        fault.expect_answer(answer, 200)
        fault.expect(took < 8, "[%s] the statement ran on for %.1f s after its client had left",
                     database.kind, took)
        fault.expect_quiet(server, allowed=("APP0003",))
    finally:
        server.stop()
