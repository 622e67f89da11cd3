# SPDX-License-Identifier: Apache-2.0
"""AuthType App: the tokens of the API guard files, programs and proxied servers; who asks is told to programs, and to nobody
else; the client's own word for it never counts."""
import http.server
import json
import os
import threading

from lib import bare, jwt, process

MODULES = ("alias rewrite dir env setenvif headers proxy proxy_http authn_core auth_basic authn_file authz_user cgid unique_id "
           "http2 include log_config")
LINES = """
Protocols h2c http/1.1
ScriptSock "%(folder)s/cgisock"
LogFormat "%%u %%>s %%U" users
CustomLog "%(folder)s/users.log" users
ScriptAlias "/cgi/" "%(folder)s/htdocs/cgi/"
ErrorDocument 401 /sign-in.html
ErrorDocument 403 "denied page"
ErrorDocument 404 "missing page"
<Directory "%(folder)s/htdocs">
    Options +Includes
    AllowOverride None
    AddOutputFilter INCLUDES .shtml
</Directory>
<Directory "%(folder)s/htdocs/files">
    AuthType App
    AuthName "our files"
    Require valid-user
</Directory>
<Directory "%(folder)s/htdocs/ht">
    AllowOverride AuthConfig FileInfo
</Directory>
<Directory "%(folder)s/htdocs/index">
    Options +ExecCGI
    AddHandler cgi-script .cgi
    DirectoryIndex none.html index.cgi
    AuthType App
    Require valid-user
</Directory>
<Location "/users">
    AuthType app
    Require user ada "Bob B"
</Location>
<Location "/auth">
    AuthType App
    Require valid-user
</Location>
<Location "/roles">
    AuthType App
    Require app-role editor admin
</Location>
<Location "/scopes">
    AuthType App
    Require app-scope files:read
</Location>
<Location "/claims">
    AuthType App
    Require app-claim team red "light blue" 7
</Location>
<Location "/hosts">
    AuthType App
    Require app-claim site "%%{HTTP_HOST}"
</Location>
<Location "/not">
    AuthType App
    <RequireAll>
        Require valid-user
        Require not app-role editor
    </RequireAll>
</Location>
<Location "/either">
    AuthType App
    <RequireAny>
        Require method OPTIONS
        Require app-role admin
    </RequireAny>
</Location>
<Location "/open">
    AuthType App
    Require all granted
</Location>
<If "%%{REQUEST_URI} =~ m#^/iffy/#">
    AuthType App
    Require app-role editor
</If>
<Location "/cgi/">
    AuthType App
    Require valid-user
</Location>
<Location "/cgi/off">
    AppPassIdentity off
</Location>
<Location "/page.shtml">
    AuthType App
    Require valid-user
</Location>
<Location "/proxied/">
    AuthType App
    Require valid-user
    AppPassIdentity headers
</Location>
<Location "/proxied/quiet">
    AppPassIdentity environment
</Location>
<Location "/browse/">
    AuthType App
    Require app-role editor
    AppLoginPage "/sign-in.html?return="
</Location>
<Location "/browse/elsewhere/">
    AppLoginPage https://sign-in.example/
</Location>
<Location "/browse/never/">
    AppLoginPage none
</Location>
<Location "/browse/sign-in">
    AppLoginPage /browse/sign-in?return=
</Location>
<Location "/basic">
    AuthType Basic
    AuthName basic
    AuthUserFile "%(folder)s/passwords"
    Require valid-user
</Location>
ProxyPass /proxied/ http://127.0.0.1:%(backend)d/
ProxyPass /public/ http://127.0.0.1:%(backend)d/
RewriteEngine On
RewriteRule ^/files/moved\\.txt$ /files/a.txt [PT]
<AppPlugin auth>
    JwtSecret "%(secret)s"
</AppPlugin>
<AppPlugin inside>
</AppPlugin>
<Location "/api">
    SetHandler app-api
</Location>
<Location "/api/only">
    AuthType App
    Require app-role editor
</Location>
<VirtualHost 127.0.0.1:%(port)d>
    ServerName localhost
    RewriteEngine On
    RewriteOptions Inherit
</VirtualHost>
<VirtualHost 127.0.0.1:%(port)d>
    ServerName other
    <AppPlugin auth>
        JwtSecret "the secret of another site, and long enough"
    </AppPlugin>
</VirtualHost>
"""
TOKENS = {"nobody": None,
          "ada": jwt.make({"sub": "ada", "role": "web_user", "team": "red", "scope": "a files:read"}),
          "bob": jwt.make({"sub": "Bob B", "role": "editor", "team": ["green", "light blue"], "scp": ["files:read"]}),
          "eve": jwt.make({"sub": "eve", "role": "admin", "team": 7, "scope": "files:readable xfiles:read",
                           "site": "localhost"}),
          "robot": jwt.make({"role": "editor", "team": {"red": 1}, "scope": None}),
          "expired": jwt.make({"sub": "ada", "role": "admin", "exp": 1}),
          "forged": jwt.make({"sub": "ada", "role": "admin"}, "not the secret of anybody but of evil"),
          "mallory": jwt.make({"sub": "ada\r\nX-App-Role: admin", "role": "admin"})}
