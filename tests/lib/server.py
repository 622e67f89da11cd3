# SPDX-License-Identifier: Apache-2.0
"""Starts a real httpd around a build: as module under an MPM, in front of app.cgi, or in front of FastCGI processes.

One server holds many sites, each a virtual host of its own with its own settings, so that a group of cases with other
settings costs a virtual host and not a start.
"""
import os
import signal
import subprocess
import threading

from lib import jwt, log, process

VALGRIND = ["valgrind", "-q", "--error-limit=no", "--num-callers=30", "--child-silent-after-fork=no"]
under_valgrind = False  # set by run.py: slow, and only for httpd with the module inside

_apxs = {}
_apxs_lock = threading.Lock()

ALWAYS = ("authz_core authz_host authz_user authn_core authn_anon auth_basic alias env setenvif headers deflate filter mime "
          "dir")
COMMON = """
ServerRoot "%(folder)s"
DefaultRuntimeDir "%(folder)s"
DefaultRuntimeDir "%(folder)s"
PidFile "%(folder)s/pid"
ErrorLog "%(folder)s/error.log"
LogLevel warn app:info
ServerName localhost
Listen 127.0.0.1:%(port)d
DocumentRoot "%(folder)s/htdocs"
KeepAlive On
KeepAliveTimeout 5
MaxKeepAliveRequests 0
Timeout %(timeout)d
GracefulShutdownTimeout 10
EnableSendfile Off
TypesConfig /dev/null
AddOutputFilterByType DEFLATE application/json
SetEnv filter-errordocs 1
<Directory />
    AllowOverride None
    Require all granted
</Directory>
"""
MPM = {
    "event": "StartServers 1\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
             "MinSpareThreads 4\nMaxSpareThreads 64\n",
    "worker": "StartServers 1\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
              "MinSpareThreads 4\nMaxSpareThreads 64\n",
    "prefork": "StartServers 2\nServerLimit 8\nMaxRequestWorkers 8\n"
               "MinSpareServers 1\nMaxSpareServers 8\n",
}
LOCATIONS = "".join('<Location "/%s">\n    SetHandler app-%s\n</Location>\n' % (name, name)
                    for name in ("api", "health", "status"))
METRICS = '<Location "/metrics">\n    SetHandler app-metrics\n</Location>\n'


def apxs(name):
    with _apxs_lock:
        if name not in _apxs:
            program = os.environ.get("APXS", "apxs")
            status, output = process.run([program, "-q", name])
            if status:
                raise process.Failed("apxs -q %s failed: %s" % (name, output.strip()))
            _apxs[name] = output.strip()
        return _apxs[name]


def httpd_program():
    return os.path.join(apxs("SBINDIR"), apxs("PROGNAME"))


def load(*names):
    """LoadModule lines for those of the names that are not built in."""
    folder = apxs("LIBEXECDIR")
    lines = []
    for name in names:
        path = os.path.join(folder, "mod_%s.so" % name)
        if os.path.exists(path):
            lines.append('LoadModule %s_module "%s"\n' % (name, path))
    return "".join(lines)


class Site:
    """A virtual host. extra holds settings for the app ("AppMaxBody 1k", "rest MaxRows 3", "hello"); server holds httpd's
    lines. A bare site uses only the plugins that extra names."""

    def __init__(self, name, database, extra=(), server=(), bare=False):
        self.name = name
        self.database = database
        self.extra = tuple(extra)
        self.server = tuple(server)
        self.bare = bare

    def lines(self, secret_file):
        """The site's settings, the same for httpd and for the CGI's file."""
        core, plugins = {}, {}
        if not self.bare:
            plugins = {"hello": {}, "probe": {},
                       "auth": {"JwtSecretFile": '"%s"' % secret_file},
                       "rest": {"AnonRole": "web_anon"}, "search": {}, "cors": {}}
        if self.database:
            core["AppDatabase"] = '"%s"' % self.database.url
        for line in self.extra:
            words = line.split(" ", 2)
            if words[0].startswith("App"):
                core[words[0]] = line.split(" ", 1)[1]
            elif words[1:] == ["none"]:
                plugins.pop(words[0], None)
            else:
                settings = plugins.setdefault(words[0], {})
                if len(words) > 1 and words[1].startswith("+"):
                    settings["%s %s" % (words[1][1:], words[2])] = ""
                elif len(words) > 1:
                    settings[words[1]] = words[2] if len(words) > 2 else ""
        text = "".join("%s %s\n" % pair for pair in core.items() if pair[1] != "none")
        for plugin, settings in plugins.items():
            inside = "".join("    %s %s\n" % pair for pair in settings.items()
                             if pair[1] != "none")
            text += "<AppPlugin %s>\n%s</AppPlugin>\n" % (plugin, inside)
        return text


