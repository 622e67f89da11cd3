# SPDX-License-Identifier: Apache-2.0
"""Up to fifty clients read one row, add one to it, and write it back with If-Match, all at once: each addition is there at the end, and
whoever came too late was told so."""
import json
import threading

from lib import fault

TARGET = "/api/stock?warehouse=eq.north&product=eq.reel"
CLIENTS = {"event": 50, "prefork": 10}


def run(build):
    for kind in ("sqlite", "pgsql"):
        database = fault.database(build, kind)
        for host, clients in CLIENTS.items():
            server = fault.start(build, database, host)
            try:
                count(server, clients)
                fault.expect_quiet(server)
            finally:
                server.stop()


def ask(server, method, headers=(), quantity=None):
    body = None if quantity is None else json.dumps({"quantity": quantity}).encode()
    return fault.get(server, TARGET, [fault.JSON, fault.user(), *headers], method=method, body=body, timeout=60)


def add_one(server, statuses):
    """Reads and writes until it has written."""
    while True:
        read = ask(server, "GET")
        quantity = json.loads(read.text())[0]["quantity"]
        statuses.append(ask(server, "PATCH", [("If-Match", read.header("ETag"))], quantity + 1).status)
        if statuses[-1] != 412:
            return


def count(server, clients):
    fault.expect(ask(server, "PATCH", quantity=0).status == 204, "the row cannot be written")
    statuses = []
    threads = [threading.Thread(target=add_one, args=(server, statuses)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    quantity = json.loads(ask(server, "GET").text())[0]["quantity"]
    others = [status for status in statuses if status not in (204, 412)]
    fault.expect(not others, "some were answered otherwise: %s", others[:10])
    fault.expect(statuses.count(204) == clients and quantity == clients, "%d clients wrote %d times, and %d are there", clients,
                 statuses.count(204), quantity)
    fault.expect(412 in statuses, "nobody came too late: nothing was tried")
