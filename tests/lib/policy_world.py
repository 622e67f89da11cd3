# SPDX-License-Identifier: Apache-2.0
"""Random schemas, rows, grants and row filters for the policy test, as SQL of both databases.

A world is parents P, their children C, others M that children belong to by way of J, and a view V of some children. Each
role is granted columns and rows of these at random. The same filters stand in app_grants and in PostgreSQL's policies.
"""
import random

from lib import process

ROLES = ("pol_0", "pol_1", "pol_2", "pol_3")
USERS = ("ann", "bob", "eve", "")
TEAMS = ("a", "ab", "b", "zz")
TEXTS = (None, "a", "ab", "abc", "b", "bb", "c", "")
PLAIN = {"id": "INTEGER", "n": "INTEGER", "t": "TEXT", "flag": "BOOLEAN", "owner": "TEXT"}
COLUMNS = {
    "p": PLAIN,
    "c": dict(PLAIN, p_id="INTEGER"),
    "m": PLAIN,
    "j": {"c_id": "INTEGER", "m_id": "INTEGER", "n": "INTEGER", "owner": "TEXT"},
    "v": {"id": "INTEGER", "n": "INTEGER", "t": "TEXT", "p_id": "INTEGER"},
}
KEYS = {"p": ["id"], "c": ["id"], "m": ["id"], "j": ["c_id", "m_id"]}
REFERENCES = {("c", "p_id"): ("p", "ON DELETE SET NULL"), ("j", "c_id"): ("c", "ON DELETE CASCADE"),
              ("j", "m_id"): ("m", "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED")}
UNIQUE = {"m": ["owner", "t"]}  # besides the keys
ACTIONS = ("select", "insert", "update", "delete")
# Conditions with the columns that they need. %(w)s is the prefix of the world's tables, %(hidden)s of what nobody is granted.
FILTERS = (
    ("owner = auth_uid()", "owner"), ("owner = auth_uid() OR n > 4", "owner n"), ("n > 2", "n"),
    ("n < 5", "n"), ("n IS NULL OR n <> 3", "n"), ("t IN ('a', 'ab', 'b')", "t"), ("flag", "flag"),
    ("NOT flag", "flag"), ("t LIKE 'a%%'", "t"), ("length(t) > 1", "t"), ("auth_claim('team') = t", "t"),
    ("auth_role() = 'pol_1' OR n > 3", "n"),
    ("n IN (SELECT number FROM %(hidden)s%(w)slook WHERE who = auth_uid())", "n"),
    ("EXISTS (SELECT 1 FROM %(hidden)s%(w)slook WHERE number = n AND who = owner)", "n owner"),
    ("1 = 0", ""),
)


class Grant:
    """What a role may do with a relation: columns None means all, filter None all rows."""

    def __init__(self, columns, row_filter, check):
        self.columns, self.filter, self.check = columns, row_filter, check

    def has(self, column):
        return self.columns is None or column in self.columns

    @property
    def new_row(self):
        return self.check or self.filter


