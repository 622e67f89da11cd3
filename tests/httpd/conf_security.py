# SPDX-License-Identifier: Apache-2.0
"""conf/security.conf, as shipped: what answers say, what TLS is spoken, and that slow clients keep nobody else waiting."""
import os
import socket
import ssl

from lib import bare, client, process, stage, tls

MODULES = "headers reqtimeout socache_shmcb ssl setenvif"
CONF = os.path.join(stage.ROOT, "conf", "security.conf").replace("%", "%%")
LINES = """
Define APP_BODY_MAX 2000
Define APP_READ_TIMEOUT "handshake=1 header=1-2,MinRate=500 body=1,MinRate=500"
Include "%s"
<AppPlugin hello>
</AppPlugin>
<AppPlugin probe>
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
<Location "/own.html">
    Header always set Content-Security-Policy "default-src *"
</Location>
Listen 127.0.0.1:%%(tls)d
<VirtualHost 127.0.0.1:%%(tls)d>
    SSLEngine On
    SSLCertificateFile "%%(folder)s/site.pem"
</VirtualHost>
# Eight threads, so that a few slow clients would have them all.
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
""" % CONF
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin", "Server": "Apache"}
SLOW = (b"GET /api/hello HTTP/1.1\r\nHost: x\r\nX-A: ",
        b"POST /api/hello HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\na")


def headers(check, httpd):
    for target, status in (("/api/hello", 200), ("/api/nosuch", 404), ("/index.html", 200), ("/nosuch", 404)):
        answer = httpd.get(target)
        check.equal(target, answer.status, status)
        for name, value in ALWAYS.items():
            check.equal("%s %s" % (target, name), answer.header(name), value)
        check.holds(target, answer.header("Content-Security-Policy") or "", "frame-ancestors 'none'")
        check.holds(target, answer.header("Permissions-Policy") or "", "camera=()")
        check.equal(target + " HSTS without TLS", answer.header("Strict-Transport-Security"), None)
    check.equal("own policy", httpd.get("/own.html").header("Content-Security-Policy"), "default-src *")
    own = httpd.get("/api/probe/headers").header("Content-Security-Policy")
    check.equal("a program's own policy", own, "default-src 'self'")
    check.equal("TRACE", httpd.get("/index.html", method="TRACE").status, 405)
    check.equal("large body", httpd.get("/api/probe/body", method="POST", body=b"x" * 3000).status, 413)


def versions(check, port):
    known = ssl.TLSVersion
    for version, wanted in ((known.TLSv1, None), (known.TLSv1_1, None), (known.TLSv1_2, "TLSv1.2"),
                            (known.TLSv1_3, "TLSv1.3")):
        connection = tls.connect(port, version)
        check.equal(version.name, connection and connection.version(), wanted)
    for ciphers in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"):
        check.equal(ciphers, tls.connect(port, known.TLSv1_2, ciphers), None)
    text = tls.get(port, "/api/hello")
    check.holds("over TLS", text, "HTTP/1.1 200")
    check.holds("over TLS", text, "Strict-Transport-Security: max-age=31536000")


def slow(check, httpd):
    """More slow clients than threads: others are served when the first of them have been sent away."""
    clients = [socket.create_connection(("127.0.0.1", httpd.port)) for _ in range(16)]
    for number, one in enumerate(clients):
        one.sendall(SLOW[number % 2])
    check.equal("beside slow clients", client.get(httpd.port, "/api/hello", timeout=20).status, 200)
    for one in clients:
        one.close()


def run(build):
    check = bare.Check()
    httpd = bare.Httpd(build, "", MODULES)
    httpd.values["tls"] = process.free_port()
    tls.make_certificate(os.path.join(httpd.folder, "site.pem"))
    httpd.write(LINES)
    for name in ("index.html", "own.html"):
        httpd.file(name, "<!DOCTYPE html>")
    with httpd:
        headers(check, httpd)
        versions(check, httpd.values["tls"])
        slow(check, httpd)
        check.problems += httpd.complaints("AH01906", "AH01909", "AH00484")
    return check.problems
