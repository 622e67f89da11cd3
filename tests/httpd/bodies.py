# SPDX-License-Identifier: Apache-2.0
"""Bodies in both directions: limits, timeouts, packed requests, answers in pieces, answers that break off, clients that leave."""
import gzip
import json
import re
import time

from lib import bare, client, process

LINES = """
Protocols h2c http/1.1
<AppPlugin inside>
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
<Location "/limited">
    SetHandler app-api
    LimitRequestBody 1000
</Location>
<Location "/small">
    SetHandler app-api
    AppMaxBody 1k
</Location>
<Location "/unpacked">
    SetHandler app-api
    SetInputFilter DEFLATE
</Location>
Timeout 1
KeepAliveTimeout 5
"""


def limits(check, httpd):
    for mount, most in (("limited", 1000), ("small", 1024)):
        for chunked in (False, True):
            headers = [("Transfer-Encoding", "chunked")] if chunked else []
            for size, status in ((most, 200), (most + 1, 413), (300000, 413)):
                answer = httpd.get("/%s/echo" % mount, headers, "POST", b"x" * size)
                name = "%s %d bytes%s" % (mount, size, " chunked" if chunked else "")
                check.equal(name, answer.status, status)
                check.holds(name, answer.text(), '"length":%d' % size if status == 200
                            else '"code":"APPE006"')
            once(check, httpd, mount, most + 1, chunked)
            words = ["-T", "-"] if chunked else ["--data-binary", "@-"]
            check.holds("h2 " + mount, h2(httpd, "/%s/echo" % mount, *words, body=b"x" * most),
                        '"length":%d' % most)
            answer = h2(httpd, "/%s/echo" % mount, *words, body=b"x" * (most + 1))
            # mod_http2 resets a stream that is answered before its end: curl 7 may lose the answer then.
            check.true("h2 %s: %s" % (mount, answer), re.search(r"APPE006|curl: \((92|52)\)", answer))


def once(check, httpd, mount, size, chunked):
    """An error may come from a filter while the body is read; a second answer must not follow it."""
    head = b"POST /%s/echo HTTP/1.1\r\nHost: a\r\n" % mount.encode()
    if chunked:
        head += b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(client.as_chunks(b"x" * size))
    else:
        head += b"Content-Length: %d\r\n\r\n" % size + b"x" * size
    head, body = raw(httpd, head).split(b"\r\n\r\n", 1)
    check.equal("%s %d bytes: one answer" % (mount, size), head.count(b"HTTP/1.1"), 1)
    check.true("%s %d bytes: %r" % (mount, size, body),
               b"Content-Length: %d\r\n" % len(body) in head + b"\r\n")


def h2(httpd, target, *words, body=b""):
    return process.run(["curl", "-s", "-S", "--http2-prior-knowledge", "-m", "10", *words,
                        "http://127.0.0.1:%d%s" % (httpd.port, target)], input=body)[1]


def reading(check, httpd):
    packed = gzip.compress(b"y" * 5000)
    answer = httpd.get("/unpacked/echo", [("Content-Encoding", "gzip")], "POST", packed)
    check.holds("unpacked", answer.text(), '"length":5000')
    check.holds("large", httpd.get("/api/echo", [], "PUT", b"z" * 900000).text(), '"length":900000')
    with client.Connection("127.0.0.1", httpd.port) as connection:
        first = connection.request("POST", "/api/count", [], b"u" * 50000)
        check.equal("unread body", first.status, 200)
        check.equal("behind an unread body", connection.request("GET", "/api/count").status, 200)
    with client.Connection("127.0.0.1", httpd.port) as connection:
        answer = connection.request("POST", "/api/echo", [("Expect", "100-continue")], b"12345")
        check.holds("100-continue", answer.text(), '"length":5')
    with client.Connection("127.0.0.1", httpd.port) as connection:
        connection.send(b"POST /api/nosuch HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
                        b"Expect: 100-continue\r\n\r\n")
        check.equal("100-continue for what is refused", connection.head()[0], 404)


