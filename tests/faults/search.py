# SPDX-License-Identifier: Apache-2.0
"""Collections are made, compared with their tables after random writes, and taken away without a trace; what is found is what
plain SQL says, and nothing that can be typed is an error."""
import json
import random
import urllib.parse

from lib import fault, openmetrics, process, songs
from lib.songs import WORDS, some_words

KEYS = "abc 'OR\"-*():&|!<>\\%_$1?\t{}[]^~é漢\u200b😀"
ROUNDS = 150
TYPED = 100
COUNTS = {
    "sqlite": "SELECT count(*) FROM songs WHERE ' ' || title || ' ' || coalesce(words, '') || ' ' LIKE '%% %s %%'",
    "pgsql": "SELECT count(*) FROM songs WHERE ' ' || title || ' ' || coalesce(words, '') || ' ' ILIKE '%% %s %%'",
}
SCHEMA = {
    "sqlite": "SELECT group_concat(name || coalesce(sql, ''), ';') FROM (SELECT * FROM sqlite_schema ORDER BY name)",
    "pgsql": "SELECT string_agg(attrelid::regclass || '.' || attname, ' ' ORDER BY attrelid, attnum) FROM pg_attribute"
             " WHERE NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)",
}


def run(build):
    for kind in ("sqlite", "pgsql"):
        database = fault.database(build, kind)
        songs.make(database)
        appctl = songs.Appctl(build, database)
        before = database.query(SCHEMA[kind])
        appctl.create()
        with fault.start(build, database) as server:
            change(database)
            appctl.run("check", "songs", says="songs: index and table are one")
            compare(server, database)
            page_while_added(server, database)
            type_anything(server)
            fault.expect_quiet(server)
        with fault.start(build, database, settings=["search CountMax 3", "metrics"]) as server:
            count_rows(server)
            compare(server, database, counts=False)
        appctl.run("drop", "songs")
        fault.expect(database.query(SCHEMA[kind]) == before, "%s: dropping leaves something", kind)
        if kind == "pgsql":
            database.cluster.stop("immediate")


def change(database):
    """Inserts, updates and deletes, many in one statement."""
    random.seed(7)
    songs.run_script(database, [any_change(number) for number in range(ROUNDS)])


def any_change(number):
    kind = random.random()
    if kind < 0.6:
        return "INSERT INTO songs VALUES (%d, '%s', %s, '%s')" % (
            number, some_words(3), random.choice(["NULL", "'%s'" % some_words(30)]), random.choice(songs.MOODS))
    if kind < 0.8:
        return ("UPDATE songs SET words = '%s', title = title || ' again' WHERE id %% 7 = %d"
                % (some_words(9), random.randint(0, 6)))
    if kind < 0.9:
        return "UPDATE songs SET id = -id WHERE id = %d" % random.randint(0, number)
    return "DELETE FROM songs WHERE id = %d" % random.randint(0, number)


def search(server, text, more=""):
    answer = fault.get(server, "/api/search/songs?q=%s%s" % (urllib.parse.quote(text), more))
    fault.expect(answer.status == 200, "%r: %s %s", text, answer.status, answer.text()[:300])
    return json.loads(answer.text())


def count_rows(server):
    """/metrics counts hits as rows, also where several collections are asked."""
    found = len(search(server, WORDS[0], "&limit=3")["hits"])
    fault.get(server, "/api/search?in=songs&limit=2&q=" + WORDS[0])
    for route, rows in (("/search/songs", found), ("/search", min(found, 2))):
        process.wait_until(lambda: rows_of(server, route) == rows, 5)
        fault.expect(rows_of(server, route) == rows, "%s: %s rows, not %d", route, rows_of(server, route), rows)


def rows_of(server, route):
    return openmetrics.Metrics(fault.get(server, "/metrics").text(), False).total("app_rows_total", route=route)


def compare(server, database, counts=True):
    """Totals, facets and all pages are what plain SQL says, by cursor and by offset. No word here has another with its stem.
    Where not all are counted, those with the word in their titles come first."""
    for word in set(WORDS):
        wanted = int(database.query(COUNTS[database.kind] % word))
        found = search(server, word, "&select=id&limit=7")
        if counts:
            fault.expect(found["total"] == wanted, "%s: %d found, not %d", word, found["total"], wanted)
            moods = sum(value["count"] for value in found["facets"]["mood"])
            fault.expect(moods == wanted, "%s: facets count %d, not %d", word, moods, wanted)
        pages = [found["hits"]]
        while found["next"]:
            found = search(server, word, "&select=id&limit=7&cursor=" + found["next"])
            pages.append(found["hits"])
        ids = ids_of(pages)
        fault.expect(len(ids) == len(set(ids)) == wanted, "%s: pages hold %d rows, %d of them once, not %d",
                     word, len(ids), len(set(ids)), wanted)
        pages = [search(server, word, "&select=id&limit=7&offset=%d" % offset)["hits"] for offset in range(0, wanted, 7)]
        fault.expect(ids_of(pages) == ids, "%s: pages by offset are others than by cursor", word)


def page_while_added(server, database):
    """What was there when the first page was asked for stands in one page, once; what is added may stand in others."""
    before = set(map(int, database.query(COUNTS[database.kind].replace("count(*)", "id") % "rain").split()))
    pages, cursor, number = [], "", 1000
    while cursor is not None:
        found = search(server, "rain", "&select=id&limit=5&cursor=" + cursor)
        pages.append(found["hits"])
        cursor = found["next"]
        songs.run_script(database, ["INSERT INTO songs VALUES (%d, 'rain', '%s', 'odd')" % (number + n, some_words(9))
                                    for n in range(3)])
        number += 3
    ids = [id for id in ids_of(pages) if id < 1000]
    fault.expect(len(ids) == len(set(ids)), "%s: pages hold a row twice: %s", database.kind, sorted(ids))
    fault.expect(set(ids) == before, "%s: pages lack %s", database.kind, before - set(ids))
    database.query("DELETE FROM songs WHERE id >= 1000")


def ids_of(pages):
    return [hit["row"]["id"] for hits in pages for hit in hits]


def type_anything(server):
    """What is searched for is never wrong; parameters may be, and then the answer says so."""
    for _ in range(TYPED):
        text, other = some_keys(), some_keys()
        search(server, text)
        answer = fault.get(server, "/api/search/songs/suggest?q=" + urllib.parse.quote(text))
        fault.expect(answer.status == 200, "suggest %r: %s %s", text, answer.status, answer.text()[:300])
        name = random.choice(("cursor", "in", "select", "order", "limit", "offset", "mood", "or", other))
        target = "/api/search?q=%s&%s=%s" % tuple(urllib.parse.quote(part) for part in (text, name, other))
        answer = fault.get(server, target)
        fault.expect(answer.status in (200, 400, 404, 416), "%s: %s %s", target, answer.status, answer.text()[:300])


def some_keys():
    return "".join(random.choice(KEYS + "  moon title:") for _ in range(random.randint(1, 12)))
