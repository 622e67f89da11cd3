# SPDX-License-Identifier: Apache-2.0
"""Plays the cases of tests/clients: clients from npm, run by node, against httpd on either database."""
import glob
import http.server
import json
import os
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

from lib import jwt, log, postgres, process, server, sqlite, stage

FOLDER = os.path.join(sqlite.ROOT, "tests", "clients")
DATABASES = ("sqlite", "pgsql")
HELPERS = ("site", "reporter", "provider", "keys")
HOST = "event"
COMMON = ("rest AggregatesEnabled on", "rest PlanEnabled on",
          "rest TxEnd commit-allow-override", "auth Signup open", "auth UserRole web_user")
SETTINGS = {"sqlite": COMMON, "pgsql": COMMON + ("rest Schemas public,archive",)}
# The site of tests/clients/mails.mjs.
MAIL = ("auth SiteUrl https://shop.example.org/", "auth MailFrom shop@example.org", "auth MailInterval 1s",
        "auth InviteRoles web_user")
# Lines of the log that the cases of a file may cause: an answer that the client no longer wants fails, and the
# dialect calls a row that is there twice an error of the server.
MAY_LOG = {"select": {"APP0003", "APP0005"}, "writes": {"APP0003"}}
SECONDS = 120
# tests/clients/tokens.mjs has sites of its own, with the keys that keys.mjs makes.
ISSUER = "https://id.example.org/"


def find(wanted):
    """The files of cases that are wanted: [(name, path)]."""
    names = [(os.path.basename(path)[:-4], path) for path in sorted(glob.glob(FOLDER + "/*.mjs"))]
    return [(name, path) for name, path in names if name not in HELPERS
            and wanted in ("", "clients", "clients/" + name)]


def install():
    """The packages of the lock file, where they are not those that are there already."""
    lock = os.path.join(FOLDER, "package-lock.json")
    done = os.path.join(FOLDER, "node_modules", ".package-lock.json")
    if os.path.exists(done) and os.path.getmtime(done) >= os.path.getmtime(lock):
        return
    if not shutil.which("npm") or not shutil.which("node"):
        raise process.Skip("node and npm are not installed")
    status, output = process.run(["npm", "ci", "--ignore-scripts"], cwd=FOLDER, timeout=600)
    if status:
        raise process.Failed("npm ci failed:\n" + output.strip()[-2000:])
    os.utime(done)


class Restorer(http.server.ThreadingHTTPServer):
    """Puts tables back for the cases, which have no way into the database but through the API."""
    daemon_threads = True

    def __init__(self, database):
        self.database = database
        super().__init__(("127.0.0.1", 0), _Restore)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server_port


class _Restore(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        tables = self.rfile.read(int(self.headers["Content-Length"])).decode().split()
        try:
            self.server.database.restore(tables)
            status, text = 200, "done"
        except Exception as error:  # the case that asked tells of it
            status, text = 500, str(error)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def play(build, files, databases, report):
    try:
        install()
    except process.Skip as reason:
        for name, _ in files:
            report.skipped("clients/" + name, str(reason))
        return
    build = stage.build(build)
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(_play_database, build, kind, files, report)
                for kind in DATABASES if not databases or kind in databases]
        for future in done:
            future.result()


def _play_database(build, kind, files, report):
    try:
        database = sqlite.Database(build) if kind == "sqlite" \
            else postgres.Cluster().database("app_clients")
    except process.Skip as reason:
        for name, _ in files:
            report.skipped("clients/%s [%s]" % (name, kind), str(reason))
        return
    sites = [server.Site("site0.test", database, SETTINGS[kind])]
    restorer = Restorer(database)
    keys = process.folder("keys")
    try:
        if "tokens" in dict(files):
            sites += _token_sites(database, keys)
        spool = process.folder("spool")
        process.give_to(spool, process.web_user())
        sites.append(server.Site("mail.test", database, SETTINGS[kind] + MAIL + ('auth MailSpool "%s"' % spool,)))
        with server.Server(build, HOST, sites) as running:
            for name, path in files:
                _play_file(name, path, kind, running, restorer, report,
                           {"APP_TEST_SPOOL": spool, "APP_TEST_KEYS": keys})
    except process.Failed as error:
        report.failed("clients [%s]" % kind, str(error).splitlines())
    finally:
        restorer.shutdown()


def _token_sites(database, folder):
    status, output = process.run(["node", os.path.join(FOLDER, "keys.mjs"), folder], cwd=FOLDER)
    if status:
        raise process.Failed("keys.mjs failed:\n" + output.strip()[-2000:])
    return [server.Site("own.test", database, ["auth JwtSecretFile %s/own.json" % folder, "auth JwtIssuer " + ISSUER,
                                               "auth JwtAud tests"]),
            server.Site("foreign.test", database, ["auth Issuer %s keys=%s/issuer.json audience=tests role=$.role"
                                                   % (ISSUER, folder)])]


def _play_file(name, path, kind, running, restorer, report, folders):
    environment = dict(os.environ, **folders, APP_TEST_DATABASE=kind,
                       APP_TEST_RESTORE=restorer.url,
                       APP_TEST_API="http://127.0.0.1:%d/api" % running.port,
                       APP_TEST_TOKEN=jwt.make({"role": "web_user", "sub": "ada"}))
    command = ["node", "--test-reporter", "./reporter.mjs", path]
    try:
        status, output = process.run(command, cwd=FOLDER, env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        report.failed("clients/%s [%s]" % (name, kind), ["did not end within %d s" % SECONDS])
        return
    found, other = _results(output)
    for result in found:
        _tell(result, "clients/%s: %s [%s]" % (name, result["name"], kind), report)
    wrong = log.unexpected(running.log.rest(), MAY_LOG.get(name, ()))
    if wrong:
        report.failed("clients/%s [%s]" % (name, kind), ["nobody named these lines of the log:"] + wrong[:20])
    if not found or (status and all(result["passed"] for result in found)):
        report.failed("clients/%s [%s]" % (name, kind), ["node ended with %d" % status] + other[-20:])


def _results(output):
    """What the reporter said, and what else was printed."""
    found, other = [], []
    for line in output.splitlines():
        if line.startswith('{"name":'):
            found.append(json.loads(line))
        else:
            other.append(line)
    return found, other


def _tell(result, name, report):
    if result["passed"]:
        report.passed(name)
    else:
        report.failed(name, (result.get("error") or "").splitlines()[:30])
