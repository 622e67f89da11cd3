# SPDX-License-Identifier: Apache-2.0
"""Kept answers: nobody is ever answered with what is older than his own last write, or with what is another's; many who ask
the same at once cost one query, also when the one who asked is killed; memory has its bound; a graceful restart keeps them;
on PostgreSQL nothing is kept while nobody listens."""
import json
import os
import random
import signal
import socket
import threading
import time

from lib import client, fault, jwt, load, process, stage

FRESH = ["cache Answers fresh", "cache Wait 2s", "AppDetailsFor 127.0.0.0/8"]
TIMED = ["cache Answers timed", "cache Wait 30s", "cache Size 1m", "AppDetailsFor 127.0.0.0/8"]
WRITERS = 4
WRITES = 25
CROWD = 50
ASKED = 160
SCHEMA = {
    "sqlite": """
        CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
        CREATE TABLE jottings (id INTEGER PRIMARY KEY, owner TEXT, words TEXT);
        CREATE VIEW sluggish AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 700000)
            SELECT count(*) AS rows, random() AS chance FROM c;
        CREATE TABLE wide (id INTEGER PRIMARY KEY, words TEXT);
        INSERT INTO wide WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 900) SELECT i, hex(randomblob(120)) FROM c;
        INSERT INTO app_grants (role, resource, action) VALUES ('web_anon', 'wide', 'select'), ('web_anon', 'counters', 'select'), ('web_anon', 'sluggish', 'select'),
            ('web_user', 'counters', 'select'), ('web_user', 'counters', 'update');
        INSERT INTO app_grants (role, resource, action, row_filter) VALUES ('web_user', 'jottings', 'select', 'owner = auth_uid()'),
            ('web_anon', 'jottings', 'select', 'owner IS NULL');
    """,
    "pgsql": """
        CREATE TABLE counters (id integer PRIMARY KEY, n integer NOT NULL);
        CREATE TABLE jottings (id integer PRIMARY KEY, owner text, words text);
        CREATE FUNCTION slow_now() RETURNS text LANGUAGE plpgsql STABLE AS
            $$ BEGIN PERFORM pg_sleep(0.4); RETURN clock_timestamp()::text; END $$;
        CREATE VIEW sluggish AS SELECT slow_now() AS chance;
        CREATE VIEW asleep AS SELECT pg_sleep(3)::text AS slept;
        ALTER TABLE jottings ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON jottings USING (owner IS NOT DISTINCT FROM (current_setting('request.jwt.claims', true)::json ->> 'sub'));
        GRANT SELECT ON counters, sluggish, asleep, jottings TO web_anon, web_user;
        GRANT UPDATE ON counters TO web_user;
        ALTER TABLE counters OWNER TO authenticator; ALTER TABLE jottings OWNER TO authenticator;
        ALTER TABLE jottings FORCE ROW LEVEL SECURITY; GRANT CREATE ON SCHEMA public TO authenticator;
    """,
}


def run(build):
    for kind in ("sqlite", "pgsql"):
        try:
            run_on(build, kind)
        except process.Failed as error:
            raise process.Failed("[%s] %s" % (kind, error)) from error


def run_on(build, kind):
    database = fault.database(build, kind)
    fill(database)
    if kind == "pgsql":
        appctl(build, database, "install", "counters", "public.jottings")
    with fault.start(build, database, settings=FRESH) as server:
        wait_until_kept(server)
        own_writes(server)
        others_writes(server, database)
        if kind == "pgsql":
            lose_listener(server, database)
        isolation(server)
        slow_reader(server, database)
        never_kept(server)
        restart(server)
        if kind == "pgsql":
            other_channel(server)
        fault.expect_quiet(server)
    with fault.start(build, database, "prefork", settings=TIMED) as server:
        crowd(server)
        kill_leader(server)
        evict(server)
        fault.expect_quiet(server, killed=True)
    if kind == "pgsql":
        appctl(build, database, "remove", "counters", "jottings")
        fault.expect(appctl(build, database, "list") == "", "removed tables are still told of")
        database.cluster.stop("immediate")


def fill(database):
    for statement in SCHEMA["sqlite"].split(";\n") if database.kind == "sqlite" else [SCHEMA["pgsql"]]:
        if statement.strip():
            database.query(statement)
    database.query("INSERT INTO counters VALUES %s" % ", ".join("(%d, 0)" % i for i in range(WRITERS + 2)))
    database.query("INSERT INTO jottings VALUES %s" % ", ".join(
        "(%d, %s, 'note-%d')" % (i, ["NULL", "'ada'", "'bob'", "'eve'"][i % 4], i) for i in range(40)))


