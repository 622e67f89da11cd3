# SPDX-License-Identifier: Apache-2.0
"""Rules of the house that a program can check: calls that are not used, licence lines, line length, things left behind."""
import re

from lib import source

CALLS = ("strcpy strcat sprintf vsprintf gets strtok atoi atol atof sscanf localtime gmtime asctime "
         "ctime strerror system popen printf puts alloca").split()
BANNED = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(CALLS))
LEFT = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|^\s*#\s*if\s+0\b", re.M)
# programs, and commands of appctl, whose output is standard output
PRINTERS = ("mod_app/cli/", "mod_app/cgi/", "plugins/auth/command/", "plugins/rest/command/",
            "plugins/search/command/", "plugins/cache/command/", "tests/")
LICENCE = "SPDX-License-Identifier: Apache-2.0"


def run(_build):
    for path in source.files(".c", ".h", below=("mod_app", "plugins", "tests")):
        text = source.read(path)
        code = source.code(text)
        for match in BANNED.finditer(code):
            if match[1] in ("printf", "puts") and path.startswith(PRINTERS):
                continue
            yield "%s:%d: %s() is not used here" % (path, source.line_of(code, match.start()),
                                                    match[1])
        if not text.startswith("/* %s */" % LICENCE):
            yield "%s:1: does not start with /* %s */" % (path, LICENCE)
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line or line != line.rstrip():
                yield "%s:%d: a tab, or blanks at the end" % (path, number)
    for path in source.files(".c", ".h", ".py", ".sh", ".sql", ".conf", "Makefile"):
        text = source.read(path)
        if path == "tests/guard/banned.py":
            continue
        for match in LEFT.finditer(text):
            yield "%s:%d: %s left behind" % (path, source.line_of(text, match.start()),
                                             match[0].strip())
        if LICENCE not in text[:400] and path.endswith((".py", ".sh")):
            yield "%s: no licence line" % path
