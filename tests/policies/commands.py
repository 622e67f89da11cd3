# SPDX-License-Identifier: Apache-2.0
"""appctl grant, revoke and policy check: what they store or print, what they refuse, and that the server goes by it."""
import json
import os

from lib import fault, jwt, process, stage
from lib.bare import Check

PART = [("Authorization", "Bearer " + jwt.make({"role": "web_part", "sub": "u1"}))]


class Site:
    """A database, a file of settings for appctl, and a server on the same database."""

    def __init__(self, build, kind, check):
        self.staged = stage.build(build)
        self.check = check
        self.database = fault.database(build, kind)
        folder = process.folder("command")
        process.give_to(folder, process.web_user())
        self.conf = os.path.join(folder, "app.conf")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write('AppPluginDir "%s/plugins"\nAppDatabase "%s"\n<AppPlugin rest>\n</AppPlugin>\n'
                       % (self.staged, self.database.url))

    def appctl(self, *words):
        return process.run([os.path.join(self.staged, "appctl"), "-f", self.conf, *words])

    def good(self, *words, holds=()):
        status, output = self.appctl(*words)
        self.check.equal("exit code of %s (%s)" % (words, output), status, 0)
        for part in holds:
            self.check.holds(" ".join(words), output, part)
        return output

    def bad(self, *words, code=1, holds=()):
        status, output = self.appctl(*words)
        self.check.equal("exit code of %s (%s)" % (words, output), status, code)
        for part in holds:
            self.check.holds(" ".join(words), output, part)


def run(build):
    check = Check()
    sqlite(Site(build, "sqlite", check))
    pgsql(Site(build, "pgsql", check))
    return check.problems


def sqlite(site):
    check_refusals(site)
    server = fault.start(site.staged, site.database)
    try:
        follow(site, server)
    finally:
        server.stop()
    site.good("policy", "check", "web_part", holds=(
        "films (table)\n  select  columns id, title, year, director_id; rows where year >= 1990",
        "sees 5 of 10 rows", "nothing is granted on: accounts", "may call: greet"))
    site.good("policy", "check", "web_part", "films", "--row", "1", holds=(
        "delete  no: app_grants has no row for it; appctl grant web_part delete films would let it",
        "row 1: is not seen: it does not meet year >= 1990"))
    site.good("policy", "check", "web_part", "films", "--row", "99", holds=("there is no such row",))
    report = json.loads(site.good("policy", "check", "web_user", "notes", "--json", "--row", "1",
                                  "--claims", '{"sub":"ada"}'))
    notes = report["relations"][0]
    site.check.equal("claims", report["claims"], {"sub": "ada", "role": "web_user"})
    site.check.equal("rows of notes", notes["select"]["rows"], "owner = auth_uid()")
    site.check.equal("the row", set(notes["row"]), {"key", "exists", "select", "insert", "update", "delete"})


def follow(site, server):
    """The server goes by what was granted with the next request."""
    def seen():
        answer = fault.get(server, "/api/notes?select=id&order=id", PART)
        return answer.status if answer.status != 200 else json.loads(answer.text())

    site.check.equal("before", seen(), 403)
    site.good("grant", "web_part", "select", "notes", "--columns", "id,owner", "--rows", "id = 2")
    site.check.equal("granted", seen(), [{"id": 2}])
    site.good("grant", "web_part", "select", "notes", "--rows", "id > 2")
    site.check.equal("granted otherwise", [row["id"] > 2 for row in seen()].count(False), 0)
    site.good("grant", "--show", "web_part", holds=("select   notes where id > 2",))
    site.good("revoke", "web_part", "all", "notes")
    site.check.equal("revoked", seen(), 403)
    site.good("grant", "web_part", "all", "greet")
    shown = json.loads(site.good("grant", "--show", "web_part", "--json"))
    site.check.true("greet is not shown", {"greet"} == {row["resource"] for row in shown
                                                       if row["action"] == "execute"})
    events = site.database.query("SELECT count(*) FROM app_audit WHERE event LIKE 'grant_%'"
                                 " AND detail LIKE '%notes%' AND detail LIKE '%web_part%'")
    site.check.equal("changes written down", events, "3")


def check_refusals(site):
    site.bad("grant", "web_part", "select", "note", holds=("there is no table", "Perhaps you meant notes"))
    site.bad("grant", "web_part", "see", "notes", holds=('"see" is none of select',))
    site.bad("grant", "web_part", "select", "notes", "--columns", "id,nosuch", holds=("no column",))
    site.bad("grant", "web_part", "delete", "notes", "--columns", "id", holds=("whole rows",))
    site.bad("grant", "web_part", "execute", "notes", holds=("no function",))
    site.bad("grant", "web_part", "select", "greet", holds=("is a function",))
    site.bad("grant", "web_part", "select", "notes", "--check", "1", holds=("new rows",))
    site.bad("grant", "web_part", "select", "notes", "--rows", "nosuch = 1", holds=("nosuch",))
    site.bad("grant", "web_part", "select", "notes", "--rows", "1) OR (1", holds=("syntax error",))
    site.bad("grant", "web_part", "select", "notes", "--rows", "1 -- ", holds=("syntax error",))
    site.bad("grant", "web_part", code=2, holds=("grant ROLE ACTIONS NAME",))
    site.bad("grant", "--colour", "x", code=2, holds=("there is no option --colour",))
    site.bad("revoke", "web_part", "select", "notes", holds=("no such grant",))
    site.bad("policy", "check", "stranger", holds=("no grant names the role", "401"))
    site.bad("policy", "check", "web_part", "--claims", "[]", holds=("a JSON object",))
    site.bad("policy", "check", "web_part", "--row", "1", code=2, holds=("--row needs",))
    site.bad("policy", "check", "web_part", "directors", "--row", "", "--row", "2", code=2)


def pgsql(site):
    """PostgreSQL's own grants: SQL is printed, and does what it says."""
    site.database.query("GRANT web_other TO authenticator")
    printed = site.good("grant", "web_other", "select,update", "films", "--columns", "id,title,year",
                        "--rows", "year >= 1990")
    site.check.equal("--show", site.appctl("grant", "--show")[0], 1)
    site.good("policy", "check", "web_other", "films", holds=("select  no: GRANT select ON",))
    site.database.query(printed)
    site.good("policy", "check", "web_other", "films", "--row", "1", holds=(
        "select  columns id, title, year; rows where ((year >= 1990))", "delete  no", "sees 5 rows",
        "row 1: is not seen, if there is one"))
    site.database.query(site.good("revoke", "web_other", "all", "films"))
    report = json.loads(site.good("policy", "check", "web_other", "films", "--json"))
    site.check.equal("revoked", [report["relations"][0][word] for word in ("select", "update")],
                     [None, None])
    site.bad("policy", "check", "postgres", holds=("may not become", "GRANT"))
    site.bad("policy", "check", "stranger", holds=("there is no role",))
    site.good("policy", "check", "web_user", holds=("films (table)\n  select  all columns",
                                                    "may call: ", "add_director, "))
