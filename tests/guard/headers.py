# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles alone, as C and as C++: whoever includes it needs to know of no other."""
import os
import shutil

from lib import process, source


def run(_build):
    status, flags = process.run(["pkg-config", "--cflags", "apr-1", "apr-util-1", "jansson"])
    if status:
        raise process.Failed("pkg-config: %s" % flags.strip())
    warnings = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    compilers = [("cc", ["-std=gnu11", "-x", "c"]), ("c++", ["-std=gnu++17", "-x", "c++"])]
    if not shutil.which("c++"):
        compilers.pop()
    for path in source.files(".h", below=("mod_app/include",)):
        for compiler, language in compilers:
            program = '#include "%s"\n' % os.path.basename(path)
            command = [compiler, *language, *warnings, *flags.split(), "-I",
                       os.path.join(source.ROOT, "mod_app/include"), "-"]
            status, output = process.run(command, input=program.encode())
            if status:
                yield "%s does not compile alone (%s): %s" % (path, compiler,
                                                              output.splitlines()[0])
