# SPDX-License-Identifier: Apache-2.0
"""Client certificates: whom httpd has verified is the API's user and AuthType App's; a certificate of anybody's making is not."""
import http.client
import json
import os
import socket
import ssl

from lib import bare, jwt, process, sqlite

MODULES = "authn_core authz_user socache_shmcb ssl"
TLS = """
<VirtualHost 127.0.0.1:%%(port)d>
    ServerName %s
    SSLEngine On
    SSLCertificateFile "%%(keys)s/site.pem"
    SSLCACertificateFile "%%(keys)s/ca.pem"
    SSLVerifyClient %s
    <Location "/api">
        SetHandler app-api
        %s
    </Location>
    <Location "/file.txt">
        AuthType App
        Require app-role web_user
    </Location>
    <AppPlugin auth>
        ServerIdentity on
        ServerUser %s
        ServerRoleMap "ada=web_user" "SSL_CLIENT_I_DN_O:the house=web_user"
        ServerClaims serial=SSL_CLIENT_M_SERIAL
    </AppPlugin>
</VirtualHost>
"""
LINES = """
SSLSessionCache shmcb:%(folder)s/ssl
AppDatabase "%(database)s"
<AppPlugin rest>
    AnonRole web_anon
</AppPlugin>
<AppPlugin auth>
    JwtSecret "%(secret)s"
</AppPlugin>
""" + TLS % ("name.test", "optional", "SSLUserName SSL_CLIENT_S_DN_CN", "REMOTE_USER") \
    + TLS % ("dn.test", "optional", "", "SSL_CLIENT_S_DN") \
    + TLS % ("any.test", "optional_no_ca", "", "SSL_CLIENT_S_DN_CN") \
    + TLS % ("any-name.test", "optional_no_ca", "SSLUserName SSL_CLIENT_S_DN_CN", "REMOTE_USER")


def openssl(*words):
    status, output = process.run(["openssl", *words])
    if status:
        raise process.Failed("openssl %s: %s" % (" ".join(words), output))


def make_keys(folder):
    """An authority of the house, and one of anybody's; a certificate for ada from each, and the site's own."""
    def certificate(name, subject, authority=None):
        path = os.path.join(folder, name)
        by = ["-CA", authority + ".pem", "-CAkey", authority + ".pem"] if authority else []
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", subject, *by, "-keyout", path + ".key", "-out", path + ".crt")
        with open(path + ".pem", "w", encoding="ascii") as file:
            for part in (".crt", ".key"):
                with open(path + part, encoding="ascii") as one:
                    file.write(one.read())
        return path
    ours = certificate("ca", "/O=the house/CN=authority")
    theirs = certificate("theirs", "/O=the house/CN=authority")
    certificate("site", "/CN=localhost")
    certificate("ada", "/O=x/CN=ada", ours)
    certificate("false-ada", "/O=x/CN=ada", theirs)


def ask(httpd, folder, host, target, certificate=None):
    """TLS 1.2, so that a certificate that is refused is so before the answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        context.load_cert_chain(os.path.join(folder, certificate + ".pem"))
    connection = http.client.HTTPSConnection("127.0.0.1", httpd.port)
    try:
        connection.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", httpd.port), 10), server_hostname=host)
        connection.request("GET", target, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (ssl.SSLError, ConnectionError):
        return None, ""
    finally:
        connection.close()


def run(build):
    check = bare.Check()
    httpd = bare.Httpd(build, "", MODULES)
    keys = process.folder("keys")
    make_keys(keys)
    httpd.values.update(keys=keys, secret=jwt.SECRET, database=sqlite.Database(build).url)
    httpd.write(LINES)
    httpd.file("file.txt", "file")
    claims = "/api/rpc/get_setting?name=request.jwt.claims"
    with httpd:
        for host, user in (("name.test", "ada"), ("dn.test", "CN=ada,O=x"), ("any.test", "ada"), ("any-name.test", "ada")):
            status, text = ask(httpd, keys, host, claims, "ada")
            check.equal(host, status, 200)
            found = json.loads(json.loads(text)) if status == 200 else {}
            check.true("%s: no serial" % host, found.pop("serial", ""))
            check.equal(host, found, {"sub": user, "role": "web_user"})
            check.equal(host + " without", ask(httpd, keys, host, "/api/notes?select=owner")[0], 401)
        for host, target, certificate, status in (
                ("name.test", "/api/notes", "false-ada", None), ("dn.test", "/api/notes", "false-ada", None),
                ("any.test", "/api/notes", "false-ada", 401), ("any-name.test", "/api/notes", "false-ada", 401),
                ("dn.test", "/file.txt", "ada", 200), ("dn.test", "/file.txt", None, 401),
                ("any.test", "/file.txt", "ada", 200), ("any.test", "/file.txt", "false-ada", 401)):
            found = ask(httpd, keys, host, target, certificate)[0]
            check.equal("%s %s with %s" % (host, target, certificate), found, status)
        check.problems += httpd.complaints("AH01906", "AH01909", "AH02004", "AH02008", "AH02039", "AH02261", "AH02292",
                                           "AH01914", "AH02227")
    return check.problems
