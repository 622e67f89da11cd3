# SPDX-License-Identifier: Apache-2.0
"""Processes and folders of a test run, all of which are gone when the run ends, however it ends."""
import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

# A sanitizer's library that `make asan` wants in httpd, which is not linked with it. run.py takes it out of its own
# environment: under it, a fork of a process with threads may hang.
PRELOAD = os.environ.pop("APP_TEST_PRELOAD", None)

_started = []
_folders = []
_ports = set()
_lock = threading.Lock()


class Failed(Exception):
    """A test found what it should not have found; the text says what."""


class Skip(Exception):
    """A test cannot run here; the text says why."""


def is_root():
    return os.geteuid() == 0


def web_user():
    """The user that httpd's children run as: www-data where we are root, else ourselves."""
    return "www-data" if is_root() else pwd.getpwuid(os.geteuid()).pw_name


def folder(prefix):
    """A new folder that others may enter (httpd's and PostgreSQL's users), removed at the end."""
    path = tempfile.mkdtemp(prefix="mod_app-test-%s-" % prefix)
    os.chmod(path, 0o755)
    _folders.append(path)
    return path


def give_to(path, user):
    """Hands a file or folder to another user, where we may."""
    if is_root():
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def free_port():
    """A port of 127.0.0.1 that is free now, and that no other part of this run has been given."""
    with _lock:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port not in _ports:
                _ports.add(port)
                return port


def server_environment():
    """The environment of httpd and of what belongs to it."""
    return dict(os.environ, LD_PRELOAD=PRELOAD) if PRELOAD else dict(os.environ)


def start(command, **options):
    """Starts a process in a group of its own."""
    options.setdefault("env", server_environment())
    process = subprocess.Popen(command, start_new_session=True, **options)
    _started.append(process)
    return process


def signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def stop(process, number=signal.SIGTERM, wait=20.0):
    """Ends a process that start() began; kills its group if it does not end in time. Returns whether it did."""
    if process in _started:
        _started.remove(process)
    if process.poll() is not None:
        return True
    process.send_signal(number)
    try:
        process.wait(wait)
        return True
    except subprocess.TimeoutExpired:
        signal_group(process, signal.SIGKILL)
        process.wait()
        return False


def run(command, **options):
    """Runs a command to its end. Returns (status, output and errors together)."""
    options.setdefault("timeout", 60)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          **options)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def wait_until(condition, seconds, step=0.02):
    """Polls condition until it holds. Returns its value, false after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


_at_end = []


def at_end(call):
    """Has call() made when the run ends, before processes are stopped and folders removed."""
    _at_end.append(call)


def clean_up(keep=False):
    while _at_end:
        _at_end.pop()()
    for process in list(_started):
        stop(process, wait=5)
    while _folders:
        path = _folders.pop()
        if keep:
            print("kept: %s" % path)
        else:
            shutil.rmtree(path, ignore_errors=True)


atexit.register(clean_up)


def end_on_signals():
    """Ctrl-C and TERM end the run through atexit."""
    def leave(number, _):
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
