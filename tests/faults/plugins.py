# SPDX-License-Identifier: Apache-2.0
"""Plugins and settings that are wrong in one way each: configtest stops with one sentence that says where and what, nothing
crashes, and a server that runs keeps running when a graceful restart meets one."""
import os
import re
import shutil
import time

from lib import fault, process, server, stage

HEAD = '#include "app_plugin.h"\n'
PLUGIN = HEAD + 'APP_PLUGIN(.name = "%s", .version = "1", .summary = "s"%s)\n'
# A descriptor that fills the frozen part itself: magic, size, major, minor, signature.
BY_HAND = HEAD + """
__attribute__((visibility("default"))) const app_plugin_t *app_plugin_entry(const app_api_t *api);
const app_plugin_t *app_plugin_entry(const app_api_t *api)
{
    static const app_plugin_t plugin = { %s, .name = "bad", .version = "1", .summary = "s" };
    (void)api;
    return &plugin;
}
"""
GOOD = {"magic": "APP_PLUGIN_MAGIC", "size": "sizeof(app_plugin_t)",
        "abi_major": "APP_PLUGIN_ABI_MAJOR", "abi_minor": "APP_PLUGIN_ABI_MINOR",
        "signature": "APP_PLUGIN_SIGNATURE"}


def by_hand(**wrong):
    return BY_HAND % ", ".join(".%s = %s" % pair for pair in dict(GOOD, **wrong).items())


# name: (source of bad.so or None, what is done to the file, settings, what the sentence says)
SOURCES = {
    "missing": (None, r"bad.*cannot read"),
    "wrong magic": (by_hand(magic="0x12345678u"), r"bad.*magic"),
    "other major": (by_hand(abi_major="77"), r"bad.*ABI 77\.\d+.*\d+\.\d+"),
    "newer minor": (by_hand(abi_minor="999"), r"bad.*ABI \d+\.999.*\d+\.\d+"),
    "other size": (by_hand(size="4"), r"bad.*4"),
    "too large": (by_hand(size="60000"), r"bad.*60000"),
    "other signature": (by_hand(signature="4u << 16"), r"bad.*(32|APR)"),
    "no descriptor": (HEAD + '__attribute__((visibility("default"))) const app_plugin_t *'
                      'app_plugin_entry(const app_api_t *api);\n'
                      'const app_plugin_t *app_plugin_entry(const app_api_t *api)\n'
                      '{ (void)api; return 0; }\n', r"bad.*magic|bad.*descriptor"),
    "no entry": ('int nothing(void);\nint nothing(void) { return 0; }\n', r"bad.*app_plugin_entry"),
    "other name": (PLUGIN % ("other", ""), r"bad.*other"),
    "no name": (PLUGIN.replace('.name = "%s"', '.name = NULL').replace("%s", ""), r"bad"),
    "undefined symbol": (HEAD + "int nobody_has_this(void);\n"
                         "static void stop(app_instance_t *self)\n"
                         "{ (void)self; nobody_has_this(); }\n"
                         + (PLUGIN % ("bad", ", .stop = stop")).replace(HEAD, ""),
                         r"bad.*nobody_has_this"),
    "after itself": (PLUGIN % ("bad", ', .after = "bad2"'), None),
    "broken settings table": (HEAD + 'static const app_setting_t t[] = { APP_SET_INT("N", app_value_t, '
                              'integer, "7", 1, 5, 0, "n"), APP_SET_END };\n'
                              + (PLUGIN % ("bad", ", .settings = t, "
                                           ".settings_size = sizeof(app_value_t)")).replace(HEAD, ""),
                              r"bad.*N"),
}
FILES = {
    "not ELF": (lambda path: write(path, b"#!/bin/sh\necho hello\n"), r"bad"),
    "empty": (lambda path: write(path, b""), r"bad"),
    "cut ELF": (lambda path: write(path, b"\x7fELF\x02\x01\x01" + b"\0" * 100), r"bad"),
    "a folder": (os.mkdir, r"bad.*regular file"),
    "writable by others": (lambda path: (write(path, b"x"), os.chmod(path, 0o666)),
                           r"bad.*(writ|chmod)"),
}
SETTINGS = {
    "refused": ("probe Refuse \"the moon is full\"", r"probe.*the moon is full"),
    "unknown setting": ("probe NoSuch 1", r"NoSuch"),
    "unknown plugin name": ("../probe Word x", r"probe"),
    "number out of range": ("AppDatabaseMax 0", r"AppDatabaseMax.*1.*1000"),
    "not a number": ("AppDatabaseMax ten", r"AppDatabaseMax.*ten"),
    "not a duration": ("AppStatementTimeout 5parsecs", r"AppStatementTimeout.*5parsecs"),
    "not a size": ("AppMaxBody huge", r"AppMaxBody.*huge"),
    "not of the list": ("AppErrorVerbosity loud", r"AppErrorVerbosity.*verbose.*minimal"),
    "not an address": ("AppDetailsFor everybody", r"everybody"),
    "not a database": ("AppDatabase mysql://root:pw-not-shown@host/db", r"sqlite.*postgresql"),
    "no path": ("AppDatabase sqlite:", r"sqlite"),
    "bad port": ("AppDatabase postgresql://u:pw-not-shown@host:99999/db", r"port|99999"),
}


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def run(build):
    folder = process.folder("plugins")
    staged = copy_of(stage.build(build), folder)
    for name, (source, sentence) in SOURCES.items():
        path = os.path.join(staged, "plugins", "bad.so")
        if source:
            write(path[:-3] + ".c", source.encode())
            stage.compile_plugin(path[:-3] + ".c", path, "-Wno-all", "-Wno-extra")
        yield from configtest(staged, name, ("bad",), sentence)
        remove(path)
    for name, (make, sentence) in FILES.items():
        path = os.path.join(staged, "plugins", "bad.so")
        make(path)
        yield from configtest(staged, name, ("bad",), sentence)
        remove(path)
    for name, (setting, sentence) in SETTINGS.items():
        yield from configtest(staged, name, (setting,), sentence)
    yield from survives(build)


