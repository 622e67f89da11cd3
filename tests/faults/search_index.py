# SPDX-License-Identifier: Apache-2.0
"""The index of a collection is its table's: after writes of all kinds through the API and by plain SQL, of which some are
rolled back, while children are killed; `appctl search check` says so, finds whatever is spoiled, and rebuild mends it."""
import json
import os
import random
import signal
import threading
import time

from lib import client, fault, process, songs

KILLS = 4
BATCH = 40  # keys that a writer draws from
DIFFER = "rows differ from their index"

# What is spoiled, and what check says of it.
SPOILED = {
    "sqlite": (
        ("INSERT INTO app_search_songs (app_search_songs) VALUES ('delete-all')", DIFFER),
        ("INSERT INTO app_search_songs_like (app_search_songs_like) VALUES ('delete-all')", DIFFER),
        ("INSERT INTO app_search_songs (app_search_songs, rowid, title, words) SELECT 'delete', id, title, words FROM songs"
         " LIMIT 1", DIFFER),
        ("INSERT INTO app_search_songs (rowid, title) VALUES (999999, 'moon')", DIFFER),
        ("DROP TRIGGER app_search_songs_UPDATE", "app_search_songs_UPDATE is missing"),
        ("DROP INDEX app_search_songs_title", "app_search_songs_title is missing"),
        ("DROP TABLE app_search_songs_like", "app_search_songs_like is missing"),
    ),
    "pgsql": (
        ("ALTER TEXT SEARCH CONFIGURATION sung ALTER MAPPING FOR asciiword WITH english_stem", DIFFER),
        ("DROP INDEX app_search_songs_words", "app_search_songs_words is missing"),
        ("DROP INDEX app_search_songs_title", "app_search_songs_title is missing"),
        ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app_search_songs_words'::regclass",
         "app_search_songs_words is missing"),
        ("ALTER TABLE songs DROP COLUMN app_search_songs", "app_search_songs is missing"),
        ("ALTER TABLE songs DROP COLUMN app_search_songs, ADD COLUMN app_search_songs tsvector;"
         " CREATE INDEX app_search_songs_words ON songs USING gin (app_search_songs)", DIFFER),
        ("ALTER TABLE songs DROP COLUMN app_search_songs_titles", "app_search_songs_titles is missing"),
    ),
}


def run(build):
    for kind in ("sqlite", "pgsql"):
        database = fault.database(build, kind)
        songs.make(database)
        appctl = songs.Appctl(build, database)
        words = ["create", "songs", "--table", "songs", *songs.COLUMNS]
        if kind == "pgsql":
            database.query("CREATE TEXT SEARCH CONFIGURATION sung (COPY = simple)")
            words += ["--language", "sung"]
        appctl.run(*words)
        with fault.start(build, database, settings=["rest TxEnd commit-allow-override"], mpm="StartServers 3\n") as server:
            write_and_kill(server, database)
            appctl.run("check", says="songs: index and table are one")
            # APP0220: the lock of all writers was found with its holder gone, which is what happened.
            fault.expect_quiet(server, allowed=("APP0220",), killed=True)
        for statement, said in SPOILED[kind]:
            database.query(statement)
            appctl.run("check", "songs", good=False, says=said)
            appctl.run("rebuild", "songs", says="songs: rebuilt")
            appctl.run("check", "songs", says="songs: index and table are one")
        if kind == "pgsql":
            database.cluster.stop("immediate")


def write_and_kill(server, database):
    answered, ending = [], threading.Event()
    writers = [(write_by_api, server, number) for number in (1, 2, 3)] + [(write_by_sql, database, 4)]
    threads = [threading.Thread(target=writer, args=(to, number, answered, ending), daemon=True)
               for writer, to, number in writers]
    for thread in threads:
        thread.start()
    chance = random.Random(3)
    for _ in range(KILLS):
        time.sleep(0.3)
        kill(chance.choice(server.children() or [0]))
    time.sleep(0.5)
    before = len(answered)
    fault.expect(process.wait_until(lambda: len(answered) > before + 20, 20), "nothing was written after the last kill")
    ending.set()
    for thread in threads:
        thread.join(30)
    wrong = [status for status in answered if status not in (200, 201, 204, 409)]
    fault.expect(not wrong, "writes were answered with %s", wrong[:5])
    fault.expect(int(database.query("SELECT count(*) FROM songs")) > 0, "no song is left")
    fault.expect_whole(database)


def kill(pid):
    try:
        if pid:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def song(number, chance):
    return {"id": number * 1000 + chance.randint(1, BATCH), "title": "sings " + songs.some_words(3, chance),
            "words": chance.choice((None, songs.some_words(20, chance))), "mood": chance.choice(songs.MOODS)}


def write_by_api(server, number, answered, ending):
    """Inserts, upserts, changes and deletes rows, some of a batch that is refused as a whole because of its last row."""
    chance = random.Random(number)
    while not ending.is_set():
        row = song(number, chance)
        target, method, rows, headers = chance.choice((
            ("/api/songs", "POST", row, ()),
            ("/api/songs", "POST", [row, dict(row, id=row["id"] + BATCH)], (("Prefer", "resolution=merge-duplicates"),)),
            ("/api/songs", "POST", [row, dict(row, id=0), dict(row, id=0)], ()),
            ("/api/songs", "POST", row, (("Prefer", "tx=rollback"),)),
            ("/api/songs?id=eq.%d" % row["id"], "PATCH", {"words": row["words"]}, ()),
            ("/api/songs?id=eq.%d" % row["id"], "DELETE", None, ()),
        ))
        try:
            answer = client.get(server.port, target, [fault.SITE, fault.JSON, fault.user(), *headers], method,
                                json.dumps(rows).encode() if rows else None)
        except (client.Broken, OSError):
            continue
        answered.append(answer.status)


def write_by_sql(database, number, answered, ending):
    """Transactions of which every other one is rolled back."""
    chance = random.Random(number)
    while not ending.is_set():
        row = song(number, chance)
        songs.run_script(database, (
            "BEGIN%s" % (" IMMEDIATE" if database.kind == "sqlite" else ""),
            "DELETE FROM songs WHERE id < 0",
            "INSERT INTO songs VALUES (%d, '%s', '%s', '%s')" % (row["id"], row["title"], row["words"] or "", row["mood"])
            + " ON CONFLICT (id) DO UPDATE SET title = excluded.title, words = NULL",
            "UPDATE songs SET id = -id WHERE id = %d" % (row["id"] + 1),
            chance.choice(("COMMIT", "ROLLBACK"))))
        answered.append(200)
        time.sleep(0.02)
