# SPDX-License-Identifier: Apache-2.0
"""The project's own files, for guards. A guard that finds nothing to look at fails."""
import os
import re

from lib import process
from lib.sqlite import ROOT

# Folders that hold what was made, not what was written; ".git" is a file in a worktree.
MADE = {".git", "build", "demo", "node_modules", "__pycache__", "corpus"}


def files(*suffixes, below=("",)):
    """Paths relative to the project's root, sorted, of files that end in one of the suffixes ("" for all)."""
    found = []
    for start in below:
        for path, folders, names in os.walk(os.path.join(ROOT, start)):
            folders[:] = sorted(f for f in folders if f not in MADE and not f.startswith("build"))
            found += [os.path.relpath(os.path.join(path, name), ROOT) for name in names
                      if name.endswith(suffixes) and name not in MADE]
    if not found:
        raise process.Failed("there is no file %s below %s" % (" ".join(suffixes), " ".join(below)))
    return sorted(set(found))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(text, strings=False):
    """C without comments, and without the insides of strings unless those are wanted. Lines stay where they are."""
    def replace(match):
        token = match[0]
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token if strings else token[0] + token[-1]
    return TOKEN.sub(replace, text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1
