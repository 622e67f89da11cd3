# SPDX-License-Identifier: Apache-2.0
"""What the shared objects show to the world: the module its record, a plugin its entry point, and nothing that a plugin
leaves for the host to resolve."""
import glob
import os

from lib import process


def names(path, *options):
    status, output = process.run(["nm", "-D", *options, path])
    if status:
        raise process.Failed("nm %s: %s" % (path, output.strip()))
    return {line.split()[-1].split("@")[0] for line in output.splitlines() if line.strip()}


def run(build):
    plugins = sorted(glob.glob(os.path.join(build, "plugins", "*.so")))
    if not plugins:
        raise process.Failed("%s/plugins holds no plugin" % build)
    objects = [(os.path.join(build, "mod_app.so"), {"app_module"})]
    objects += [(path, {"app_plugin_entry"}) for path in plugins]
    for path, wanted in objects:
        shown = os.path.relpath(path, build)
        exported = {name for name in names(path, "--defined-only")
                    if not name.startswith(("__asan", "__odr_asan", "__sanitizer", "__ubsan"))}
        if exported != wanted:
            yield "%s exports %s, should export %s" % (shown, " ".join(sorted(exported)),
                                                       " ".join(wanted))
        for name in sorted(names(path, "--undefined-only")):
            if name.startswith("app_"):
                yield "%s leaves %s undefined" % (shown, name)
        status, dynamic = process.run(["readelf", "-d", path])
        if status or "NODELETE" not in dynamic:
            yield "%s is not linked with -z nodelete" % shown
