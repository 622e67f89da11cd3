# SPDX-License-Identifier: Apache-2.0
"""Tokens for the cases: HS256 by hand, and some that are wrong in one way each."""
import base64
import hashlib
import hmac
import json
import time

SECRET = "a secret of the tests, which is long enough"


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make(claims, key=SECRET, alg="HS256"):
    head = _encode(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
    if alg == "none":
        return "%s.%s." % (head, payload)
    text = "%s.%s" % (head, payload)
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    return "%s.%s" % (text, _encode(hmac.new(key.encode(), text.encode(), digest).digest()))


def from_words(words):
    """{{token role=web_user exp=+60 iat=-5 key=other alg=HS512 n:level=3}}: times are seconds from now, n: a number."""
    claims, key, alg = {}, SECRET, "HS256"
    for word in words:
        name, _, value = word.partition("=")
        if name == "key":
            key = "another secret that is also long enough" if value == "other" else value
        elif name == "alg":
            alg = value
        elif name in ("exp", "nbf", "iat") and value[:1] in "+-":
            claims[name] = int(time.time()) + int(value)
        elif name.startswith("n:"):
            claims[name[2:]] = int(value)
        else:
            claims[name] = value
    return make(claims, key, alg)
