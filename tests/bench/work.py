# SPDX-License-Identifier: Apache-2.0
"""The requests that are measured: what a site's clients send most, each with a token."""
import json

from lib import jwt

CLAIMS = {"role": "editor", "sub": "alice", "team": "archive", "exp": 4102444800}
TOKEN = {"Authorization": "Bearer " + jwt.make(CLAIMS)}
SHOWN = "(section IS NOT 'embargo')"
COLUMNS = ("id, name, version, section, priority, architecture, maintainer_id, installed_size, size,"
           " homepage, source, summary, essential")
REVIEW = {"package_id": 1234, "author": "alice", "stars": 4,
          "body": "Does what it says, and has done so for years."}


class Work:
    """A request, and for SQLite the statement without anything of ours that gives its values."""

    def __init__(self, name, title, path, sql, values, body=None, connections=None):
        self.name, self.title, self.path = name, title, path
        self.connections = connections
        self.sql, self.values = sql, values
        self.body = json.dumps(body, separators=(",", ":")) if body else None
        self.headers = dict(TOKEN)
        if body:
            self.headers["Content-Type"] = "application/json"


WORKS = [
    Work("row", "one row by key", "/api/packages?name=eq.bash",
         "SELECT %s FROM packages WHERE name = ? AND %s" % (COLUMNS, SHOWN), ["bash"]),
    Work("page", "20 rows filtered and ordered",
         "/api/packages?section=eq.net&installed_size=gt.10000"
         "&select=name,version,summary&order=installed_size.desc&limit=20",
         "SELECT name, version, summary FROM packages WHERE section = ? AND installed_size > ?"
         " AND %s ORDER BY installed_size DESC LIMIT ?" % SHOWN, ["net", "10000", "20"]),
    Work("insert", "insert, durable", "/api/reviews",
         "INSERT INTO reviews (package_id, author, stars, body) VALUES (?, ?, ?, ?)",
         [str(value) for value in REVIEW.values()], REVIEW),
    Work("embed", "parent with 10 embedded children",
         "/api/maintainers?id=eq.{parent}"
         "&select=id,name,email,packages(id,name,version,section,installed_size)",
         "SELECT m.id, m.name, m.email, p.id, p.name, p.version, p.section, p.installed_size"
         " FROM maintainers m LEFT JOIN packages p ON p.maintainer_id = m.id"
         " AND (p.section IS NOT 'embargo') WHERE m.id = ?", ["{parent}"]),
    Work("many", "5,000 rows", "/api/packages?order=id&limit=5000",
         "SELECT %s FROM packages WHERE %s ORDER BY id LIMIT ?" % (COLUMNS, SHOWN), ["5000"],
         connections=2),
]


def bind(parent):
    """Names a parent that has ten children."""
    for work in WORKS:
        work.path = work.path.replace("{parent}", parent)
        work.values = [value.replace("{parent}", parent) for value in work.values]
