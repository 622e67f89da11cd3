# SPDX-License-Identifier: Apache-2.0
"""conf/acme.conf, as shipped: it says what is missing; httpd starts without a certificate and sends http to https; it gets one
from an authority, and speaks with it after a graceful restart."""
import os

from lib import acme, bare, process, stage, tls

CONF = os.path.join(stage.ROOT, "conf", "acme.conf").replace("%", "%%")
NAMES = 'Define APP_ACME_NAMES "localhost www.localhost"\n'
MAIL = "Define APP_ACME_MAIL you@example.org\n"
LINES = NAMES + MAIL + """
Define APP_ACME_CA %%(authority)s/directory
Include "%s"
MDPortMap http:%%(port)d https:%%(tls)d
<AppPlugin hello>
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
Listen 127.0.0.1:%%(tls)d https
<VirtualHost 127.0.0.1:%%(port)d>
    ServerName localhost
</VirtualHost>
<VirtualHost 127.0.0.1:%%(tls)d>
    ServerName localhost
    SSLEngine On
</VirtualHost>
""" % CONF
MODULES = "ssl socache_shmcb setenvif watchdog md"



def configtest(check, build, what, modules, lines, sentence):
    httpd = bare.Httpd(build, "", modules)
    httpd.values.update(tls=process.free_port(), authority="http://127.0.0.1:9")
    httpd.write(lines)
    status, text = httpd.configtest()
    check.equal(what, status == 0, sentence is None)
    check.holds(what, text, sentence or "Syntax OK")


def without_certificate(check, httpd):
    answer = httpd.get("/api/hello?name=x", [("Host", "localhost")])
    check.equal("http", answer.status, 302)
    check.holds("http", answer.header("Location") or "", "https://localhost")
    check.holds("https without a certificate yet", tls.get(httpd.values["tls"], "/api/hello"), "HTTP/1.1 503")


def gets_certificate(check, httpd, authority):
    process.wait_until(lambda: "AH10059" in httpd.log.text(), 15, 0.1)
    check.equal("names that were proved", authority.valid, {"localhost", "www.localhost"})
    httpd.graceful()
    process.wait_until(lambda: "200" in tls.get(httpd.values["tls"], "/api/hello")[:12], 10, 0.1)
    check.holds("https", tls.get(httpd.values["tls"], "/api/hello"), "HTTP/1.1 200")


def run(build):
    check = bare.Check()
    include = 'Include "%s"\n' % CONF
    configtest(check, build, "no names", MODULES, MAIL + include, "name the hosts first")
    configtest(check, build, "no address", MODULES, NAMES + include, "say whom the authority may write to first")
    configtest(check, build, "no module", "", NAMES + MAIL + include, "load mod_md first")
    httpd = bare.Httpd(build, "", MODULES)
    with acme.Authority(httpd.port) as authority:
        httpd.values.update(tls=process.free_port(), authority=authority.url)
        httpd.write(LINES)
        with httpd:
            without_certificate(check, httpd)
            gets_certificate(check, httpd, authority)
            check.problems += httpd.complaints("AH10045", "AH10056", "AH10057", "AH10059", "AH10085", "AH01873", "AH01906", "AH01909")
    return check.problems
