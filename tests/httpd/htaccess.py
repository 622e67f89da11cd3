# SPDX-License-Identifier: Apache-2.0
"""conf/htaccess.txt as a customer uses it: app.cgi in a folder of the site, in a server that knows of mod_app only what that
.htaccess says. Its paths are answered, Authorization arrives, what lies beside app.cgi is not handed out, and the doctor
answers to the word that the owner has set, and to no other."""
import json
import os
import shutil

from lib import bare, process, stage

WORD = "a-word-for-this-test"
LINES = """
ScriptSock "%(folder)s/cgisock"
<Directory "%(folder)s/htdocs">
    AllowOverride FileInfo AuthConfig Limit Options=ExecCGI,Indexes
</Directory>
"""
CONF = """AppDatabase "sqlite:%s/data/app.db"
AppStateDir "%s/data"
<AppPlugin probe>
</AppPlugin>
"""
HIDDEN = ["app.conf", "app.conf~", "app.conf.bak", "APP.CONF", "app.db", "app.db-wal", "app.sqlite3",
          ".htaccess", ".app.conf.swp", "plugins/probe.so", "jwt.pem", "dump.sql"]


def install(httpd, build):
    """What docs/shared-hosting.md says, for a folder "shop" of the site."""
    staged = stage.build(build)
    folder = os.path.join(httpd.folder, "htdocs", "shop")
    data = os.path.join(httpd.folder, "data")
    os.makedirs(os.path.join(folder, "plugins"))
    os.mkdir(data)
    process.give_to(data, process.web_user())
    shutil.copy(os.path.join(staged, "app.cgi"), folder)
    shutil.copy(os.path.join(staged, "plugins", "probe.so"), os.path.join(folder, "plugins"))
    with open(os.path.join(stage.ROOT, "conf", "htaccess.txt"), encoding="utf-8") as file:
        text = file.read().replace("#SetEnv APP_DOCTOR change-this-to-a-word-of-yours",
                                   "SetEnv APP_DOCTOR " + WORD)
    httpd.file("shop/.htaccess", text)
    httpd.file("shop/app.conf", CONF % (httpd.folder, httpd.folder))
    httpd.file("shop/page.html", "a page")
    for name in HIDDEN:
        if not os.path.exists(os.path.join(folder, name)):
            httpd.file("shop/" + name, "secret")


def answered(check, httpd):
    answer = httpd.get("/shop/health/live")
    check.equal("live", (answer.status, answer.text()), (200, '{"status":"alive"}'))
    answer = httpd.get("/shop/status")
    check.equal("status", json.loads(answer.text())["name"], "mod_app")
    check.equal("no such path", httpd.get("/shop/api/none").status, 404)
    check.equal("other paths", httpd.get("/shop/healthy").status, 404)
    check.equal("a page", httpd.get("/shop/page.html").text(), "a page")
    check.equal("arguments", httpd.get("/shop/app.cgi?--version").status, 404)


def hidden(check, httpd):
    for name in HIDDEN:
        check.equal(name, httpd.get("/shop/" + name).status, 403)
    check.equal("the folder", httpd.get("/shop/").status in (403, 404), True)


def doctor(check, httpd):
    answer = httpd.get("/shop/app.cgi?" + WORD, [("Authorization", "Bearer x")])
    check.equal("doctor", answer.status, 200)
    check.holds("doctor", answer.text(), "the server passes it on")
    check.holds("doctor", answer.text(), ".htaccess\n")
    check.holds("doctor", answer.text(), "appctl migrate up")
    check.equal("a wrong word", httpd.get("/shop/app.cgi?" + WORD[:-1] + "x").status, 404)


def broken(check, httpd):
    """A mistake in the settings is told to the log, not to the client."""
    httpd.file("shop/app.conf", "AppDatabaseMax many\n")
    answer = httpd.get("/shop/health")
    check.equal("broken", answer.status, 500)
    check.equal("broken", sorted(json.loads(answer.text())), ["code", "details", "hint", "message"])
    check.true("a path in the answer", httpd.folder not in answer.text())
    check.holds("log", httpd.log.text(), "app.conf:1: AppDatabaseMax takes a whole number")


def run(build):
    check = bare.Check()
    modules = "rewrite env cgid"
    with bare.Httpd(build, LINES, modules=modules) as httpd:
        install(httpd, build)
        answered(check, httpd)
        hidden(check, httpd)
        doctor(check, httpd)
        broken(check, httpd)
        check.problems += httpd.complaints("AH01630", "AH01276", "APP0201", "APP0302", "APP0402")
    return check.problems
