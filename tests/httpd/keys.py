# SPDX-License-Identifier: Apache-2.0
"""appctl token and appctl keys against a server with the same configuration: tokens that are minted are good, and stay so while
keys are rotated, until their key goes."""
import json
import os
import stat
import time

from lib import bare, process, stage

CONF = bare.MOUNTS + """<AppPlugin hello>
</AppPlugin>
<AppPlugin auth>
    JwtSecretFile %(folder)s/secret
    JwtIssuer https://id.test/api/auth
    JwtAud us
</AppPlugin>
"""
TEXT = "a text that was the secret before, and long enough"


def appctl(build, httpd, *words, given=None):
    """(exit status, what it says)"""
    command = [os.path.join(stage.build(build), "appctl"), "-f", httpd.conf, *words]
    return process.run(command, env=process.server_environment(), **({"input": given.encode()} if given else {}))


def mint(build, httpd, *words):
    status, output = appctl(build, httpd, "token", "mint", "--role", "web_user", *words)
    if status:
        raise process.Failed("token mint: " + output)
    return output.strip()


def status_of(httpd, token):
    return httpd.get("/api/hello", [("Authorization", "Bearer " + token)]).status


def rotate(check, build, httpd, *words):
    status, output = appctl(build, httpd, "keys", "rotate", "--file", httpd.secret, *words)
    check.equal("rotate " + " ".join(words), (status, output[:8]), (0, "New key "))
    httpd.graceful()


def published(httpd):
    answer = httpd.get("/api/auth/.well-known/jwks.json")
    return [key["kty"] for key in json.loads(answer.text())["keys"]]


def rotation(check, build, httpd):
    if process.is_root():
        process.give_to(httpd.secret, process.web_user())
    owner = os.stat(httpd.secret).st_uid
    tokens = [mint(build, httpd)]
    for alg, wanted in (("ES256", ["EC"]), ("EdDSA", ["OKP", "EC"]), ("RS256", ["RSA", "OKP", "EC"]),
                        ("HS256", ["RSA", "OKP", "EC"])):
        rotate(check, build, httpd, "--alg", alg)
        tokens.append(mint(build, httpd))
        check.equal("published after " + alg, published(httpd), wanted)
        check.equal("tokens after " + alg, [status_of(httpd, token) for token in tokens], [200] * len(tokens))
    info = os.stat(httpd.secret)
    check.equal("owner and mode", (info.st_uid, stat.S_IMODE(info.st_mode)), (owner, 0o600))
    check.equal("what is beside it", [name for name in os.listdir(httpd.folder) if name.startswith("secret")], ["secret"])
    time.sleep(2.1)
    rotate(check, build, httpd, "--keep", "1s")
    check.equal("tokens of keys that went", [status_of(httpd, token) for token in tokens], [401] * 4 + [200])
    check.equal("keys that are left", published(httpd), ["EC"])


def refusals(check, build, httpd):
    before = open(httpd.conf, encoding="utf-8").read()
    for words, status, part in (
            (("keys", "rotate"), 2, "--file"),
            (("keys", "rotate", "--file", httpd.conf), 1, "holds neither JWK nor PEM"),
            (("keys", "rotate", "--file", httpd.folder), 1, "is no file of keys"),
            (("keys", "rotate", "--file", httpd.secret, "--alg", "none"), 2, "--alg takes"),
            (("keys", "rotate", "--file", httpd.secret, "--keep", "long"), 2, "--keep takes a time"),
            (("keys", "drop"), 2, "list or rotate"),
            (("token", "mint"), 2, "--role"),
            (("token", "mint", "--role", "x", "--claim", "a=b"), 2, "NAME=JSON"),
            (("token", "mint", "--role", "x", "--claim", 'role="y"'), 1, "would take this token for role y"),
            (("token", "mint", "--role", "x", "--claim", "exp=1"), 1, "JWT expired"),
            (("token", "verify", "x.y.z"), 1, "JWT cryptographic operation failed"),
            (("token", "verify"), 2, "token takes")):
        found, output = appctl(build, httpd, *words)
        check.equal(" ".join(words), found, status)
        check.holds(" ".join(words), output, part)
    check.equal("a file that holds no keys", open(httpd.conf, encoding="utf-8").read(), before)


def explanations(check, build, httpd):
    token = mint(build, httpd, "--sub", "ada", "--claim", 'n={"a":[1]}', "--expires", "30m")
    for word, given in ((token, None), ("-", token + "\n")):
        status, output = appctl(build, httpd, "token", "verify", word, given=given)
        claims = json.loads(output)
        check.equal("verified", (status, claims["sub"], claims["n"], claims["iss"], claims["aud"]),
                    (0, "ada", {"a": [1]}, "https://id.test/api/auth", "us"))
        check.equal("life", claims["exp"] - claims["iat"], 1800)
    status, output = appctl(build, httpd, "token", "explain", token)
    check.equal("explained", status, 0)
    for part in ("has signed it", 'good: role "web_user", user "ada"', "issuer   ours: JwtSecret"):
        check.holds("explained", output, part)
    status, output = appctl(build, httpd, "token", "explain", token[:-8] + "AAAAAAAA")
    check.equal("explained, bad", status, 1)
    check.holds("explained, bad", output, "refused: No suitable key or wrong key type")
    check.true("an explanation shows the signature", token.split(".")[2] not in output)
    check.holds("keys list", appctl(build, httpd, "keys", "list")[1], "JwtSecret  signs")


def run(build):
    check = bare.Check()
    httpd = bare.Httpd(build, CONF)
    httpd.secret = os.path.join(httpd.folder, "secret")
    with open(httpd.secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="ascii") as file:
        file.write(TEXT + "\n")
    with httpd:
        rotation(check, build, httpd)
        refusals(check, build, httpd)
        explanations(check, build, httpd)
    return check.problems
