# SPDX-License-Identifier: Apache-2.0
"""Each log number stands once in the source, in the range of its folder, so that a line of a log leads to one place."""
import re

from lib import process, source

NUMBER = re.compile(r'"APP(\d{4})"')


def owner(path):
    """The range a file's numbers come from: mod_app's is 1-999, rest's 1000-1999, other plugins share hundreds with nobody."""
    parts = path.split("/")
    return parts[1] if parts[0] == "plugins" else "mod_app"


def run(_build):
    seen, hundreds = {}, {}
    for path in source.files(".c", ".h", below=("mod_app", "plugins")):
        text = source.code(source.read(path), strings=True)
        for match in NUMBER.finditer(text):
            where = "%s:%d" % (path, source.line_of(text, match.start()))
            number, who = int(match[1]), owner(path)
            if number in seen:
                yield "APP%04d stands in %s and in %s" % (number, seen[number], where)
            seen[number] = where
            yield from wrong_range(number, who, where, hundreds)
    if not seen:
        raise process.Failed("there is no log number in the source")


def wrong_range(number, who, where, hundreds):
    if (who == "mod_app") != (1 <= number <= 999) or (who == "rest") != (1000 <= number <= 1999):
        yield "%s: APP%04d is not in the range of %s" % (where, number, who)
    elif number >= 2000 and hundreds.setdefault(number // 100, who) != who:
        yield "%s: the hundred of APP%04d belongs to %s" % (where, number, hundreds[number // 100])
