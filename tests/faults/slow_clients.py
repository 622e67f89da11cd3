# SPDX-License-Identifier: Apache-2.0
"""Clients that send their body byte by byte, or never read their answer, leave the others served, and are let go in the end."""
import time

from lib import client, fault

SLOW_BODIES = 24
SLOW_READERS = 6
MPM = "ThreadLimit 64\nThreadsPerChild 64\nServerLimit 1\nMaxRequestWorkers 64\n"
TIMEOUT = 4  # httpd's Timeout in this server


def run(build):
    for kind in ("sqlite", "pgsql"):
        database = fault.database(build, kind)
        server = fault.start(build, database, timeout=TIMEOUT, mpm=MPM, settings=(
            "AppDatabaseMax %d" % SLOW_READERS, "AppDatabaseWait %ds" % (TIMEOUT * 3)))
        connections = []
        try:
            slow_bodies(server, connections)
            expect_fast(server, "/api/hello", 1.0, kind)
            expect_fast(server, "/api/packages?id=eq.3", 1.0, kind)
            slow_readers(server, connections)
            expect_fast(server, "/api/hello", 1.0, kind)
            # Each may hold a connection of the database until httpd's Timeout lets it go; then it is the others' turn.
            expect_fast(server, "/api/packages?id=eq.3", TIMEOUT * 2.5, kind)
            expect_let_go(connections[0])
            fault.expect_quiet(server, allowed=("APP0003", "APP0005"))
        finally:
            for connection in connections:
                connection.close()
            server.stop()


def slow_bodies(server, connections):
    """The head and a first byte of a body that announces more."""
    token = "%s: %s" % fault.user()
    for _ in range(SLOW_BODIES):
        connection = client.Connection("127.0.0.1", server.port, TIMEOUT * 3)
        connection.send(("POST /api/tasks HTTP/1.1\r\nHost: site0.test\r\n%s\r\n"
                         "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
                         % token).encode())
        connections.append(connection)


def slow_readers(server, connections):
    """The head of a request for several megabytes, of which nothing is read."""
    import socket
    for _ in range(SLOW_READERS):
        connection = client.Connection("127.0.0.1", server.port, TIMEOUT * 3)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(b"GET /api/many HTTP/1.1\r\nHost: site0.test\r\n\r\n")
        connections.append(connection)
    time.sleep(0.5)


def expect_fast(server, target, seconds, kind):
    begun = time.monotonic()
    answer = fault.get(server, target, timeout=seconds + 5)
    took = time.monotonic() - begun
    fault.expect(answer.status == 200, "[%s] %s: %d %s", kind, target, answer.status,
                 answer.text()[:200])
    fault.expect(took < seconds, "[%s] %s took %.1f s beside slow clients", kind, target, took)


def expect_let_go(connection):
    """A body that does not come is answered 408, or the connection closed."""
    try:
        answer = connection.answer("POST")
    except client.Broken as error:
        fault.expect("closed" in str(error) or "reset" in str(error), "the slow body: %s", error)
        return
    fault.expect(answer.status in (400, 408), "the slow body was answered %d", answer.status)
