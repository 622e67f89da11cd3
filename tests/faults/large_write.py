# SPDX-License-Identifier: Apache-2.0
"""A write whose rows are too long to be shown writes nothing; without a representation it does."""
import json

from lib import fault

ROWS = 70
LONG = 1000000 # bytes of each
TARGET = "/api/articles?id=gte.1000"
FILL = {
    "pgsql": "INSERT INTO articles (id, title, body) SELECT g, 'before', repeat('x', %d) FROM generate_series(1000, %d) g",
    "sqlite": "WITH RECURSIVE n (g) AS (SELECT 1000 UNION ALL SELECT g + 1 FROM n WHERE g < %d) "
              "INSERT INTO articles (id, title, body) SELECT g, 'before', printf('%%.%dc', 'x') FROM n",
}


def run(build):
    for kind in ("sqlite", "pgsql"):
        database = fault.database(build, kind)
        last = 1000 + ROWS - 1
        database.query(FILL[kind] % ((LONG, last) if kind == "pgsql" else (last, LONG)))
        server = fault.start(build, database, mpm=fault.ONE_CHILD)
        try:
            shown(server)
            fault.expect_quiet(server, ("APP0003",))
        finally:
            server.stop()


def patch(server, title, prefer):
    return fault.get(server, TARGET, [fault.JSON, fault.user(), ("Prefer", prefer)], method="PATCH",
                     body=json.dumps({"title": title}).encode(), timeout=60)


def shown(server):
    fault.expect_answer(patch(server, "shown", "return=representation"), 500, "54000")
    first = fault.get(server, TARGET + "&title=eq.shown&select=id")
    fault.expect(json.loads(first.text()) == [], "rows were written that could not be shown")
    fault.expect(patch(server, "told", "return=minimal").status == 204, "nothing was written")
    first = fault.get(server, TARGET + "&title=eq.told&select=id")
    fault.expect(len(json.loads(first.text())) == ROWS, "not all rows were written")
