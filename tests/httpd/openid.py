# SPDX-License-Identifier: Apache-2.0
"""conf/openidc.conf in front of the API: people sign in at an OpenID provider (npm's oidc-provider), and are who they are
to mod_app."""
import json
import os
import subprocess

from lib import bare, clients, jwt, process, server, sqlite, stage, visitor

MODULES = "authn_core authz_user auth_openidc rewrite dir"
LINES = """
AppDatabase "%(database)s"
<AppPlugin rest>
    AnonRole web_anon
</AppPlugin>
<AppPlugin auth>
    JwtSecret "%(secret)s"
    ServerUser OIDC_CLAIM_sub
    ServerRoleMap OIDC_CLAIM_groups:staff=web_user OIDC_CLAIM_email:eve@example.org=web_anon
</AppPlugin>
<Location "/reports/">
    AuthType App
    Require app-role web_user
    AppLoginPage /api/auth/server?return=
</Location>
<Location "/reports/written.html">
    Require app-scope write
</Location>
<Location "/api">
    SetHandler app-api
</Location>
<Location "/direct">
    SetHandler app-api
    AuthType openid-connect
    Require valid-user
</Location>
Define OIDC_ISSUER        http://127.0.0.1:%(provider)d
Define OIDC_CLIENT_ID     site
Define OIDC_CLIENT_SECRET %(client_secret)s
Define OIDC_PASSPHRASE    a-passphrase-of-the-tests-0123456789
Include "%(conf)s"
<AppPlugin auth>
    Cookies insecure
</AppPlugin>
"""
CLIENT_SECRET = "the-secret-of-the-client-at-the-provider"


