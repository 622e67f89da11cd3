# SPDX-License-Identifier: Apache-2.0
"""Reads an error log as it grows, and finds what a test must have named: warnings, errors, crashes."""
import re

from lib import process

LEVEL = re.compile(r"\[(\w+):(emerg|alert|crit|error|warn|warning)\]")
NUMBER = re.compile(r"\b(APP\d{4}|AH\d{5})\b")
# Under CGI and FastCGI, what the program writes to its standard error arrives as one of httpd's errors, several lines
# in one where they came together.
PASSED_ON = re.compile(r"AH0(?:1215|1071)\b")
INNER = re.compile(r"\[app:(\w+)\].*?\b(APP\d{4})\b")
PIECE = re.compile(r"AH01071: Got error '(.*)'")
CRASH = re.compile(r"exit signal|exited with signal|Sanitizer|runtime error:|core dumped|"
                   r"corrupt|double free|assertion .* failed", re.I)


class Log:
    def __init__(self, path):
        self.path = path
        self.at = 0
        self.unended = False

    def rest(self):
        """The lines since the last call."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.at)
                data = file.read()
        except FileNotFoundError:
            return []
        end = data.rfind(b"\n") + 1
        self.at += end
        lines = data[:end].decode("utf-8", "replace").splitlines()
        return [line for line in lines if not self._goes_on(line)]

    def _goes_on(self, line):
        """Whether mod_proxy_fcgi goes on here with a line of the program that it has cut in pieces."""
        text = PIECE.search(line)
        if not text:
            return False
        before, self.unended = self.unended, not text[1].endswith("\\n")
        return before

    def text(self):
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_for(self, pattern, seconds=5.0):
        return process.wait_until(lambda: re.search(pattern, self.text()), seconds)


def numbers(line):
    """The numbers in a log line that somebody should look at; none in all other lines."""
    if CRASH.search(line):
        return {"crash"}
    inner = INNER.findall(line)
    if PASSED_ON.search(line) and inner:
        return {number for level, number in inner if level in ("error", "warning")}
    if not LEVEL.search(line):
        return set()
    found = NUMBER.findall(line)
    # A line of ours may quote one of httpd's numbers, and the other way round: ours counts.
    ours = [word for word in found if word.startswith("APP")]
    return {(ours or found or ["unnumbered"])[0]}


def unexpected(lines, allowed=()):
    """Those of the lines that warn of something which nobody named."""
    return [line for line in lines if not numbers(line) <= set(allowed)]
