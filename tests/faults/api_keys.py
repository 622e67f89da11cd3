# SPDX-License-Identifier: Apache-2.0
"""API keys over several processes: what appctl makes is good, what it or a user revokes is refused by all of them in time, the
last use is written down and nobody waits for that, guesses are bounded, and so is what is written down of them."""
import json
import os
import re
import sqlite3
import time

from lib import fault, process, server, stage

CHILDREN = "StartServers 3\nServerLimit 4\nThreadsPerChild 8\nMaxRequestWorkers 32\n" \
           "MinSpareThreads 24\nMaxSpareThreads 32\n"
PREFORK = "StartServers 4\nMinSpareServers 4\nServerLimit 8\nMaxRequestWorkers 8\n"
TARGET = "/api/rpc/who_am_i"
UNKNOWN = "mapp_unknown00000_NobodysKeyOfTheTestsNobodysKeyOfTheTestsNob02yvCP"
PASSWORD = "correct horse battery"
REVOKED = 2.0   # seconds after which nobody takes a revoked key
WRITTEN = 8.0   # within which a first use is stored
PATIENT = 1.0   # longest that a request waits while somebody else writes
FREE = 100      # failures of an address before it waits (GuardFailures 10)
SECONDLY = 10   # refusals that are written in a second


def run(build):
    for host, kind in (("event", "sqlite"), ("prefork", "pgsql")):
        database = fault.database(build, kind)
        keys = Keys(build, host, database)
        try:
            keys.all()
        except process.Failed as error:
            raise process.Failed("[%s, %s] %s" % (host, kind, error)) from error
        finally:
            keys.server.stop()
            if kind == "pgsql":
                database.cluster.stop("immediate")


