# SPDX-License-Identifier: Apache-2.0
"""Settings of the API that stand in PostgreSQL: they take the place of the configuration's as soon as somebody says
"reload config"; one that cannot be, or that is not the database's to say, is told of and left; and they can be shut out."""
import json

from lib import fault, process

ALTER = "ALTER ROLE authenticator %sSET pgrst.%s = '%s'"
ROWS = "/api/packages?select=id"
COUNT = "/api/packages?select=count()"
SETTINGS = ("rest MaxRows 3",)
PRE_CONFIG = """
    CREATE SCHEMA hidden; GRANT USAGE ON SCHEMA hidden TO authenticator;
    CREATE FUNCTION hidden.settings() RETURNS void LANGUAGE sql AS
        $$ SELECT set_config('pgrst.db_max_rows', '1', true), set_config('pgrst.db_plan_enabled', 'on', true) $$;
"""


def run(build):
    database = fault.database(build, "pgsql")
    heard(build, database)
    by_function(build, database)
    shut_out(build, database)


def say(database, *settings):
    for name, value in settings:
        place = "IN DATABASE %s " % database.name if name.startswith("!") else ""
        database.query(ALTER % (place, name.lstrip("!"), value))
    database.query("NOTIFY pgrst, 'reload config'")


def rows(server):
    return len(json.loads(fault.get(server, ROWS, [("Connection", "close")]).text()))


def expect_rows(server, count):
    fault.expect(process.wait_until(lambda: rows(server) == count, 3),
                 "%d rows where %d were to be", rows(server), count)


def heard(build, database):
    server = fault.start(build, database, settings=SETTINGS, lines="LogLevel app:info\n")
    try:
        fault.expect(process.wait_until(lambda: "APP1114" in server.log.text(), 5),
                     "nobody listens")
        expect_rows(server, 3)
        fault.expect_answer(fault.get(server, COUNT), 400, "PGRST123")
        say(database, ("db_max_rows", "2"), ("db_aggregates_enabled", "true"))
        expect_rows(server, 2)
        fault.expect_answer(fault.get(server, COUNT), 200)
        say(database, ("!db_max_rows", "4")) # of the role in this database, before the role's own
        expect_rows(server, 4)
        wrong(server, database)
        schemas(server, database)
        fault.expect_quiet(server, ("APP1181",))
    finally:
        server.stop()


def wrong(server, database):
    say(database, ("!db_max_rows", "many"), ("db_anon_role", "web_user"), ("jwt_secret", "x" * 32))
    expect_rows(server, 3) # the configuration's
    said = server.log.text()
    for number, what in (("APP1181", "pgrst.db_max_rows"), ("APP1180", "pgrst.db_anon_role"),
                         ("APP1180", "pgrst.jwt_secret")):
        fault.expect([line for line in said.splitlines() if number in line and what in line],
                     "nothing tells of %s", what)
    fault.expect("xxxx" not in said, "a secret of the database stands in the log")
    database.query("ALTER ROLE authenticator IN DATABASE %s RESET ALL" % database.name)


def schemas(server, database):
    database.query("CREATE SCHEMA more; CREATE TABLE more.things AS SELECT 1 AS id;"
                   "GRANT USAGE ON SCHEMA more TO web_anon; GRANT SELECT ON more.things TO web_anon")
    say(database, ("db_schemas", "more, public"))
    fault.expect_served(server, "/api/things", within=3)
    fault.expect_answer(fault.get(server, "/api/packages"), 404, "PGRST205")
    fault.expect_answer(fault.get(server, ROWS, [("Accept-Profile", "public")]), 200)
    fault.expect_answer(fault.get(server, ROWS, [("Accept-Profile", "pg_catalog")]), 406, "PGRST106")


def by_function(build, database):
    """A function makes settings; what the role is set to comes before, and what a session was begun with does not count."""
    database.query("ALTER ROLE authenticator RESET ALL")
    database.query(PRE_CONFIG)
    server = fault.start(build, database, settings=(*SETTINGS, "rest PreConfig hidden.settings"),
                         lines="LogLevel app:info\n")
    try:
        fault.expect(process.wait_until(lambda: "APP1114" in server.log.text(), 5),
                     "nobody listens")
        expect_rows(server, 1)
        say(database, ("db_max_rows", "2"))
        expect_rows(server, 2)
        database.query("ALTER ROLE authenticator RESET ALL; NOTIFY pgrst, 'reload config'")
        expect_rows(server, 1)
        fault.expect_quiet(server)
    finally:
        server.stop()


def shut_out(build, database):
    say(database, ("db_max_rows", "2"))
    server = fault.start(build, database, settings=(*SETTINGS, "rest DatabaseConfig off"))
    try:
        expect_rows(server, 3)
        fault.expect_quiet(server)
    finally:
        server.stop()
