# SPDX-License-Identifier: Apache-2.0
"""A Redis of the test's own, with a password, that can be killed, halted and started again with nothing in it."""
import os
import shutil
import signal
import subprocess

from lib import process

PASSWORD = "open/sesame"


class Redis:
    def __init__(self):
        self.program = shutil.which("redis-server")
        if not self.program:
            raise process.Skip("redis-server is not installed")
        self.port = process.free_port()
        self.folder = process.folder("redis")
        self.url = "redis://:%s@127.0.0.1:%d/1" % (PASSWORD.replace("/", "%2F"), self.port)
        self.process = None

    def start(self):
        # The password stands in a file, as it should.
        path = os.path.join(self.folder, "redis.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write('bind 127.0.0.1\nport %d\nrequirepass "%s"\nsave ""\nappendonly no\n'
                       'dir "%s"\n' % (self.port, PASSWORD, self.folder))
        self.process = process.start([self.program, path], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, cwd=self.folder)
        if not process.wait_until(lambda: process.listens(self.port), 10):
            raise process.Failed("redis-server did not start")

    def kill(self):
        if self.process:
            process.stop(self.process, signal.SIGKILL)

    def halt(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
