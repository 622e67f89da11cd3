# SPDX-License-Identifier: Apache-2.0
"""Each setting in the source has its place in docs/settings.md, and that page is what appctl prints today."""
import os
import re

from lib import process, source

ROW = re.compile(r'APP_SET_(?:FLAG|INT|DURATION|SIZE|STRING|PATH|LIST|ENUM|SECRET|PARSED)\(\s*"(\w+)"')
PAGE = "docs/settings.md"


def run(build):
    if not os.path.exists(os.path.join(source.ROOT, PAGE)):
        raise process.Failed("%s is missing" % PAGE)
    page = source.read(PAGE)
    documented = set(re.findall(r"`(\w+)`", page))
    known = set()
    for path in source.files(".c", below=("mod_app", "plugins")):
        for name in ROW.findall(source.code(source.read(path), strings=True)):
            shown = name if path.startswith("plugins/") else "App" + name
            known.add(shown)
            if shown not in documented:
                yield "%s: %s is not in %s" % (path, shown, PAGE)
    if not known:
        raise process.Failed("there is no setting in the source")
    status, printed = process.run([os.path.join(build, "appctl"), "settings", "--markdown"])
    if status:
        raise process.Failed("appctl settings --markdown: %s" % printed.strip())
    if printed.strip() != page.strip():
        yield "%s is not what appctl settings --markdown prints" % PAGE