NAMES = "nobody ada bob eve robot expired forged mallory".split()
MATRIX = """
/files/a.txt     401 200 200 200 200 401 401 403
/files/moved.txt 401 200 200 200 200 401 401 403
/files/none.txt  401 404 404 404 404 401 401 403
/users/a.txt     401 200 200 403 403 401 401 403
/roles/a.txt     401 403 200 200 200 401 401 403
/scopes/a.txt    401 200 200 403 403 401 401 403
/claims/a.txt    401 200 200 200 403 401 401 403
/hosts/a.txt     401 403 403 200 403 401 401 403
/not/a.txt       401 200 403 200 403 401 401 403
/either/a.txt    401 403 403 200 403 401 401 403
/iffy/a.txt      401 403 200 403 200 401 401 403
/ht/a.txt        401 403 200 403 200 401 401 403
/open/a.txt      200 200 200 200 200 200 200 200
/cgi/env         401 200 200 200 200 401 401 403
/proxied/x       401 200 200 200 200 401 401 403
/browse/a.txt    401 403 200 403 200 401 401 403
/api/only/echo   401 403 404 403 404 401 401 403
/api/echo        200 200 200 200 200 401 401 200
/a.txt           200 200 200 200 200 200 200 200
"""
FOLDERS = "files users roles scopes claims hosts not either iffy ht open browse browse/never".split()


