# SPDX-License-Identifier: Apache-2.0
"""The disk of an SQLite database is full: a write is 503 with the dialect's 53100, reads go on, and when there is space again so
do writes; the database is whole."""
import os

from lib import fault, process, sqlite, stage


def run(build):
    if not process.is_root():
        raise process.Skip("needs root, to mount a small tmpfs")
    folder = process.folder("full")
    status, output = process.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0777", "tmpfs",
                                  folder])
    if status:
        raise process.Skip("cannot mount a tmpfs: %s" % output.strip())
    process.at_end(lambda: process.run(["umount", "-l", folder]))
    database = sqlite.Database(stage.build(build), folder)
    server = fault.start(build, database)
    try:
        fill_and_free(server, database, os.path.join(folder, "filler"))
    finally:
        server.stop()
        process.run(["umount", folder])


def fill_and_free(server, database, filler):
    row = {"title": "x" * 100000}
    fault.expect_answer(fault.post(server, "/api/tasks", row), 201)
    fill(filler)
    answer = write_until_full(server, row)
    fault.expect_answer(answer, 503, "53100")
    fault.expect(answer.header("Retry-After"), "the 503 has no Retry-After")
    fault.expect_served(server)
    os.unlink(filler)
    fault.expect_answer(fault.post(server, "/api/tasks", row), 201)
    fault.expect_served(server)
    fault.expect_whole(database)
    fault.expect_quiet(server, allowed=("APP0003",) + tuple(
        number for number in ("APP0200",) if number in server.log.text()))


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def write_until_full(server, row):
    """The log file of the database may still have space of its own."""
    for _ in range(40):
        answer = fault.post(server, "/api/tasks", row)
        if answer.status != 201:
            return answer
    raise process.Failed("writes went on although the disk is full")
