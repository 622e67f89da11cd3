# SPDX-License-Identifier: Apache-2.0
"""Random requests of every kind on a world: what is sent, and what must come back."""
import csv
import io
import json
import urllib.parse

from lib import jwt
from lib import policy_ask as ask
from lib import policy_world as world_

DENIED = "42501"
LONGEST = 6000  # httpd takes no line above 8 KiB


class Request:
    """check(answer) says what is wrong with an answer; None if nothing is."""

    def __init__(self, kind, oracle, method, target, pairs, headers=(), body=None):
        self.kind, self.role, self.method = kind, oracle.role, method
        query = "&".join("%s=%s" % (name, urllib.parse.quote(value, safe="*(),.!"))
                         for name, value in pairs)
        self.target = "/api/" + target + ("?" + query if query else "")
        claims = {"role": oracle.role, "sub": oracle.user, "team": oracle.team}
        self.headers = [("Authorization", "Bearer " + jwt.make(claims)), *headers]
        self.body = body if body is None else json.dumps(body).encode()
        if body is not None:
            self.headers.append(("Content-Type", "application/json"))
        self.denied = False
        self.may_refuse = False  # both is right: what is not shown may be looked at or not
        self.wanted = None  # what must come: a function of the answer that returns what is wrong

    def text(self):
        return "%s %s as %s %s %s" % (self.method, self.target, self.role, [
            pair for pair in self.headers if pair[0] != "Authorization"], (self.body or b"").decode())

    def check(self, answer):
        code = None
        if answer.status >= 400 and self.method != "HEAD":
            code = json.loads(answer.text()).get("code")
        if self.denied:
            denied = answer.status == 403 and (self.method == "HEAD" or code == DENIED)
            return None if denied else "it must be refused"
        if answer.status == 403 and self.may_refuse:
            return None
        if answer.status == 403:
            return "it must not be refused"
        return self.wanted(answer)


# Comparing

