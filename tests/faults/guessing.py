# SPDX-License-Identifier: Apache-2.0
"""Who guesses passwords waits longer and longer, over all processes and a graceful restart, whether the account exists or
not; a right password is refused meanwhile, and others sign in as always."""
import json
import time

from lib import client, fault

PASSWORD = "correct horse battery"


def run(build):
    database = fault.database(build, "sqlite")
    server = fault.start(build, database, "prefork", settings=("auth GuardFailures 2",))
    try:
        waits = {email: guess(server, email) for email in ("ada@example.org", "nobody@example.org")}
        for email in waits:
            fault.expect_answer(sign_in(server, email), 429, "over_request_rate_limit")
        fault.expect_answer(sign_in(server, "bob@example.org"), 200)
        server.graceful()
        time.sleep(1)
        fault.expect_answer(sign_in(server, "nobody@example.org"), 429, "over_request_rate_limit")
        time.sleep(max(waits.values()))
        fault.expect_answer(sign_in(server, "nobody@example.org"), 400, "invalid_credentials")
        fault.expect_answer(sign_in(server, "ada@example.org"), 200)
        fault.expect_answer(sign_in(server, "ada@example.org", "wrong"), 400, "invalid_credentials")
        fault.expect_answer(sign_in(server, "ada@example.org"), 200)
        fault.expect_quiet(server)
    finally:
        server.stop()


def sign_in(server, email, password=PASSWORD):
    return client.get(server.port, "/api/auth/token?grant_type=password", [fault.SITE, fault.JSON], method="POST",
                      body=json.dumps({"email": email, "password": password}).encode())


def guess(server, email):
    """Guesses on until the wait is 8 s or more, and returns it."""
    for _ in range(40):
        answer = sign_in(server, email, "wrong horse")
        if answer.status == 429:
            wait = int(answer.header("Retry-After"))
            fault.expect_answer(answer, 429, "over_request_rate_limit")
            if wait > 4:
                return wait
            time.sleep(wait)
        else:
            fault.expect_answer(answer, 400, "invalid_credentials")
    return fault.expect(False, "no wait of %s got longer", email)
