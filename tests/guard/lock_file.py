# SPDX-License-Identifier: Apache-2.0
"""The packages of tests/clients have exact versions, and their lock file names no registry."""
import json

from lib import source


def run(_build):
    wanted = json.loads(source.read("tests/clients/package.json"))["dependencies"]
    for name, version in wanted.items():
        if not version[:1].isdigit():
            yield "tests/clients/package.json: %s %s is not one version" % (name, version)
    lock = json.loads(source.read("tests/clients/package-lock.json"))
    for name, package in lock["packages"].items():
        if "resolved" in package:
            yield "tests/clients/package-lock.json: %s says where it comes from: npm install " \
                  "--omit-lockfile-registry-resolved" % name
        elif name and "integrity" not in package:
            yield "tests/clients/package-lock.json: %s has no checksum" % name
