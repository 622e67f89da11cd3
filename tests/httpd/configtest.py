# SPDX-License-Identifier: Apache-2.0
"""What is wrong in the configuration stops `apachectl configtest`, which names file, line and what would be right."""
import os

from lib import bare, stage

REST = bare.MOUNTS + "AppDatabase sqlite:/tmp/nosuch.db\n<AppPlugin rest>\n"
AUTH = bare.MOUNTS + "<AppPlugin auth>\n"
LIMIT = bare.MOUNTS + "<AppPlugin ratelimit>\n"
CORS = bare.MOUNTS + "<AppPlugin cors>\n"

# Lines, the line that is to be named (the first is 1; None: none), what the sentence holds.
WRONG = [
    ("AppMaxBody 5 parsecs\n", 1, "MaxBody takes one value"),
    ("AppMaxBody lots\n", 1, 'not "lots"'),
    ("AppSqliteSync perhaps\n", 1, "SqliteSync takes one of"),
    ("AppNothing on\n", 1, "AppNothing"),
    ("<AppPlugin nosuch>\n</AppPlugin>\n", 1, "nosuch"),
    ("<AppPlugin ../hello>\n</AppPlugin>\n", 1, "../hello"),
    ("<AppPlugin>\n</AppPlugin>\n", 1, "takes the name of one plugin"),
    ("<AppPlugin hello hello>\n</AppPlugin>\n", 1, "takes the name of one plugin"),
    ("\n<AppPlugin hello>\n    Greeting Hi\n    Volume 11\n</AppPlugin>\n", 4,
     'plugin hello has no setting "Volume"; it has Greeting'),
    ("<AppPlugin hello>\n    Greeting\n</AppPlugin>\n", 2, "Greeting needs a value"),
    ("<AppPlugin hello>\n<Limit GET>\nGreeting Hi\n</Limit>\n</AppPlugin>\n", 2,
     "<Limit cannot stand inside"),
    ("<AppPlugin inside>\n    PasswordFile /nonexistent\n</AppPlugin>\n", 2, "PasswordFile"),
    (bare.MOUNTS + "<AppPlugin inside>\n    Refuse on\n</AppPlugin>\n", 10,
     "plugin inside refuses its settings: it was told to"),
    ("<VirtualHost 127.0.0.1:1>\nServerName a\n<AppPlugin inside>\nRefuse on\n</AppPlugin>\n"
     + bare.MOUNTS + "</VirtualHost>\n", 3, "server a:1: plugin inside refuses"),
    (bare.MOUNTS + "<AppPlugin rest>\n</AppPlugin>\n", 10, "Name one with AppDatabase"),
    (CORS + "AllowedOrigins https://a.example/\n</AppPlugin>\n", 10,
     'AllowedOrigins "https://a.example/" is no origin: it has something else than a host'),
    (CORS + "AllowedOrigins https://a.example https://a.example:443\n</AppPlugin>\n", 10,
     'AllowedOrigins "https://a.example:443" is no origin: it names the port that is usual'),
    (CORS + "Credentials on\n</AppPlugin>\n", 10, "Credentials on does not go with AllowedOrigins *"),
    (CORS + "Credentials on\nAllowedOrigins https://a.example *\n</AppPlugin>\n", 10,
     "Credentials on does not go with AllowedOrigins *"),
    (CORS + "</AppPlugin>\n<Location /api/x>\n<AppPlugin cors>\nAllowedOrigins a.example\n</AppPlugin>\n</Location>\n", 13,
     'AllowedOrigins "a.example" is no origin'),
    (CORS + "Credentials on\nAllowedOrigins https://a.example\n</AppPlugin>\n<Location /api/x>\n<AppPlugin cors>\n"
     "AllowedOrigins *\n</AppPlugin>\n</Location>\n", 15, "Credentials on does not go with AllowedOrigins *"),
    (CORS + "ExposedHeaders 'Content Range'\n</AppPlugin>\n", 10, 'ExposedHeaders "Content Range" is no name'),
    (LIMIT + "Limit api\n</AppPlugin>\n", 11, "Limit takes a name"),
    (LIMIT + "Limit api 100/1w\n</AppPlugin>\n", 11, 'Limit api takes a rate as 100/1m'),
    (LIMIT + "\nLimit api 10/s per=role\n</AppPlugin>\n", 12, "per= takes address, user, key"),
    ("<Location /api>\n<AppPlugin ratelimit>\nLimit api 10/s cost=POST:11\n</AppPlugin>\n</Location>\n", 3,
     "could never pass"),
    ("<Location /api>\n<AppPlugin ratelimit>\nMemory 4m\n</AppPlugin>\n</Location>\n", 3, "cannot be set in a <Location>"),
    (LIMIT + "Exempt 10.0.0.1/8\n</AppPlugin>\n", 11, "has bits behind its prefix"),
    (LIMIT + "Redis redis://secret@cache\n</AppPlugin>\n", 10, "no user:password or :password"),
    (AUTH + "JwtRoleClaimKey $.roles[*]\n</AppPlugin>\n", 10,
     'JwtRoleClaimKey "$.roles[*]" is not a path that is known, at character 9. Accepted: $.name'),
    (AUTH + "JwtSecret 'a secret that is short'\n</AppPlugin>\n", 10,
     "JwtSecret is shorter than 32 bytes"),
    (AUTH + 'JwtSecret \'{"kty":"RSA"}\'\n</AppPlugin>\n', 10,
     "JwtSecret: no key can verify a token: its members are incomplete"),
    (AUTH + "JwtSecret @/nonexistent\n</AppPlugin>\n", 11, 'JwtSecretFile cannot read "/nonexistent"'),
    (AUTH + "ServerRoleMap ada=web_user bob\n</AppPlugin>\n", 10,
     'ServerRoleMap takes words of the form USER=ROLE or VARIABLE:VALUE=ROLE, not "bob"'),
    (AUTH + "ServerRoleMap OIDC_CLAIM_x:=web_user\n</AppPlugin>\n", 10, 'not "OIDC_CLAIM_x:=web_user"'),
    (AUTH + "ServerClaims role=OIDC_CLAIM_x\n</AppPlugin>\n", 10, "CLAIM is neither sub nor role"),
    (AUTH + "ServerClaims email=x-mail\n</AppPlugin>\n", 10, "CLAIM=VARIABLE"),
    (AUTH + "ServerUser x-user\n</AppPlugin>\n", 10, "ServerUser takes the name of a variable"),
    (bare.MOUNTS + "AppMaxBody 5k\nAppDatabase mysql://user:secret@host/name\n", 11, "database URL"),
    (bare.MOUNTS + "AppMaxBody 5k\nAppDetailsFor everybody\n", 11, "everybody"),
    ("<Directory /tmp>\nAppMaxBody 5k\n</Directory>\n", 2, "cannot occur within <Directory"),
    ("<Directory /tmp>\n<AppPlugin hello>\n</AppPlugin>\n</Directory>\n", 2, "cannot occur within <Directory"),
    ("<Files x>\nAppMaxBody 5k\n</Files>\n", 2, "cannot occur within <Files"),
    ("<Location /api>\nAppDatabase sqlite:/tmp/x\n</Location>\n", 2, "Database"),
    ("<Directory /tmp>\nSetHandler app-api\n</Directory>\n", 2, "write it inside <Location /path>"),
    ("<LocationMatch /api>\nSetHandler app-api\n</LocationMatch>\n", 2, "<Location /path>"),
    ('<Location "/a*">\nSetHandler App-Api\n</Location>\n', 2, "<Location /path>"),
    ('<Location ~ "/a">\nSetHandler app-health\n</Location>\n', 2, "<Location /path>"),
    ("<Files x>\nSetHandler app-status\n</Files>\n", 2, "<Location /path>"),
    ("<Location /x>\n<If \"true\">\nSetHandler app-status\n</If>\n</Location>\n", 3,
     "<Location /path>"),
    ("SetHandler app-api\n", 1, "stands in no section"),
    ("<Location />\nRequire app-role\n</Location>\n", 2, "takes roles: Require app-role editor"),
    ("<Location />\nRequire app-scope\n</Location>\n", 2, "takes scopes"),
    ("<Location />\nRequire app-claim team\n</Location>\n", 2, "takes the name of a claim and its values"),
    ('<Location />\nRequire app-role "%%{nosuch}"\n</Location>\n', 2, "is no expression"),
    ("AppLoginPage sign-in.html\n", 1, 'takes a path of this server, an address that begins with https://, or none'),
    ("AppLoginPage //elsewhere/\n", 1, 'not "//elsewhere/"'),
    ("AppLoginPage '/sign in'\n", 1, "holds a character that a URL cannot hold"),
    ("AppPassIdentity on\n", 1, 'takes off, environment or headers, not "on"'),
    ("<Files x>\n<If true>\nAppPassIdentity x\n</If>\n</Files>\n", 3, "takes off, environment or headers"),
]

