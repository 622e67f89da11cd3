# SPDX-License-Identifier: Apache-2.0
"""What /metrics says is what clients have sent: over all children, across graceful restarts, and when children are killed.
Read by promtool and a real Prometheus where they are installed, by a strict reader of our own in any case."""
import os
import shutil
import signal
import time

from lib import client, fault, load, openmetrics, process, prometheus

OPENMETRICS = ("Accept", "application/openmetrics-text; version=1.0.0")
TARGETS = ["/api/packages?id=eq.3&select=name", "/api/hello?name=x", "/api/packages?id=lt.%d"]
SPAN = 0.4  # seconds of load between two things that happen


def run(build):
    for host, kind in (("event", "sqlite"), ("prefork", "sqlite")):
        server = fault.start(build, fault.database(build, kind), host, ["metrics", "metrics MaxRoutes 20"],
                             mpm="StartServers 3\nMaxConnectionsPerChild 0\n")
        try:
            check(server, host)
        except process.Failed as error:
            raise process.Failed("[%s] %s" % (host, error)) from error
        finally:
            server.stop()


def check(server, host):
    check_forms(server)
    check_routes(server)
    check_auth(server)
    before = read(server)
    scraper = prometheus.start(server.port) if host == "event" else None
    try:
        check_graceful(server, before)
        check_killed(server)
        if scraper:
            scraper.expect("sum(app_requests_total{route!=\"/metrics\"})",
                           lambda: requests(read(server)))
    finally:
        if scraper:
            scraper.stop()


def read(server, *headers):
    answer = fault.get(server, "/metrics", headers)
    fault.expect(answer.status == 200, "/metrics: %s %s", answer.status, answer.text()[:200])
    return openmetrics.Metrics(answer.text(), OPENMETRICS in headers)


def requests(metrics):
    return metrics.total("app_requests_total") - metrics.total("app_requests_total", route="/metrics")


def wait_for(server, count, seconds=5):
    """A request is counted when its answer has left: the client may be quicker."""
    process.wait_until(lambda: requests(read(server)) >= count, seconds)
    return read(server)


def check_forms(server):
    """Both forms hold the same, and nobody who reads them for a living finds fault."""
    before = requests(read(server))
    fault.get(server, TARGETS[0])
    wait_for(server, before + 1)
    plain, other = read(server), read(server, OPENMETRICS)
    fault.expect(plain.types == other.types, "types differ: %s, %s", plain.types, other.types)
    if shutil.which("promtool"):
        text = fault.get(server, "/metrics").text()
        status, output = process.run(["promtool", "check", "metrics"], input=text.encode())
        fault.expect(status == 0 and not output.strip(), "promtool: %s", output)


def check_routes(server):
    """A client cannot make up series."""
    before = read(server)
    for number in range(30):
        fault.get(server, "/api/x%d" % number)
        client.get(server.port, "/api/packages", [fault.SITE], method="X%d" % number)
    metrics = wait_for(server, requests(before) + 60)
    fault.expect(metrics.total("app_requests_total", route="/*", status="404")
                 - before.total("app_requests_total", route="/*", status="404") == 30,
                 "30 unknown names are not 30 of one route")
    fault.expect(metrics.total("app_requests_total", method="other") == 30, "methods were made up")
    routes = {dict(pairs)["route"] for name, pairs in metrics if name == "app_requests_total"}
    fault.expect(not any("x1" in route for route in routes), "routes were made up: %s", routes)


def check_auth(server):
    fault.get(server, TARGETS[0], [fault.user()])
    fault.get(server, TARGETS[0], [("Authorization", "Bearer nonsense")])
    metrics = read(server)
    for outcome in ("accepted", "refused"):
        counted = metrics.total("app_auth_identities_total", source="token", outcome=outcome)
        fault.expect(counted == 1, "%d tokens were %s", counted, outcome)


def burden(server, act, times):
    """Sends requests while something happens a few times; returns what came of them."""
    with load.Load(server.port, [TARGETS[0], TARGETS[1], TARGETS[2] % 100], threads=3) as running:
        for _ in range(times):
            time.sleep(SPAN)
            act()
        time.sleep(SPAN)
        return running.stop()


def check_graceful(server, before):
    results = burden(server, server.graceful, 2)
    failed = [what for _, status, what in results if status != 200]
    fault.expect(not failed, "%d requests failed: %s", len(failed), failed[:1])
    after = wait_for(server, requests(before) + len(results))
    counted = requests(after) - requests(before)
    fault.expect(counted == len(results), "%d requests were answered, %d counted", len(results), counted)
    for name in ("app_request_duration_seconds_count", "app_response_body_bytes_count"):
        fault.expect(after.total(name) == after.total("app_requests_total"), "%s: %d of %d", name,
                     after.total(name), after.total("app_requests_total"))
    fault.expect(not after.total("app_metrics_overflow_total"), "something did not fit")
    fault.expect(after.total("app_workers") > 0, "nobody works")
    fault.expect(after.total("app_generation") == 2, "generation %d", after.total("app_generation"))


def check_killed(server):
    """Whoever dies may be between an answer and its count; nothing stays in use of what it held."""
    before = requests(read(server))
    killed = []

    def kill():
        children = server.children()
        killed.append(children[len(killed) % len(children)])
        os.kill(killed[-1], signal.SIGKILL)

    results = burden(server, kill, 2)
    answered = sum(1 for _, status, _ in results if status == 200)
    counted = requests(wait_for(server, before + answered, 2)) - before
    threads = 3  # of the load: each has one request under way
    fault.expect(answered - len(killed) * threads <= counted <= len(results) + len(killed) * threads,
                 "%d were answered, %d counted", answered, counted)
    process.wait_until(lambda: in_use(read(server)) == 0, 5)
    fault.expect(in_use(read(server)) == 0, "%d connections are in use of nobody", in_use(read(server)))
    alive = len(server.children())
    fault.expect(read(server).total("app_processes") <= alive, "more processes than children")


def in_use(metrics):
    return metrics.total("app_database_connections", state="in use")