class Backend(http.server.BaseHTTPRequestHandler):
    """What stands behind ProxyPass: answers with the headers that it was sent."""

    def do_GET(self):
        body = json.dumps(self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def bearer(name, *more):
    token = TOKENS[name]
    return ([("Authorization", "Bearer " + token)] if token else []) + list(more)


def matrix(check, httpd):
    for line in MATRIX.split("\n")[1:-1]:
        target, *statuses = line.split()
        for name, status in zip(NAMES, statuses):
            answer = httpd.get(target, bearer(name))
            check.equal("%s for %s" % (target, name), answer.status, int(status))
            if answer.status in (401, 403):
                check.equal("%s for %s" % (target, name), sorted(json.loads(answer.text())),
                            ["code", "details", "hint", "message"])
            if answer.status == 401:
                check.true("%s for %s: no challenge" % (target, name),
                           (answer.header("WWW-Authenticate") or "").startswith("Bearer"))


def challenges(check, httpd):
    check.equal("realm", httpd.get("/files/a.txt").header("WWW-Authenticate"), 'Bearer realm="our files"')
    check.equal("no realm", httpd.get("/roles/a.txt").header("WWW-Authenticate"), "Bearer")
    expired = httpd.get("/files/a.txt", bearer("expired"))
    check.holds("expired", expired.header("WWW-Authenticate"), 'error="invalid_token"')
    check.equal("expired: one challenge", expired.header("WWW-Authenticate").count("Bearer"), 1)
    check.equal("expired", json.loads(expired.text())["code"], "PGRST303")
    check.true("expired: no id", expired.header("X-Request-Id"))
    found = httpd.get("/files/a.txt", bearer("ada"))
    check.equal("for one person", found.header("Cache-Control"), "private")
    check.equal("no id of ours", found.header("X-Request-Id"), None)
    due = [("Authorization", "Bearer " + jwt.make({"sub": "ada", "role": "web_user", "factor_due": True}))]
    check.equal("a factor is due, whatever the path is called",
                [httpd.get(target, due).status for target in ("/files/a.txt", "/auth/factors/a.txt", "/auth/token")], [403] * 3)
    check.equal("HEAD", [httpd.get("/roles/a.txt", bearer(name), "HEAD").status for name in ("nobody", "ada", "bob")],
                [401, 403, 200])
    check.equal("OPTIONS", httpd.get("/roles/a.txt", method="OPTIONS").status, 401)
    check.equal("OPTIONS that Require lets in", httpd.get("/either/a.txt", method="OPTIONS").status, 200)
    check.equal("another site", httpd.get("/files/a.txt", bearer("ada", ("Host", "other"))).status, 401)
    check.equal("Basic", httpd.get("/files/a.txt", [("Authorization", "Basic YWRhOmFkYQ==")]).status, 401)
    check.equal("no disturbance", httpd.get("/basic/a.txt", [("Authorization", "Basic YWRhOmFkYQ==")]).status, 404)


def browsers(check, httpd):
    page = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
    asked = httpd.get("/browse/a.txt?x=1&y=//evil.example", [page])
    check.equal("sent to sign in", (asked.status, asked.header("Location"), asked.header("Cache-Control")),
                (302, "/sign-in.html?return=%2Fbrowse%2Fa.txt%3Fx%3D1%26y%3D%2F%2Fevil.example", "no-store"))
    absolute = httpd.get("http://evil.example/browse/a.txt", [page, ("Host", "localhost")])
    check.equal("no open redirect", absolute.header("Location"), "/sign-in.html?return=%2Fbrowse%2Fa.txt")
    check.equal("two slashes", httpd.get("//browse//a.txt", [page]).header("Location"), "/sign-in.html?return=%2Fbrowse%2Fa.txt")
    check.equal("expired", httpd.get("/browse/a.txt", bearer("expired", page)).status, 302)
    check.equal("elsewhere", httpd.get("/browse/elsewhere/x", [page]).header("Location"), "https://sign-in.example/")
    for what, target, headers, method in (
            ("fetch()", "/browse/a.txt", [page, ("Sec-Fetch-Mode", "cors")], "GET"),
            ("a form", "/browse/a.txt", [page], "POST"),
            ("no page", "/browse/never/a.txt", [page], "GET"),
            ("the page itself", "/browse/sign-in?x", [page], "GET")):
        check.equal(what + " is not sent", httpd.get(target, headers, method).status, 401)
    check.equal("ErrorDocument of the site", httpd.get("/files/a.txt", [page]).text(), "sign in")
    check.equal("… not for 403 of others", httpd.get("/roles/a.txt", bearer("ada", page)).text(), "denied page")
    check.equal("… and 404 stays as it is", httpd.get("/files/none.txt", bearer("ada")).text(), "missing page")


def environment(check, httpd):
    def env(target, headers):
        lines = httpd.get(target, headers).text().splitlines()
        return dict(line.partition("=")[::2] for line in lines if line.startswith(("APP_", "REMOTE_USER", "AUTH_TYPE", "HTTP_X_")))
    claims = {"sub": "ada", "role": "web_user", "e-mail": "a@b", "e_mail": "first", "list": [1, "x,y"], "n": 1.5, "yes": True,
              "bad": "a\nb", "long": "x" * 5000, "n" * 65: 1, "ü": "ü"}
    token = [("Authorization", "Bearer " + jwt.make(claims))]
    forged = [("X-App-User", "root"), ("App-User", "root")]
    check.equal("CGI", env("/cgi/env", token + forged), {
        "AUTH_TYPE": "App", "REMOTE_USER": "ada", "APP_USER": "ada", "APP_ROLE": "web_user", "APP_METHOD": "jwt",
        "APP_CLAIM_sub": "ada", "APP_CLAIM_role": "web_user", "APP_CLAIM_e_mail": "first", "APP_CLAIM_list": '[1,"x,y"]',
        "APP_CLAIM_n": "1.5", "APP_CLAIM_yes": "true", "APP_CLAIM___": "ü"})
    check.equal("a folder's index", env("/index/", token).get("APP_ROLE"), "web_user")
    check.equal("a redirect inside", env("/ht/inside", bearer("bob")).get("APP_USER"), "Bob B")
    check.equal("off", env("/cgi/off", token), {"AUTH_TYPE": "App", "REMOTE_USER": "ada"})
    check.equal("without a user", env("/cgi/env", bearer("robot")).get("APP_USER"), None)
    page = httpd.get("/page.shtml", bearer("bob")).text()
    check.holds("SSI", page, "[Bob B|editor]")
    check.holds("a program in a page", page, "APP_USER=Bob B\n")
    check.holds("the API in a page", page, '"path":"/echo"')


def headers(check, httpd):
    forged = [("X-App-User", "root"), ("x-app-role", "admin"), ("X_App_User", "root"), ("X-App.Role", "admin"),
              ("X-App-Claim-Team", "red"), ("x_app_claim_team", "red"), ("X-App-Method", "god"), ("X-App-Version", "7"),
              ("Connection", "X-App-User, keep-alive, x-app-claim-team")]
    def seen(target, more):
        found = json.loads(httpd.get(target, more).text())
        return sorted((name, value) for name, value in found
                      if name.lower().replace("_", "-").replace(".", "-").startswith("x-app"))
    version = ("X-App-Version", "7")
    check.equal("proxied", seen("/proxied/x", bearer("ada", *forged)), sorted([
        ("X-App-User", "ada"), ("X-App-Role", "web_user"), ("X-App-Method", "jwt"), ("X-App-Claim-sub", "ada"),
        ("X-App-Claim-role", "web_user"), ("X-App-Claim-team", "red"), ("X-App-Claim-scope", "a files:read"), version]))
    check.equal("no headers here", seen("/proxied/quiet", bearer("ada", *forged)), [version])
    check.equal("nobody identified", seen("/public/x", bearer("ada", *forged)), [version])


def http2(check, httpd):
    def curl(*words):
        return process.run(["curl", "-s", "--http2-prior-knowledge", "-i", "-m", "10", *words])[1]
    base = "http://127.0.0.1:%d" % httpd.port
    ada = "Authorization: Bearer " + TOKENS["ada"]
    check.holds("h2 nobody", curl(base + "/files/a.txt"), "HTTP/2 401")
    check.holds("h2", curl("-H", ada, base + "/files/a.txt"), "HTTP/2 200")
    check.holds("h2 403", curl("-H", ada, base + "/roles/a.txt"), "HTTP/2 403")
    passed = curl("-H", ada, "-H", "x-app-role: admin", base + "/proxied/x")
    check.holds("h2 proxied", passed, '["X-App-Role", "web_user"]')


def access_log(check, httpd):
    with open(os.path.join(httpd.folder, "users.log"), encoding="utf-8") as file:
        lines = set(file.read().splitlines())
    for line in ('ada 200 /files/a.txt', 'eve 403 /users/a.txt', '- 401 /files/a.txt', 'Bob B 200 /cgi/env', '"" 200 /files/a.txt',
                 'ada 200 /api/echo', '- 200 /api/echo', 'ada\\r\\nX-App-Role: admin 200 /api/echo', '- 200 /open/a.txt'):
        check.true("the access log lacks %r" % line, line in lines)


def play(build, mpm, backend):
    check = bare.Check()
    httpd = bare.Httpd(build, "", MODULES, mpm)
    httpd.values.update(backend=backend.server_port, secret=jwt.SECRET)
    httpd.write(LINES)
    for folder in FOLDERS:
        httpd.file(folder + "/a.txt", "file")
    httpd.file("a.txt", "file")
    httpd.file("sign-in.html", "sign in")
    httpd.file("ht/.htaccess", "AuthType App\nRequire app-role editor\nAppLoginPage /sign-in.html\n"
               "RewriteEngine On\nRewriteRule ^inside$ /cgi/env\n")
    httpd.file("page.shtml", '[<!--#echo var="APP_USER" -->|<!--#echo var="APP_ROLE" -->]'
               '<!--#include virtual="/cgi/env" --><!--#include virtual="/api/echo" -->')
    for name in ("cgi/env", "cgi/off", "index/index.cgi"):
        httpd.file(name, "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nenv\n")
        os.chmod(os.path.join(httpd.folder, "htdocs", name), 0o755)
    with open(os.path.join(httpd.folder, "passwords"), "w", encoding="ascii") as file:
        file.write("ada:{SHA}%s\n" % "5OopTAYsUlZD3wNqNcpXm5BfpAA=")
    with httpd:
        for part in (matrix, challenges, browsers, environment, headers, access_log):
            part(check, httpd)
        if mpm != "prefork":
            http2(check, httpd)
        check.problems += httpd.complaints("AH01630", "AH01631", "AH01618", "AH01617", "AH00127", "AH10155", "AH10034")
    return ["%s: %s" % (mpm, problem) for problem in check.problems]


ALONE = """
<Directory "%(folder)s/htdocs/ht">
    AllowOverride AuthConfig
</Directory>
<VirtualHost 127.0.0.1:%(port)d>
    ServerName localhost
    <AppPlugin auth>
        JwtSecret "%(secret)s"
    </AppPlugin>
%(line)s
</VirtualHost>
"""
GUARDED = '    <Location "/files">\n        AuthType App\n        Require valid-user\n    </Location>'


def alone(build):
    """A server that serves nothing of the API; and .htaccess files where no settings are."""
    check = bare.Check()
    httpd = bare.Httpd(build, "", MODULES)
    httpd.file("files/a.txt", "file")
    httpd.file("ht/.htaccess", "AuthType App\nRequire valid-user\n")
    httpd.file("ht/a.txt", "file")
    httpd.values.update(secret=jwt.SECRET, line=GUARDED)
    httpd.write(ALONE)
    with httpd:
        check.equal("alone", [httpd.get("/files/a.txt", bearer(name)).status for name in ("nobody", "ada")], [401, 200])
        httpd.graceful()
        check.equal("after a restart", httpd.get("/files/a.txt", bearer("ada")).status, 200)
        check.equal(".htaccess", [httpd.get("/ht/a.txt", bearer(name)).status for name in ("nobody", "ada")], [401, 200])
        check.problems += httpd.complaints()
    httpd.values.update(line="")
    httpd.write(ALONE)
    with httpd:
        check.equal(".htaccess alone", httpd.get("/ht/a.txt", bearer("ada")).status, 500)
        check.holds(".htaccess alone", "\n".join(httpd.log.rest()), "APP0320")
    httpd.write("<AppPlugin inside>\n</AppPlugin>\n" + GUARDED)
    with httpd:
        check.equal("no plugin tells", httpd.get("/files/a.txt").status, 500)
        check.holds("no plugin tells", "\n".join(httpd.log.rest()), "No plugin of this site tells who is asking")
    return check.problems


CACHED = """
SetEnvIf X-Who (.+) WHO=$1
<AppPlugin auth>
    ServerIdentity on
    ServerUser WHO
</AppPlugin>
CacheEnable socache /
CacheSocache shmcb:%(folder)s/cache(512000)
CacheHeader On
<Location "/files">
    AuthType App
    Require valid-user
    Header set Cache-Control max-age=60
</Location>
<Location "/a.txt">
    Header set Cache-Control max-age=60
</Location>
"""


def cached(build):
    """mod_cache answers before anybody is asked, and knows of Authorization alone that an answer is not for all."""
    check = bare.Check()
    httpd = bare.Httpd(build, CACHED, MODULES + " cache cache_socache socache_shmcb")
    httpd.file("files/a.txt", "file")
    httpd.file("a.txt", "file")
    with httpd:
        for target, second in (("/a.txt", 200), ("/files/a.txt", 401)):
            check.equal(target, httpd.get(target, [("X-Who", "ada")]).status, 200)
            answer = httpd.get(target)
            check.equal(target + " by nobody", answer.status, second)
            check.holds(target, answer.header("X-Cache") or "MISS", "HIT" if second == 200 else "MISS")
        check.problems += httpd.complaints()
    return check.problems


def run(build):
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    try:
        return sum((play(build, mpm, backend) for mpm in ("event", "prefork", "worker")), alone(build) + cached(build))
    finally:
        backend.shutdown()
        backend.server_close()
