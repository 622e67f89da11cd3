# SPDX-License-Identifier: Apache-2.0
"""conf/compression.conf, as shipped: answers of every status are compressed together with their Content-Range."""
import gzip
import os

from lib import bare, stage

LINES = """
<AppPlugin inside>
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
Include "%s"
""" % os.path.join(stage.ROOT, "conf", "compression.conf").replace("%", "%%")


def one(check, httpd, status, accept, encoding, suffix):
    headers = [("Accept-Encoding", accept)]
    target = "/api/range?bytes=5000&status=%d" % status
    name = "%d with %s" % (status, accept)
    plain = httpd.get(target)
    packed = httpd.get(target, headers)
    check.equal(name, packed.status, status)
    check.equal(name, packed.header("Content-Encoding"), encoding)
    check.equal(name, packed.header("Content-Range"), "0-9/100")
    check.equal(name + ": plain", plain.header("Content-Range"), "0-9/100")
    check.equal(name + ": plain", plain.header("Content-Encoding"), None)
    check.equal(name, packed.header("X-Twice"), "a, b")
    check.holds(name, packed.header("Vary") or "", "Accept-Encoding")
    check.true(name + " is not smaller", len(packed.body) < len(plain.body) // 2)
    if encoding == "gzip":
        check.equal(name, gzip.decompress(packed.body), plain.body)
    tag = packed.header("ETag")
    check.equal(name, tag, '"inside%s"' % suffix)
    if status == 200:
        again = httpd.get(target, headers + [("If-None-Match", tag)])
        check.equal(name + ": If-None-Match", (again.status, again.body), (304, b""))


def run(build):
    check = bare.Check()
    for modules, accept, encoding, suffix in (("deflate", "gzip", "gzip", "-gzip"),
                                              ("brotli", "br", "br", "-br"),
                                              ("brotli deflate", "gzip, br", "br", "-br"),
                                              ("brotli deflate", "gzip", "gzip", "-gzip")):
        with bare.Httpd(build, LINES, "filter setenvif " + modules) as httpd:
            for status in (200, 201, 206, 404):
                one(check, httpd, status, accept, encoding, suffix)
            head = httpd.get("/api/range?bytes=5000", [("Accept-Encoding", accept)], "HEAD")
            check.equal("HEAD", (head.status, head.body, head.header("Content-Range")),
                        (200, b"", "0-9/100"))
            check.problems += httpd.complaints()
    return check.problems
