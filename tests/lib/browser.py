# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, spoken to over a pair of pipes in the DevTools protocol: JSON texts, each ended by a NUL."""
import fcntl
import json
import os
import select
import shutil
import subprocess
import time

from lib import process

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-first-run", "--no-default-browser-check",
            "--remote-debugging-pipe")
SECONDS = 20


def program():
    """The path of a browser, or None."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


def _high(number):
    """The same file under a number that nothing else wants: the browser's own pipes are 3 and 4."""
    copy = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(number)
    return copy


class Browser:
    """One page of a browser that knows nothing yet. Use it in a with statement."""

    def __init__(self):
        self.folder = process.folder("browser")
        theirs_in, ours_out = map(_high, os.pipe())
        ours_in, theirs_out = map(_high, os.pipe())

        def place():
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)

        self.process = process.start(
            [program(), *SWITCHES, "--user-data-dir=" + self.folder, "about:blank"], preexec_fn=place, pass_fds=(3, 4),
            env=dict(os.environ, HOME=self.folder),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.input, self.output, self.rest, self.number = ours_in, ours_out, b"", 0
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.input)
        os.close(self.output)
        process.stop(self.process, wait=5)

    def _read(self, end):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.input], [], [], max(0, end - time.monotonic()))
            data = os.read(self.input, 65536) if ready else b""
            if not data:
                raise process.Failed("the browser does not answer")
            self.rest += data
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        """Calls a method of the protocol. Returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while True:
            answer = self._read(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise process.Failed("%s: %s" % (method, answer["error"]["message"]))
                return answer["result"]

    def open(self, url):
        self.call("Page.navigate", url=url)

    def run(self, script):
        """The value of a JavaScript expression in the page, or of what it promises."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise process.Failed("%s: %s" % (script, answer["exceptionDetails"].get("exception", {}).get("description")))
        return answer["result"].get("value")

    def wait(self, script):
        """Waits until an expression is true in a page that has loaded. Returns its value."""
        script = "document.readyState == 'complete' && (%s)" % script
        value = process.wait_until(lambda: self._try(script), SECONDS, 0.05)
        if not value:
            raise process.Failed("in vain the browser waited for %s; it is at %s:\n%s" % (
                script, self.run("location.href"), self.run("document.documentElement.outerHTML")[:1000]))
        return value

    def _try(self, script):
        """Between two pages there is nothing to ask."""
        try:
            return self.run(script)
        except process.Failed:
            return None
