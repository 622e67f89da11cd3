# SPDX-License-Identifier: Apache-2.0
"""What people type into the search of a package catalogue, the sample's, as far as apt knows it here: the package that has
that name comes first, as many are found as plain SQL finds, and both databases find the same, but for what is named here."""
import glob
import json
import os
import re
import shutil
import subprocess
import urllib.parse

from lib import client, fault, postgres, process, server, songs, stage

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = os.path.join(ROOT, "sql", "sample")
SECTIONS = "httpd database editors vcs mail web shells net".split()
COLLECTION = "Collection packages table=packages columns=name:A,summary:B facets=section,priority"

# Names of packages, by which they are searched. A name that apt does not know here is passed over.
NAMES = """
    apache2 apache2-dev bash curl dash emacs exim4 firefox-esr fish git libapache2-mod-wsgi-py3 mercurial mutt nginx nmap
    openssh-server openvpn postfix postgresql redis roundcube sqlite3 subversion tcpdump thunderbird tor vim wget wireguard
    wireshark wordpress zsh""".split()

ALL = "name || ' ' || coalesce(summary, '')"


def has(word, where=ALL):
    """SQL: a word, as a regular expression, stands there between what is neither letter nor digit."""
    return "(%s) ~* '(^|[^[:alnum:]])%s([^[:alnum:]]|$)'" % (where, word)


def phrase(*words):
    return has("[^[:alnum:]]+".join(words))


# What is typed, and as SQL what is found.
TYPED = (
    ("web server", has("webs?"), has("servers?")),
    ("Servers WEB", has("webs?"), has("servers?")),
    ('"web server"', phrase("webs?", "servers?")),
    ("web server -apache", has("webs?"), has("servers?"), "NOT " + has("apaches?")),
    ("text editor", has("texts?"), has("editors?")),
    ("version control system", has("versions?"), has("controls?"), has("systems?")),
    ("imap pop3", has("imaps?"), has("pop3")),
    ("imap/pop3", phrase("imaps?", "pop3")),
    ("irc OR bittorrent", "(%s OR %s)" % (has("ircs?"), has("bittorrents?"))),
    ("mysql -server", has("mysqls?"), "NOT " + has("servers?")),
    ("mysql-server", phrase("mysqls?", "servers?")),
    ("php8.2", phrase("php8", "2")),
    ("mod_php8.2", phrase("mods?", "php8", "2")),
    ("c++", has("c")),
    ("name:postgresql", has("postgresqls?", "name")),
    ("summary:postgresql", has("postgresqls?", "coalesce(summary, '')")),
    ("postg*", has("postg[[:alnum:]]*")),
    ("section:httpd", "false"),  # no column of the collection: two words, and no row has one behind the other
)
# Where the databases differ: what is typed, what SQLite finds, what PostgreSQL finds, and why.
DIFFERENT = (
    ("the", has("the"), "false", "too common a word for PostgreSQL"),
    ("client for irc", " AND ".join((has("clients?"), has("for"), has("ircs?"))), has("clients?") + " AND " + has("ircs?"),
     "too common a word for PostgreSQL"),
    ("vpn", has("vpns?"), has("vpn"), "Snowball's rules take no s away where there is no vowel"),
)
MISTYPED = (("postgrseql", "postgresql"), ("nginz", "nginx"))


def run(build):
    csv = make_csv()
    databases = Sqlite(build, csv), Pgsql(build, csv)
    count, facets = databases[1].count, databases[1].facets
    with server.Server(stage.build(build), "event", [server.Site("%s.test" % each.kind, each) for each in databases]) as web:
        for kind in ("sqlite", "pgsql"):
            find_names(web, kind, databases[1])
            for text, *wheres in TYPED:
                expect_found(web, kind, text, count(" AND ".join(wheres)))
            for text, lite, pgsql, why in DIFFERENT:
                expect_found(web, kind, text, count(lite if kind == "sqlite" else pgsql), why)
            for text, meant in MISTYPED:
                told = search(web, kind, text)["did_you_mean"]
                fault.expect(told == meant, "%s: %s: meant is %s, not %s", kind, text, meant, told)
            told = {value["value"]: value["count"] for value in search(web, kind, "server")["facets"]["section"]}
            fault.expect(told == facets(has("servers?")), "%s: sections of server: %s", kind, told)


