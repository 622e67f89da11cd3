# SPDX-License-Identifier: Apache-2.0
"""Two servers count together in one Redis, which is killed under load, comes back empty, hangs and goes on. No request fails or
waits long for it; while it is away each server counts alone, and the log says so once."""
import json
import threading
import time

from lib import client, fault, process, redis

LIMIT = 20
WAIT = 0.2   # seconds of RedisTimeout
SLACK = 2.0  # for a machine with other things to do
SETTINGS = ["ratelimit Limit shared %d/1d per=header:X-Who" % LIMIT,
            "ratelimit RedisTimeout %dms" % (WAIT * 1000)]


def run(build):
    source = redis.Redis()
    source.start()
    settings = SETTINGS + ['ratelimit Redis "%s"' % source.url]
    servers = []
    try:
        for _ in range(2):
            servers.append(fault.start(build, fault.database(build, "sqlite"), "event", settings,
                                       fault.ONE_CHILD))
        together(servers, "before")
        killed(servers, source)
        hangs(servers, source)
        for server in servers:
            fault.expect(redis.PASSWORD not in server.log.text(), "the log holds the password")
            fault.expect_quiet(server, ["APP2601"])
    finally:
        for server in servers:
            server.stop()
        source.kill()
    alone_under_cgi(build)


def ask(server, who):
    """Whether a request of theirs passes; it must not take long, whatever Redis does."""
    since = time.monotonic()
    answer = fault.get(server, "/api/hello", [("X-Who", who)])
    took = time.monotonic() - since
    fault.expect(answer.status in (200, 429), "answered %d", answer.status)
    fault.expect(took < 2 * WAIT + SLACK, "an answer took %.1f s", took)
    return answer.status == 200


def passed(servers, who):
    """How many of a limit's requests pass at each server, in turns."""
    count = [0] * len(servers)
    for _ in range(LIMIT + 2):
        for i, server in enumerate(servers):
            count[i] += ask(server, who)
    return count


def together(servers, who):
    count = passed(servers, who)
    fault.expect(sum(count) == LIMIT, "%s: %s of %d passed", who, count, LIMIT)


def alone(servers, who):
    count = passed(servers, who)
    fault.expect(count == [LIMIT] * len(servers), "%s: %s of %d passed each", who, count, LIMIT)


def says(servers, number, times):
    """The log of each has that line so often, and no oftener."""
    for server in servers:
        process.wait_until(lambda: server.log.text().count(number) >= times, 5)
        found = server.log.text().count(number)
        fault.expect(found == times, "%s stands %d times in the log", number, found)


class Load:
    """Callers that meet no limit, and all have to be served."""

    def __init__(self, servers):
        self.ending, self.wrong, self.served = threading.Event(), [], 0
        self.threads = [threading.Thread(target=self._call, args=(server, n))
                        for n, server in enumerate(servers * 2)]
        for thread in self.threads:
            thread.start()

    def _call(self, server, thread):
        number = 0
        while not self.ending.is_set():
            number += 1
            try:
                if not ask(server, "load-%d-%d" % (thread, number)):
                    self.wrong.append("a caller without a limit was refused")
                self.served += 1
            except (process.Failed, client.Broken, OSError) as error:
                self.wrong.append(str(error))
            time.sleep(0.005)

    def end(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        fault.expect(not self.wrong, "%d calls went wrong: %s", len(self.wrong), self.wrong[:3])
        fault.expect(self.served > 50, "only %d calls were made", self.served)


def killed(servers, source):
    load = Load(servers)
    try:
        time.sleep(0.5)
        source.kill()
        says(servers, "APP2601", 1)
        alone(servers, "killed")
        source.start()
        says(servers, "APP2602", 1)
        together(servers, "back")
    finally:
        load.end()


def hangs(servers, source):
    """It takes connections, as the kernel does for it, and does not answer."""
    asked = failed(servers)
    load = Load(servers)
    try:
        source.halt()
        process.wait_until(lambda: all(a > b for a, b in zip(failed(servers), asked)), 5)
        alone(servers, "halted")
        source.go_on()
        back = lambda: all(redis_part(server)["state"] == "there" for server in servers)
        fault.expect(process.wait_until(back, 5 + SLACK), "Redis is still taken to be away")
        together(servers, "gone on")
    finally:
        source.go_on()
        load.end()
    # A question a second while it hung, and those that were under way when it began to.
    fault.expect(max(failed(servers)) < 40, "%s questions to it failed", failed(servers))


def redis_part(server):
    answer = fault.get(server, "/status")
    parts = json.loads(answer.text())["plugins"]
    return [part for part in parts if part["name"] == "ratelimit"][0]["redis"]


def failed(servers):
    return [redis_part(server)["failed"] for server in servers]


def alone_under_cgi(build):
    """Each request is a process, and there is no timer: what one has found out the others know."""
    source = redis.Redis()
    settings = SETTINGS + ['ratelimit Redis "%s"' % source.url]
    server = fault.start(build, fault.database(build, "sqlite"), "cgi", settings)
    try:
        alone([server], "cgi")
        fault.expect(server.log.text().count("APP2601") == 1, "each process says it")
        source.start()
        process.wait_until(lambda: ask(server, "probe") and "APP2602" in server.log.text(), 5, 0.2)
        fault.expect("APP2602" in server.log.text(), "nobody looks whether it is back")
        fault.expect_quiet(server, ["APP2601"])
    finally:
        server.stop()
        source.kill()
