# SPDX-License-Identifier: Apache-2.0
"""Random grants and row filters on random tables: what each role sees through every kind of request is what plain SQL says
that it may see, on both databases.

POLICY_SEED chooses the worlds (none: another each time, and a failure names it), POLICY_CASES how many requests each
database is asked (300), POLICY_DB only one of them."""
import os
import random

from lib import client, fault, process
from lib import policy_oracle as oracle
from lib import policy_request as request_
from lib import policy_world as world_

CASES = 300
ASKED_OF_A_WORLD = 60
SETTINGS = ("rest AggregatesEnabled on", "rest TxEnd commit-allow-override")
SHOWN = 10  # differences, after which there is no use in going on


def run(build):
    seed = os.environ.get("POLICY_SEED") or str(random.SystemRandom().randrange(10 ** 6))
    cases = int(os.environ.get("POLICY_CASES") or CASES)
    for kind in (os.environ.get("POLICY_DB") or "sqlite,pgsql").split(","):
        yield from run_on(build, kind, seed, cases)


def run_on(build, kind, seed, cases):
    database = fault.database(build, kind)
    world_.prepare(database)
    server = fault.start(build, database, settings=SETTINGS)
    counts, shown = {}, 0
    try:
        fault.expect_served(server)
        for number in range((cases + ASKED_OF_A_WORLD - 1) // ASKED_OF_A_WORLD):
            for request, problem, answer in play(server, database, seed, number):
                counts[request.kind] = counts.get(request.kind, 0) + 1
                counts["refused"] = counts.get("refused", 0) + request.denied
                if problem:
                    shown += 1
                    yield "POLICY_SEED=%s POLICY_DB=%s, world %d: %s\n    %s\n    %s: %s" % (
                        seed, kind, number, problem, request.text(), answer.status, answer.text()[:600])
            if shown >= SHOWN:
                return
        fault.expect_quiet(server)
        if os.environ.get("POLICY_CASES"):
            print("policies/generated on %s, seed %s: %s" % (kind, seed, counts), flush=True)
    finally:
        server.stop()


def play(server, database, seed, number):
    """Makes a world, asks, and takes it away. Yields requests, what is wrong with the answer, the answer."""
    world = world_.World(seed, number)
    world_.run(database, list(world.sqlite() if database.kind == "sqlite" else world.pgsql()))
    await_schema(server, world)
    eyes = [oracle.Oracle(world, role) for role in world_.ROLES]
    with client.Connection("127.0.0.1", server.port) as connection:
        for turn in range(ASKED_OF_A_WORLD):
            r = random.Random("%s/%s/%s" % (seed, number, turn))
            request = request_.random_request(r, r.choice(eyes))
            try:
                answer = ask(connection, request)
            except client.Broken as error:
                raise process.Failed("POLICY_SEED=%s POLICY_DB=%s, world %d: %s\n%s\n%s" % (
                    seed, database.kind, number, error, request.text(),
                    server.log.text()[-2000:])) from error
            yield request, request.check(answer), answer
    for oracle_ in eyes:
        oracle_.close()
    world_.run(database, list(world.drop(database.kind)))


def ask(connection, request):
    headers = [fault.SITE, *request.headers]
    return connection.request(request.method, request.target, headers, request.body)


def await_schema(server, world):
    """The server has heard of the tables: whether they are granted does not matter."""
    def known():
        return fault.code(fault.get(server, "/api/%sv" % world.prefix)) != "PGRST205"
    if not process.wait_until(known, 5):
        raise process.Failed("the server does not see %sv" % world.prefix)
