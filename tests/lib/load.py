# SPDX-License-Identifier: Apache-2.0
"""Steady load on a server from several threads, while a fault test does something to it."""
import re
import threading
import time

from lib import client

# A server may close a connection that is idle just as the next request arrives (RFC 9112 9.3.1): any client sends
# it again then. On a fresh connection it is a failure.
LEFT = re.compile(r"closed without an answer|reset by peer|Broken pipe")


class Load:
    """Each thread sends target over and over, on a connection that it keeps, and notes each answer in results as
    (time, status or None, what went wrong). stop() ends it. one_connection=False: a new one for each request."""

    def __init__(self, port, targets, threads=4, keep=True, headers=(), pause=0.0, timeout=15):
        self.port = port
        self.targets = targets
        self.keep = keep
        self.headers = [("Host", "site0.test")] + list(headers)
        self.pause = pause
        self.timeout = timeout
        self.results = []
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(self.timeout + 5)
        return self.results

    def _work(self):
        connection, number = None, 0
        while not self.ending.is_set():
            target = self.targets[number % len(self.targets)]
            number += 1
            connection = self._once(connection, target)
            if self.pause:
                time.sleep(self.pause)
        if connection:
            connection.close()

    def _once(self, connection, target):
        """One request. Returns the connection if it can be used again."""
        fresh = connection is None
        try:
            if fresh:
                connection = client.Connection("127.0.0.1", self.port, self.timeout)
            headers = self.headers if self.keep else self.headers + [("Connection", "close")]
            answer = connection.request("GET", target, headers)
            self.results.append((time.monotonic(), answer.status, answer.text()))
            if connection.open and self.keep:
                return connection
        except (client.Broken, OSError) as error:
            if fresh or not LEFT.search(str(error)):
                what = "%s: %s" % (type(error).__name__, error)
                self.results.append((time.monotonic(), None, what))
        if connection:
            connection.close()
        return None


def statuses(results):
    """How often each status came: {200: 1234, None: 1}."""
    count = {}
    for _, status, _ in results:
        count[status] = count.get(status, 0) + 1
    return count
