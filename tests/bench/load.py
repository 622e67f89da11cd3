# SPDX-License-Identifier: Apache-2.0
"""Load, and what it costs: CPU time of all processes of httpd and of the database, kernel time included."""
import os
import re

from lib import process

TICK = os.sysconf("SC_CLK_TCK")


def must(command, **options):
    status, output = process.run(command, timeout=300, **options)
    if status:
        raise process.Failed("%s: %s" % (command[0], output.strip()[-500:]))
    return output


# CPU time

def stat(pid):
    """(parent, own ticks, ticks of children that have ended) of a process; None if it is gone."""
    try:
        with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def cpu_seconds(roots):
    """CPU of the processes and all below them, ended ones included."""
    table = {int(pid): stat(pid) for pid in os.listdir("/proc") if pid.isdigit()}
    ticks = 0
    for pid, found in table.items():
        if found and under(pid, roots, table):
            ticks += found[1] + (found[2] if pid in roots else 0)
    return ticks / TICK


def under(pid, roots, table):
    while pid and pid not in roots:
        found = table.get(pid)
        pid = found[0] if found else 0
    return pid != 0


# Requests

class Request:
    """What wrk sends: a GET, or with a body a POST."""

    def __init__(self, site, path, headers=None, body=None, connections=None):
        self.site, self.path, self.body = site, path, body
        # At most. When time is up those under way are cut off, which cost, too, and do not count: of
        # what takes long there must be few.
        self.connections = connections
        self.headers = dict({"Host": site}, **(headers or {}))

    def words(self, port, script):
        words = []
        for pair in self.headers.items():
            words += ["-H", "%s: %s" % pair]
        if self.body is not None:
            with open(script, "w", encoding="utf-8") as file:
                file.write('wrk.method = "POST"\nwrk.body = [==[%s]==]\n' % self.body)
            words += ["-s", script]
        return words + ["http://127.0.0.1:%d%s" % (port, self.path)]


def press(port, request, seconds, connections, script):
    """Requests answered and the time that took."""
    connections = min(connections, request.connections or connections)
    output = must(["wrk", "-t2", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "5s"]
                  + request.words(port, script))
    if re.search(r"Non-2xx|Socket errors", output):
        raise process.Failed("%s: not every request was answered well\n%s" % (request.path, output))
    count, time, unit = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", output).groups()
    return int(count), float(time) * {"ms": 0.001, "s": 1, "m": 60}[unit]
