# SPDX-License-Identifier: Apache-2.0
"""Stopping under load: a graceful stop lets the requests under way end well, a plain stop ends at once, and neither leaves a
process behind."""
import os
import signal
import threading
import time

from lib import client, fault, load, log, process

MANY = "/api/many?select=n"


def run(build):
    for host in ("event", "prefork", "fastcgi"):
        for number in (signal.SIGWINCH, signal.SIGTERM):
            if host == "fastcgi" and number == signal.SIGWINCH:
                continue  # its httpd holds nothing of ours
            server = fault.start(build, fault.database(build, "sqlite"), host)
            try:
                stop(server, host, number)
            except process.Failed as error:
                raise process.Failed("[%s, signal %d] %s" % (host, number, error)) from error
            finally:
                server.stop()


def ask(server, answers):
    try:
        answers.append(fault.get(server, MANY))
    except (client.Broken, OSError):
        pass  # a plain stop breaks off what is under way


def stop(server, host, number):
    fault.expect_served(server)
    for _ in range(2):  # what was asked twice holds memory of the process while it runs
        ask(server, [])
    slow = []
    thread = threading.Thread(target=ask, args=(server, slow))
    with load.Load(server.port, ["/api/packages?id=eq.3"], threads=2, keep=False):
        time.sleep(0.3)
        thread.start()
        time.sleep(0.02)
        pids = [server.process.pid, *server.children()]
        name = "%s, %s" % (host, signal.Signals(number).name)
        if number == signal.SIGWINCH:
            server.process.send_signal(number)
            thread.join(15)
            process.wait_until(lambda: server.process.poll() is not None, 15)
            fault.expect(slow and slow[0].status == 200 and slow[0].text().endswith("}]"),
                         "[%s] the request under way did not end well", name)
        fault.expect(server.stop(), "[%s] had to be killed", name)
    left = [pid for pid in pids if os.path.exists("/proc/%d" % pid)]
    fault.expect(process.wait_until(lambda: not any(os.path.exists("/proc/%d" % pid)
                                                    for pid in left), 5),
                 "[%s] processes are left: %s", name, left)
    expect_quiet(server, number)


def expect_quiet(server, number):
    """A plain stop under the event MPM closes the sockets that workers are writing to, and now and then meets one that is just
    going (close_worker_sockets): that crash is httpd's own, in front of FastCGI too, and nothing was left to be done."""
    found = log.unexpected(server.log.rest(), ("APP0003", "APP0005", "AH01067", "AH01068", "AH01075",
                                               "AH01079", "AH02454"))
    if number == signal.SIGTERM and server.host != "prefork":
        found = [line for line in found if "exit signal Segmentation" not in line]
    fault.expect(not found, "the log holds lines that nobody named:\n%s", "\n".join(found[:10]))
