# SPDX-License-Identifier: Apache-2.0
"""A certificate of the tests' own making, and TLS connections that look at nothing of it."""
import os
import socket
import ssl

from lib import process


def make_certificate(path):
    """Writes certificate and key of localhost to one file."""
    for part, options in (("key", ["ecparam", "-genkey", "-noout", "-name", "prime256v1"]),
                          ("crt", ["req", "-x509", "-new", "-key", path + ".key", "-days", "2", "-subj", "/CN=localhost",
                                   "-addext", "subjectAltName=DNS:localhost"])):
        status, output = process.run(["openssl", *options, "-out", "%s.%s" % (path, part)])
        if status:
            raise process.Failed("openssl: " + output)
    with open(path, "w", encoding="ascii") as file:
        for part in ("crt", "key"):
            with open("%s.%s" % (path, part), encoding="ascii") as one:
                file.write(one.read())
            os.unlink("%s.%s" % (path, part))


def connect(port, version=None, ciphers=None, protocols=()):
    """A connection of that version, with these suites and ALPN protocols; None: the server does not want it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers((ciphers or "DEFAULT") + ":@SECLEVEL=0")
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if version:
        context.minimum_version = context.maximum_version = version
    try:
        return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="localhost")
    except (ssl.SSLError, ConnectionError):
        return None


def get(port, target):
    """The whole answer as text."""
    with connect(port) as connection:
        connection.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % target.encode())
        text = b""
        while part := connection.recv(65536):
            text += part
    return text.decode()
