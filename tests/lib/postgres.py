# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster of our own, in a temporary folder, on a free port of 127.0.0.1."""
import glob
import os
import subprocess

from lib import process

PASSWORD = "pw-of-the-tests"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "tests", "data")
FILES = ("pgsql.sql", "pgsql-films.sql", "films-rows.sql", "pgsql-more.sql",
         "pgsql-functions.sql", "pgsql-accounts.sql", "pgsql-search.sql", "pgsql-pristine.sql")
SETTINGS = """
listen_addresses = '127.0.0.1'
port = %(port)d
unix_socket_directories = '%(folder)s'
fsync = %(fsync)s
synchronous_commit = %(fsync)s
full_page_writes = %(fsync)s
max_connections = 200
shared_buffers = 16MB
logging_collector = off
log_min_messages = fatal
autovacuum = off
timezone = 'UTC'
"""
ACCESS = "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def programs():
    """The folder of initdb and postgres, newest version; None if PostgreSQL's server is not installed."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb") + glob.glob("/usr/pgsql-*/bin/initdb")
    found += [os.path.join(path, "initdb") for path in os.environ.get("PATH", "").split(":")
              if os.path.exists(os.path.join(path, "initdb"))]
    found.sort(key=lambda path: [int(word) for word in path.split("/") if word.isdigit()])
    return os.path.dirname(found[-1]) if found else None


class Cluster:
    """Created once, started and stopped as often as a test likes. The superuser is postgres, over the socket."""

    def __init__(self, fsync=False, empty=False):
        """empty: without the tests' roles, and without the tables that database() copies."""
        self.bin = programs()
        if not self.bin:
            raise process.Skip("PostgreSQL's server is not installed")
        self.folder = process.folder("pgsql")
        self.data = os.path.join(self.folder, "data")
        self.port = process.free_port()
        self.running = False
        process.give_to(self.folder, "postgres")
        self._do("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as file:
            file.write(SETTINGS % {"port": self.port, "folder": self.folder,
                                   "fsync": "on" if fsync else "off"})
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="ascii") as file:
            file.write(ACCESS)
        process.at_end(lambda: self.stop("immediate"))
        self.start()
        if not empty:
            self._make_template()

    def _make_template(self):
        self.psql("postgres", file=os.path.join(DATA, "pgsql-roles.sql"))
        self.psql("postgres", "CREATE DATABASE template_app")
        for path in sorted(glob.glob(os.path.join(ROOT, "sql", "pgsql", "*.sql"))) \
                + [os.path.join(DATA, name) for name in FILES]:
            self.psql("template_app", file=path)

    def _command(self, program, *words):
        command = [os.path.join(self.bin, program)] + list(words)
        return ["runuser", "-u", "postgres", "--"] + command if process.is_root() else command

    def _do(self, program, *words):
        status, output = process.run(self._command(program, *words), cwd="/")
        if status:
            raise process.Failed("%s failed: %s" % (program, output.strip()[-500:]))

    def start(self):
        if not self.running:
            self._do("pg_ctl", "-D", self.data, "-w", "-t", "30", "-s",
                     "-l", os.path.join(self.folder, "log"), "start")
            self.running = True

    def stop(self, mode="fast"):
        if self.running:
            self._do("pg_ctl", "-D", self.data, "-w", "-t", "30", "-s", "-m", mode, "stop")
            self.running = False

    def psql_command(self, database):
        return [os.path.join(self.bin, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", database]

    def psql(self, database, sql=None, file=None):
        """Runs SQL as the superuser. Returns what it prints."""
        command = self.psql_command(database) + (["-f", file] if file else ["-c", sql])
        status, output = process.run(command)
        if status:
            raise process.Failed("psql: %s" % output.strip()[-500:])
        return output.strip()

    def session(self, database):
        """A psql that stays: SQL is written to its standard input."""
        return process.start(self.psql_command(database), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env=os.environ)

    def database(self, name):
        """A fresh database with the tests' tables."""
        self.psql("postgres", "CREATE DATABASE %s TEMPLATE template_app" % name)
        return Database(self, name)


class Database:
    kind = "pgsql"

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.url = "postgresql://authenticator:%s@127.0.0.1:%d/%s" % (PASSWORD, cluster.port, name)

    def query(self, sql):
        return self.cluster.psql(self.name, sql)

    def restore(self, tables):
        """Names of the accounts' tables begin with app_, and are those of a schema of their own."""
        names = ["app." + table if table.startswith("app_") else table for table in tables]
        self.query("BEGIN; %s COMMIT" % "".join("SELECT pristine.restore('%s');" % name
                                                for name in names))

    def check(self):
        """Says what is broken in the database; None if it is whole."""
        return None