def find_names(web, kind, database):
    known = database.query("SELECT name FROM packages WHERE name IN ('%s')" % "', '".join(NAMES)).split()
    fault.expect(len(known) > len(NAMES) // 2, "of the names that are tried only %s are known", known)
    for name in known:
        hits = search(web, kind, name)["hits"]
        first = hits[0]["row"]["name"] if hits else None
        fault.expect(first == name, "%s: %s is what is found first by its name, not %s", kind, first, name)


def expect_found(web, kind, text, wanted, why=""):
    found = search(web, kind, text)
    fault.expect(found["total_is_exact"] and found["total"] == wanted, "%s: %s: %d found, not %d %s", kind, text,
                 found["total"], wanted, why)


def search(web, kind, text):
    answer = client.get(web.port, "/api/search/packages?select=name&limit=3&q=" + urllib.parse.quote(text),
                        [("Host", kind + ".test")])
    fault.expect(answer.status == 200, "%s: %s: %s", kind, text, answer.text()[:300])
    return json.loads(answer.text())


def make_csv():
    """The CSV files of the packages of some sections."""
    if not shutil.which("apt-cache"):
        raise process.Skip("there is no apt here")
    known = subprocess.run(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, check=True).stdout
    wanted = re.compile(rb"(?m)^Section: (%s)$" % "|".join(SECTIONS).encode())
    stanzas = [stanza for stanza in known.split(b"\n\n") if wanted.search(stanza)]
    if len(stanzas) < 1000:
        raise process.Skip("apt knows few packages here")
    folder = process.folder("packages")
    available = os.path.join(folder, "available")
    with open(available, "wb") as file:
        file.write(b"\n\n".join(stanzas) + b"\n")
    must([os.path.join(SAMPLE, "import.sh"), "csv", folder], env=dict(os.environ, DUMPAVAIL=available))
    return folder


def must(command, **options):
    status, output = process.run(command, **options)
    fault.expect(status == 0, "%s: %s", command[0], output)


class Sqlite:
    kind = "sqlite"

    def __init__(self, build, csv):
        folder = process.folder("db")
        path = os.path.join(folder, "packages.db")
        must([os.path.join(SAMPLE, "import.sh"), "sqlite", csv, path])
        for script in sorted(glob.glob(os.path.join(ROOT, "sql", "sqlite", "*.sql"))):
            must(["sqlite3", "-bail", path, ".read %s" % script])
        must(["sqlite3", "-bail", path, ".read %s" % os.path.join(SAMPLE, "grants-sqlite.sql")])
        self.url = "sqlite:" + path
        songs.Appctl(build, self, [COLLECTION]).run("apply", says="packages: can be searched")
        process.give_to(folder, process.web_user())
        process.give_to(path, process.web_user())


class Pgsql:
    kind = "pgsql"

    def __init__(self, build, csv):
        self.cluster = postgres.Cluster()
        self.cluster.psql("postgres", "CREATE DATABASE packages")
        self.url = "postgresql://postgres@/packages?host=%s&port=%d" % (self.cluster.folder, self.cluster.port)
        for script in sorted(glob.glob(os.path.join(ROOT, "sql", "pgsql", "*.sql"))):
            self.cluster.psql("packages", file=script)
        must([os.path.join(SAMPLE, "import.sh"), "pgsql", csv, self.url])
        self.cluster.psql("packages", file=os.path.join(SAMPLE, "grants-pgsql.sql"))
        self.query("CREATE EXTENSION pg_trgm; GRANT USAGE ON SCHEMA app TO authenticator;"
                   " GRANT SELECT ON app.app_search TO authenticator")
        songs.Appctl(build, self, [COLLECTION]).run("apply", says="packages: can be searched")
        self.url = postgres.Database(self.cluster, "packages").url

    def query(self, sql):
        return self.cluster.psql("packages", sql)

    def count(self, where):
        return int(self.query("SELECT count(*) FROM packages WHERE " + where))

    def facets(self, where):
        rows = self.query("SELECT section, count(*) FROM packages WHERE %s GROUP BY 1" % where).splitlines()
        return {section: int(count) for section, count in (row.split("|") for row in rows)}
