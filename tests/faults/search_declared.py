# SPDX-License-Identifier: Apache-2.0
"""Collections that lines of the configuration declare: wrong ones are refused with what would be right, `appctl search apply`
makes and alters the others, `appctl search check` tells where database and lines differ, and who lacks which grant."""
import json

from lib import fault, songs

LINE = "Collection songs table=songs columns=title:A,words:C"

# Lines that are refused, and what is said of them.
REFUSED = (
    ("Collection", "Collection needs a value"),
    ("Collection Songs table=songs columns=title", 'Collection "Songs": this is no name'),
    ("Collection songs columns=title", "its table must be said"),
    ("Collection songs table=songs", "its columns must be said"),
    ("Collection songs table=songs columns=title:E", "no columns are named by title:E"),
    ("Collection songs table=songs columns=title,words,title", "title stands twice"),
    ("Collection songs table=songs columns=title title=mood", "mood, its title, is none of its columns"),
    ("Collection songs table=songs columns=title: A", "not known: A"),
    ("Collection songs table=songs columns=title weights=A", "not known: weights"),
    ("Collection songs table=songs columns=title facets=", "not known: facets="),
)
REFUSED_BY = {
    "sqlite": (("language=german", "SQLite has no language german"), ("key=id", "SQLite tells rows apart by rowid"),
               ("table=main.songs", "main.songs names a schema")),
    "pgsql": (),
}
# Lines that the database has something to say about.
IMPOSSIBLE = {
    "sqlite": (("table=nothing", "relation \"nothing\" does not exist"), ("columns=title,nothing", "nothing"), ("facets=nothing", "nothing"),
               ("table=unnumbered", "has no column that is INTEGER PRIMARY KEY"),
               ("table=without", "has no column that is INTEGER PRIMARY KEY")),
    "pgsql": (("table=nothing", "nothing"), ("columns=title,nothing", "nothing"), ("facets=nothing", "nothing"),
              ("language=klingon", "klingon"), ("key=mood", '"mood" of "public"."songs" is not UNIQUE and NOT NULL'),
              ("table=unnumbered", "has no primary key of one column")),
}
# What the lines are altered to, one after the other; what check and apply say; a search, and how many facets and hits it has.
ALTERED = (
    ("", "songs: declared, and not made", "songs: can be searched", "rain", 0, 1),
    ("", "", "songs: is as its line says", "rain", 0, 1),
    (" facets=mood", 'the database has facets "", its line "mood"', "songs: altered", "rain", 1, 1),
    (" facets=mood language=simple", 'the database has language "english", its line "simple"', "songs: altered", "rains", 1, 1),
    (" facets=mood language=simple title=words", 'the database has title "title", its line "words"', "songs: altered", "rain", 1, 0),
)
ROWS = "INSERT INTO songs VALUES (1, 'Moon', 'It rains', 'sad'), (2, 'Night', NULL, 'glad')"


def run(build):
    for kind in ("sqlite", "pgsql"):
        database = fault.database(build, kind)
        songs.make(database)
        database.query(ROWS)
        make_others(database)
        appctl = songs.Appctl(build, database)
        appctl.run("apply", good=False, says="declares no collection")
        refuse(appctl, kind)
        with fault.start(build, database, "cgi") as server:  # where each request reads app_search anew
            alter(appctl, server)
            lose(database, server)
        appctl.run("create", "songs", "--table", "songs", "--columns", "title", good=False, says='"songs" already')
        if kind == "pgsql":
            advise(appctl, database)
            database.cluster.stop("immediate")


def make_others(database):
    database.query("CREATE TABLE unnumbered (title text, words text)")
    if database.kind == "sqlite":
        database.query("CREATE TABLE without (id INTEGER PRIMARY KEY, title text, words text) WITHOUT ROWID")
    else:
        database.query("ALTER TABLE unnumbered OWNER TO authenticator")


def refuse(appctl, kind):
    for line, said in REFUSED + tuple(("%s %s" % (LINE, more), said) for more, said in REFUSED_BY[kind]):
        appctl.declare([line])
        appctl.run("list", good=False, says=said)
    appctl.declare([LINE, LINE])
    appctl.run("list", good=False, says="declared twice")
    for more, said in IMPOSSIBLE[kind]:
        appctl.declare(["%s %s" % (LINE, more)])
        appctl.run("apply", good=False, says=said)
    appctl.declare([])
    fault.expect(not appctl.run("list"), "what was refused has been made")


def alter(appctl, server):
    for more, before, after, word, facets, hits in ALTERED:
        appctl.declare([LINE + more])
        appctl.run("check", good=not before, says=before)
        print_alone(appctl)
        appctl.run("apply", says=after)
        appctl.run("check", says="songs: index and table are one")
        answer = json.loads(fault.get(server, "/api/search/songs?q=" + word).text())
        found = len(answer["facets"]), len(answer["hits"])
        fault.expect(found == (facets, hits), "%s%s: %s facets and hits, wanted %s", LINE, more, found, (facets, hits))


def lose(database, server):
    """A site without app_search, or that may not read it, is at fault, not who asks."""
    table = "app.app_search" if database.kind == "pgsql" else "app_search"
    database.query("ALTER TABLE %s RENAME TO lost" % table)
    fault.expect_answer(fault.get(server, "/api/search/songs?q=moon"), 503, "42P01")
    database.query("ALTER TABLE %s RENAME TO app_search" % table.replace("app_search", "lost"))
    if database.kind == "pgsql":
        database.query("REVOKE SELECT ON app.app_search FROM authenticator")
        fault.expect_answer(fault.get(server, "/api/search/songs?q=moon"), 503, "42P01")
        database.query("GRANT ALL ON app.app_search TO authenticator")


def print_alone(appctl):
    """With --print nothing is done."""
    before = appctl.run("list")
    printed = appctl.run("apply", "--print")
    fault.expect(appctl.run("list") == before, "apply --print has altered something: %s", printed)


def advise(appctl, database):
    """Grants of columns do not hold for the column that is searched, and policies keep indexes from being used."""
    database.query("REVOKE SELECT ON songs FROM web_anon; GRANT SELECT (id, title) ON songs TO web_anon")
    appctl.run("check", says='GRANT SELECT (app_search_songs, app_search_songs_titles) ON "public"."songs" TO web_anon;')
    database.query("GRANT SELECT (app_search_songs, app_search_songs_titles) ON songs TO web_anon;"
                   " GRANT SELECT (words) ON songs TO PUBLIC")
    appctl.run("check", says='GRANT SELECT (app_search_songs, app_search_songs_titles, id) ON "public"."songs" TO PUBLIC;')
    database.query("REVOKE SELECT (words) ON songs FROM PUBLIC")
    fault.expect("GRANT" not in appctl.run("check"), "what is granted is asked for")
    database.query("ALTER TABLE songs ENABLE ROW LEVEL SECURITY")
    said = appctl.run("check", says="ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF;")
    for line in said.splitlines():
        if "ALTER FUNCTION" in line:
            database.query(line)
    fault.expect("LEAKPROOF" not in appctl.run("check"), "what is declared is asked for")
