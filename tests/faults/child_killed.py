# SPDX-License-Identifier: Apache-2.0
"""Children are killed with SIGKILL while they write: every row that was acknowledged is there, once; the database is whole;
the others go on, also when the killed one held the lock of all writers."""
import json
import os
import random
import signal
import threading
import time

from lib import client, fault, process

KILLS = 8


def run(build):
    for host, kind in (("event", "sqlite"), ("prefork", "sqlite"), ("event", "pgsql")):
        database = fault.database(build, kind)
        server = fault.start(build, database, host,
                             mpm="StartServers 3\n" if host == "event" else "")
        try:
            kill_while_writing(server, database)
        except process.Failed as error:
            raise process.Failed("[%s, %s] %s" % (host, kind, error)) from error
        finally:
            server.stop()


def kill_while_writing(server, database):
    acknowledged, refused, ending = [], [], threading.Event()
    threads = [threading.Thread(target=write, args=(server, batch, acknowledged, refused, ending),
                                daemon=True) for batch in ("a", "b", "c", "d")]
    for thread in threads:
        thread.start()
    chance = random.Random(1)
    for _ in range(KILLS):
        time.sleep(0.15 + chance.random() * 0.15)
        children = server.children()
        if children:
            kill(chance.choice(children))
    time.sleep(0.5)
    before = len(acknowledged)
    time.sleep(0.7)
    ending.set()
    for thread in threads:
        thread.join(30)
    fault.expect(len(acknowledged) > before, "nothing was written after the last kill: %s",
                 refused[-1:])
    fault.expect(not refused, "writes were refused: %s", refused[:3])
    fault.expect_whole(database)
    expect_all_there(database, acknowledged)
    # APP0220: the lock of all writers was found with its holder gone, which is what happened.
    fault.expect_quiet(server, allowed=("APP0220",), killed=True)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def write(server, batch, acknowledged, refused, ending):
    """Inserts 1, 2, 3 … into the ledger. What a broken connection did to a row nobody knows; it is not sent again."""
    number = 0
    while not ending.is_set():
        number += 1
        row = {"batch": batch, "n": number}
        try:
            answer = fault.post(server, "/api/ledger", row)
        except (client.Broken, OSError):
            continue
        if answer.status == 201:
            acknowledged.append((batch, number))
        else:
            refused.append("%d %s %s" % (answer.status, answer.text()[:200], json.dumps(row)))
            time.sleep(0.05)


def expect_all_there(database, acknowledged):
    rows = database.query("SELECT batch, n FROM ledger").split("\n")
    stored = {(row.split("|")[0], int(row.split("|")[1])) for row in rows if row}
    lost = set(acknowledged) - stored
    fault.expect(not lost, "%d of %d acknowledged rows are gone, %s for one", len(lost),
                 len(acknowledged), sorted(lost)[:1])
    fault.expect(len(rows) == len(stored), "a row is there twice")
