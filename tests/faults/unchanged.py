# SPDX-License-Identifier: Apache-2.0
"""SQLite: a tag that is known to be good is not after somebody else has written: another program, in the database or in an
attached file, before and after a graceful restart, and a restart; what is another each time has no tag that lasts."""
import os
import sqlite3

from lib import fault, process

ROW = "/api/directors?id=eq.1"
ARCHIVE = [("Accept-Profile", "archive")]
CHANCE = "CREATE VIEW chances AS SELECT random() AS n"


def run(build):
    database = fault.database(build, "sqlite")
    path = os.path.join(os.path.dirname(database.path), "archive.db")
    make(path)
    database.query(CHANCE)
    for resource in ("chances", "archive.films"):
        database.query("INSERT INTO app_grants (role, resource, action) VALUES ('web_anon', '%s', 'select')" % resource)
    settings = ("AppSqliteAttach archive=%s" % path, "rest Schemas main archive")
    server = fault.start(build, database, settings=settings)
    try:
        for number in range(2):
            seen(server, ROW, (), lambda: database.query("UPDATE directors SET first_name = 'S%d' WHERE id = 1" % number))
            seen(server, "/api/films?id=eq.1", ARCHIVE, lambda: write(path, "UPDATE films SET title = 'T%d'" % number))
            server.graceful()
        tag = known(server, ROW)
        fault.expect(ask(server, "/api/chances", tag).status == 200, "a tag is good for another answer")
        first = fault.get(server, "/api/chances").header("ETag")
        for _ in range(3):
            fault.expect(ask(server, "/api/chances", first).status == 200, "chance is said to be the same again")
        fault.expect_quiet(server)
    finally:
        server.stop()
    database.query("UPDATE directors SET first_name = 'while it was down' WHERE id = 1")
    server = fault.start(build, database, settings=settings)
    try:
        fault.expect(ask(server, ROW, tag).status == 200, "a restart has not seen what was written while it was down")
        known(server, ROW)
    finally:
        server.stop()


def make(path):
    write(path, "PRAGMA journal_mode=WAL;"
                "CREATE TABLE films (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO films VALUES (1, 'Faust')")
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            process.give_to(path + suffix, process.web_user())


def write(path, sql):
    link = sqlite3.connect(path)
    link.executescript(sql)
    link.close()


def ask(server, target, tag, headers=()):
    return fault.get(server, target, [("If-None-Match", tag), *headers])


def known(server, target, headers=()):
    """The tag of an answer, once it is known to be good."""
    tag = fault.get(server, target, headers).header("ETag")
    for _ in range(4):
        fault.expect(ask(server, target, tag, headers).status == 304, "a tag that is good is not known to be")
    return tag


def seen(server, target, headers, change):
    tag = known(server, target, headers)
    change()
    fault.expect(ask(server, target, tag, headers).status == 200, "a change was not seen")
    fault.expect(known(server, target, headers) != tag, "another answer has the same tag")