class World:
    def __init__(self, seed, number):
        self.random = random.Random("%s/%s" % (seed, number))
        self.prefix = "w%d_" % number
        self.rows = self._rows()
        self.look = [(self.random.randint(0, 6), self.random.choice(USERS)) for _ in range(8)]
        self.grants = {role: self._grants() for role in ROLES}

    # Rows

    def _value(self, column, count):
        r = self.random
        if column == "n":
            return r.choice([None, *range(7)])
        if column == "t":
            return r.choice(TEXTS)
        if column == "flag":
            return r.choice([None, True, False])
        if column == "owner":
            return r.choice([None, *USERS])
        return r.choice([None, *range(1, count + 1)])

    def row(self, relation, key):
        """A row with this key: the first key column's number, of J both."""
        found = dict(zip(KEYS[relation], key))
        for column in COLUMNS[relation]:
            if column not in found:
                found[column] = self._value(column, len(self.rows["p"]) if column == "p_id" else 0)
        return found

    def _rows(self):
        r = self.random
        self.rows = {"p": [], "c": [], "m": [], "j": []}
        for relation, most in (("p", 6), ("c", 14), ("m", 6)):
            for key in range(1, r.randint(2, most) + 1):
                row = self.row(relation, [key])
                if not clashes(relation, row, self.rows[relation]):
                    self.rows[relation].append(row)
        pairs = [(c["id"], m["id"]) for c in self.rows["c"] for m in self.rows["m"]]
        for pair in r.sample(pairs, min(len(pairs), r.randint(0, 20))):
            self.rows["j"].append(self.row("j", pair))
        return self.rows

    # Grants

    def _filter(self, relation):
        usable = [text for text, needs in FILTERS if set(needs.split()) <= set(COLUMNS[relation])]
        return self.random.choice(usable) if self.random.random() < 0.6 else None

    def _columns(self, relation):
        r = self.random
        names = list(COLUMNS[relation])
        if r.random() < 0.5:
            return None
        picked = {name for name in names if r.random() < 0.7}
        if r.random() < 0.8:  # without keys little can be asked
            picked |= set(KEYS.get(relation, ["id"])) | {n for n in names if n.endswith("_id")}
        return picked or {r.choice(names)}

    def _grants(self):
        r = self.random
        found = {}
        for relation in COLUMNS:
            for action in ACTIONS:
                likely = 0.85 if action == "select" else 0.0 if relation == "v" else 0.7
                if r.random() >= likely:
                    continue
                columns = None if action == "delete" else self._columns(relation)
                row_filter = None if relation == "v" else self._filter(relation)
                check = self._filter(relation) if action in ("insert", "update") else None
                if action == "insert":
                    row_filter = None
                found[relation, action] = Grant(columns, row_filter, check)
        return found

    # SQL

    def filter_sql(self, text, hidden=""):
        return text and text % {"w": self.prefix, "hidden": hidden}

    def _tables_sql(self, hidden):
        w = self.prefix
        for relation in ("p", "c", "m", "j"):
            columns = ["%s %s" % pair for pair in COLUMNS[relation].items()]
            columns.append("PRIMARY KEY (%s)" % ", ".join(KEYS[relation]))
            columns += ["UNIQUE (%s)" % ", ".join(UNIQUE[relation])] if relation in UNIQUE else []
            columns += ["FOREIGN KEY (%s) REFERENCES %s%s(id) %s" % (column, w, to, how)
                        for (of, column), (to, how) in REFERENCES.items() if of == relation]
            yield "CREATE TABLE %s%s (%s)" % (w, relation, ", ".join(columns))
            for row in self.rows[relation]:
                yield "INSERT INTO %s%s (%s) VALUES (%s)" % (
                    w, relation, ", ".join(row), ", ".join(map(literal, row.values())))
        yield "CREATE TABLE %s%slook (number INTEGER, who TEXT)" % (hidden, w)
        for pair in self.look:
            yield "INSERT INTO %s%slook VALUES (%s, %s)" % (hidden, w, *map(literal, pair))
        yield "CREATE VIEW %sv AS SELECT id, n, t, p_id FROM %sc WHERE id > 2" % (w, w)

    def sqlite(self):
        yield from self._tables_sql("")
        for role, grants in self.grants.items():
            for (relation, action), grant in grants.items():
                columns = grant.columns and ",".join(sorted(grant.columns))
                row_filter, check = (self.filter_sql(text) for text in (grant.filter, grant.check))
                yield "INSERT INTO app_grants VALUES (%s)" % ", ".join(map(literal, (
                    role, self.prefix + relation, action, columns, row_filter, check)))
            yield "INSERT INTO app_grants (role, resource, action) VALUES ('%s', '%sall_c', 'execute')" % (
                role, self.prefix)
        yield ("INSERT INTO app_functions (name, returns, volatility, body) VALUES "
               "('%(w)sall_c', 'setof %(w)sc', 'stable', 'SELECT * FROM %(w)sc')" % {"w": self.prefix})

    def pgsql(self):
        yield from self._tables_sql("hidden.")
        for relation in ("p", "c", "m", "j"):
            yield "ALTER TABLE %s%s ENABLE ROW LEVEL SECURITY" % (self.prefix, relation)
        yield "GRANT SELECT ON hidden.%slook TO %s" % (self.prefix, ", ".join(ROLES))
        yield ("CREATE FUNCTION %(w)sall_c() RETURNS SETOF %(w)sc LANGUAGE sql STABLE SECURITY DEFINER "
               "AS 'SELECT * FROM %(w)sc'" % {"w": self.prefix})
        for role, grants in self.grants.items():
            for (relation, action), grant in grants.items():
                columns = "(%s)" % ", ".join(sorted(grant.columns)) if grant.columns else ""
                yield "GRANT %s %s ON %s%s TO %s" % (action, columns, self.prefix, relation, role)
                if relation != "v":
                    yield self._policy(role, relation, action, grant)

    def _policy(self, role, relation, action, grant):
        using = "" if action == "insert" else " USING (%s)" % (
            self.filter_sql(grant.filter, "hidden.") or "true")
        check = "" if action in ("select", "delete") else " WITH CHECK (%s)" % (
            self.filter_sql(grant.new_row, "hidden.") or "true")
        return "CREATE POLICY %s_%s ON %s%s FOR %s TO %s%s%s" % (
            role, action, self.prefix, relation, action, role, using, check)

    def drop(self, kind):
        w = self.prefix
        if kind == "pgsql":
            yield "DROP FUNCTION %sall_c()" % w
        else:
            yield "DELETE FROM app_functions WHERE name = '%sall_c'" % w
            yield "DELETE FROM app_grants WHERE substr(resource, 1, %d) = '%s'" % (len(w), w)
        yield "DROP VIEW %sv" % w
        for relation in ("j", "c", "m", "p"):
            yield "DROP TABLE %s%s" % (w, relation)
        yield "DROP TABLE %s%slook" % ("hidden." if kind == "pgsql" else "", w)


def clashes(relation, row, others):
    """Whether another row has the same values where these have to be unique. Nulls are never the same."""
    def same(other, columns):
        return all(row[name] is not None and other[name] == row[name] for name in columns)

    key = KEYS[relation]
    return any(same(other, UNIQUE.get(relation, key)) and not same(other, key) for other in others)


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int) else "'%s'" % value.replace("'", "''")


def prepare(database):
    """What all worlds share: the roles, and a place that the API does not show."""
    if database.kind == "sqlite":
        database.query("PRAGMA journal_mode=WAL")  # or the server finds it locked by us while it wants to do so
    else:
        roles = ", ".join(ROLES)
        database.query("".join("CREATE ROLE %s NOLOGIN; " % role for role in ROLES) +
                       "GRANT %s TO authenticator; CREATE SCHEMA hidden; "
                       "GRANT USAGE ON SCHEMA hidden, public TO %s" % (roles, roles))


def run(database, statements):
    """Runs statements, and tells the server that the schema has changed."""
    if database.kind == "pgsql":
        path = process.folder("policy") + "/script.sql"
        with open(path, "w", encoding="utf-8") as file:
            file.write("%s;\nNOTIFY pgrst;\n" % ";\n".join(statements))
        database.cluster.psql(database.name, file=path)
        return
    connection = database.connect()
    connection.execute("BEGIN IMMEDIATE")
    database.connect().close()  # what root has made beside the file is given to the server at once
    for statement in statements:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.close()
