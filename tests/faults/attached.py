# SPDX-License-Identifier: Apache-2.0
"""Further SQLite files: served as schemas of their own to whom they are granted, never written, and seen to change; one that
is missing or named wrongly is told of."""
import json
import os
import sqlite3

from lib import fault, process

ARCHIVE = [("Accept-Profile", "archive")]
INTO = [("Content-Profile", "archive")]


def run(build):
    database = fault.database(build, "sqlite")
    path = os.path.join(os.path.dirname(database.path), "the archive.db")
    make(path)
    grant(database, "archive.films", "web_anon", "select")
    grant(database, "archive.shelves", "web_user", "insert")
    settings = ('AppSqliteAttach "archive=%s"' % path, "rest Schemas main archive")
    server = fault.start(build, database, settings=settings)
    try:
        read(server)
        refused(server, database)
        changed(server, path)
        fault.expect_quiet(server)
    finally:
        server.stop()
    missing(build, database, path)


def make(path):
    link = sqlite3.connect(path)
    link.executescript("PRAGMA journal_mode=WAL;"
                       "CREATE TABLE shelves (id INTEGER PRIMARY KEY, name TEXT);"
                       "CREATE TABLE films (id INTEGER PRIMARY KEY, title TEXT, shelf_id INTEGER REFERENCES shelves);"
                       "CREATE TABLE secrets (id INTEGER PRIMARY KEY);"
                       "INSERT INTO shelves VALUES (1, 'left'); INSERT INTO films VALUES (1, 'Faust', 1)")
    link.close()
    own(path)


def own(path):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            process.give_to(path + suffix, process.web_user())


def grant(database, resource, role, action):
    database.query("INSERT INTO app_grants (role, resource, action) VALUES ('%s', '%s', '%s')"
                   % (role, resource, action))


def expect_rows(answer, rows):
    fault.expect(answer.status == 200 and json.loads(answer.text()) == rows, "got %d %s",
                 answer.status, answer.text()[:300])


def read(server):
    expect_rows(fault.get(server, "/api/films?select=title", ARCHIVE), [{"title": "Faust"}])
    expect_rows(fault.get(server, "/api/films?id=eq.1&select=title"), [{"title": "The Shining"}])
    expect_rows(fault.get(server, "/api/films?title=like.F*&select=id,title", ARCHIVE),
                [{"id": 1, "title": "Faust"}])


def refused(server, database):
    """Names alone are grants of the main file; and nothing is written."""
    fault.expect_answer(fault.get(server, "/api/secrets", ARCHIVE), 401, "42501")
    grant(database, "secrets", "web_anon", "select")
    fault.expect_answer(fault.get(server, "/api/secrets", ARCHIVE), 401, "42501")
    fault.expect_answer(fault.get(server, "/api/films?select=shelves(name)", ARCHIVE), 401, "42501")
    grant(database, "archive.shelves", "web_anon", "select")
    expect_rows(fault.get(server, "/api/films?select=shelves(name)", ARCHIVE),
                [{"shelves": {"name": "left"}}])
    fault.expect_answer(fault.post(server, "/api/shelves", {"name": "right"}, INTO), 405, "25006")
    fault.expect_answer(fault.get(server, "/api/films", [("Accept-Profile", "other")]), 406,
                        "PGRST106")
    allowed = fault.get(server, "/api/shelves", ARCHIVE, method="OPTIONS").headers
    fault.expect("POST" not in str(allowed), "OPTIONS offers a write: %s", allowed)


def changed(server, path):
    """The next request knows of what another program has done to the file."""
    link = sqlite3.connect(path)
    link.execute("ALTER TABLE films ADD COLUMN year INTEGER DEFAULT 1926")
    link.commit()
    own(path)
    expect_rows(fault.get(server, "/api/films?select=title,year", ARCHIVE),
                [{"title": "Faust", "year": 1926}])
    link.execute("INSERT INTO films (id, title) VALUES (2, 'Metropolis')")
    link.commit()
    expect_rows(fault.get(server, "/api/films?select=title&order=id", ARCHIVE),
                [{"title": "Faust"}, {"title": "Metropolis"}])
    link.close()


def missing(build, database, path):
    for item, said in (("archive=/nowhere/there.db", None), ("main=" + path, "a name that is taken"),
                       ("archive", "NAME=/path"), ("archive=there.db", "full path")):
        try:
            server = fault.start(build, database, settings=('AppSqliteAttach "%s"' % item,))
        except process.Failed as error:
            fault.expect(said and said in str(error), "%s: %s", item, error)
            continue
        try:
            fault.expect(not said, "%s was taken", item)
            answer = fault.get(server, "/api/films?id=eq.1")
            fault.expect(answer.status == 503 and "/nowhere" not in answer.text(),
                         "without the file: %d %s", answer.status, answer.text())
        finally:
            server.stop()