class Keys:
    def __init__(self, build, host, database):
        self.build = stage.build(build)
        self.database = database
        self.schema = "app." if database.kind == "pgsql" else ""
        database.query("INSERT INTO %sapp_audit (at, event) VALUES (1700000000, 'ancient')"
                       % self.schema)
        settings = ("auth UserKeys on",)
        self.server = fault.start(build, database, host, settings=settings,
                                  mpm=CHILDREN if host == "event" else PREFORK)
        self.conf = os.path.join(self.server.folder, "app.conf")
        site = server.Site("site0.test", database, settings)
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write('AppPluginDir "%s/plugins"\n%s'
                       % (self.build, site.lines(self.server.secret_file)))

    def all(self):
        self.pruned()
        self.by_appctl()
        self.by_user()
        self.used()
        if self.database.kind == "sqlite":
            self.nobody_waits()
        if self.database.kind == "pgsql":
            self.away()
        self.guessed()
        fault.expect_quiet(self.server, ("APP0201", "APP2302", "APP2303"))

    def appctl(self, *words):
        status, output = process.run([os.path.join(self.build, "appctl"), "-f", self.conf, *words])
        fault.expect(status == 0, "appctl %s: %s", " ".join(words), output)
        return output

    def key(self, *words):
        return re.search(r"mapp_\w+", self.appctl("key", "create", *words))[0]

    def statuses(self, key, count=24):
        """Of so many requests, each on a connection of its own."""
        headers = [("X-API-Key", key), ("Connection", "close")]
        return {fault.get(self.server, TARGET, headers).status for _ in range(count)}

    def count(self, table, condition):
        return int(self.database.query("SELECT count(*) FROM %s%s WHERE %s"
                                       % (self.schema, table, condition)))

    def pruned(self):
        fault.expect(process.wait_until(lambda: not self.count("app_audit", "event = 'ancient'"), 5),
                     "an event of 2023 is kept for more than 90 days")

    def by_appctl(self):
        key = self.key("nightly", "--role", "web_user", "--scope", "read", "--expires", "1h")
        fault.expect(self.statuses(key) == {200}, "a new key is not taken by all")
        self.appctl("key", "revoke", key.split("_")[1])
        time.sleep(REVOKED)
        fault.expect(self.statuses(key) == {401}, "a key is taken after it was revoked")
        listed = self.appctl("key", "list", "--json")
        states = [json.loads(line)["state"] for line in listed.splitlines() if "nightly" in line]
        fault.expect(states == ["revoked"], "key list says %s", states)
        events = self.appctl("audit", "--json", "--since", "1h")
        names = [json.loads(line)["event"] for line in events.splitlines()]
        for name in ("key_created", "key_revoked", "key_refused"):
            fault.expect(name in names, "there is no event %s, but %s", name, set(names))

    def by_user(self):
        """On the same machine it holds at once."""
        bearer = self.signed_in()
        made = self.own_key(bearer)
        fault.expect(self.statuses(made["key"]) == {200}, "a user's key is not taken by all")
        answer = fault.get(self.server, "/api/auth/keys/" + made["id"], [bearer], method="DELETE")
        fault.expect(answer.status == 204, "DELETE answers %d", answer.status)
        fault.expect(self.statuses(made["key"]) == {401},
                     "a key is taken after its user revoked it")
        made = self.own_key(bearer)
        fault.expect(self.statuses(made["key"]) == {200}, "a user's second key is not taken by all")
        body = json.dumps({"current_password": PASSWORD}).encode()
        answer = fault.get(self.server, "/api/auth/user", [fault.JSON, bearer], method="DELETE",
                           body=body)
        fault.expect(answer.status == 204, "DELETE of the account answers %d", answer.status)
        fault.expect(self.statuses(made["key"]) == {401}, "a key is taken after its user has gone")

    def signed_in(self):
        body = json.dumps({"email": "ada@example.org", "password": PASSWORD}).encode()
        session = fault.get(self.server, "/api/auth/token?grant_type=password", [fault.JSON],
                            method="POST", body=body)
        return ("Authorization", "Bearer " + json.loads(session.text())["access_token"])

    def own_key(self, bearer):
        return json.loads(fault.get(self.server, "/api/auth/keys", [fault.JSON, bearer],
                                    method="POST", body=b'{"name":"mine"}').text())

    def used(self):
        key = self.key("used", "--role", "web_user")
        stored = "name = 'used' AND used_at > 1700000000"
        fault.expect(self.statuses(key) == {200}, "a new key is not taken by all")
        fault.expect(process.wait_until(lambda: self.count("app_api_keys", stored), WRITTEN),
                     "the last use of a key is not written down")

    def nobody_waits(self):
        """Somebody has the write lock for longer than the timers sleep: requests with a key that was never used go on."""
        key = self.key("patient", "--role", "web_user")
        writer = sqlite3.connect(self.database.path, timeout=10, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        slowest, until = 0.0, time.monotonic() + 6
        while time.monotonic() < until:
            begun = time.monotonic()
            fault.expect(self.statuses(key, 8) == {200}, "a key is refused while somebody writes")
            slowest = max(slowest, time.monotonic() - begun)
        writer.execute("ROLLBACK")
        writer.close()
        fault.expect(slowest < PATIENT, "requests with a key took %.1f s while somebody wrote",
                     slowest)

    def guessed(self):
        """Whole keys that nobody was given: bounded, and so is the table; a key that is known goes on."""
        key = self.key("known", "--role", "web_user")
        self.statuses(key, 64)
        before = self.count("app_audit", "event = 'key_refused'")
        begun = time.monotonic()
        answers = [fault.get(self.server, TARGET, [("X-API-Key", UNKNOWN)]).status
                   for _ in range(FREE + 50)]
        took = time.monotonic() - begun
        fault.expect(answers.count(429) >= 40 and set(answers) == {401, 429},
                     "150 guesses: %d times 429", answers.count(429))
        rows = self.count("app_audit", "event = 'key_refused'") - before
        fault.expect(rows <= SECONDLY * (took + 2), "%d rows in %.1f s", rows, took)
        fault.expect(200 in self.statuses(key), "guesses shut out a key that is known")
        if took < FREE / SECONDLY / 2:
            fault.expect(process.wait_until(lambda: self.count(
                "app_audit", "event = 'key_refused' AND detail LIKE '%\"omitted\"%'"), 15),
                "what was left out is not counted")

    def away(self):
        """Where nobody can be asked, keys are good for two seconds more, also for what needs no database."""
        key = self.key("lonely", "--role", "web_user")
        headers = [("X-API-Key", key), ("Connection", "close")]

        def statuses():
            return {fault.get(self.server, "/api/hello", headers).status for _ in range(24)}

        fault.expect(statuses() == {200}, "a new key is not taken by all")
        self.database.cluster.stop()
        time.sleep(REVOKED)
        fault.expect(statuses() == {503}, "keys are taken while nobody can be asked")
        self.database.cluster.start()
        fault.expect(process.wait_until(lambda: statuses() == {200}, 5),
                     "a key is refused after the database came back")
