# SPDX-License-Identifier: Apache-2.0
"""Start, timers, graceful restarts, stop, under each MPM: what must survive does, what must not grow does not."""
import json
import os
import signal
import threading
import time

from lib import bare, process

# A sanitizer keeps freed memory for a while.
MOST_GROWTH = 100000000 if process.PRELOAD else 1000000
CONF = bare.MOUNTS + "GracefulShutdownTimeout 5\n"


def lines(size):
    return CONF + "<AppPlugin inside>\n    Size %d\n</AppPlugin>\n" % size


def counts(httpd):
    return json.loads(httpd.get("/api/count").text())


def mappings(httpd):
    """Anonymous shared mappings of the parent."""
    with open("/proc/%d/maps" % httpd.process.pid, encoding="utf-8") as file:
        return sum("/dev/zero" in line for line in file)


def resident(httpd):
    with open("/proc/%d/statm" % httpd.process.pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def timers(check, httpd):
    first = counts(httpd)["ticks"]
    time.sleep(0.5)
    check.true("timers stand still", counts(httpd)["ticks"] > first)
    status = json.loads(httpd.get("/status").text())
    check.equal("mpm", status.get("mpm"), httpd.mpm)
    check.holds("server", status.get("server", ""), "mod_app/")


def restarts(check, httpd):
    before, found = counts(httpd)["requests"], mappings(httpd)
    for _ in range(3):
        httpd.graceful()
    check.equal("counters over graceful restarts", counts(httpd)["requests"], before + 1)
    httpd.write(lines(4096))
    httpd.graceful()
    process.wait_until(lambda: counts(httpd)["requests"] < before, 5)
    check.true("a segment of another size is not fresh", counts(httpd)["requests"] < before)
    check.equal("mappings when one was replaced", mappings(httpd), found)
    httpd.write(CONF)
    httpd.graceful()
    check.true("a segment that nobody wants was kept", mappings(httpd) < found)
    httpd.write(lines(64))
    httpd.graceful()
    # For a moment the old generation, without the plugin, still takes connections.
    process.wait_until(lambda: [httpd.get("/api/echo").status for _ in range(8)] == [200] * 8, 5)


def growth(check, httpd, times):
    """The first restarts still fill pools; from then on nothing grows."""
    for _ in range(5):
        httpd.graceful()
    found, memory = mappings(httpd), resident(httpd)
    for _ in range(times):
        httpd.graceful()
    check.equal("mappings after many restarts", mappings(httpd), found)
    grown = resident(httpd) - memory
    check.true("the parent grew by %d bytes in %d restarts" % (grown, times), grown < MOST_GROWTH)


def under_way(check, httpd):
    """A request that runs when the restart comes is answered."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(httpd.get("/api/slow?ms=1000")))
    thread.start()
    time.sleep(0.2)
    httpd.graceful()
    thread.join()
    check.equal("request under way", [(a.status, a.body) for a in answers], [(200, b"slow\n")])


def stops(check, httpd, number):
    children = process.run(["ps", "-o", "pid=", "--ppid", str(httpd.process.pid)])[1].split()
    since = time.monotonic()
    check.true("does not stop", httpd.stop(number))
    check.true("stops slowly: %.1f s" % (time.monotonic() - since), time.monotonic() - since < 4)
    alive = [pid for pid in children if os.path.exists("/proc/%s" % pid)]
    check.equal("children left", alive, [])


def debug_mode(check, build, mpm):
    httpd = bare.Httpd(build, lines(64), mpm=mpm)
    httpd.start("-X")
    check.equal("-X", httpd.get("/api/echo").status, 200)
    process.wait_until(lambda: counts(httpd)["ticks"] > 0, 3)
    check.true("-X: timers stand still", counts(httpd)["ticks"] > 0)
    stops(check, httpd, signal.SIGTERM)
    check.problems += httpd.complaints()


def cannot_start(check, build):
    """A child whose plugins do not start stays, and says 503."""
    with bare.Httpd(build, CONF + "<AppPlugin inside>\nBroken on\n</AppPlugin>\n") as httpd:
        answer = httpd.get("/api/echo")
        check.equal("cannot start", (answer.status, answer.header("Retry-After")), (503, "5"))
        check.equal("cannot start", "code" in json.loads(answer.text()), True)
        check.problems += httpd.complaints("APP0002", "APP0305")


def run(build):
    check = bare.Check()
    cannot_start(check, build)
    problems = check.problems
    for mpm in ("event", "worker", "prefork"):
        check = bare.Check()
        httpd = bare.Httpd(build, lines(64), mpm=mpm)
        httpd.start()
        timers(check, httpd)
        restarts(check, httpd)
        under_way(check, httpd)
        growth(check, httpd, 20 if mpm == "event" else 3)
        stops(check, httpd, signal.SIGTERM)
        httpd.start()
        stops(check, httpd, signal.SIGWINCH)
        check.problems += httpd.complaints()
        debug_mode(check, build, mpm)
        problems += ["%s: %s" % (mpm, problem) for problem in check.problems]
    return problems
