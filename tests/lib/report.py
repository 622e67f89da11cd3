# SPDX-License-Identifier: Apache-2.0
"""What a run found. Failed tests are told at once, the rest is counted."""
import sys
import threading
import time


class Report:
    def __init__(self, verbose=False, out=sys.stdout):
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.reasons = {}  # why -> how many were skipped for it
        self.verbose = verbose
        self.out = out
        self.lock = threading.Lock()
        self.since = time.monotonic()

    def _say(self, text):
        self.out.write(text + "\n")
        self.out.flush()

    def passed(self, name):
        with self.lock:
            self.counts["passed"] += 1
            if self.verbose:
                self._say("ok       %s" % name)

    def failed(self, name, lines):
        with self.lock:
            self.counts["failed"] += 1
            self._say("FAILED   %s" % name)
            for line in lines:
                self._say("         " + line)

    def skipped(self, name, reason):
        with self.lock:
            self.counts["skipped"] += 1
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
            if self.verbose:
                self._say("skipped  %s: %s" % (name, reason))

    def section(self, name, since, before):
        """A line that says how a part of the run went."""
        done = {kind: self.counts[kind] - before[kind] for kind in self.counts}
        with self.lock:
            self._say("%-7s %4d passed, %d failed, %d skipped (%.1f s)"
                      % (name, done["passed"], done["failed"], done["skipped"],
                         time.monotonic() - since))

    def close(self):
        """The closing line. Returns the exit status."""
        for reason, count in sorted(self.reasons.items()):
            self._say("skipped %d: %s" % (count, reason))
        self._say("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % self.counts)
        return 1 if self.counts["failed"] or not self.counts["passed"] else 0
