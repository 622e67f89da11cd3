# SPDX-License-Identifier: Apache-2.0
"""Plugin cors as Chromium understands it: a page of one port asks APIs at others."""
import json

from lib import bare, browser, process

API = """
Listen 127.0.0.1:%%(%(name)s)d
<VirtualHost 127.0.0.1:%%(%(name)s)d>
    <Location "/api">
        SetHandler app-api
    </Location>
    <Location "/api/hello">
        %(require)s
    </Location>
    LimitRequestBody 100
    <AppPlugin hello>
    </AppPlugin>
    <AppPlugin probe>
    </AppPlugin>
    %(cors)s
</VirtualHost>
"""
PASSWORD = """AuthType Basic
        AuthName test
        AuthBasicProvider anon
        Anonymous *
        Require valid-user"""
SITES = {"named": "<AppPlugin cors>\nAllowedOrigins http://127.0.0.1:%(port)d\n</AppPlugin>",
         "others": "<AppPlugin cors>\nAllowedOrigins http://localhost:%(port)d https://*.example.org\n</AppPlugin>",
         "any": "<AppPlugin cors>\n</AppPlugin>",
         "none": ""}
BASIC = {"headers": {"Authorization": "Basic em9lOng="}}
PUT = {"method": "PUT", "headers": {"X-Client": "1", "Content-Type": "application/json"}, "body": "{}"}
COOKIES = {"credentials": "include"}
REFUSED = "TypeError"

# At which site, what, how, and what the page gets to see: status and X-Request-Id's length, or nothing.
CASES = (
    ("named", "/api/probe/word", {}, 200),
    ("named", "/api/probe/word", COOKIES, 200),
    ("named", "/api/probe/body", PUT, 200),
    ("named", "/api/probe/body", dict(PUT, body="x" * 200), 413),
    ("named", "/api/nosuch", {}, 404),
    ("named", "/api/hello", {}, 401),
    ("named", "/api/hello", BASIC, 200),
    ("others", "/api/probe/word", {}, REFUSED),
    ("others", "/api/probe/body", PUT, REFUSED),
    ("any", "/api/probe/word", {}, 200),
    ("any", "/api/probe/word", COOKIES, REFUSED),
    ("any", "/api/probe/body", PUT, 200),
    ("any", "/api/hello", BASIC, 200),
    ("none", "/api/probe/word", {}, REFUSED),
    ("none", "/api/probe/body", PUT, REFUSED),
)
ASK = """(async () => {
    try {
        const answer = await fetch(%s, %s);
        return [answer.status, answer.headers.get("X-Request-Id") !== null];
    } catch (error) {
        return [error.name, false];
    }
})()"""


def run(build):
    if not browser.program():
        raise process.Skip("there is no Chromium")
    check = bare.Check()
    httpd = bare.Httpd(build, "", "authn_core authn_anon auth_basic authz_user")
    httpd.values.update((name, process.free_port()) for name in SITES)
    httpd.write("".join(API % {"name": name, "cors": cors, "require": PASSWORD} for name, cors in SITES.items()))
    httpd.file("page.html", "<!DOCTYPE html><title>page</title>")
    with httpd, browser.Browser() as page:
        page.open("http://127.0.0.1:%d/page.html" % httpd.port)
        page.wait("document.title == 'page'")
        for site, target, options, wanted in CASES:
            url = "http://127.0.0.1:%d%s" % (httpd.values[site], target)
            status, told = page.run(ASK % (json.dumps(url), json.dumps(options)))
            check.equal("%s %s %s" % (site, target, options), status, wanted)
            # Errors of httpd's own have an id only where mod_unique_id makes one.
            check.equal("%s %s: X-Request-Id" % (site, target), told, status in (200, 404))
        check.problems += httpd.complaints()
    return check.problems
