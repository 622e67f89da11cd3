# SPDX-License-Identifier: Apache-2.0
"""An issuer whose keys are at a URL: it is away at first, comes, changes its keys, hangs, fails, dies and comes back. No request
waits longer than the settings allow, no issuer is asked more often, and no token is good that should not be."""
import threading
import time

from lib import fault, issuer, process

ISS = "https://id.test/"
TIMEOUT, RETRY, AGE, STALE = 1, 1, 3, 5
TARGET = "/api/people?id=eq.1&select=id"
SLACK = 2.5  # for a machine with other things to do


def run(build):
    for host in ("event", "cgi"):
        keys = issuer.Key("first"), issuer.Key("second")
        source = issuer.Issuer(keys[0])
        settings = ["auth Issuer %s keys=%s audience=us default-role=web_user" % (ISS, source.url),
                    "auth JwksTimeout %ds" % TIMEOUT, "auth JwksRetry %ds" % RETRY,
                    "auth JwksMaxAge %ds" % AGE, "auth JwksStale %ds" % STALE]
        server = fault.start(build, fault.database(build, "sqlite"), host, settings)
        try:
            live(server, source, *keys)
            if host == "event":
                answers(server, source, keys[1])
                hangs(server, source, keys[1])
            fault.expect_quiet(server, ["APP2003"])
        except process.Failed as error:
            raise process.Failed("[%s] %s" % (host, error)) from error
        finally:
            server.stop()
            source.stop()


def token(key, kid=None, **claims):
    return key.sign(dict({"iss": ISS, "aud": "us", "sub": "ada"}, **claims), kid)


def ask(server, text):
    """(answer, seconds)"""
    since = time.monotonic()
    answer = fault.get(server, TARGET, [("Authorization", "Bearer " + text)])
    return answer, time.monotonic() - since


def expect(server, text, status, code=None, within=0.0):
    """The answer to that token, now or in so many seconds; and never late."""
    last = []

    def is_it():
        answer, took = ask(server, text)
        fault.expect(took < 2 * TIMEOUT + SLACK, "an answer took %.1f s", took)
        last[:] = [answer]
        return answer.status == status and fault.code(answer) == code
    process.wait_until(is_it, within) if within else is_it()
    if last[0].status != status:
        fault.expect_answer(last[0], status, code)
    return last[0]


def live(server, source, first, second):
    good = token(first)
    answer = expect(server, good, 503, "APPE015")
    fault.expect(int(answer.header("Retry-After") or 0) >= 1, "no Retry-After")
    fault.expect(ask(server, token(first, iss="https://other.test/"))[0].status == 401,
                 "a token of somebody else is asked about there")
    source.start()
    expect(server, good, 200, within=RETRY + SLACK)
    expect(server, token(first, aud="them"), 401, "PGRST303")
    expect(server, good[:-8] + "AAAAAAAA", 401, "PGRST301")
    crowd(server, source, first)
    source.keys = [second]
    expect(server, token(second), 200, within=RETRY + SLACK)
    expect(server, good, 401, "PGRST301", within=RETRY + SLACK)
    source.keys = [first, second]
    time.sleep(RETRY)
    expect(server, good, 200, within=AGE + SLACK)
    dies(server, source, second)


def answers(server, source, key):
    """What is no key set changes nothing."""
    for mode in ("fails", "moved", "huge", "text", "empty"):
        source.mode = mode
        wait_for_fetch(server, source, key)
        expect(server, token(key), 200)
        source.mode = "good"
        wait_for_fetch(server, source, key)


def wait_for_fetch(server, source, key):
    """Until it is asked once more. CGI programs ask when keys are too old, others by themselves."""
    since, text = len(source.fetches), token(key)

    def asked():
        ask(server, text)
        return len(source.fetches) > since
    fault.expect(process.wait_until(asked, AGE + 4 * RETRY + TIMEOUT + SLACK, 0.2), "it is not asked again")


def crowd(server, source, key):
    """Tokens with a kid that nobody knows are refused, and ask the issuer no more often than settings allow."""
    texts = [token(key, kid="unknown-%d" % number) for number in range(6)]
    since, before = time.monotonic(), len(source.fetches)
    threads = [threading.Thread(target=lambda text=text: [ask(server, text) for _ in range(5)]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fetches, most = len(source.fetches) - before, (time.monotonic() - since) / RETRY + 1
    fault.expect(fetches <= most, "asked %d times, %d are allowed", fetches, most)
    for text in texts[:2]:
        expect(server, text, 401, "PGRST301")


def dies(server, source, key):
    """Its keys stay good for a while, and then no longer; when it is back, they are again."""
    text = token(key)
    source.stop()
    since = time.monotonic()
    while time.monotonic() - since < STALE - 1:
        expect(server, text, 200)
        time.sleep(0.3)
    expect(server, text, 503, "APPE015", within=AGE + STALE + SLACK)
    expect(server, token(key, extra=1), 503, "APPE015")
    fault.expect(fault.get(server, TARGET.replace("people", "packages")).status == 200, "others are refused, too")
    source.start()
    expect(server, text, 200, within=4 * RETRY + SLACK)


def hangs(server, source, key):
    """It takes connections and says nothing: known keys go on, others wait no longer than settings allow, and the server
    ends at once."""
    text = token(key)
    expect(server, text, 200)
    source.mode = "hangs"
    since = time.monotonic()
    while time.monotonic() - since < 2:
        _, took = ask(server, text)
        fault.expect(took < TIMEOUT, "a known key waits %.1f s", took)
    expect(server, token(key, kid="unknown"), 401, "PGRST301")
    since = time.monotonic()
    server.stop()
    fault.expect(time.monotonic() - since < TIMEOUT + SLACK, "the end takes %.1f s", time.monotonic() - since)
