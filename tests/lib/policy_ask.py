# SPDX-License-Identifier: Apache-2.0
"""Random reads of a world as query strings, and what they must show: worked out from the rows that a role may see."""
from lib import policy_oracle as oracle_
from lib import policy_world as world_

VALUES = {"n": range(7), "t": ("a", "ab", "abc", "b", "zz"), "owner": ("ann", "bob", "eve")}
COMPARE = {"eq": lambda a, b: a == b, "neq": lambda a, b: a != b, "gt": lambda a, b: a > b,
           "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}


def negate(value):
    return None if value is None else not value


class Test:
    """A comparison (words: column and the rest) or a tree of them. SQL's logic has three values; None is unknown."""

    def __init__(self, words, needs, value):
        self.words, self.needs, self.value = words, needs, value


def compare(r, columns, hidden):
    """column.op.value and what it is of a row."""
    column = r.choice(hidden) if hidden and r.random() < 0.08 else r.choice(columns)
    kind = "n" if column == "id" or column.endswith("_id") else column
    op = r.choice(["is", "eq", "neq", "gt", "lte", "in", "isdistinct"])
    if column == "flag" or op == "is":
        word = r.choice(["null", "true", "false"]) if column == "flag" else "null"
        wanted = {"null": None, "true": True, "false": False}[word]
        text, value = "is." + word, lambda row: row[column] is wanted
    elif op == "in":
        some = r.sample(list(VALUES[kind]), 2)
        text = "in.(%s)" % ",".join(map(str, some))
        value = lambda row: None if row[column] is None else row[column] in some  # noqa: E731
    elif op == "isdistinct":
        other = r.choice(list(VALUES[kind]))
        text, value = "isdistinct.%s" % other, lambda row: row[column] != other
    elif kind in ("t", "owner") and r.random() < 0.4:
        text = "like.a*"
        value = lambda row: None if row[column] is None else row[column].startswith("a")  # noqa: E731
    else:
        other, test = r.choice(list(VALUES[kind])), COMPARE[op]
        text = "%s.%s" % (op, other)
        value = lambda row: None if row[column] is None else test(row[column], other)  # noqa: E731
    if r.random() < 0.2:
        return Test((column, "not." + text), {column}, lambda row: negate(value(row)))
    return Test((column, text), {column}, value)


def tree(r, columns, hidden, depth=0):
    """and(…), or(…), not.…: inside, a comparison is column.op.value."""
    if depth and r.random() < 0.4 + 0.2 * depth:
        leaf = compare(r, columns, hidden)
        return Test("%s.%s" % leaf.words, leaf.needs, leaf.value)
    word = r.choice(["and", "or"])
    parts = [tree(r, columns, hidden, depth + 1) for _ in range(r.randint(1, 3))]

    def value(row):
        values = [part.value(row) for part in parts]
        decides = word == "or"
        return decides if decides in values else None if None in values else not decides
    inside = "(%s)" % ",".join(part.words for part in parts)
    needs = set().union(*(part.needs for part in parts))
    if r.random() < 0.25:
        turned = lambda row: negate(value(row))  # noqa: E731
        return Test("not.%s%s" % (word, inside), needs, turned)
    return Test(word + inside, needs, value)


class Node:
    """One relation of a read: members, conditions, embeds."""

    def __init__(self, r, oracle, relation, depth=0):
        self.relation, self.depth = relation, depth
        grant = oracle.grant(relation)
        every = list(world_.COLUMNS[relation])
        granted = [name for name in every if grant and grant.has(name)] or every
        hidden = [name for name in every if name not in granted]
        usable = granted
        self.star = r.random() < 0.1
        self.columns = r.sample(granted, r.randint(1, len(granted)))
        if hidden and r.random() < 0.08:
            self.columns.append(r.choice(hidden))
        if self.star:
            self.columns = every
        self.tests = []
        for _ in range(r.choice([0, 0, 1, 1, 2])):
            make = tree if r.random() < 0.3 else compare
            self.tests.append(make(r, usable, hidden))
        self.order = r.choice(usable) if r.random() < 0.3 else None
        if hidden and r.random() < 0.04:
            self.order = r.choice(hidden)
        self.descending = r.random() < 0.5
        self.embeds = []
        near = [to for of, to in oracle_.LINKS if of == relation]
        for to in r.sample(near, min(len(near), r.choice([0, 0, 1, 1, 2] if depth < 2 else [0]))):
            self.embeds.append(Embed(r, oracle, self, to))
        self.absence = {embed: r.random() < 0.5 for embed in self.embeds  # rel=is.null, or not.is.null
                        if not embed.inner and r.random() < 0.15}

    # As a query

    def select(self):
        items = ["*"] if self.star else list(self.columns)
        return ",".join(items + [embed.select() for embed in self.embeds])

    def pairs(self, path=""):
        """The query string's pairs but select."""
        for test in self.tests:
            if isinstance(test.words, tuple):
                yield path + test.words[0], test.words[1]
            else:
                turned = test.words.startswith("not.")
                word, inside = test.words.removeprefix("not.").split("(", 1)
                yield path + ("not." if turned else "") + word, "(" + inside
        if self.order:
            yield path + "order", self.order + (".desc" if self.descending else "")
        for embed in self.embeds:
            if embed in self.absence:
                yield path + embed.name, "is.null" if self.absence[embed] else "not.is.null"
            yield from embed.node.pairs(path + embed.name + ".")

    # As an answer

    def needs(self, counting=False):
        """The columns that are read; counting: to know the number of rows."""
        found = {(self.relation, None)}
        if not counting:
            found |= {(self.relation, name) for name in [*self.columns, self.order] if name}
        for test in self.tests:
            found |= {(self.relation, name) for name in test.needs}
        for embed in self.embeds:
            if counting and not embed.inner and embed not in self.absence:
                continue
            found |= embed.node.needs(counting)
            found |= oracle_.link_columns(self.relation, embed.node.relation)
        return found

    def passes(self, oracle, row):
        if not all(test.value(row) for test in self.tests):
            return False
        for embed in self.embeds:
            if embed.inner or embed in self.absence:
                wanted = not self.absence.get(embed, False)
                if bool(embed.rows(oracle, self, row)) != wanted:
                    return False
        return True

    def matching(self, oracle, rows=None):
        return [row for row in (oracle.rows(self.relation) if rows is None else rows)
                if self.passes(oracle, row)]

    def shown(self, oracle, row):
        found = {name: row[name] for name in self.columns}
        for embed in self.embeds:
            embed.show(oracle, self, row, found)
        return found

    def shown_names(self):
        found = list(self.columns)
        for embed in self.embeds:
            found += embed.node.shown_names() if embed.spread else [embed.name]
        return found

    def nothing(self, name):
        """What a member is that is spread from a row that is not there."""
        for embed in self.embeds:
            if embed.many and name in (embed.node.columns if embed.spread else [embed.name]):
                return []
        return None


class Embed:
    def __init__(self, r, oracle, parent, to):
        self.node = Node(r, oracle, to, parent.depth + 1)
        self.many = oracle_.many(parent.relation, to)
        self.inner = r.random() < 0.3
        self.spread = r.random() < 0.25 and not (self.many and self.node.embeds)
        if self.spread and not self.many:
            self.node.order = None  # of one row: PostgreSQL is not asked for it, and so refuses nothing
        self.name = oracle.world.prefix + to

    def select(self):
        return "%s%s%s(%s)" % ("..." if self.spread else "", self.name,
                               "!inner" if self.inner else "", self.node.select())

    def rows(self, oracle, parent, row):
        return self.node.matching(oracle, oracle.children(parent.relation, row, self.node.relation))

    def show(self, oracle, parent, row, found):
        rows = [self.node.shown(oracle, child) for child in self.rows(oracle, parent, row)]
        if self.spread:
            for name in self.node.shown_names():
                found[name] = [child[name] for child in rows] if self.many else \
                    rows[0][name] if rows else self.node.nothing(name)
        else:
            found[self.name] = rows if self.many else rows[0] if rows else None


def read(r, oracle, relation):
    """A Node whose members all have names of their own."""
    while True:
        node = Node(r, oracle, relation)
        if clear(node, oracle):
            return node


def clear(node, oracle):
    names = node.shown_names()
    for embed in node.embeds:
        if not clear(embed.node, oracle):
            return False
        # Arrays that are spread stand in one order, on PostgreSQL that of the key, which has to be granted then.
        keys = world_.KEYS.get(embed.node.relation, [])
        if embed.spread and embed.many and not oracle.has({(embed.node.relation, key) for key in keys}):
            return False
    return len(names) == len(set(names))