def ordered(value):
    """Arrays without their order: what is not asked for in an order comes in any."""
    if isinstance(value, list):
        return sorted((ordered(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, dict):
        return {name: ordered(item) for name, item in value.items()}
    return value


def difference(found, wanted):
    return None if found == wanted else "found %s, not %s" % (json.dumps(found), json.dumps(wanted))


def total_of(answer):
    return (answer.header("Content-Range") or "/?").rsplit("/", 1)[1]


def rows_are(rows, status=(200, 206), total=None):
    def wanted(answer):
        if answer.status not in status:
            return "the status is not one of %s" % (status,)
        if total is not None and total_of(answer) != str(total):
            return "it says that there are %s, not %d" % (total_of(answer), total)
        return difference(ordered(json.loads(answer.text())), ordered(rows))
    return wanted


# Reads

def get(r, oracle, relation):
    node = ask.read(r, oracle, relation)
    counted = r.choice([None, None, "exact", "planned", "estimated"])
    request = Request("get", oracle, "GET", oracle.world.prefix + relation,
                      [("select", node.select()), *node.pairs()],
                      [("Prefer", "count=" + counted)] if counted else [])
    request.denied = not oracle.has(node.needs())
    if not request.denied:
        rows = node.matching(oracle)
        shown = [node.shown(oracle, row) for row in rows]
        request.wanted = in_order(node, rows_are(shown, total=len(rows) if counted == "exact" else None))
    return request


def in_order(node, wanted):
    """The rows of an answer also stand in the order that was asked for."""
    if not node.order or node.order not in node.columns:
        return wanted

    def both(answer):
        problem = wanted(answer)
        if problem:
            return problem
        values = [row[node.order] for row in json.loads(answer.text())]
        known = sorted((value for value in values if value is not None), reverse=node.descending)
        nulls = [None] * values.count(None)
        return difference(values, nulls + known if node.descending else known + nulls)
    return both


def page(r, oracle, relation):
    """By its key a page is certain; a Range is the same as limit and offset."""
    node = ask.read(r, oracle, relation)
    node.order, keys = None, world_.KEYS.get(relation, ["id"])
    limit, offset = r.randint(1, 4), r.randint(0, 3)
    pairs = [("select", node.select()), *node.pairs(), ("order", ",".join(keys))]
    headers = [("Prefer", "count=exact")]
    if r.random() < 0.5:
        headers += [("Range-Unit", "items"), ("Range", "%d-%d" % (offset, offset + limit - 1))]
    else:
        pairs += [("limit", str(limit)), ("offset", str(offset))]
    request = Request("page", oracle, "GET", oracle.world.prefix + relation, pairs, headers)
    request.denied = not oracle.has(node.needs() | {(relation, key) for key in keys})
    if not request.denied:
        rows = sorted(node.matching(oracle), key=lambda row: [row[key] for key in keys])
        shown = [node.shown(oracle, row) for row in rows[offset:offset + limit]]
        request.wanted = rows_are(shown, total=len(rows))
        if offset > len(rows):
            request.wanted = beyond(len(rows))
    return request


def beyond(total):
    def wanted(answer):
        details = json.loads(answer.text()).get("details") or ""
        return None if answer.status == 416 and str(total) in details else "it is beyond %d rows" % total
    return wanted


def head(r, oracle, relation):
    node = ask.read(r, oracle, relation)
    request = Request("head", oracle, "HEAD", oracle.world.prefix + relation,
                      [("select", node.select()), *node.pairs()], [("Prefer", "count=exact")])
    request.denied = not oracle.has(node.needs())
    if oracle.has(node.needs(counting=True)):
        count = len(node.matching(oracle))
        request.wanted = lambda answer: difference(total_of(answer), str(count))
        request.may_refuse, request.denied = request.denied, False
    return request


def single(r, oracle, relation):
    node = ask.read(r, oracle, relation)
    request = Request("single", oracle, "GET", oracle.world.prefix + relation,
                      [("select", node.select()), *node.pairs()],
                      [("Accept", "application/vnd.pgrst.object+json")])
    request.denied = not oracle.has(node.needs())
    if not request.denied:
        rows = node.matching(oracle)
        request.wanted = one_is(node.shown(oracle, rows[0])) if len(rows) == 1 else not_one(len(rows))
    return request


def one_is(row):
    return lambda answer: difference(ordered(json.loads(answer.text())), ordered(row))


def not_one(count):
    def wanted(answer):
        found = json.loads(answer.text())
        return difference([answer.status, found.get("details")],
                          [406, "The result contains %d rows" % count])
    return wanted


def as_csv(r, oracle, relation):
    node = ask.read(r, oracle, relation)
    node.embeds, node.absence = [], {}
    request = Request("csv", oracle, "GET", oracle.world.prefix + relation,
                      [("select", node.select()), *node.pairs()], [("Accept", "text/csv")])
    request.denied = not oracle.has(node.needs())
    if not request.denied:
        rows = [[field(row[name]) for name in node.columns] for row in node.matching(oracle)]
        request.wanted = lambda answer: difference(lines(list(csv.reader(io.StringIO(answer.text())))[1:]),
                                                   lines(rows))
    return request


def lines(rows):
    """Without those of nothing but a null: a line of no length, of which the last is not to be seen."""
    return sorted(row for row in rows if row not in ([], [""]))


def field(value):
    return "" if value is None else {True: "t", False: "f"}[value] if isinstance(value, bool) else str(value)


def aggregate(r, oracle, relation):
    """count(), and sums of a column by another."""
    node = ask.read(r, oracle, relation)
    node.embeds, node.absence, node.order, node.star = [], {}, None, False
    by = node.columns[0] if r.random() < 0.6 else None
    some = "n" if r.random() < 0.7 else None
    node.columns = [name for name in (by, some) if name]
    items = [by] if by and by != "n" else []
    items += ["total:count()"] + (["n.sum()"] if some else [])
    request = Request("aggregate", oracle, "GET", oracle.world.prefix + relation,
                      [("select", ",".join(items)), *node.pairs()])
    if by == "n":
        by, node.columns = None, [some] if some else []
    request.denied = not oracle.has(node.needs())
    if not request.denied:
        request.wanted = rows_are(groups(node.matching(oracle), by, some))
    return request


def groups(rows, by, some):
    found = {}
    for row in rows:
        found.setdefault(row[by] if by else None, []).append(row)
    if not by and not found:
        found = {None: []}
    shown = []
    for value, members in found.items():
        group = {by: value} if by else {}
        group["total"] = len(members)
        if some:
            numbers = [row[some] for row in members if row[some] is not None]
            group["sum"] = sum(numbers) if numbers else None
        shown.append(group)
    return shown


def rpc(r, oracle, relation):
    """A function with its owner's rights shows all; what is embedded in its rows is the caller's to see."""
    node = ask.read(r, oracle, "c")
    node.embeds, node.absence = [], {}
    request = Request("rpc", oracle, "GET", "rpc/%sall_c" % oracle.world.prefix,
                      [("select", node.select()), *node.pairs()], [("Prefer", "count=exact")])
    rows = node.matching(oracle, oracle.everything("c"))
    request.wanted = in_order(node, rows_are([node.shown(oracle, row) for row in rows], total=len(rows)))
    return request


# Writes, which are all undone

def prefer(*words):
    return [("Prefer", "tx=rollback"), *(("Prefer", word) for word in words)]


class Write:
    """What the kinds of writes have in common: a relation, and what is to be shown of its rows."""

    def __init__(self, r, oracle, relation):
        self.oracle, self.relation = oracle, relation
        self.node = ask.read(r, oracle, relation)
        self.node.embeds, self.node.absence, self.node.order = [], {}, None
        self.tests = self.node.tests
        self.node.tests = []
        self.shows = r.random() < 0.6

    def request(self, kind, method, pairs=(), words=(), body=None):
        pairs = list(pairs)
        if self.shows:
            pairs.append(("select", self.node.select()))
        representation = "return=" + ("representation" if self.shows else "minimal")
        return Request(kind, self.oracle, method, self.oracle.world.prefix + self.relation, pairs,
                       prefer(representation, "count=exact", *words), body)

    def may(self, action, columns=()):
        of = {(self.relation, name) for name in columns} or {(self.relation, None)}
        return self.oracle.has(of, action)

    def may_see(self, more=()):
        needs = {(self.relation, name) for name in more}
        return self.oracle.has(needs | (self.node.needs() if self.shows else set()))

    def done(self, rows, status):
        """The answer for these rows as they have become."""
        if self.shows:
            return rows_are([self.node.shown(self.oracle, row) for row in rows], status)

        def wanted(answer):
            return difference([total_of(answer), answer.text()], [str(len(rows)), ""])
        return wanted

    def holds(self, action, row):
        grant = self.oracle.grant(self.relation, action)
        return self.oracle.holds(grant.filter if action == "select" else grant.new_row, row)


def conditions(write):
    """The write's own filters: pairs, and the columns that they read."""
    write.node.tests = write.tests
    pairs = list(write.node.pairs())
    write.node.tests = []
    return pairs, set().union(*(test.needs for test in write.tests))


def chosen(write, action):
    """The rows that a write finds: its filters', that may be seen and changed."""
    changeable = [row for row in write.oracle.rows(write.relation, action)]
    return [row for row in write.oracle.rows(write.relation)
            if row in changeable and all(test.value(row) for test in write.tests)]


def some_values(r, oracle, relation):
    columns = [name for name in ("n", "t", "flag", "owner") if name in world_.COLUMNS[relation]]
    picked = r.sample(columns, r.randint(1, len(columns)))
    row = oracle.world.row(relation, [0] * len(world_.KEYS[relation]))
    return {name: row[name] for name in picked}


def patch(r, oracle, relation):
    write = Write(r, oracle, relation)
    if not write.tests:
        write.tests = [ask.compare(r, list(world_.COLUMNS[relation]), [])]
    values = some_values(r, oracle, relation)
    pairs, needs = conditions(write)
    request = write.request("patch", "PATCH", pairs, body=values)
    request.denied = not (write.may("update", values) and write.may_see(needs))
    if not request.denied:
        rows = [dict(row, **values) for row in chosen(write, "update")]
        request.denied = not all(write.holds("update", row) and write.holds("select", row) for row in rows)
        request.wanted = write.done(rows, (200,))
        others = [row for row in oracle.everything(relation) if row["id" if "id" in row else "c_id"]
                  not in [row_["id" if "id" in row_ else "c_id"] for row_ in rows]]
        if any(world_.clashes(relation, row, others + rows) for row in rows):
            request.wanted = is_duplicate
            if len(rows) > 1:  # row by row, whatever comes first
                request.may_refuse, request.denied = request.denied, False
    return request


def delete(r, oracle, relation):
    write = Write(r, oracle, relation)
    if not write.tests:
        write.tests = [ask.compare(r, list(world_.COLUMNS[relation]), [])]
    pairs, needs = conditions(write)
    request = write.request("delete", "DELETE", pairs)
    request.denied = not (write.may("delete") and write.may_see(needs))
    if not request.denied:
        request.wanted = write.done(chosen(write, "delete"), (200,))
    return request


def new_row(r, oracle, relation, existing=False):
    """A row whose references exist, whether the role may see what they lead to or not."""
    world = oracle.world
    if existing and world.rows[relation]:
        key = [r.choice(world.rows[relation])[name] for name in world_.KEYS[relation]]
        if relation == "j":
            key = list(r.choice([(row["c_id"], row["m_id"]) for row in world.rows["j"]]))
        return world.row(relation, key)
    if relation == "j":
        taken = {(row["c_id"], row["m_id"]) for row in world.rows["j"]}
        free = [(c["id"], m["id"]) for c in world.rows["c"] for m in world.rows["m"]
                if (c["id"], m["id"]) not in taken]
        return world.row("j", r.choice(free)) if free else None
    return world.row(relation, [r.randint(100, 999)])


def insert(r, oracle, relation):
    """A key that is taken says so only to those who might have written the row."""
    write = Write(r, oracle, relation)
    existing = r.random() < 0.25
    row = new_row(r, oracle, relation, existing)
    if not row:
        return get(r, oracle, relation)
    request = write.request("insert", "POST", body=row)
    request.denied = not (write.may("insert", row) and write.may_see())
    if not request.denied:
        taken = is_taken(oracle, relation, row) or clashes(oracle, relation, row)
        request.denied = not (write.holds("insert", row) and
                              (not write.shows or write.holds("select", row)))
        request.wanted = is_duplicate if taken else write.done([row], (201,))
    return request


def clashes(oracle, relation, row):
    return world_.clashes(relation, row, oracle.everything(relation))


def is_taken(oracle, relation, row):
    return any(all(other[key] == row[key] for key in world_.KEYS[relation])
               for other in oracle.everything(relation))


def is_duplicate(answer):
    """Of the key only what the caller has sent may be told."""
    found = json.loads(answer.text())
    return difference([answer.status, found.get("code")], [409, "23505"])


def upsert(r, oracle, relation):
    """Merges, by POST or PUT: a row that exists must be one that may be seen and changed."""
    write = Write(r, oracle, relation)
    row = new_row(r, oracle, relation, existing=r.random() < 0.7)
    if not row:
        return get(r, oracle, relation)
    keys = world_.KEYS[relation]
    if r.random() < 0.3:
        write.shows = True
        request = write.request("put", "PUT", [(key, "eq.%s" % row[key]) for key in keys], body=row)
    else:
        request = write.request("upsert", "POST", words=["resolution=merge-duplicates"], body=row)
    request.denied = not (write.may("insert", row) and write.may("update", row) and write.may_see(row))
    if not request.denied:
        request.denied = not may_merge(write, row, keys)
        request.wanted = is_duplicate if clashes(oracle, relation, row) else write.done([row], (200, 201))
    return request


def may_merge(write, row, keys):
    def same(other):
        return all(other[key] == row[key] for key in keys)

    if not write.holds("insert", row) or not write.holds("select", row):
        return False
    if not is_taken(write.oracle, write.relation, row):
        return True
    return write.holds("update", row) and \
        any(same(other) for other in write.oracle.rows(write.relation)) and \
        any(same(other) for other in write.oracle.rows(write.relation, "update"))


def ignore(r, oracle, relation):
    """An upsert that leaves rows that exist as they are; of these nothing is shown."""
    write = Write(r, oracle, relation)
    row = new_row(r, oracle, relation, existing=r.random() < 0.5)
    if not row:
        return get(r, oracle, relation)
    keys = world_.KEYS[relation]
    request = write.request("ignore", "POST", words=["resolution=ignore-duplicates"], body=row)
    request.denied = not (write.may("insert", row) and write.may_see(keys))
    if not request.denied:
        request.denied = not (write.holds("insert", row) and write.holds("select", row))
        taken = is_taken(oracle, relation, row)
        request.wanted = is_duplicate if clashes(oracle, relation, row) and not taken else \
            write.done([] if taken else [row], (200, 201))
    return request


READS = (get, get, get, get, page, page, head, single, as_csv, aggregate, aggregate, rpc)
WRITES = (patch, patch, delete, insert, upsert, ignore)


def random_request(r, oracle):
    while True:
        make = r.choice(READS + WRITES)
        request = make(r, oracle, r.choice(["p", "c", "c", "m", "j"] + (["v"] if make in READS else [])))
        if len(request.target) < LONGEST:
            return request