class Server:
    """host is event, worker, prefork (the module), cgi or fastcgi. Use it in a with statement, or call stop()."""

    def __init__(self, build, host, sites, lines="", mpm="", timeout=20, program=None):
        self.build = os.path.abspath(build)
        self.host = host
        self.sites = sites
        self.port = process.free_port()
        self.folder = process.folder(host)
        self.log = log.Log(os.path.join(self.folder, "error.log"))
        self.process = None
        self.backends = []
        self.program = program or [httpd_program()]
        self.secret_file = self._write("secret", jwt.SECRET, private=True)
        os.mkdir(os.path.join(self.folder, "htdocs"))
        self.conf = self._write("httpd.conf", self._conf(lines, mpm, timeout))

    def __enter__(self):
        if not self.process:
            self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _write(self, name, text, private=False):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if private:
            os.chmod(path, 0o600)
        process.give_to(path, process.web_user())
        return path

    # Configuration

    def _conf(self, lines, mpm, timeout):
        model = self.host if self.host in MPM else "event"
        modules = ["mpm_" + model] + ALWAYS.split()
        modules += {"cgi": ["cgid"], "fastcgi": ["proxy", "proxy_fcgi"]}.get(self.host, [])
        modules += ["unixd"] if process.is_root() else []
        modules += ["http2"] if model != "prefork" else []
        text = load(*modules)
        if self.host in MPM:
            text += 'LoadModule app_module "%s/mod_app.so"\n' % self.build
        text += COMMON % {"folder": self.folder, "port": self.port, "timeout": timeout}
        if self.host not in MPM:
            text = text.replace(" app:info", "")
        if process.is_root():
            text += "User www-data\nGroup www-data\n"
        if model != "prefork":
            text += "Protocols h2c http/1.1\n"
        text += MPM[model] + mpm + "\n" + self._share() + lines + "\n"
        return text + "".join(self._site(site) for site in self.sites)

    def _share(self):
        if self.host == "cgi":
            return 'ScriptSock "%s/cgisock"\n' % self.folder
        if self.host in MPM:
            return 'AppPluginDir "%s/plugins"\n' % self.build
        return ""

    def _site(self, site):
        settings = site.lines(self.secret_file)
        text = "<VirtualHost 127.0.0.1:%d>\nServerName %s\n" % (self.port, site.name)
        if self.host in MPM:
            text += settings + LOCATIONS + METRICS
        else:
            text += self._program_site(site, settings)
        return text + "\n".join(site.server) + "\n</VirtualHost>\n"

    def _program_site(self, site, settings):
        """A site whose answers come from app.cgi, which reads the same lines from a file."""
        state = os.path.join(self.folder, "state-" + site.name)
        os.mkdir(state)
        process.give_to(state, process.web_user())
        conf = self._write(site.name + ".conf",
                           'AppPluginDir "%s/plugins"\nAppStateDir "%s"\n%s'
                           % (self.build, state, settings), private=True)
        if self.host == "fastcgi":
            socket = os.path.join(self.folder, site.name + ".sock")
            self.backends.append((conf, socket))
            return ('<LocationMatch "^/(api|health|status|metrics)">\n    CGIPassAuth On\n'
                    '    SetHandler "proxy:unix:%s|fcgi://localhost"\n</LocationMatch>\n' % socket)
        passed = "".join('SetEnv %s "%s"\n' % (name, os.environ[name])
                         for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ)
        return (passed + 'SetEnv APP_CONFIG "%s"\nSetEnv APP_LOG_LEVEL info\n'
                'ScriptAliasMatch "^/(api|health|status|metrics)(.*)$" "%s/app.cgi/$1$2"\n'
                '<Location "/">\n    CGIPassAuth On\n</Location>\n' % (conf, self.build))

    # Life

    def command(self, *words):
        return self.program + ["-d", self.folder, "-f", self.conf] + list(words)

    def configtest(self):
        """Returns (exit status, what it says)."""
        return process.run(self.command("-t"), cwd="/", env=process.server_environment())

    def start(self):
        for conf, socket in self.backends:
            self._start_backend(conf, socket)
        command = self.command("-D", "FOREGROUND")
        if under_valgrind and self.host in MPM:
            command = VALGRIND + ["--log-file=%s/valgrind.%%p" % self.folder] + command
        output = open(os.path.join(self.folder, "output"), "ab")
        self.process = process.start(command, stdout=output, stderr=output,
                                     stdin=subprocess.DEVNULL, cwd="/")
        output.close()
        up = process.wait_until(lambda: self.process.poll() is not None
                                or process.listens(self.port), 60)
        if not up or self.process.poll() is not None:
            raise process.Failed("httpd (%s) did not start:\n%s" % (self.host, self.last_words()))

    def last_words(self):
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            return "\n".join((file.read() + self.log.text()).splitlines()[-12:])

    def graceful(self):
        self.process.send_signal(signal.SIGUSR1)

    def stop(self, number=signal.SIGTERM):
        """Stops httpd and what is behind it. Returns whether all ended in time."""
        ended = process.stop(self.process, number) if self.process else True
        for backend in getattr(self, "running", []):
            ended = process.stop(backend) and ended
        self.running = []
        return ended

    def _start_backend(self, conf, path):
        """An app.cgi whose standard input is the listening socket, as a FastCGI starter would have it."""
        import socket
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(64)
        errors = open(self.log.path, "ab")
        options = {"user": "www-data", "group": "www-data"} if process.is_root() else {}
        backend = process.start([os.path.join(self.build, "app.cgi")], stdin=listener,
                                stdout=errors, stderr=errors, cwd="/",
                                env=dict(os.environ, APP_CONFIG=conf, APP_LOG_LEVEL="info"),
                                **options)
        self.running = getattr(self, "running", []) + [backend]
        errors.close()
        listener.close()

    def valgrind_reports(self):
        """What valgrind found in the parent and its children, once they have ended."""
        names = [name for name in os.listdir(self.folder) if name.startswith("valgrind.")]
        lines = [] if names or self.host not in MPM else ["valgrind left no file"]
        for name in sorted(names):
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                lines += file.read().splitlines()
        return lines

    def children(self):
        """Process ids of httpd's children."""
        path = "/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)
        try:
            with open(path, encoding="ascii") as file:
                return [int(word) for word in file.read().split()]
        except FileNotFoundError:
            return []
