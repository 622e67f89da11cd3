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
                                   "name": "ada of the tests"})
    check.equal("others' rows", person.fetch("/direct/notes?owner=neq.ada"), (200, "[]"))
    check.equal("writing", person.fetch("/direct/notes", "POST", {"owner": "ada", "text": "x"})[0], 201)
    check.equal("in another's name", person.fetch("/direct/notes", "POST", {"owner": "bob", "text": "x"})[0], 403)
    check.equal("where nobody asks", person.fetch("/api/notes")[0], 401)


def strangers(check, httpd):
    """Scripts and programs are told so, and not sent to a page."""
    for headers in ([], [("Accept", "application/json"), ("X-Requested-With", "XMLHttpRequest")],
                    [("OIDC_CLAIM_sub", "ada"), ("OIDC-CLAIM-sub", "ada"), ("Remote-User", "ada")]):
        check.true("no page for programs: %s" % headers, httpd.get("/direct/notes", headers).status in (302, 401))
    check.equal("headers are no variables", httpd.get("/api/notes", [("OIDC_CLAIM_sub", "ada")]).status, 401)


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
    httpd.values.update(provider=port, secret=jwt.SECRET, client_secret=CLIENT_SECRET,
                        database=sqlite.Database(build).url,
                        conf=os.path.join(stage.ROOT, "conf", "openidc.conf"))
    httpd.write(LINES)
    base = "http://localhost:%d" % httpd.port
    with httpd:
        for kind in visitor.kinds():
            visit(check, kind, direct, base)
        strangers(check, httpd)
        check.problems += [line for line in httpd.complaints() if "auth_openidc:warn" not in line]
    process.stop(provider)
    return check.problems
