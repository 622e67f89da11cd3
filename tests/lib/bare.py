# SPDX-License-Identifier: Apache-2.0
"""An httpd with the module and the lines that a test writes itself, for what lib.server's sites cannot say: sections,
virtual hosts, other modules, lines that are wrong. Plugins hello, probe and inside are there."""
import os
import signal
import subprocess

from lib import client, log, process, server, stage

BASE = """
ServerRoot "%(folder)s"
DefaultRuntimeDir "%(folder)s"
PidFile "%(folder)s/pid"
ErrorLog "%(folder)s/error.log"
LogLevel warn app:info
ServerName localhost
Listen 127.0.0.1:%(port)d
DocumentRoot "%(folder)s/htdocs"
TypesConfig /dev/null
Timeout 5
AppPluginDir "%(plugins)s"
<Directory />
    Require all granted
</Directory>
"""
MOUNTS = server.LOCATIONS


class Httpd:
    """Use it in a with statement. lines may hold %(port)d and %(folder)s."""

    def __init__(self, build, lines, modules="", mpm="event"):
        staged = stage.build(build)
        self.folder = process.folder("httpd")
        self.port = process.free_port()
        self.log = log.Log(os.path.join(self.folder, "error.log"))
        self.mpm = mpm
        self.process = None
        self.values = {"folder": self.folder, "port": self.port,
                       "plugins": os.path.join(staged, "plugins")}
        inside = os.path.join(staged, "plugins", "inside.so")
        if not os.path.exists(inside):
            stage.compile_plugin(os.path.join(stage.ROOT, "tests", "httpd", "inside.c"), inside)
        os.mkdir(os.path.join(self.folder, "htdocs"))
        self.head = server.load("mpm_" + mpm, "authz_core", "authz_host", "unixd", "mime",
                                *modules.split())
        self.head += 'LoadModule app_module "%s/mod_app.so"\n' % staged
        self.head += BASE % self.values + server.MPM[mpm]
        if process.is_root():
            self.head += "User www-data\nGroup www-data\n"
        self.first_line = self.head.count("\n") + 1
        self.conf = os.path.join(self.folder, "httpd.conf")
        self.write(lines)

    def write(self, lines):
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(self.head + lines % self.values)

    def file(self, path, text):
        """Puts a file into the document root."""
        path = os.path.join(self.folder, "htdocs", path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, *words):
        return [server.httpd_program(), "-d", self.folder, "-f", self.conf, *words]

    def configtest(self):
        return process.run(self.command("-t"), cwd="/",
                           env=process.server_environment())

    def start(self, *words):
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = process.start(self.command(*(words or ("-D", "FOREGROUND"))),
                                         stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                         cwd="/")
        up = process.wait_until(lambda: self.process.poll() is not None
                                or process.listens(self.port), 20)
        if not up or self.process.poll() is not None:
            with open(os.path.join(self.folder, "output"), encoding="utf-8") as file:
                raise process.Failed("httpd (%s) did not start:\n%s%s"
                                     % (self.mpm, file.read(), self.log.text()))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, number=signal.SIGTERM):
        """Returns whether it ended in time, by itself."""
        return process.stop(self.process, number, 8) if self.process else True

    def graceful(self):
        """Restarts, and waits until the new generation serves."""
        before = self.log.text().count("resuming normal operations")
        self.process.send_signal(signal.SIGUSR1)
        process.wait_until(
            lambda: self.log.text().count("resuming normal operations") > before, 10)

    def get(self, target, headers=(), method="GET", body=None):
        return client.get(self.port, target, headers, method, body)

    def complaints(self, *allowed):
        """Warnings and errors in the log that nobody has named."""
        return log.unexpected(self.log.rest(), allowed)


class Check:
    """Collects what is wrong; a test hands .problems back."""

    def __init__(self):
        self.problems = []

    def equal(self, what, found, wanted):
        if found != wanted:
            self.problems.append("%s: found %r, not %r" % (what, found, wanted))

    def holds(self, what, text, part):
        if part not in text:
            self.problems.append("%s: %r is not in %r" % (what, part, text[-1500:]))

    def true(self, what, value):
        if not value:
            self.problems.append(what)