def copy_of(build, folder):
    """A build whose plugin folder may be spoilt."""
    staged = os.path.join(folder, "build")
    shutil.copytree(build, staged)
    return staged


def remove(path):
    if os.path.isdir(path):
        os.rmdir(path)
    elif os.path.exists(path):
        os.unlink(path)


def configtest(build, name, settings, sentence):
    site = server.Site("site0.test", None, settings, bare=True)
    status, output = server.Server(build, "event", [site]).configtest()
    if sentence is None:
        if status:
            yield "%s: refused, and should be taken: %s" % (name, output.strip())
        return
    if not 0 < status < 128:
        yield "%s: configtest ended with %d: %s" % (name, status, output.strip())
    elif not re.search(sentence, output, re.S):
        yield "%s: does not say /%s/: %s" % (name, sentence, output.strip())
    elif not re.search(r"line \d+ of .*httpd\.conf|httpd\.conf:\d+:", output):
        yield "%s: does not say which line: %s" % (name, output.strip())
    if "pw-not-shown" in output:
        yield "%s: the password is shown: %s" % (name, output.strip())


def survives(build):
    """A graceful restart with a configuration that is wrong leaves the server as it is, or refuses by its own rules."""
    running = fault.start(build, fault.database(build, "sqlite"))
    try:
        fault.expect_served(running)
        broken = re.sub(r"(<AppPlugin hello>\n)", r"\1    NoSuch 1\n", open(running.conf).read())
        status, _ = process.run(running.program + ["-t", "-f", write_conf(running, broken)])
        if status == 0:
            yield "an unknown setting passed configtest"
        time.sleep(0.1)
        fault.expect_served(running)
    finally:
        running.stop()


def write_conf(running, text):
    path = os.path.join(running.folder, "broken.conf")
    write(path, text.encode())
    return path
