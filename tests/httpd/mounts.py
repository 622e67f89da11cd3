# SPDX-License-Identifier: Apache-2.0
"""Which requests are the module's: paths under its <Location>s and nothing else, whatever else the server does with them; and
httpd's own errors there are JSON, also where the site has pages for errors."""
import json

from lib import bare, process

MODULES = ("alias rewrite dir proxy proxy_http headers auth_basic authn_core authn_file authz_user "
           "negotiation unique_id cgid http2 speling include")
LINES = """
Protocols h2c http/1.1
<AppPlugin inside>
    Word main
    Password secret
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
<Location "/api/docs">
    SetHandler none
</Location>
<Location "/api/health">
    SetHandler app-health
</Location>
<Location "/deep/down/">
    SetHandler app-api
    <AppPlugin inside>
        Word down
    </AppPlugin>
</Location>
<Location "/deep/down/there">
    AppMaxBody 5
</Location>
<Location "/locked">
    SetHandler app-api
    AuthType Basic
    AuthName locked
    AuthUserFile /dev/null
    Require valid-user
</Location>
<Location "/denied">
    SetHandler app-api
    Require all denied
</Location>
TraceEnable Off
CheckSpelling On
AddOutputFilter INCLUDES .shtml
<Directory "%(folder)s/htdocs">
    Options +Includes
</Directory>
ErrorDocument 400 /error.html
ErrorDocument 401 /error.html
ErrorDocument 403 "<p>no</p>"
ErrorDocument 404 /error.html
ErrorDocument 405 /error.html
ErrorDocument 413 /error.html
AddType text/plain .txt
AddLanguage fr .fr
AddEncoding x-gzip .gz
AddHandler app-api .added
ProxyPass /proxied http://127.0.0.1:1/
<Location "/proxied/api">
    SetHandler app-api
</Location>
Alias "/api/aliased" "/etc"
<VirtualHost 127.0.0.1:%(port)d>
    ServerName localhost
    RewriteEngine On
    RewriteRule ^/api/rewritten/(.*) /api/echo/$1 [PT]
    RewriteRule ^/api/forbidden - [F]
    RewriteRule ^/api/moved https://elsewhere.example/ [R=307,L]
    RewriteCond %%{REQUEST_URI} !^/(error|docs|index|api/docs|x\\.added|file|page)
    RewriteRule ^ /index.html
</VirtualHost>
<VirtualHost 127.0.0.1:%(port)d>
    ServerName other
    <AppPlugin inside>
        Word other
    </AppPlugin>
    <Location "/extra">
        SetHandler app-api
    </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:%(port)d>
    ServerName rooted
    <Location "/">
        SetHandler app-api
    </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:%(port)d>
    ServerName again
    <Location "/extra">
        SetHandler app-api
    </Location>
</VirtualHost>
"""


def echo(check, httpd, target, headers=(), method="GET", **wanted):
    answer = httpd.get(target, headers, method)
    name = "%s %s %s" % (method, target, dict(headers).get("Host", ""))
    check.equal(name + ": status", answer.status, 200)
    if answer.status == 200:
        found = json.loads(answer.text())
        check.equal(name, {key: found[key] for key in wanted}, wanted)
    for unwanted in ("Content-Language", "Content-Encoding", "Content-Location"):
        check.equal(name + ": " + unwanted, answer.header(unwanted), None)


def ours(check, httpd):
    echo(check, httpd, "/api/echo", mount="/api", path="/echo", query=None, word="main",
         peer="127.0.0.1", method="GET")
    echo(check, httpd, "/api/echo/?a=%20+&a=b", path="/echo/", query="a=%20+&a=b")
    echo(check, httpd, "/api/echo/a%20b//c.fr.gz", path="/echo/a b/c.fr.gz")
    echo(check, httpd, "//api/x/../echo", path="/echo")
    echo(check, httpd, "/api/echo/" + "x" * 300, path="/echo/" + "x" * 300)
    echo(check, httpd, "/api/echo/sub", path="/echo/sub")  # a real folder
    echo(check, httpd, "/api/echo", method="PROPFIND")
    echo(check, httpd, "/api/echo", method="FROBNICATE")
    echo(check, httpd, "/api/echo", method="OPTIONS")
    check.equal("method FROBNICATE", json.loads(httpd.get(
        "/api/echo", method="FROBNICATE").text())["method"], "FROBNICATE")
    echo(check, httpd, "/api/echo", [("X-Test", "a"), ("X-Test", "b")], test="a, b")
    echo(check, httpd, "/deep/down/echo", mount="/deep/down", path="/echo", word="down")
    echo(check, httpd, "/api/rewritten/x", path="/echo/x")
    echo(check, httpd, "/proxied/api/echo", mount="/proxied/api", path="/echo")
    check.holds("health", httpd.get("/api/health/live").text(), "alive")


