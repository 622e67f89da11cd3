# SPDX-License-Identifier: Apache-2.0
"""What an authenticator program shows (RFC 6238)."""
import base64
import hashlib
import hmac
import struct
import time


def code(secret, steps=0):
    """The code that is good so many steps of 30 seconds from now."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff
    return "%06d" % (number % 1000000)
