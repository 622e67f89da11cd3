# SPDX-License-Identifier: Apache-2.0
"""A table of songs that tests of plugin search make a collection of, and `appctl search` on its database."""
import os
import random

from lib import fault, process, stage

WORDS = "moon river blue night train road home love rain sun river moon".split()
MOODS = ("glad", "sad", "odd")
TABLE = "CREATE TABLE songs (id %s PRIMARY KEY, title text NOT NULL, words text, mood text)"
COLUMNS = ("--columns", "title:A,words:C", "--facets", "mood")
GRANTS = ("select", "insert", "update", "delete")


def make(database):
    """Everybody may read it, web_user may write, and the site's own role has it. Other collections are forgotten."""
    if database.kind == "pgsql":
        database.query("DELETE FROM app.app_search")
        database.query(TABLE % "integer" + "; ALTER TABLE songs OWNER TO authenticator;"
                       " GRANT CREATE ON SCHEMA public TO authenticator; GRANT SELECT ON songs TO web_anon;"
                       " GRANT %s ON songs TO web_user" % ", ".join(GRANTS))
        return
    database.query("DELETE FROM app_search")
    database.query(TABLE % "INTEGER")
    database.query("INSERT INTO app_grants (role, resource, action) VALUES ('web_anon', 'songs', 'select'), "
                   + ", ".join("('web_user', 'songs', '%s')" % grant for grant in GRANTS))


def some_words(most, chance=random):
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, most)))


def run_script(database, statements):
    """Runs statements one behind the other, by one program."""
    script = "; ".join(statements)
    if database.kind == "pgsql":
        database.query(script)
        return
    connection = database.connect()
    try:
        connection.executescript(script)
    finally:
        connection.close()


class Appctl:
    """appctl search, with a configuration of its own."""

    def __init__(self, build, database, lines=()):
        self.program = os.path.join(stage.build(build), "appctl")
        self.path = os.path.join(process.folder("search"), "app.conf")
        self.database = database
        self.plugins = os.path.join(stage.build(build), "plugins")
        self.declare(lines)

    def declare(self, lines):
        """Writes the configuration with other lines in <AppPlugin search>."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write('AppDatabase "%s"\nAppPluginDir "%s"\n<AppPlugin rest>\n    AnonRole web_anon\n</AppPlugin>\n'
                       "<AppPlugin search>\n%s</AppPlugin>\n"
                       % (self.database.url, self.plugins, "".join("    %s\n" % line for line in lines)))

    def run(self, *words, good=True, says=""):
        """Returns what it prints, in which says must stand."""
        status, output = process.run([self.program, "-f", self.path, "search", *words])
        told = "appctl search %s: %s %s" % (" ".join(words), status, output)
        fault.expect((status == 0) == good, "%s", told)
        fault.expect(says in output, "%s\nnot said: %s", told, says)
        return output

    def create(self):
        return self.run("create", "songs", "--table", "songs", *COLUMNS, says="can be searched")
