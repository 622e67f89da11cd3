# SPDX-License-Identifier: Apache-2.0
"""Accounts under attack and over processes: a flood of sign-ins leaves room for data, a process that dies while it
hashes leaves its turn to others, and a session that ends elsewhere ends here."""
import json
import os
import re
import signal
import statistics
import subprocess
import threading
import time

from lib import client, fault, process, stage

DATA = "/api/packages?id=eq.3&select=name"
SECRET = "/api/people?id=eq.1&select=id"
PASSWORD = "correct horse battery"
AT_ONCE = 100
SECONDS = 5


def run(build):
    flood(build)
    holder_killed(build)
    for kind in ("sqlite", "pgsql"):
        ended_by_command(build, kind)
        not_used(build, kind)
        commands(build, kind)
    ended_elsewhere(build)


def sign_in(running, account="ada", password=PASSWORD, timeout=30):
    body = json.dumps({"username": account, "password": password}).encode()
    return client.get(running.port, "/api/auth/token?grant_type=password", [fault.SITE, fault.JSON],
                      method="POST", body=body, timeout=timeout)


def bearer(answer):
    return ("Authorization", "Bearer " + json.loads(answer.text())["access_token"])


class Flood:
    """So many clients that sign in to accounts that do not exist, without a pause."""

    def __init__(self, running):
        self.running = running
        self.ending = threading.Event()
        self.answers = []
        self.threads = [threading.Thread(target=self._work, args=(number,), daemon=True)
                        for number in range(AT_ONCE)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(30)

    def _work(self, number):
        count = 0
        while not self.ending.is_set():
            count += 1
            try:
                self.answers.append(sign_in(self.running, "nobody%d-%d" % (number, count), "wrong"))
            except (OSError, client.Broken):
                pass
            # What a client on the same machine burns is not the server's: the threads of this test share one core.
            self.ending.wait(0.2)


def latencies(running, seconds):
    """How long requests for data took, one after the other, each on a connection of its own: under load httpd closes
    those that wait."""
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        answer = fault.get(running, DATA)
        took.append(time.monotonic() - begun)
        fault.expect(answer.status == 200, "data was answered %d during the flood", answer.status)
        time.sleep(0.02)
    return took


def flood(build):
    running = fault.start(build, fault.database(build, "sqlite"),
                          settings=("auth GuardFailures 1000",))
    try:
        idle = statistics.median(latencies(running, 1))
        with Flood(running) as attack:
            time.sleep(0.5)
            under = latencies(running, SECONDS)
        statuses = [answer.status for answer in attack.answers]
        busy = [answer for answer in attack.answers if answer.status == 503]
        print("flood: %d sign-ins, %d refused; data %.1f ms idle, %.1f ms median, %.1f ms p95"
              % (len(statuses), len(busy), idle * 1000, statistics.median(under) * 1000,
                 sorted(under)[len(under) * 95 // 100] * 1000), flush=True)
        fault.expect(400 in statuses, "no sign-in was checked at all: %s", set(statuses))
        fault.expect(set(statuses) <= {400, 503, 429}, "sign-ins were answered %s", set(statuses))
        fault.expect(all(answer.header("Retry-After") for answer in busy), "a 503 has no Retry-After")
        fault.expect(statistics.median(under) < max(0.05, 20 * idle),
                     "data took %.0f ms, %.0f ms when nobody signs in",
                     statistics.median(under) * 1000, idle * 1000)
        fault.expect_answer(sign_in_patiently(running), 200)
        fault.expect_quiet(running, allowed=("APP0003", "APP0004"))
    finally:
        running.stop()


def sign_in_patiently(running):
    """As a client does that respects Retry-After."""
    for _ in range(20):
        answer = sign_in(running)
        if answer.status != 503:
            break
        time.sleep(1)
    return answer


def holder_killed(build):
    """One turn, and who has it dies: with a stored hash that takes seconds, the child is killed in the midst of it."""
    database = fault.database(build, "sqlite")
    running = fault.start(build, database, host="prefork",
                          settings=("auth HashParallel 1", "auth HashMemory 256m", "auth HashPasses 12"))
    try:
        thread = threading.Thread(target=broken_sign_in, args=(running,))
        thread.start()
        victim = process.wait_until(lambda: biggest_child(running.process.pid), 10)
        fault.expect(victim, "nobody hashes")
        os.kill(victim, signal.SIGKILL)
        thread.join(10)
        answer = sign_in_patiently(running)
        fault.expect(answer.status == 200, "the turn of a dead process is not free: %d", answer.status)
        fault.expect_quiet(running, allowed=("APP0003", "APP0004"), killed=True)
    finally:
        running.stop()


def broken_sign_in(running):
    try:
        sign_in(running, "nobody", "wrong")
    except (OSError, client.Broken):
        pass


def biggest_child(parent):
    """The child of httpd that holds the memory of a hash; None: nobody does."""
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/status" % name, encoding="ascii") as file:
                text = file.read()
        except (OSError, ValueError):
            continue
        of = re.search(r"^PPid:\s+(\d+)", text, re.M)
        size = re.search(r"^VmRSS:\s+(\d+)", text, re.M)
        if of and size and int(of[1]) == parent and int(size[1]) > 200 * 1024:
            return int(name)
    return None


def refused(running, header):
    answer = fault.get(running, SECRET, [header])
    return answer.status == 401 and fault.code(answer) == "session_not_found"


def ended_by_command(build, kind):
    """appctl disables a user whose access token is good for minutes."""
    running = fault.start(build, fault.database(build, kind))
    try:
        header = bearer(sign_in(running))
        fault.expect_answer(fault.get(running, SECRET, [header]), 200)
        appctl(build, running, "user", "disable", "ada")
        fault.expect(process.wait_until(lambda: refused(running, header), 5),
                     "the token of a disabled user is good for more than five seconds (%s)", kind)
        fault.expect_answer(sign_in(running), 400, "user_banned")
        appctl(build, running, "user", "enable", "ada")
        fault.expect_answer(sign_in(running), 200)
        fault.expect(refused(running, header), "a session that has ended is open again")
    finally:
        running.stop()


def refresh(running, answer):
    body = json.dumps({"refresh_token": json.loads(answer.text())["refresh_token"]}).encode()
    return client.get(running.port, "/api/auth/token?grant_type=refresh_token", [fault.SITE, fault.JSON],
                      method="POST", body=body)


def not_used(build, kind):
    """Sessions that nobody has used for long, or that are old, are no longer good."""
    database = fault.database(build, kind)
    table = "app.app_sessions" if kind == "pgsql" else "app_sessions"
    running = fault.start(build, database)
    try:
        for change in ("refreshed_at = refreshed_at - 8 * 86400", "expires_at = created_at - 1"):
            session = sign_in(running)
            database.query("UPDATE %s SET %s RETURNING id" % (table, change))
            fault.expect_answer(refresh(running, session), 400, "session_expired")
        fault.expect_answer(refresh(running, sign_in(running)), 200)
        database.query("UPDATE %s SET ended_at = 1 RETURNING id" % table)
    finally:
        running.stop()
    running = fault.start(build, database)
    try:
        for name in (table, table.replace("sessions", "refresh_tokens")):
            fault.expect(process.wait_until(lambda: database.query("SELECT count(*) FROM " + name) == "0", 5),
                         "old rows of %s are not deleted", name)
    finally:
        running.stop()


def appctl(build, running, *words, given="", status=0):
    """What it prints to standard output."""
    done = subprocess.run([os.path.join(stage.build(build), "appctl"), "-f", running.conf, *words], input=given,
                          capture_output=True, text=True, timeout=60, check=False)
    fault.expect(done.returncode == status, "appctl %s ended with %d: %s", " ".join(words), done.returncode,
                 done.stdout + done.stderr)
    return done.stdout


def commands(build, kind):
    """appctl user, from the beginning of an account to its end."""
    running = fault.start(build, fault.database(build, kind))

    def user(*words, **options):
        return appctl(build, running, "user", *words, **options)

    def found(name):
        rows = [json.loads(line) for line in user("list", "--json").splitlines()]
        return next((row for row in rows if row["account"] == name), None)
    try:
        identity = user("add", "New@Example.org", "--role", "web_user", "--password-stdin",
                        given="a new password\n").strip()
        fault.expect(found("new@example.org")["id"] == identity, "the new user is not in the list")
        answer = sign_in(running, "new@example.org", "a new password")
        fault.expect_answer(answer, 200)
        fault.expect(json.loads(answer.text())["user"]["email_confirmed_at"], "the address is not taken as proved")
        fault.expect("password" in user("sessions", "new@example.org"), "the session is not listed")
        user("add", "new@example.org", "--role", "web_user", status=1)
        user("add", "no address@example.org", "--role", "web_user", status=1)
        user("add", "other", "--role", "web_user", "--password-stdin", given="short\n", status=1)
        user("add", "other", "--role", "web_user", "--password-stdin", given="", status=1)
        user("passwd", identity, given="another password\n")
        fault.expect_answer(refresh(running, answer), 400, "session_expired")
        fault.expect_answer(sign_in(running, "new@example.org", "another password"), 200)
        user("role", "new@example.org", "web_anon")
        fault.expect(found("new@example.org")["role"] == "web_anon", "the role is the old one")
        user("remove", "new@example.org")
        fault.expect(found("new@example.org") is None, "the user is still there")
        user("remove", "new@example.org", status=1)
        user("add", status=2)
        user("forget", "ada", status=2)
    finally:
        running.stop()


def ended_elsewhere(build):
    """Two servers on one database of PostgreSQL."""
    database = fault.database(build, "pgsql")
    here = fault.start(build, database)
    there = fault.start(build, database)
    try:
        header = bearer(sign_in(here))
        for running in (here, there):
            fault.expect_answer(fault.get(running, SECRET, [header]), 200)
        answer = client.get(here.port, "/api/auth/logout", [fault.SITE, header], method="POST", body=b"")
        fault.expect(answer.status == 204, "signing out was answered %d", answer.status)
        fault.expect(refused(here, header), "who has signed out is not, at once")
        fault.expect(process.wait_until(lambda: refused(there, header), 5),
                     "another server does not hear of it within five seconds")
    finally:
        here.stop()
        there.stop()
