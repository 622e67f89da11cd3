# SPDX-License-Identifier: Apache-2.0
"""What a role may see of a world, by plain SQL: the rows that pass its filter, the columns it was granted. Filters are
evaluated here in a database of our own, in memory, where the same text stands behind WHERE."""
import sqlite3

from lib import policy_world as world_

LINKS = {  # relation, embedded relation: columns of the one, of the other; or by way of J
    ("p", "c"): ("id", "p_id", True), ("p", "v"): ("id", "p_id", True), ("c", "p"): ("p_id", "id", False),
    ("v", "p"): ("p_id", "id", False), ("c", "j"): ("id", "c_id", True), ("m", "j"): ("id", "m_id", True),
    ("j", "c"): ("c_id", "id", False), ("j", "m"): ("m_id", "id", False),
    ("c", "m"): ("id", "c_id", "m_id", "id"), ("m", "c"): ("id", "m_id", "c_id", "id"),
}


def many(relation, to):
    link = LINKS[relation, to]
    return len(link) == 4 or link[2]


def link_columns(relation, to):
    """The columns that must be granted for the one to be embedded in the other."""
    link = LINKS[relation, to]
    if len(link) == 4:
        return {(relation, link[0]), ("j", link[1]), ("j", link[2]), (to, link[3])}
    return {(relation, link[0]), (to, link[1])}


class Oracle:
    """One role's eyes."""

    def __init__(self, world, role):
        self.world, self.role = world, role
        self.user = world_.USERS[world_.ROLES.index(role)]
        self.team = world_.TEAMS[world_.ROLES.index(role)]
        self.grants = world.grants[role]
        self.memory = sqlite3.connect(":memory:")
        self.memory.create_function("auth_uid", 0, lambda: self.user)
        self.memory.create_function("auth_role", 0, lambda: role)
        self.memory.create_function("auth_claim", 1, lambda name: self.team)
        for statement in world._tables_sql(""):
            self.memory.execute(statement)
        self._kept = {}

    def close(self):
        self.memory.close()

    def grant(self, relation, action="select"):
        return self.grants.get((relation, action))

    def has(self, needs, action="select"):
        """Whether all the (relation, column) are granted; column None: the relation alone."""
        return all(self.grant(relation, action) and
                   (column is None or self.grant(relation, action).has(column))
                   for relation, column in needs)

    def rows(self, relation, action="select"):
        """The rows that the grant for action lets through, all columns of them."""
        if (relation, action) not in self._kept:
            grant = self.grant(relation, action)
            columns = list(world_.COLUMNS[relation])
            found = self.memory.execute("SELECT %s FROM %s%s WHERE %s" % (
                ", ".join(columns), self.world.prefix, relation,
                self.world.filter_sql(grant.filter) or "1")).fetchall() if grant else []
            self._kept[relation, action] = [self._read(columns, row) for row in found]
        return self._kept[relation, action]

    def everything(self, relation):
        columns = list(world_.COLUMNS[relation])
        return [self._read(columns, row) for row in self.memory.execute(
            "SELECT %s FROM %s%s" % (", ".join(columns), self.world.prefix, relation))]

    @staticmethod
    def _read(columns, values):
        return {column: bool(value) if column == "flag" and value is not None else value
                for column, value in zip(columns, values)}

    def holds(self, text, row):
        """Whether a condition holds for a row that is in no table yet."""
        if text is None:
            return True
        columns = ", ".join("%s AS %s" % (world_.literal(value), name) for name, value in row.items())
        found = self.memory.execute("SELECT (%s) IS TRUE FROM (SELECT %s)"
                                    % (self.world.filter_sql(text), columns)).fetchone()
        return bool(found[0])

    def children(self, relation, row, to):
        """The rows of to that belong to a row of relation, as far as the role may see them."""
        link = LINKS[relation, to]
        if row[link[0]] is None:
            return []
        if len(link) == 4:
            keys = {j[link[2]] for j in self.rows("j") if j[link[1]] == row[link[0]]}
            return [found for found in self.rows(to) if found[link[3]] in keys]
        return [found for found in self.rows(to) if found[link[1]] == row[link[0]]]