RIGHT = [
    "",
    bare.MOUNTS,
    'Include "%s"\n' % os.path.join(stage.ROOT, "conf", "app.conf").replace("%", "%%"),
    bare.MOUNTS + "AppDatabase sqlite:/tmp/nosuch.db\n",
    '<Location "/">\nSetHandler "App-Api"\n</Location>\n',
    "<IfModule app_module>\n<Location /a>\nSetHandler app-api\n</Location>\n</IfModule>\n",
    "<Location />\nRequire app-role %%{env:ROLE} x\nAppLoginPage none\n</Location>\n",
    "<AppPlugin hello>\n<IfModule app_module>\nGreeting \"Good day\"\n</IfModule>\n</AppPlugin>\n"
    + bare.MOUNTS,
    "Define WORD Servus\n<AppPlugin hello>\nGreeting ${WORD}\n</AppPlugin>\n" + bare.MOUNTS,
]

# Lines that are accepted, and what is warned of.
WARNED = [
    (AUTH + "JwtRoleClaimKey .sub\n</AppPlugin>\n",
     'APP2001: JwtRoleClaimKey ".sub" is in the older notation'),
    (AUTH + 'JwtSecret \'{"keys":[{"kty":"RSA","use":"enc"},{"kty":"RSA","n":"AQAB","e":"AQAB"},'
     '{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}\'\n</AppPlugin>\n',
     "APP2000: JwtSecret: key 2 is left out: it is shorter than 2048 bits"),
]


def run(build):
    check = bare.Check()
    httpd = bare.Httpd(build, "")
    for lines, line, sentence in WRONG:
        httpd.write(lines)
        status, output = httpd.configtest()
        name = repr(lines)
        check.true("%s: configtest is content: %s" % (name, output), status != 0)
        check.holds(name, output, sentence)
        check.true(name + ": a secret is shown", "secret" not in output)
        number = httpd.first_line + line - 1
        check.true("%s: line %d of httpd.conf is not named: %s" % (name, number, output),
                   "line %d of %s:" % (number, httpd.conf) in output
                   or "%s:%d:" % (httpd.conf, number) in output)
    for lines in RIGHT:
        httpd.write(lines)
        status, output = httpd.configtest()
        check.equal("%r: %s" % (lines, output), status, 0)
    for lines, sentence in WARNED:
        httpd.write(lines)
        status, output = httpd.configtest()
        check.equal("%r: %s" % (lines, output), status, 0)
        check.holds(repr(lines), output, sentence)
        check.equal("%r: warnings in %s" % (lines, output), output.count("APP20"), 1)
    httpd.write("AppMaxBody 5k\n")
    check.holds("settings without a mount", httpd.configtest()[1], "nothing is served")
    return check.problems
