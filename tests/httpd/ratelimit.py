# SPDX-License-Identifier: Apache-2.0
"""Limits under httpd: over all children, across graceful restarts, by the address that mod_remoteip has found, and in
<Location>s."""
import json
import re
import threading

from lib import bare

LINES = bare.MOUNTS + """
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
<AppPlugin hello>
</AppPlugin>
<AppPlugin metrics>
</AppPlugin>
<Location "/metrics">
    SetHandler app-metrics
</Location>
<AppPlugin ratelimit>
    Limit address 20/1d
    Exempt 192.0.2.0/24
</AppPlugin>
<Location "/api/hello">
    <AppPlugin ratelimit>
        Limit greetings 3/1d
        Exempt 198.51.100.7
    </AppPlugin>
</Location>
<Location "/api/nothing">
    <AppPlugin ratelimit>
        Limit address off
    </AppPlugin>
</Location>
<Location "/api/wide">
    <AppPlugin ratelimit>
        Limit address 2/1d
        IPv4Prefix 24
        IPv6Prefix 48
    </AppPlugin>
</Location>
"""


def run(build):
    check = bare.Check()
    for mpm in ("prefork", "event"):
        with bare.Httpd(build, LINES, "remoteip", mpm) as httpd:
            places(check, httpd)
            addresses(check, httpd)
            children(check, httpd, mpm)
            restart(check, httpd)
            check.equal("log", httpd.complaints(), [])
    return check.problems


def passed(httpd, target, address, count):
    """How many of count requests from that address are not refused."""
    answers = [httpd.get(target, [("X-Forwarded-For", address)]) for _ in range(count)]
    return sum(answer.status != 429 for answer in answers)


def places(check, httpd):
    check.equal("the server's", passed(httpd, "/api/x", "203.0.113.1", 25), 20)
    check.equal("the location's, besides", passed(httpd, "/api/hello", "203.0.113.2", 5), 3)
    check.equal("in one bucket with the rest", passed(httpd, "/api/x", "203.0.113.2", 25), 20 - 5)
    check.equal("off", passed(httpd, "/api/nothing", "203.0.113.1", 25), 25)
    check.equal("exempt", passed(httpd, "/api/hello", "192.0.2.200", 25), 25)
    check.equal("exempt there", passed(httpd, "/api/hello", "198.51.100.7", 25), 25)
    check.equal("and nowhere else", passed(httpd, "/api/x", "198.51.100.7", 25), 20)
    answer = httpd.get("/api/hello", [("X-Forwarded-For", "203.0.113.3")])
    check.equal("headers", answer.header("RateLimit-Policy"),
                '"address";q=20;w=86400, "greetings";q=3;w=86400')


def addresses(check, httpd):
    check.equal("one of a /64", passed(httpd, "/api/x", "2001:db8:1:2::1", 15), 15)
    check.equal("and another", passed(httpd, "/api/x", "2001:db8:1:2:3:4:5:6", 15), 5)
    check.equal("the next /64", passed(httpd, "/api/x", "2001:db8:1:3::1", 25), 20)
    check.equal("a /48", passed(httpd, "/api/wide", "2001:db8:2::1", 1), 1)
    check.equal("of which two pass", passed(httpd, "/api/wide", "2001:db8:2:ffff::1", 5), 1)
    check.equal("a /24", passed(httpd, "/api/wide", "203.0.113.11", 2), 2)
    check.equal("is used up", passed(httpd, "/api/wide", "203.0.113.12", 2), 0)
    check.equal("IPv4 in IPv6", passed(httpd, "/api/wide", "::ffff:203.0.113.13", 2), 0)


def children(check, httpd, mpm):
    """Callers at once, on connections of their own, which several children serve."""
    count = []
    threads = [threading.Thread(target=lambda: count.append(passed(httpd, "/api/x", "203.0.113.9", 10)))
               for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check.equal("over all children, " + mpm, sum(count), 20)


def restart(check, httpd):
    check.equal("before", passed(httpd, "/api/x", "203.0.113.20", 12), 12)
    before = part(httpd)
    httpd.graceful()
    check.equal("after", passed(httpd, "/api/x", "203.0.113.20", 12), 8)
    after = part(httpd)
    check.equal("counts go on", after["limits"]["address"]["passed"],
                before["limits"]["address"]["passed"] + 8)
    check.equal("and of refusals", after["limits"]["address"]["refused"],
                before["limits"]["address"]["refused"] + 4)
    page = httpd.get("/metrics").text()
    for outcome in ("passed", "refused"):
        line = re.search(r'^app_ratelimit_requests_total\{(?=.*limit="address").*outcome="%s".*\} (\d+)$'
                         % outcome, page, re.M)
        check.equal("metrics, " + outcome, line and int(line.group(1)),
                    after["limits"]["address"][outcome])
    check.equal("buckets", after["buckets"], (4 * 1024 * 1024 - 64) // 128 * 8)
    check.equal("none was forgotten", after["forgotten"], 0)


def part(httpd):
    plugins = json.loads(httpd.get("/status").text())["plugins"]
    return [plugin for plugin in plugins if plugin["name"] == "ratelimit"][0]
