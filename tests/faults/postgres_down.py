# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL is down when httpd starts, comes, goes under load, and comes back: 503 with Retry-After while it is away, right
answers within two seconds of its return, no child dies, and whoever needs no database is not kept waiting."""
import time

from lib import fault, load, process

TARGET = "/api/packages?id=eq.3&select=name"
RIGHT = '[{"name":"curl"}]'
CODES = ("PGRST000", "PGRST001", "PGRST002", "57P01", "57P03")
# Warnings and errors that belong to a database that is away: requests failed, health failed, connection lost.
NAMED = ("APP0003", "APP0008")


def run(build):
    database = fault.database(build, "pgsql")
    cluster = database.cluster
    cluster.stop()
    server = fault.start(build, database, settings=("AppDatabaseConnectTimeout 1s",))
    try:
        expect_down(server)
        cluster.start()
        fault.expect_served(server, within=2.0)
        children = server.children()
        with load.Load(server.port, [TARGET], threads=4, pause=0.002) as requests:
            time.sleep(0.5)
            cluster.stop("immediate")
            time.sleep(0.2)
            expect_down(server)
            time.sleep(1.0)
            cluster.start()
            back = time.monotonic()
            time.sleep(3.0)
            results = requests.stop()
        expect_right(results, back)
        expect_only(server)
        fault.expect(server.children() == children, "a child died: %s became %s", children,
                     server.children())
    finally:
        server.stop()


def expect_down(server):
    begun = time.monotonic()
    answer = fault.get(server, TARGET)
    fault.expect(answer.status == 503 and fault.code(answer) in CODES,
                 "expected 503, got %d: %s", answer.status, answer.text()[:200])
    fault.expect(answer.header("Retry-After"), "the 503 has no Retry-After")
    health = fault.get(server, "/health")
    fault.expect(health.status == 503, "/health is %d while the database is away", health.status)
    begun_live = time.monotonic()
    live = fault.get(server, "/health/live")
    fault.expect(live.status == 200, "/health/live is %d while the database is away", live.status)
    fault.expect(time.monotonic() - begun_live < 1, "/health/live waits for the database")
    fault.expect(time.monotonic() - begun < 8, "answers take too long while the database is away")


def expect_right(results, back):
    for when, status, text in results:
        fault.expect(status in (200, 503), "an answer was %s: %s", status, text[:300])
        fault.expect(status != 200 or text == RIGHT, "a wrong answer: %s", text[:300])
        fault.expect(status == 200 or when < back + 2, "still %s %.1f s after the return: %s",
                     status, when - back, text[:300])
    fault.expect(any(status == 503 for _, status, _ in results), "the load met no 503")
    fault.expect(any(when > back for when, _, _ in results), "the load met no answer afterwards")


def expect_only(server):
    """The log tells of a database that is away, in whatever words, and of nothing else."""
    from lib import log
    lines = [line for line in log.unexpected(server.log.rest(), NAMED)
             if not any(word in line for word in ("onnect", "terminat", "shutting down"))]
    if lines:
        raise process.Failed("the log holds lines that nobody named:\n" + "\n".join(lines[:10]))