def start_provider(httpd):
    port = process.free_port()
    program = process.start(
        ["node", os.path.join(clients.FOLDER, "provider.mjs"), str(port), "site", CLIENT_SECRET,
         "http://localhost:%d/oidc/callback" % httpd.port],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not process.wait_until(lambda: process.listens(port), 20):
        raise process.Failed("the provider did not start")
    return program, port


def sign_in(check, person, login):
    """The provider's pages: who it is, and whether this site may know."""
    check.true("no form to sign in", person.expect('name="login"'))
    person.submit(login=login, password="any")
    check.true("no form to consent", person.expect("Authorize"))
    person.submit()


def direct(check, person, base):
    """Without sessions of mod_app: every request is of whoever is signed in at the provider."""
    person.open(base + "/direct/notes?select=owner,text&id=eq.1")
    sign_in(check, person, "ada")
    check.true("back where she was", person.expect('"her own"'))
    status, text = person.fetch("/direct/rpc/get_setting?name=request.jwt.claims")
    claims = json.loads(json.loads(text)) if status == 200 else text
    check.equal("claims", claims, {"sub": "ada", "role": "web_user", "email": "ada@example.org",
                                   "email_verified": "1", "name": "ada of the tests"})
    check.equal("others' rows", person.fetch("/direct/notes?owner=neq.ada"), (200, "[]"))
    check.equal("writing", person.fetch("/direct/notes", "POST", {"owner": "ada", "text": "x"})[0], 201)
    check.equal("in another's name", person.fetch("/direct/notes", "POST", {"owner": "bob", "text": "x"})[0], 403)
    check.equal("where nobody asks", person.fetch("/api/notes")[0], 401)


def session(check, person, base, database):
    """A page that AuthType App guards sends to the provider, and from there to a session of mod_app, and back."""
    person.open(base + "/reports/a.html?x=1")
    sign_in(check, person, "bob")
    check.true("back where he was", person.expect("the report"))
    check.true("no cookies: %s" % person.cookies(), {"app_access", "app_refresh"} <= set(person.cookies()))
    status, text = person.fetch("/api/auth/user")
    user = json.loads(text)
    check.equal("user", (status, user.get("role"), user.get("email"), user.get("name")),
                (200, "web_user", "", "server:bob"))  # his address is that of an account of the tests
    check.equal("the row", database.query("SELECT id, role FROM app_users WHERE name = 'server:bob'"),
                user.get("id", "") + "|web_user")
    note = {"owner": user.get("id"), "text": "by cookie"}
    check.equal("writing", person.fetch("/api/notes", "POST", note)[0], 201)
    check.holds("reading", person.fetch("/api/notes?select=text")[1], "by cookie")
    check.equal("signing out", person.fetch("/api/auth/logout", "POST")[0], 204)
    check.equal("signed out", person.fetch("/reports/a.html")[0], 401)
    check.equal("signed out", person.fetch("/api/notes")[0], 401)
    person.open(base + "/reports/a.html")
    check.true("the provider knows him still", person.expect("the report"))
    check.equal("the same account", json.loads(person.fetch("/api/auth/user")[1]).get("id"), user.get("id"))
    database.query("DELETE FROM notes WHERE text = 'by cookie'")


def refused(check, person, base, database):
    """Who may not see the page is told so, and not sent around in circles; nor is a disabled account."""
    person.open(base + "/reports/a.html")
    sign_in(check, person, "eve")
    check.true("no 403", person.expect("403 Forbidden"))
    database.query("UPDATE app_users SET disabled_at = 1 WHERE name = 'server:eve'")
    status, text = person.fetch("/api/auth/server")
    check.equal("disabled", (status, json.loads(text).get("code")), (403, "user_banned"))
    database.query("UPDATE app_users SET disabled_at = NULL WHERE name = 'server:eve'")


def strangers(check, httpd):
    """Scripts and programs are told so, and not sent to a page."""
    for headers in ([], [("Accept", "application/json"), ("X-Requested-With", "XMLHttpRequest")],
                    [("OIDC_CLAIM_sub", "ada"), ("OIDC-CLAIM-sub", "ada"), ("Remote-User", "ada")]):
        check.true("no page for programs: %s" % headers, httpd.get("/direct/notes", headers).status in (302, 401))
    check.equal("headers are no variables", httpd.get("/api/notes", [("OIDC_CLAIM_sub", "ada")]).status, 401)


def keys(check, httpd):
    """AuthType App takes API keys, with their scopes, and the tokens of sessions until these end."""
    writer = [("X-API-Key", "mapp_program00000_ProgramOfTheTestsProgramOfTheTestsProgramOf4dwn3w")]
    for target, headers, status in (
            ("/reports/a.html", writer, 200), ("/reports/written.html", writer, 200),
            ("/reports/a.html", [("X-API-Key", writer[0][1][:-1] + "x")], 401),
            ("/reports/written.html", [("Authorization", "Bearer " + jwt.make({"role": "web_user"}))], 403),
            ("/reports/a.html", [("Cookie", "app_access=" + jwt.make({"role": "web_user", "sub": "x"}))], 200),
            ("/reports/a.html", [("Cookie", "app_access=" + jwt.make({"role": "web_user", "exp": 1}))], 401)):
        check.equal("%s with %s" % (target, headers), httpd.get(target, headers).status, status)
    cookie = ("Cookie", "app_access=" + jwt.make({"role": "web_user", "sub": "x"}))
    for where, status in (("cross-site", 403), ("same-origin", 200)):
        check.equal("a form of a page " + where,
                    httpd.get("/reports/a.html", [cookie, ("Sec-Fetch-Site", where)], "POST").status, status)
    signed = httpd.get("/api/auth/token?grant_type=password", [("Content-Type", "application/json")], "POST",
                       b'{"email":"ada@example.org","password":"correct horse battery"}')
    token = [("Authorization", "Bearer " + json.loads(signed.text()).get("access_token", ""))]
    check.equal("a session", httpd.get("/reports/a.html", token).status, 200)
    httpd.get("/api/auth/logout", token, "POST")
    check.equal("its end", httpd.get("/reports/a.html", token).status, 401)


def visit(check, kind, scene, base, *more):
    try:
        with kind() as person:
            scene(check, person, base, *more)
    except process.Failed as error:
        check.problems.append("%s, %s: %s" % (kind.name, scene.__name__, error))


def run(build):
    if not server.load("auth_openidc"):
        raise process.Skip("mod_auth_openidc is not installed")
    clients.install()
    check = bare.Check()
    httpd = bare.Httpd(build, "", MODULES)
    provider, port = start_provider(httpd)
    database = sqlite.Database(build)
    httpd.values.update(provider=port, secret=jwt.SECRET, client_secret=CLIENT_SECRET, database=database.url,
                        conf=os.path.join(stage.ROOT, "conf", "openidc.conf"))
    httpd.write(LINES)
    for name in ("a", "written"):
        httpd.file("reports/%s.html" % name, "<p>the report</p>")
    base = "http://localhost:%d" % httpd.port
    with httpd:
        for kind in visitor.kinds():
            visit(check, kind, direct, base)
            visit(check, kind, session, base, database)
            visit(check, kind, refused, base, database)
        strangers(check, httpd)
        keys(check, httpd)
        check.problems += [line for line in httpd.complaints("AH01631") if "auth_openidc:warn" not in line]
    process.stop(provider)
    return check.problems
