# SPDX-License-Identifier: Apache-2.0
"""No test that never runs: each C test is built and registered, each fuzz target has a corpus, each case and table can be
read, and each case is played by at least one combination."""
import glob
import os
import re

from lib import dialect, play, process, source


def run(build):
    yield from unit(build)
    yield from fuzz(build)
    yield from cases()
    yield from tables()
    for path in source.files(".py", below=("tests/guard", "tests/faults", "tests/httpd")):
        if not re.search(r"^def run\(", source.read(path), re.M):
            yield "%s has no run()" % path


def built(build, kind, path):
    program = os.path.join(build, "tests", kind, os.path.basename(path)[:-2])
    if not os.access(program, os.X_OK):
        yield "%s is not built (%s is missing)" % (path, os.path.relpath(program, build))


def unit(build):
    for path in source.files(".c", below=("tests/unit",)):
        if not os.path.basename(path).startswith("test_"):
            continue
        yield from built(build, "unit", path)
        text = source.code(source.read(path))
        for name in re.findall(r"^static void (test_\w+)\(void \*\*", text, re.M):
            if len(re.findall(r"\b%s\b" % name, text)) < 2:
                yield "%s: %s is never registered" % (path, name)


def fuzz(build):
    for path in source.files(".c", below=("tests/fuzz",)):
        name = os.path.basename(path)
        if not name.startswith("fuzz_"):
            continue
        yield from built(build, "fuzz", path)
        corpus = os.path.join(source.ROOT, "tests", "fuzz", "corpus", name[5:-2])
        if not glob.glob(os.path.join(corpus, "*")):
            yield "%s: tests/fuzz/corpus/%s holds no file" % (path, name[5:-2])


def cases():
    read, wrong = play.load("")
    yield from ("%s: %s" % pair for pair in wrong)
    if not read:
        raise process.Failed("tests/http holds no case")
    for case in read:
        if not any(case.runs_on(*pair) for pair in play.COMBINATIONS):
            yield "%s runs on no host and database" % case.name
    titles = {}
    for case in read:
        if case.title in titles:
            yield "%s and %s have the same title" % (titles[case.title], case.name)
        titles[case.title] = case.name


def tables():
    found = dialect.find("")
    if not found:
        raise process.Failed("tests/dialect holds no table")
    for _, path in found:
        try:
            dialect.read(path)
        except (dialect.Wrong, UnicodeDecodeError) as error:
            yield str(error)
