# SPDX-License-Identifier: Apache-2.0
"""What a request cannot do without: a handler that writes the same bytes from memory, and the same SQL in the database
alone."""
import json
import os
import re
import time

from lib import postgres, process, server

import work
from load import cpu_seconds, must

HERE = os.path.dirname(os.path.abspath(__file__))
STATEMENT = re.compile(r"execute [^:]+: (.*)\n(?:.*DETAIL:  parameters: (.*)\n)?")
OURS = re.compile(r"^(BEGIN|COMMIT|ROLLBACK|SELECT (num_nulls\()?set_config)")


def build(folder):
    """The handler as an httpd module, and the loop over SQLite. Returns their paths."""
    module = os.path.join(folder, "mod_bytes.so")
    flags = must(["pkg-config", "--cflags", "apr-1", "apr-util-1"]).split()
    must([os.environ.get("CC", "cc"), "-O2", "-fPIC", "-shared", *flags,
          "-I" + server.apxs("INCLUDEDIR"), "-o", module, os.path.join(HERE, "mod_bytes.c")])
    return module, build_loop(folder)


def build_loop(folder):
    loop = os.path.join(folder, "sqlite_loop")
    must([os.environ.get("CC", "cc"), "-O2", "-o", loop, os.path.join(HERE, "sqlite_loop.c"),
          *must(["pkg-config", "--cflags", "--libs", "sqlite3"]).split()])
    return loop


class SqliteAlone:
    def __init__(self, loop, path, sql, values):
        self.command = [loop, path]
        self.statement = [sql] + values

    def cost(self, seconds):
        """CPU seconds of 1,000 runs."""
        output = must(["runuser", "-u", process.web_user(), "--"] * process.is_root()
                      + self.command + [str(seconds)] + self.statement)
        runs, cpu = output.split()
        return float(cpu) * 1000 / int(runs)


class PgsqlAlone:
    """pgbench, prepared; its own CPU does not count, and neither does what connecting costs."""

    def __init__(self, database, sql, values, connections, folder):
        self.database, self.connections = database, connections
        self.script = os.path.join(folder, "pgbench.sql")
        sql = sql.replace(":punct:", "'||chr(58)||'punct'||chr(58)||'")  # no variable of pgbench's
        self.sql = re.sub(r"\$(\d+)", r":p\1", sql)
        self.values = values

    def command(self, *words):
        cluster = self.database.cluster
        variables = []
        for number, value in enumerate(self.values, 1):
            variables += ["-D", "p%d=%s" % (number, value)]
        return [os.path.join(cluster.bin, "pgbench"), "-n", "-M", "prepared",
                "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "authenticator",
                "-c", str(self.connections), "-j", "2", "-f", self.script, *variables, *words,
                "bench"]

    def run(self, *words):
        """Transactions, and the CPU seconds of the server."""
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(self.sql + ";\n")
        claims = json.dumps(work.CLAIMS, separators=(",", ":"))
        environment = dict(os.environ, PGPASSWORD=postgres.PASSWORD,
                           PGOPTIONS="-c role=editor -c request.jwt.claims=%s" % claims)
        roots = {self.database.main_process()}
        before = cpu_seconds(roots)
        output = must(self.command(*words), env=environment)
        time.sleep(0.1)  # until the backends have gone, and what they took is their parent's
        cpu = cpu_seconds(roots) - before
        return int(re.search(r"actually processed: (\d+)", output)[1]), cpu

    def cost(self, seconds):
        idle_runs, idle = self.run("-t", "1")
        runs, busy = self.run("-T", str(seconds))
        while runs < 3 * idle_runs:  # too short a time for what takes long
            seconds *= 2
            runs, busy = self.run("-T", str(seconds))
        return (busy - idle) * 1000 / (runs - idle_runs)


def statement_of(database, send):
    """The statement that a request sends to PostgreSQL, with its parameters."""
    return statements_of(database, send)[-1]  # those before it read the schema


def statements_of(database, send):
    """All that a request sends to PostgreSQL, with their parameters: read from the server's log."""
    log = os.path.join(database.cluster.folder, "log")
    size = os.path.getsize(log)
    database.run("ALTER SYSTEM SET log_min_duration_statement = 0", "postgres")
    database.run("ALTER SYSTEM SET log_min_messages = 'log'", "postgres")
    database.run("SELECT pg_reload_conf()", "postgres")
    time.sleep(0.3)
    send()
    time.sleep(0.1)
    database.run("ALTER SYSTEM RESET log_min_duration_statement", "postgres")
    database.run("ALTER SYSTEM RESET log_min_messages", "postgres")
    database.run("SELECT pg_reload_conf()", "postgres")
    time.sleep(0.3)
    with open(log, encoding="utf-8") as file:
        file.seek(size)
        text = file.read()
    found = [pair for pair in re.findall(STATEMENT, text) if not OURS.match(pair[0])]
    if not found:
        raise process.Failed("the server's log does not show the statement:\n%s" % text[-800:])
    return [(sql, values_of(parameters)) for sql, parameters in found]


def values_of(text):
    """$1 = 'it''s', $2 = '20' """
    return [value.replace("''", "'") for value in re.findall(r"\$\d+ = '((?:[^']|'')*)'", text)]
