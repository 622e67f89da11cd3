# SPDX-License-Identifier: Apache-2.0
"""FastCGI processes under load: settings changed, settings spoiled and mended, and SIGTERM in a request. No request
fails, and a spoiled file changes nothing."""
import os
import signal
import threading
import time

from lib import fault, load, process, stage

TARGETS = ["/api/packages?id=eq.3&select=name", "/api/hello?name=x", "/health/live"]
RESTARTS = 3


def run(build):
    source = os.path.join(stage.ROOT, "tests", "httpd", "inside.c")
    stage.compile_plugin(source, os.path.join(stage.build(build), "plugins", "inside.so"))
    server = fault.start(build, fault.database(build, "sqlite"), "fastcgi", ["inside"])
    try:
        with load.Load(server.port, TARGETS, threads=2, keep=False) as running:
            changes(server)
            spoiled(server)
            results = running.stop()
        for _, status, text in results:
            fault.expect(status == 200, "a request failed: %s %s", status, text[:200])
        fault.expect(len(results) > RESTARTS, "only %d requests were made", len(results))
        terminated(server)
        fault.expect_quiet(server, ["APP0420", "AH01079", "AH02454"])
    finally:
        server.stop()


def settings_file(server):
    return server.backends[0][0]


def append(server, line):
    with open(settings_file(server), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def count(server, number):
    return server.log.text().count(number)


def wait_for(server, number, times):
    fault.expect(process.wait_until(lambda: count(server, number) >= times, 10),
                 "%s did not come %d times:\n%s", number, times, server.last_words())


def changes(server):
    started = count(server, "APP0416")
    pid = server.running[0].pid
    for number in range(1, RESTARTS + 1):
        append(server, "# change %d" % number)
        wait_for(server, "APP0416", started + number)
    fault.expect(server.running[0].poll() is None and server.running[0].pid == pid,
                 "the process has ended")


def spoiled(server):
    with open(settings_file(server), encoding="utf-8") as file:
        good = file.read()
    started = count(server, "APP0416")
    append(server, "AppDatabaseMax none")
    wait_for(server, "APP0420", 1)
    fault.expect_served(server)
    fault.expect(count(server, "APP0416") == started, "it was started anew with spoiled settings")
    with open(settings_file(server), "w", encoding="utf-8") as file:
        file.write(good)
    wait_for(server, "APP0416", started + 1)


def terminated(server):
    """A request under way is answered, then the process ends by itself."""
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(fault.get(server, "/api/slow?ms=1000").status))
    thread.start()
    time.sleep(0.3)
    os.kill(server.running[0].pid, signal.SIGTERM)
    thread.join()
    fault.expect(answers == [200], "a request under way got %s", answers)
    fault.expect(process.wait_until(lambda: server.running[0].poll() is not None, 5),
                 "the process does not end")
    fault.expect(server.running[0].returncode == 0, "it ended with %s",
                 server.running[0].returncode)
