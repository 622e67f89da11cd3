# SPDX-License-Identifier: Apache-2.0
"""Migrations of each dialect are numbered from 0001 on, each number once: appctl migrate refuses them otherwise."""
import os

from lib import source


def run(_build):
    for dialect in ("sqlite", "pgsql"):
        names = sorted(os.listdir(os.path.join(source.ROOT, "sql", dialect)))
        for number, name in enumerate(names, 1):
            if not name.startswith("%04d_" % number):
                yield "sql/%s/%s stands where a number %04d should" % (dialect, name, number)
