# SPDX-License-Identifier: Apache-2.0
"""No file names a place that only one machine has."""
import re

from lib import source

PLACES = re.compile("/" + "work/|/" + r"home/(?!me\b|you\b|user\b|site\b|example\b)[a-z]+")


def run(_build):
    for path in source.files(""):
        if path.endswith((".png", ".ico", ".gz", ".so", ".o")):
            continue
        text = source.read(path)
        for match in PLACES.finditer(text):
            yield "%s:%d: %s" % (path, source.line_of(text, match.start()), match[0])
