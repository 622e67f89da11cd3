# SPDX-License-Identifier: Apache-2.0
"""SQLite databases with the tests' tables, in a folder that httpd's children may write to."""
import os
import shutil
import sqlite3
import threading

from lib import process

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = ("sqlite.sql", "sqlite-films.sql", "films-rows.sql", "sqlite-more.sql",
         "accounts-rows.sql", "sqlite-search.sql")
_lock = threading.Lock()
_templates = {}


def _template(build):
    """A database with migrations and data, made once for each build folder."""
    with _lock:
        if build not in _templates:
            path = os.path.join(process.folder("sqlite"), "template.db")
            _fill(path, build)
            _templates[build] = path
        return _templates[build]


def _fill(path, build):
    db = sqlite3.connect(path)
    for folder in (os.path.join(ROOT, "sql", "sqlite"),):
        for name in sorted(os.listdir(folder)):
            if name.endswith(".sql"):
                _script(db, os.path.join(folder, name))
    for name in FILES:
        _script(db, os.path.join(ROOT, "tests", "data", name))
    db.close()


def _script(db, path):
    with open(path, encoding="utf-8") as file:
        db.executescript(file.read())
    db.commit()


class Database:
    kind = "sqlite"

    def __init__(self, build, folder=None, name="app"):
        self.template = _template(build)
        if not folder:
            folder = process.folder("db")
            process.give_to(folder, process.web_user())
        self.path = os.path.join(folder, name + ".db")
        shutil.copyfile(self.template, self.path)
        process.give_to(self.path, process.web_user())
        self.url = "sqlite:" + self.path

    def connect(self):
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        self._own()
        return db

    def _own(self):
        """The log that we may have made as root must stay writable for httpd's children."""
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.path + suffix):
                process.give_to(self.path + suffix, process.web_user())

    def query(self, sql):
        """Runs one statement. Returns its rows as psql prints them: fields divided by |, a line each."""
        db = self.connect()
        try:
            rows = db.execute(sql).fetchall()
            self._own()
        finally:
            db.close()
        return "\n".join("|".join("" if v is None else str(v) for v in row) for row in rows)

    def restore(self, tables):
        db = self.connect()
        db.execute("ATTACH ? AS pristine", (self.template,))
        db.execute("BEGIN IMMEDIATE")
        for table in tables:
            columns = ", ".join('"%s"' % row[0] for row in db.execute(
                "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,)))
            db.execute('DELETE FROM main."%s"' % table)
            db.execute('INSERT INTO main."%s" (%s) SELECT %s FROM pristine."%s"'
                       % (table, columns, columns, table))
            db.execute("DELETE FROM main.sqlite_sequence WHERE name = ?", (table,))
            db.execute("INSERT INTO main.sqlite_sequence SELECT * FROM pristine.sqlite_sequence"
                       " WHERE name = ?", (table,))
        db.execute("COMMIT")
        self._own()
        db.close()

    def check(self):
        found = self.query("PRAGMA integrity_check")
        return None if found == "ok" else found
