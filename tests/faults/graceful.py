# SPDX-License-Identifier: Apache-2.0
"""Fifty graceful restarts under load: no request fails, counters go on, and the parent does not grow, neither in memory nor in
mappings, shared memory, semaphores or open files."""
import json
import os
import re

from lib import fault, load, process

RESTARTS = 50
SETTLED = 10  # restarts after which httpd's own pools have their size
TARGETS = ["/api/packages?id=eq.3&select=name", "/api/hello?name=x", "/health/live"]
MAY_GROW_KIB = 512 if not process.PRELOAD else 65536  # AddressSanitizer keeps what is freed


def run(build):
    for host in ("event", "prefork"):
        server = fault.start(build, fault.database(build, "sqlite"), host)
        try:
            restart(server, host)
        except process.Failed as error:
            raise process.Failed("[%s] %s" % (host, error)) from error
        finally:
            server.stop()


def restart(server, host):
    count = RESTARTS if host == "event" else RESTARTS // 5
    settled = SETTLED if host == "event" else 3
    first = requests_counted(server)
    with load.Load(server.port, TARGETS, threads=2, keep=False) as fresh, \
            load.Load(server.port, TARGETS, threads=1, keep=True) as kept:
        for number in range(1, count + 1):
            graceful(server, number)
            if number == settled:
                before = measure(server.process.pid)
        after = measure(server.process.pid)
        results = fresh.stop() + kept.stop()
    for _, status, text in results:
        fault.expect(status == 200, "a request failed: %s %s", status, text[:200])
    fault.expect(len(results) > count, "only %d requests were made", len(results))
    counted = requests_counted(server) - first
    fault.expect(counted >= len(results), "%d requests, but the counter went on by %d only",
                 len(results), counted)
    expect_same(before, after)
    fault.expect_quiet(server)


def graceful(server, number):
    """One graceful restart, to the point where the parent says that it goes on."""
    server.graceful()

    def resumed():
        return len(re.findall(r"resuming normal operations", server.log.text())) > number
    fault.expect(process.wait_until(resumed, 10), "restart %d did not end:\n%s", number,
                 server.last_words())


def requests_counted(server):
    status = json.loads(fault.get(server, "/status").text())
    return status.get("requests", 0)


def measure(pid):
    """What the parent holds."""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        memory = int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
    with open("/proc/%d/maps" % pid, encoding="utf-8", errors="replace") as file:
        maps = file.read()
    shared = len(re.findall(r"^\S+ ..-s|^\S+ .{3}s ", maps, re.M))
    return {"memory": memory, "mappings": maps.count("\n"), "shared mappings": shared,
            "open files": len(os.listdir("/proc/%d/fd" % pid)),
            "System V shared memory": lines("/proc/sysvipc/shm", pid),
            "System V semaphores": lines("/proc/sysvipc/sem", pid)}


def lines(path, pid):
    """Segments that pid made; sets of semaphores do not say who made them, so all of them count."""
    with open(path, encoding="ascii") as file:
        head, *rows = file.read().splitlines()
    at = head.split().index("cpid") if "cpid" in head else None
    return sum(1 for row in rows if at is None or int(row.split()[at]) == pid)


def expect_same(before, after):
    grown = after["memory"] - before["memory"]
    fault.expect(grown <= MAY_GROW_KIB, "the parent grew by %d KiB", grown)
    for name in ("shared mappings", "open files", "System V shared memory", "System V semaphores"):
        fault.expect(after[name] <= before[name], "%s grew from %d to %d", name, before[name],
                     after[name])
    fault.expect(after["mappings"] <= before["mappings"] + 4, "mappings grew from %d to %d",
                 before["mappings"], after["mappings"])