def appctl(build, database, *words):
    path = os.path.join(process.folder("cache"), "app.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write('AppDatabase "%s"\nAppPluginDir "%s"\n<AppPlugin rest>\n    AnonRole web_anon\n</AppPlugin>\n'
                   "<AppPlugin cache>\n</AppPlugin>\n"
                   % (database.url, os.path.join(stage.build(build), "plugins")))
    status, output = process.run([os.path.join(stage.build(build), "appctl"), "-f", path, "cache", *words])
    fault.expect(status == 0, "appctl cache %s: %s %s", " ".join(words), status, output)
    return output


def kept(answer):
    return "hit" in (answer.header("Cache-Status") or "")


def wait_until_kept(server):
    """The first requests of a process find out about the database."""
    fault.expect(process.wait_until(lambda: kept(fault.get(server, "/api/counters?id=eq.0")), 10), "nothing is kept")


def figures(server):
    status = json.loads(fault.get(server, "/status").text())
    return next(part for part in status["plugins"] if part["name"] == "cache") if isinstance(status["plugins"], list) \
        else status["plugins"]["cache"]


def number(answer):
    fault.expect(answer.status == 200, "%s %s", answer.status, answer.text()[:200])
    return json.loads(answer.text())[0]["n"]


def own_writes(server):
    """Each writes a row of its own and one of all, and reads them back, while others read the same."""
    failures = []

    def work(row):
        connection = client.Connection("127.0.0.1", server.port, 15)
        headers = [fault.SITE, fault.user(sub="w")]
        for n in range(1, WRITES + 1):
            answer = connection.request("PATCH", "/api/counters?id=in.(%d,%d)" % (row, WRITERS), headers + [fault.JSON],
                                        json.dumps({"n": n}).encode())
            if answer.status != 204:
                failures.append("PATCH: %s %s" % (answer.status, answer.text()[:200]))
                return
            for _ in range(3):
                seen = number(connection.request("GET", "/api/counters?id=eq.%d" % row, headers))
                if seen != n:
                    failures.append("row %d: %d was written, %d is read" % (row, n, seen))

    before = figures(server)
    with load.Load(server.port, ["/api/counters?id=eq.%d" % i for i in range(WRITERS + 1)], threads=2, pause=0.002) as others:
        threads = [threading.Thread(target=work, args=(row,)) for row in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        others.stop()
    fault.expect(not failures, "%s", "\n".join(failures[:5]))
    fault.expect(figures(server)["hits"] > before["hits"], "nothing was found: %s", figures(server))


def others_writes(server, database):
    """What another program writes is seen: on SQLite at once, on PostgreSQL as soon as it is told of."""
    last = 0
    for n in range(1000, 1010):
        database.query("UPDATE counters SET n = %d WHERE id = %d" % (n, WRITERS + 1))
        target = "/api/counters?id=eq.%d" % (WRITERS + 1)
        if database.kind == "sqlite":
            fault.expect(number(fault.get(server, target)) == n, "another's write is not seen")
            continue
        fault.expect(process.wait_until(lambda n=n: number(fault.get(server, target)) == n, 2), "%d is not seen", n)
        seen = number(fault.get(server, target))
        fault.expect(seen >= last, "%d was read before %d", last, seen)
        last = seen


def lose_listener(server, database):
    target = "/api/counters?id=eq.0"
    wait_until_kept(server)
    database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%app_cache%'")
    database.query("UPDATE counters SET n = 4711 WHERE id = 0")
    time.sleep(0.3)
    fault.expect(number(fault.get(server, target)) == 4711, "what was written while nobody listened is not seen")
    wait_until_kept(server)
    database.query("UPDATE counters SET n = 4712 WHERE id = 0")
    fault.expect(process.wait_until(lambda: number(fault.get(server, target)) == 4712, 2), "nobody listens again")
    server.log.rest()


def isolation(server):
    """Random people ask for random things, twice each: what they are shown is theirs."""
    random.seed(5)
    before = figures(server)
    for _ in range(ASKED):
        who = random.choice([None, "ada", "bob", "eve", "dan"])
        select = random.choice(["*", "id,owner", "owner,words,id"])
        headers = random.choice([[], [("Prefer", "count=exact")], [("Accept", "text/csv")], [("Range", "0-2")],
                                 [("X-Forwarded-User", "bob")], [("Cookie", "who=eve")]])
        token = [("Authorization", "Bearer " + jwt.make({"role": "web_user", "sub": who}))] if who else []
        target = "/api/jottings?order=id&select=" + select + random.choice(["", "&limit=3", "&id=gt.3"])
        answer = fault.get(server, target, token + headers)
        fault.expect(answer.status in (200, 206), "%s: %s %s", target, answer.status, answer.text()[:200])
        check_owner(answer, who, select)
    after = figures(server)
    fault.expect(after["hits"] > before["hits"] + ASKED // 4, "few were found: %s, %s", before, after)


def check_owner(answer, who, select):
    csv = "csv" in answer.header("Content-Type")
    rows = answer.text().split()[1:] if csv else json.loads(answer.text())
    fault.expect(bool(rows) == (who != "dan") or csv, "%s sees %s", who, answer.text()[:200])
    for row in rows:
        owner = row.split(",")[select.split(",").index("owner") if "," in select else 1] if csv else row["owner"]
        fault.expect((owner or None) == who, "%s sees a row of %s (%s)", who, owner, answer.header("Cache-Status"))


def never_kept(server):
    """SQL that gives something else each time."""
    for _ in range(2):
        answer = fault.get(server, "/api/sluggish?select=chance", timeout=30)
        fault.expect(answer.header("Cache-Status") == "mod_app; fwd=uri-miss", "%s: %s", answer.text(),
                     answer.header("Cache-Status"))


def restart(server):
    wait_until_kept(server)
    server.graceful()
    time.sleep(0.5)
    answers = []

    def is_kept():
        answers.append(fault.get(server, "/api/counters?id=eq.0"))
        return kept(answers[-1])
    fault.expect(process.wait_until(is_kept, 10), "nothing is kept after a graceful restart")
    fault.expect(not any("uri-miss" in (answer.header("Cache-Status") or "") for answer in answers),
                 "a graceful restart has emptied the store")


def other_channel(server):
    """After a restart with a channel on which no trigger tells, what a child of before still hears counts for nothing."""
    wait_until_kept(server)
    thread = threading.Thread(target=lambda: attempt(server, "/api/asleep"))
    thread.start()
    time.sleep(0.3)
    path = os.path.join(server.folder, "httpd.conf")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("<AppPlugin cache>", "<AppPlugin cache>\n    Channel other"))
    server.graceful()
    time.sleep(0.7)
    while thread.is_alive():
        fault.expect(not kept(fault.get(server, "/api/counters?id=eq.0")), "one of before is believed")
        time.sleep(0.1)
    time.sleep(1)
    for _ in range(2):
        fault.expect(not kept(fault.get(server, "/api/counters?id=eq.0")), "a trigger of another channel is believed")


def crowd(server):
    """All ask at once. A prefork server has 8 children, others wait in line: the query was made once nevertheless."""
    answers = []

    def ask():
        answers.append(fault.get(server, "/api/sluggish?select=chance", timeout=30))
    threads = [threading.Thread(target=ask) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = {answer.text() for answer in answers}
    fault.expect(len(answers) == CROWD and len(texts) == 1, "%d answers, %d different: %s", len(answers), len(texts),
                 list(texts)[:3])


def kill_leader(server):
    """All children die while one has the turn: who comes then does not wait for it."""
    target = "/api/sluggish?select=chance&limit=1"
    thread = threading.Thread(target=lambda: attempt(server, target))
    thread.start()
    time.sleep(0.25)
    for child in server.children():
        os.kill(child, signal.SIGKILL)
    thread.join()
    begun = time.monotonic()
    fault.expect(process.wait_until(lambda: attempt(server, target) == 200, 15), "no answer after the leader was killed")
    fault.expect(time.monotonic() - begun < 12, "a dead leader was waited for")


def attempt(server, target):
    try:
        return fault.get(server, target, timeout=20).status
    except (client.Broken, OSError):
        return None


def slow_reader(server, database):
    """Whoever has the turn reads a long answer slowly: one waits for him in vain, and then nobody."""
    if database.kind == "pgsql":
        return
    client_of = socket.socket()
    client_of.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client_of.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    client_of.connect(("127.0.0.1", server.port))
    with client_of:
        client_of.sendall(b"GET /api/wide HTTP/1.1\r\nHost: site0.test\r\n\r\n")
        time.sleep(0.3)
        fault.expect(fault.get(server, "/api/wide").status == 200, "the one who waited has no answer")
        database.query("UPDATE wide SET words = hex(randomblob(120)) WHERE id = 1")
        begun = time.monotonic()
        fault.expect(fault.get(server, "/api/wide").status == 200, "no answer")
        fault.expect(time.monotonic() - begun < 1, "a slow reader is waited for again")


def evict(server):
    """More than there is room for: what is oldest goes, and every answer is right."""
    for i in range(700):
        answer = fault.get(server, "/api/counters?id=gt.%d&id=lt.%d&n=gte.%s" % (-1 - i, 10 + i, "-" + "0" * 1500 + "1"))
        fault.expect(answer.status == 200 and len(json.loads(answer.text())) == WRITERS + 2, "%s", answer.text()[:200])
    after = figures(server)
    fault.expect(after["evicted"] > 0 and after["bytes"] <= 1 << 20, "%s", after)
    fault.expect(after["emptied"] == 0, "a part of the store was found broken: %s", after)