def hosts(check, httpd):
    other = [("Host", "other")]
    echo(check, httpd, "/extra/echo", other, mount="/extra", word="other")
    echo(check, httpd, "/api/echo", other, mount="/api", word="other")
    echo(check, httpd, "/extra/echo", [("Host", "again")], word="main")
    echo(check, httpd, "/echo", [("Host", "rooted")], mount="", path="/echo")
    check.equal("/extra elsewhere", httpd.get("/extra/echo").text(), "index")
    # Sites share what they have in common, and nothing else.
    def count(host):
        return json.loads(httpd.get("/api/count", [("Host", host)]).text())["requests"]
    check.equal("main and again share a site", count("again"), count("localhost") - 1)
    check.equal("other has its own", count("other"), 1)


def others(check, httpd):
    for target, wanted in (("/apix/echo", "index"), ("/deep/down", "index"), ("/", "index"),
                           ("/api/docs/x.txt", "docs"), ("/file.txt", "file")):
        answer = httpd.get(target)
        check.equal(target, (answer.status, answer.text()), (200, wanted))
    missing = httpd.get("/api/docs/nosuch")
    check.equal("/api/docs/nosuch", (missing.status, missing.text()), (404, "page"))
    check.equal("/api/moved", httpd.get("/api/moved").header("Location"),
                "https://elsewhere.example/")
    included = httpd.get("/page.shtml")
    check.holds("included", included.text(), '"path":"/echo/included"')
    added = httpd.get("/x.added")
    check.equal("a handler set elsewhere", added.status, 500)
    check.holds("log", "\n".join(httpd.log.rest()), "APP0310")


def errors(check, httpd):
    for target, method, status, headers in (
            ("/api/nosuch", "GET", 404, ()), ("/api/a%2Fb", "GET", 404, ()),
            ("/api/%zz", "GET", 400, ()), ("/api/x%00y", "GET", 404, ()),
            ("/api/forbidden", "GET", 403, ()), ("/denied/x", "GET", 403, ()),
            ("/locked/x", "GET", 401, ()), ("/locked/x", "HEAD", 401, ()),
            ("/api/echo", "TRACE", 405, ()),
            ("/api/echo", "GET", 417, (("Expect", "the-unexpected"),)),
            ("/extra/a%2Fb", "GET", 404, (("Host", "other"),)),
            ("/etc/passw", "GET", 404, (("Host", "rooted"),)),  # mod_speling would list what is alike
            ("/deep/down/there/x", "GET", 404, ())):
        answer = httpd.get(target, headers, method)
        name = "%s %s" % (method, target)
        check.equal(name, answer.status, status)
        check.equal(name, answer.header("Content-Type"), "application/json; charset=utf-8")
        check.equal(name + ": headers twice", [n for n, _ in answer.headers if n.lower() in
                    ("content-type", "content-length", "x-request-id")].count("Content-Type"), 1)
        if method == "HEAD":
            check.equal(name, answer.body, b"")
            continue
        try:
            check.equal(name, sorted(json.loads(answer.text())),
                        ["code", "details", "hint", "message"])
        except ValueError:
            check.problems.append("%s: no JSON: %r" % (name, answer.text()))
    check.holds("401", httpd.get("/locked/x").header("WWW-Authenticate") or "", 'realm="locked"')
    check.true("no id", httpd.get("/denied/x").header("X-Request-Id"))


def http2(check, httpd):
    def curl(*words):
        return process.run(["curl", "-s", "--http2-prior-knowledge", "-i", "-m", "10", *words])[1]
    base = "http://127.0.0.1:%d" % httpd.port
    check.holds("h2", curl(base + "/api/echo?x"), '"query":"x"')
    check.holds("h2 head", curl("-I", base + "/api/echo"), "HTTP/2 200")
    check.holds("h2 post", curl("-d", "12345", base + "/api/echo"), '"length":5')
    body = process.run(["curl", "-s", "--http2-prior-knowledge", "-T", "-", "-m", "10",
                        base + "/api/echo"], input=b"x" * 300000)[1]
    check.holds("h2 body of unknown length", body, '"length":300000')
    denied = curl(base + "/denied/x")
    check.holds("h2 denied", denied, "HTTP/2 403")
    check.holds("h2 denied", denied, '"code":')
    check.holds("h2 error", curl(base + "/api/a%2Fb"), '"code":')


def run(build):
    check = bare.Check()
    with bare.Httpd(build, LINES, MODULES) as httpd:
        httpd.file("index.html", "index")
        httpd.file("error.html", "page")
        httpd.file("file.txt", "file")
        httpd.file("page.shtml", '<!--#include virtual="/api/echo/included?x"-->')
        httpd.file("api/echo/included.txt", "no")
        httpd.file("x.added", "added")
        httpd.file("api/docs/x.txt", "docs")
        httpd.file("api/echo/sub/index.html", "no")
        ours(check, httpd)
        hosts(check, httpd)
        errors(check, httpd)
        http2(check, httpd)
        check.problems += httpd.complaints("AH10244", "AH01630", "AH01618", "AH00127", "AH00571",
                                           "AH02430", "AH10155", "AH00026")
        others(check, httpd)
    return check.problems
