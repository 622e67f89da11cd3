# SPDX-License-Identifier: Apache-2.0
"""Who may include what: httpd's headers belong to mod_app/httpd, the databases' to mod_app/db, and a plugin sees the
public headers, APR, its own folder and its own libraries, nothing else of ours."""
import os
import re

from lib import process, server, source

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.M)


def run(_build):
    walls = [
        (httpd_headers(), ("mod_app/core", "mod_app/db", "mod_app/include", "mod_app/cgi",
                           "mod_app/cli", "plugins"), "a header of httpd"),
        ({"libpq-fe.h", "sqlite3.h"}, ("mod_app/core", "mod_app/include", "mod_app/httpd",
                                       "mod_app/cgi", "plugins"), "a header of a database"),
        (inner_headers(), ("plugins", "mod_app/include"), "a header of the core's own"),
    ]
    for names, folders, what in walls:
        for path in source.files(".c", ".h", below=folders):
            for included in INCLUDE.findall(source.read(path)):
                if os.path.basename(included) in names:
                    yield "%s includes %s, %s" % (path, included, what)


def httpd_headers():
    folder = server.apxs("INCLUDEDIR")
    names = {name for name in os.listdir(folder) if name.endswith(".h")}
    if "httpd.h" not in names:
        raise process.Failed("%s holds no httpd.h" % folder)
    return {name for name in names if not name.startswith(("apr", "apu"))}


def inner_headers():
    public = {os.path.basename(path) for path in source.files(".h", below=("mod_app/include",))}
    return {os.path.basename(path)
            for path in source.files(".h", below=("mod_app",))} - public
