# SPDX-License-Identifier: Apache-2.0
"""A snapshot's image is made by tables that name each member which is a pointer: one that is forgotten would lead out of
the image, into a process that is gone."""
import re

from lib import process, source

HEADER = "plugins/rest/schema/rest_schema.h"
SHAPES = "plugins/rest/schema/rest_image_shapes.c"
STRUCT = re.compile(r"^(?:typedef )?struct (rest_(\w+)_t) \{\n(.*?)^\}", re.M | re.S)
POINTER = re.compile(r"\*+\s*(\w+)")
TABLE = re.compile(r"^static const rest_member_t of_(\w+)\[\] = \{\n(.*?)^\};", re.M | re.S)
ROW = re.compile(r"^ *(\w+)\((\w+)(?:, (\w+))?", re.M)
MADE_OF = {"foreign_key", "origin", "key"}  # what links are made of: not kept


def run(_build):
    tables = {match[1]: named(match[2]) for match in TABLE.finditer(source.read(SHAPES))}
    structs = {match[2]: match[3] for match in STRUCT.finditer(source.code(source.read(HEADER)))}
    if "relation" not in tables or "relation" not in structs:
        raise process.Failed("%s and %s are not written as this test reads them" % (HEADER, SHAPES))
    for name, body in structs.items():
        if name in MADE_OF:
            continue
        for member in POINTER.findall(body):
            if member not in tables.get(name, ()):
                yield "%s: %s of rest_%s_t is missing" % (SHAPES, member, name)


def named(rows):
    """The members that a table names."""
    return {"next" if row[0] == "NEXT" else row[2] for row in ROW.findall(rows)}
