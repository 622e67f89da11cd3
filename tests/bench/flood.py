#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A flood of requests from very many addresses, against httpd with plugin ratelimit: are limits exact, does memory stay as
configured, and is somebody else served meanwhile?

    make && tests/bench/flood.py --build build
    tests/bench/flood.py --build build --addresses 20000 --memory 256k    what a table does that is too small

The addresses are those of X-Forwarded-For, which mod_remoteip believes; requests are pipelined over a few connections, so
that the server is what is measured. Each address sends its requests spread over the whole run.
"""
import argparse
import json
import os
import re
import socket
import sys
import threading
import time
from multiprocessing import Process, Queue

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)

from lib import bare, client, process  # noqa: E402

BATCH = 100
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d\d\d)")
LINES = bare.MOUNTS + """
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
MaxKeepAliveRequests 0
<AppPlugin hello>
</AppPlugin>
<AppPlugin ratelimit>
    Limit flood %d/1d
    Memory %s
</AppPlugin>
"""

def address(number):
    return "10.%d.%d.%d" % (number >> 16, number >> 8 & 255, number & 255)


def batch(numbers):
    return "".join("GET /api/hello HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\n\r\n"
                   % address(number) for number in numbers).encode()


def caller(port, numbers, rounds, queue):
    """Sends one request of each address, so many times over. Puts (passed, refused) into the queue."""
    counts = {b"200": 0, b"429": 0}
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        for start in [start for _ in range(rounds) for start in range(0, len(numbers), BATCH)]:
            some = numbers[start:start + BATCH]
            connection.sendall(batch(some))
            read(connection, len(some), counts)
    queue.put((counts[b"200"], counts[b"429"]))


def read(connection, wanted, counts):
    """Counts the status lines of so many answers, which may come in any pieces."""
    rest = b""
    while wanted:
        data = rest + connection.recv(1 << 18)
        found = STATUS_LINE.findall(data)
        for status_ in found:
            counts[status_] += 1
        wanted -= len(found)
        last = data.rfind(b"HTTP/1.1")
        whole = last < 0 or len(data) - last >= 12
        rest = data[max(last + 12, len(data) - 11):] if whole else data[last:]


class Bystander(threading.Thread):
    """Somebody else, who asks ten times a second and keeps to the limit."""

    def __init__(self, port):
        super().__init__()
        self.port, self.ending = port, threading.Event()
        self.served, self.refused, self.longest = 0, 0, 0.0

    def run(self):
        while not self.ending.is_set():
            since = time.monotonic()
            answer = client.get(self.port, "/api/hello",
                                [("X-Forwarded-For", "192.0.2.%d" % (self.served % 250))])
            self.longest = max(self.longest, time.monotonic() - since)
            self.served += answer.status == 200
            self.refused += answer.status != 200
            time.sleep(0.1)


def shared_kib(httpd):
    """Resident shared memory of the child that has most of it."""
    def of(pid):
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            return int(file.read().split("RssShmem:")[1].split()[0])
    with open("/proc/%d/task/%d/children" % (httpd.process.pid, httpd.process.pid),
              encoding="ascii") as file:
        return max((of(int(pid)) for pid in file.read().split()), default=0)


def status(httpd):
    plugins = json.loads(httpd.get("/status").text())["plugins"]
    return [plugin for plugin in plugins if plugin["name"] == "ratelimit"][0]


def flood(httpd, options):
    """Returns (passed, refused, seconds)."""
    queue, since = Queue(), time.monotonic()
    callers = [Process(target=caller, args=(httpd.port, range(n, options.addresses, options.callers),
                                            options.each, queue))
               for n in range(options.callers)]
    for one in callers:
        one.start()
    results = [queue.get() for _ in callers]
    for one in callers:
        one.join()
    return (sum(passed for passed, _ in results), sum(refused for _, refused in results),
            time.monotonic() - since)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--addresses", type=int, default=100000)
    parser.add_argument("--each", type=int, default=5, help="requests of each address")
    parser.add_argument("--allowed", type=int, default=3, help="of which so many may pass")
    parser.add_argument("--memory", default="4m")
    parser.add_argument("--callers", type=int, default=2)
    options = parser.parse_args()
    lines = LINES % (options.allowed, options.memory)
    try:
        with bare.Httpd(options.build, lines, "remoteip") as httpd:
            before = shared_kib(httpd)
            bystander = Bystander(httpd.port)
            bystander.start()
            passed, refused, seconds = flood(httpd, options)
            bystander.ending.set()
            bystander.join()
            wanted = options.addresses * min(options.allowed, options.each)
            print("%d requests of %d addresses in %.1f s: %.0f a second" % (
                passed + refused, options.addresses, seconds, (passed + refused) / seconds))
            print("passed %d of %d: %+.2f %%" % (passed, wanted, 100.0 * (passed - wanted) / wanted))
            print("forgotten: %d of %d buckets" % (status(httpd)["forgotten"],
                                                   status(httpd)["buckets"]))
            print("shared memory: %d KiB before, %d KiB after" % (before, shared_kib(httpd)))
            print("somebody else: %d served, %d refused, the longest wait %.0f ms" % (
                bystander.served, bystander.refused, bystander.longest * 1000))
    finally:
        process.clean_up()


if __name__ == "__main__":
    main()
