# SPDX-License-Identifier: Apache-2.0
"""What searches cost in the database alone: on PostgreSQL the very statements that a request sends, on SQLite the same
work written by hand. Used by search.py."""
import http.client
import json
import os

from lib import process

import limits
from load import must

INDEX = "app_search_packages"
FROM = "FROM packages p JOIN %s i ON i.rowid = p.id WHERE" % INDEX
SHOWN = "p.section IS NOT 'embargo'"
RANK = "-bm25(%s, 10.0, 4.0)" % INDEX
SNIPPET = "snippet(%s, %d, char(2), char(3), '...', 24)"
MATCH = "%s %s MATCH ? AND %s" % (FROM, INDEX, SHOWN)
FOUND = "SELECT 1, p.section, p.priority %s LIMIT 2001" % MATCH
PAGE = "SELECT i.rowid, %s AS rank %s ORDER BY rank DESC, i.rowid LIMIT 20" % (RANK, MATCH)
OTHERS = "SELECT i.rowid, 0.0 %s ORDER BY i.rowid LIMIT 20" % MATCH
ROWS = ("SELECT json_object('name', p.name, 'summary', p.summary), i.rowid, %s, %s %s AND %%si.rowid IN"
        " (SELECT value FROM json_each(?))" % (SNIPPET % (INDEX, 0), SNIPPET % (INDEX, 1), MATCH))
BEGUN = "SELECT p.name FROM packages p WHERE lower(p.name) >= ? AND lower(p.name) < ? AND %s ORDER BY lower(p.name) LIMIT 10" % SHOWN


class Sqlite:
    """Statements one after the other."""

    def __init__(self, database, folder):
        self.path, self.loop = database.path, limits.build_loop(folder)

    def keys(self, sql, query):
        """A page's, as the statement for its rows wants them."""
        quoted = "'%s'" % query.replace("'", "''")
        lines = must(["sqlite3", "-bail", self.path, sql.replace("?", quoted)]).split()
        return [int(line.split("|")[0]) for line in lines]

    def of_few(self, query):
        return [(FOUND, [query]), (PAGE, [query]), (ROWS % "+", [query, json.dumps(self.keys(PAGE, query))])]

    def of_many(self, query):
        """Titles that hold the words, and others where these are not enough."""
        titles = "{name} : (%s)" % query
        others = "(%s) NOT (%s)" % (query, titles)
        keys = (self.keys(PAGE, titles) + self.keys(OTHERS, others))[:20]
        return [(FOUND, [query]), (PAGE, [titles]), (OTHERS, [others]), (ROWS % "", [query, json.dumps(keys)])]

    @staticmethod
    def of_beginning(text):
        return [(BEGUN, [text, text + "\U0010ffff"])]

    def cost(self, kind, text, seconds):
        """CPU seconds of 1,000 searches."""
        return sum(limits.SqliteAlone(self.loop, self.path, sql, values).cost(seconds)
                   for sql, values in getattr(self, "of_" + kind)(text))


class Pgsql:
    def __init__(self, database, folder, request):
        self.database, self.folder, self.request = database, folder, request

    def cost(self, path, seconds):
        """CPU seconds of 1,000 searches."""
        statements = limits.statements_of(self.database, lambda: self.request(path))
        return sum(limits.PgsqlAlone(self.database, sql, values, 2, self.folder).cost(seconds)
                   for sql, values in statements if '"packages"' in sql)


def fetch(port, site, path):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("GET", path, headers={"Host": site})
    answer = link.getresponse()
    if answer.status != 200:
        raise process.Failed("%s answers %d: %s" % (path, answer.status, os.fsdecode(answer.read())))
    answer.read()
    link.close()
