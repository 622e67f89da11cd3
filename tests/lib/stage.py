# SPDX-License-Identifier: Apache-2.0
"""A copy of what was built, where httpd's user can reach it, and that stays as it is while somebody builds anew."""
import glob
import os
import shutil

from lib import process

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_staged = {}


def compile_plugin(source, target, *options):
    """Builds a plugin of the tests as anybody would build one: public headers, nothing else of ours."""
    status, flags = process.run(["pkg-config", "--cflags", "apr-1", "apr-util-1", "jansson"])
    command = [os.environ.get("CC", "cc"), "-std=gnu11", "-O1", "-g", "-fPIC", "-shared",
               "-fvisibility=hidden", "-Wall", "-Wextra", "-Wl,-z,nodelete", *flags.split(),
               "-I" + os.path.join(ROOT, "mod_app", "include"), *options, "-o", target, source]
    status, output = process.run(command)
    if status:
        raise process.Failed("%s: %s" % (os.path.basename(source), output.strip()))


def build(folder):
    """The copy of a build folder: mod_app.so, app.cgi, appctl, plugins/. Made once a run."""
    if folder not in _staged:
        if not os.path.exists(os.path.join(folder, "mod_app.so")):
            raise process.Failed("%s/mod_app.so is missing: run make first" % folder)
        copy = process.folder("build")
        os.mkdir(os.path.join(copy, "plugins"))
        for name in ("mod_app.so", "app.cgi", "appctl"):
            if os.path.exists(os.path.join(folder, name)):
                shutil.copy(os.path.join(folder, name), copy)
        for path in glob.glob(os.path.join(folder, "plugins", "*.so")):
            shutil.copy(path, os.path.join(copy, "plugins"))
        compile_plugin(os.path.join(ROOT, "tests", "plugins", "probe.c"),
                       os.path.join(copy, "plugins", "probe.so"))
        _staged[folder] = copy
    return _staged[folder]
