# SPDX-License-Identifier: Apache-2.0
"""conf/balancer.conf, as shipped, in front of two httpd with mod_app: a machine that dies costs the request under way and no
other, one that is ill is left out, one that is well again comes back; and with APP_STICKY browsers stay where they are."""
import os
import signal
import socket
import threading

from lib import bare, process, stage

CONF = os.path.join(stage.ROOT, "conf", "balancer.conf").replace("%", "%%")
MODULES = "headers setenvif proxy proxy_http proxy_balancer slotmem_shm watchdog proxy_hcheck lbmethod_bybusyness"
FRONT = """
Define APP_BACKEND_1 http://127.0.0.1:%%(one)d
Define APP_BACKEND_2 http://127.0.0.1:%%(two)d
Define APP_CHECK_SECONDS 1
%s
Include "%s"
ProxyHCTPsize 2
"""
BACK = bare.MOUNTS + """
<AppPlugin hello>
    Greeting %s
</AppPlugin>
Header always set X-Machine %s
Header always set X-Seen "expr=%%%%{HTTP:X-Forwarded-For} %%%%{HTTP:X-Forwarded-Proto} %%%%{HTTP_HOST}"
%s
"""
ILL = '<Location "/health">\n    Require all denied\n</Location>\n'


class Clients:
    """Ask one after the other, without end; know which machine has answered, and what has failed."""

    def __init__(self, httpd, count):
        self.httpd, self.failed, self.machines, self.done = httpd, [], [], False
        self.threads = [threading.Thread(target=self.ask) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        while not self.done:
            try:
                answer = self.httpd.get("/api/hello")
                found = answer.header("X-Machine") if answer.status == 200 else None
            except Exception as error:  # pylint: disable=broad-except
                found, answer = None, error
            (self.machines if found else self.failed).append(found or getattr(answer, "status", answer))

    def wait(self, count):
        seen = len(self.machines)
        process.wait_until(lambda: len(self.machines) >= seen + count, 10)
        return self.machines[seen:]

    def wait_for(self, machines):
        """Whether the next answers come to be those of these machines alone, and of each of them."""
        return process.wait_until(lambda: set(self.wait(20)) == machines, 15)

    def stop(self):
        self.done = True
        for thread in self.threads:
            thread.join()
        return self.failed


def backend(build, name, more=""):
    return bare.Httpd(build, BACK % (name, name, more), "headers")


def front(build, backends, define=""):
    httpd = bare.Httpd(build, "", MODULES)
    httpd.values.update(zip(("one", "two"), (one.port for one in backends)))
    httpd.write(FRONT % (define, CONF))
    return httpd


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return False
    except ConnectionRefusedError:
        return True


def kill(httpd):
    """As a machine whose power goes: nobody says goodbye. Children may outlive their parent by a moment, and take a request
    with them."""
    process.signal_group(httpd.process, signal.SIGKILL)
    httpd.process.wait()
    process.wait_until(lambda: refuses(httpd.port), 5)


def who_is_told(check, httpd):
    answer = httpd.get("/api/hello", [("Host", "www.example.org")])
    check.equal("what is handed on", answer.header("X-Seen"), "127.0.0.1 http www.example.org")
    check.equal("what is not handed on", httpd.get("/status").status, 404)


def dies(check, httpd, one, two):
    clients = Clients(httpd, 4)
    check.true("both are used", clients.wait_for({"one", "two"}))
    kill(one)
    check.true("the other goes on", clients.wait_for({"two"}))
    one.start()
    check.true("it comes back", clients.wait_for({"one", "two"}))
    two.write(BACK % ("two", "two", ILL))
    two.graceful()
    check.true("one that is ill is left out", clients.wait_for({"one"}))
    failed = clients.stop()
    check.true("failed beyond those under way: %r" % failed, len(failed) <= 4)


def sticky(check, build, one, two):
    with front(build, (one, two), "Define APP_STICKY") as httpd:
        for number in range(4):
            first = httpd.get("/api/hello")
            cookie = (first.header("Set-Cookie") or "").split(";")[0]
            check.holds("cookie", cookie, "app_route=.")
            for _ in range(4):
                again = httpd.get("/api/hello", [("Cookie", cookie)])
                check.equal("%d is at" % number, again.header("X-Machine"), first.header("X-Machine"))
                check.equal("%d is told again" % number, again.header("Set-Cookie"), None)
        kill(one)
        for _ in range(3):
            check.equal("from one that died", httpd.get("/api/hello", [("Cookie", "app_route=.1")]).header("X-Machine"), "two")


def run(build):
    check = bare.Check()
    status, text = bare.Httpd(build, 'Include "%s"\n' % CONF, MODULES).configtest()
    check.holds("without machines", text, "name the machines behind it first")
    status, text = bare.Httpd(build, 'Define APP_BACKEND_1 http://127.0.0.1:9\nInclude "%s"\n' % CONF, "headers").configtest()
    check.true("without modules: %d" % status, status and "load its modules first" in text)
    with backend(build, "one") as one, backend(build, "two") as two:
        with front(build, (one, two)) as httpd:
            who_is_told(check, httpd)
            dies(check, httpd, one, two)
        two.write(BACK % ("two", "two", ""))
        two.graceful()
        sticky(check, build, one, two)
    return check.problems
