# SPDX-License-Identifier: Apache-2.0
"""conf/http2.conf, as shipped: HTTP/2 over TLS and without, HTTP/1.1 for who knows no other, and the protocols of a Define."""
import os

from lib import bare, client, process, stage, tls

CONF = os.path.join(stage.ROOT, "conf", "http2.conf").replace("%", "%%")
LINES = """
%s
Include "%s"
<AppPlugin hello>
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
Listen 127.0.0.1:%%(tls)d
<VirtualHost 127.0.0.1:%%(tls)d>
    SSLEngine On
    SSLCertificateFile "%%(folder)s/site.pem"
</VirtualHost>
"""


def agreed(port, *protocols):
    with tls.connect(port, protocols=protocols) as connection:
        return connection.selected_alpn_protocol()


def run(build):
    check = bare.Check()
    httpd = bare.Httpd(build, "", "http2 ssl socache_shmcb setenvif")
    port = httpd.values["tls"] = process.free_port()
    tls.make_certificate(os.path.join(httpd.folder, "site.pem"))
    httpd.write(LINES % ("", CONF))
    with httpd:
        check.equal("both", agreed(port, "http/1.1", "h2"), "h2")
        check.equal("old clients", agreed(port, "http/1.1"), "http/1.1")
        check.holds("HTTP/1.1", tls.get(port, "/api/hello"), "HTTP/1.1 200")
        if client.has_http2():
            check.equal("h2c", client.http2(httpd.port, "GET", "/api/hello").status, 200)
        httpd.write(LINES % ('Define APP_PROTOCOLS "http/1.1"', CONF))
        httpd.graceful()
        process.wait_until(lambda: agreed(port, "h2", "http/1.1") == "http/1.1", 5)
        check.equal("h2 left out", agreed(port, "h2", "http/1.1"), "http/1.1")
        check.problems += httpd.complaints("AH01873", "AH01906", "AH01909")
    missing = bare.Httpd(build, 'Include "%s"\n' % CONF)
    status, text = missing.configtest()
    check.true("passes without mod_http2", status != 0)
    check.holds("without mod_http2", text, "load mod_http2 first")
    return check.problems