def cut(check, httpd):
    """Bodies that never become whole. The end of a connection is not the end of a body."""
    for name, head, status in (
            ("stalls", b"Content-Length: 100\r\n\r\nabc", 408),
            ("stalls in a chunk", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", 408),
            ("not chunks", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ("two lengths", b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", 400)):
        with client.Connection("127.0.0.1", httpd.port) as connection:
            connection.send(b"POST /api/echo HTTP/1.1\r\nHost: a\r\n" + head)
            answer = connection.answer("POST")
            check.equal("body that " + name, answer.status, status)
            check.holds("body that " + name, answer.text(), '"code":')
    for head in (b"Content-Length: 100\r\n\r\nabc",
                 b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"):
        with client.Connection("127.0.0.1", httpd.port) as connection:
            connection.send(b"POST /api/echo HTTP/1.1\r\nHost: a\r\n" + head)
            connection.socket.shutdown(1)
            check.equal("body cut off", connection.answer("POST").status, 400)


def writing(check, httpd):
    with client.Connection("127.0.0.1", httpd.port) as connection:
        connection.send(b"GET /api/stream?flush=1&bytes=3000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        since = time.monotonic()
        check.equal("stream", connection.head()[0], 200)
        connection._line()
        check.true("flush came late", time.monotonic() - since < 0.4)
    answer = httpd.get("/api/stream?bytes=5000000")
    check.true("stream is short", len(answer.body) >= 5000000)
    check.true("h2 stream is short", len(h2(httpd, "/api/stream?bytes=5000000")) >= 5000000)
    for method in ("HEAD", "GET"):
        with client.Connection("127.0.0.1", httpd.port) as connection:
            check.equal("stream", connection.request(method, "/api/stream?bytes=900000").status, 200)
            check.equal("behind it", connection.request("GET", "/api/count").status, 200)
    check.equal("HTTP/1.0", raw(httpd, b"GET /api/echo HTTP/1.0\r\n\r\n")[:12], b"HTTP/1.1 200")


def raw(httpd, data):
    with client.Connection("127.0.0.1", httpd.port) as connection:
        connection.send(data)
        while connection._more():
            pass
        return connection.rest


def broken(check, httpd):
    try:
        answer = httpd.get("/api/broken?bytes=200000")
        check.problems.append("broken off, but looks whole: %d, %d bytes"
                              % (answer.status, len(answer.body)))
    except client.Broken:
        pass
    check.holds("h2 broken off", h2(httpd, "/api/broken?bytes=200000", "-o", "/dev/null"), "curl: (")
    answer = httpd.get("/api/broken?bytes=100")
    check.equal("broken before the first byte left", answer.status, 500)


def gone_count(httpd):
    return json.loads(httpd.get("/api/count").text())["gone"]


def leaving(check, httpd):
    for count, leave in enumerate((leave_http1, leave_http2), 1):
        leave(httpd)
        if not process.wait_until(lambda: gone_count(httpd) >= count, 3):
            check.problems.append("%s: nobody noticed" % leave.__name__)
    before = gone_count(httpd)
    with client.Connection("127.0.0.1", httpd.port) as connection:
        connection.send(b"GET /api/slow?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n"
                        b"GET /api/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        check.equal("first of two", connection.answer("GET").status, 200)
        check.equal("second of two", connection.answer("GET").status, 200)
    check.equal("pipelined, taken for gone", gone_count(httpd), before)
    endless = client.Connection("127.0.0.1", httpd.port)
    endless.send(b"GET /api/stream?bytes=900000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
    endless.head()
    endless.close()


def leave_http1(httpd):
    with client.Connection("127.0.0.1", httpd.port) as connection:
        connection.send(b"GET /api/slow?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)


def leave_http2(httpd):
    h2(httpd, "/api/slow?ms=5000", "-m", "0.3")


def run(build):
    check = bare.Check()
    with bare.Httpd(build, LINES, "deflate reqtimeout http2") as httpd:
        for part in (limits, reading, cut, writing, broken, leaving):
            part(check, httpd)
        time.sleep(0.3)
        check.equal("stopped in time", httpd.stop(), True)
        check.problems += httpd.complaints("APP0005", "APP0003", "AH01588", "AH01587", "AH02088",
                                           "AH00567", "AH01585", "AH01589", "AH01590", "AH10241")
    return check.problems
