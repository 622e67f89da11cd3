# SPDX-License-Identifier: Apache-2.0
"""Mails while the mail server is slow, refuses, dies and returns: none is lost, no request waits, and nobody learns who
has an account."""
import glob
import json
import os
import stat
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from lib import browser, client, fault, process, server, smtp, stage, totp

FROM = '"The Shop <shop@example.org>"'
USERS = ("ada", "bob", "eve", "fay")  # of tests/data/accounts-rows.sql


def run(build):
    for kind in ("sqlite", "pgsql"):
        database = fault.database(build, kind)
        flow(build, database)
        taken_early(build, fault.database(build, kind))
    slow(build, fault.database(build, "sqlite"))
    page(build, fault.database(build, "sqlite"))
    away(build, fault.database(build, "sqlite"))
    refused(build, fault.database(build, "sqlite"))
    encrypted(build, fault.database(build, "sqlite"))
    folder(build, fault.database(build, "sqlite"), "event")
    folder(build, fault.database(build, "sqlite"), "cgi")


def settings(mails, *more):
    return ("auth SiteUrl https://shop.example.org/", "auth MailFrom " + FROM, "auth MailInterval 1s",
            "auth MailServer smtp://localhost:%d" % mails.port, "auth MailTls off") + more


def ask(running, path, body, headers=()):
    """POSTs to the accounts' endpoints; returns the answer and the seconds that it took."""
    begun = time.monotonic()
    answer = client.get(running.port, "/api/auth/" + path, [fault.SITE, fault.JSON, *headers], method="POST",
                        body=json.dumps(body).encode())
    return answer, time.monotonic() - begun


def ask_well(running, path, body, within=1.0):
    answer, took = ask(running, path, body)
    fault.expect_answer(answer, 200)
    fault.expect(took < within, "%s took %.1f s", path, took)
    return answer


def flow(build, database):
    """A new password, by link and by code; addresses that nobody has look the same."""
    with smtp.Server() as mails:
        running = fault.start(build, database, settings=settings(
            mails, "auth Signup open", "auth UserRole web_user", "auth InviteRoles web_user"))
        try:
            recover(running, mails)
            by_code(running, mails)
            nobody(running, mails)
            form(running, mails)
            signed_up(running, mails)
            invited(build, running, mails)
            changed(running, mails)
            changed_by_a_thief(running, mails)
            at_once(running, mails)
            fault.expect_quiet(running)
        finally:
            running.stop()


def recover(running, mails):
    ask_well(running, "recover", {"email": "Ada@example.org"})
    mail = mails.wait(1)[0]
    fault.expect(mail.recipients == ["<ada@example.org>"] and mail.sender == "<shop@example.org>",
                 "sent by %s to %s", mail.sender, mail.recipients)
    fault.expect(str(mail.message["From"]) == "The Shop <shop@example.org>", "From: %s", mail.message["From"])
    for name in ("Date", "Message-ID", "Auto-Submitted"):
        fault.expect(mail.message[name], "there is no %s", name)
    fault.expect(mail.link.startswith("https://shop.example.org/api/auth/verify#"), "the link is %s", mail.link)
    good = {"type": "recovery", "token_hash": mail.given("token_hash")}
    refuse(running, dict(good, type="signup"))
    refuse(running, dict(good, token_hash=good["token_hash"][:-1]))
    session = json.loads(ask_well(running, "verify", good).text())
    fault.expect(session["user"]["email"] == "ada@example.org", "the session is %s", session["user"])
    user = client.get(running.port, "/api/auth/user",
                      [fault.SITE, ("Authorization", "Bearer " + session["access_token"])])
    fault.expect_answer(user, 200)
    refuse(running, good)


def refuse(running, body):
    answer, _ = ask(running, "verify", body)
    fault.expect_answer(answer, 403, "otp_expired")


def by_code(running, mails):
    """A code is good once, and only a few wrong ones are looked at; a new mail voids the one before."""
    ask_well(running, "otp", {"email": "bob@example.org"})
    first = mails.to("bob@example.org")
    time.sleep(1.1)
    ask_well(running, "otp", {"email": "bob@example.org"})
    mail = mails.to("bob@example.org", 2)
    refuse(running, {"type": "magiclink", "token_hash": first.given("token_hash")})
    good = {"type": "email", "email": "Bob@example.org", "token": mail.code}
    wrong = "%06d" % ((int(mail.code) + 1) % 1000000)
    refuse(running, dict(good, token=wrong))
    refuse(running, dict(good, email="ada@example.org"))
    ask_well(running, "verify", good)
    refuse(running, good)
    time.sleep(1.1)
    ask_well(running, "otp", {"email": "bob@example.org"})
    mail = mails.to("bob@example.org", 3)
    good["token"] = mail.code
    wrong = "%06d" % ((int(mail.code) + 1) % 1000000)
    for _ in range(5):
        refuse(running, dict(good, token=wrong))
    refuse(running, good)
    ask_well(running, "verify", {"type": "magiclink", "token_hash": mail.given("token_hash")})


def nobody(running, mails):
    """Addresses without an account, with one that is disabled or verified already: 200, and no mail."""
    before = len(mails.mails)
    ask_well(running, "recover", {"email": "nobody@example.org"})
    ask_well(running, "recover", {"email": "dora@example.org"})
    ask_well(running, "resend", {"email": "fay@example.org", "type": "signup"})
    for address in ("nobody@example.org", "fay@example.org"):
        answer, _ = ask(running, "recover", {"email": address})
        if answer.status == 200:  # a second has passed
            answer, _ = ask(running, "recover", {"email": address})
        fault.expect_answer(answer, 429, "over_email_send_rate_limit")
        fault.expect(answer.header("Retry-After") == "1", "Retry-After is %s", answer.header("Retry-After"))
    time.sleep(1.1)
    ask_well(running, "resend", {"email": "eve@example.org", "type": "signup"})
    mails.to("eve@example.org")
    sent = [mail.recipients[0] for mail in mails.mails[before:]]
    fault.expect(set(sent) <= {"<eve@example.org>", "<fay@example.org>"}, "mails went to %s", sent)
    answer, _ = ask(running, "recover?redirect_to=https%3A%2F%2Fevil.example%2F", {"email": "ada@example.org"})
    fault.expect_answer(answer, 400, "validation_failed")


def form(running, mails):
    """The page that the link opens uses nothing up; its form does, and leads on to the site."""
    time.sleep(1.1)
    ask_well(running, "recover?redirect_to=https%3A%2F%2Fshop.example.org%2Fin%3Fa%3D1%23x",
             {"email": "ada@example.org"})
    mail = mails.to("ada@example.org", 2)
    fields = {"type": "recovery", "token_hash": mail.given("token_hash"),
              "redirect_to": urllib.parse.unquote(mail.given("redirect_to"))}
    for _ in range(2):
        page = client.get(running.port, "/api/auth/verify?" + urllib.parse.urlencode(fields), [fault.SITE])
        fault.expect(page.status == 200 and fields["token_hash"] not in page.text(), "the page is %s", page.text())
    answer = send_form(running, fields, "https://evil.example.org")
    fault.expect_answer(answer, 403, "bad_origin")
    answer = send_form(running, dict(fields, redirect_to="https://evil.example.org/"), "https://shop.example.org")
    fault.expect_answer(answer, 400, "validation_failed")
    answer = send_form(running, fields, "https://shop.example.org")
    to = answer.header("Location") or ""
    fault.expect(answer.status == 303 and to.startswith("https://shop.example.org/in?a=1#access_token=")
                 and "&type=recovery" in to, "the form leads to %s %s", answer.status, to)
    answer = send_form(running, fields, "https://shop.example.org")
    to = answer.header("Location") or ""
    fault.expect(to.startswith("https://shop.example.org/in?a=1#error=access_denied&error_code=otp_expired"),
                 "a second time it leads to %s", to)


def send_form(running, fields, origin):
    return client.get(running.port, "/api/auth/verify",
                      [fault.SITE, ("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin)],
                      method="POST", body=urllib.parse.urlencode(fields).encode())


def page(build, database):
    """The link in a browser: the page's script reads what is behind "#", and the button leads on to the site."""
    if not browser.program():
        return
    with smtp.Server() as mails:
        lines = [line.replace("https://shop.example.org/", "http://127.0.0.1:@PORT@/") for line in settings(mails)]
        running = server.Server(stage.build(build), "event", [server.Site("site0.test", database, lines)])
        with open(running.conf, encoding="utf-8") as file:
            text = file.read().replace("@PORT@", str(running.port))
        with open(running.conf, "w", encoding="utf-8") as file:
            file.write(text)
        with running, browser.Browser() as visitor:
            visitor.open("http://127.0.0.1:%d/api/auth/verify" % running.port)
            fault.expect(visitor.wait("document.querySelector('form').hidden && document.body.innerText")
                         .endswith("Copy all of it from the mail."), "a link without a token is not called so")
            ask_well(running, "recover", {"email": "ada@example.org"})
            link = mails.to("ada@example.org").link
            for _ in range(2):
                visitor.open("about:blank")
                visitor.open(link)
                visitor.wait("!document.querySelector('form').hidden && !document.querySelector('#broken')")
            fault.expect(visitor.run("location.href") == link.split("#")[0], "the token stays in the address bar")
            visitor.run("document.querySelector('button').click()")
            to = visitor.wait("location.hash.includes('access_token=') && location.href")
            fault.expect(to.startswith("http://127.0.0.1:%d/#access_token=" % running.port), "it leads to %s", to)
            fault.expect_quiet(running)


def signed_up(running, mails):
    """Who signs up proves the address first; somebody who has an account gets no mail and the same answers."""
    good = {"email": "gil@example.org", "password": "correct horse battery"}
    for email in ("gil@example.org", "bob@example.org"):
        time.sleep(1.1)
        ask_well(running, "signup", dict(good, email=email), 3)
        answer, _ = ask(running, "signup", dict(good, email=email))
        if answer.status == 200:  # a second has passed
            answer, _ = ask(running, "signup", dict(good, email=email))
        fault.expect_answer(answer, 429, "over_email_send_rate_limit")
    answer, _ = ask(running, "token?grant_type=password", good)
    fault.expect_answer(answer, 400, "email_not_confirmed")
    mail = mails.to("gil@example.org")
    ask_well(running, "verify", {"type": "signup", "token_hash": mail.given("token_hash")})
    ask_well(running, "token?grant_type=password", good, 3)
    time.sleep(2)
    fault.expect(mails.to("bob@example.org").given("type") == "magiclink",
                 "somebody with an account got a mail for a sign-up")


def invited(build, running, mails):
    """By appctl, which sends at once, and by the API; who comes has a session and sets a password."""
    appctl(build, running, "user", "invite", "hal@example.org", "--role", "web_user")
    appctl(build, running, "mail", "test", "op@example.org")
    fault.expect("shop.example.org" in mails.to("op@example.org").text, "the test mail is odd")
    answer, _ = ask(running, "invite", {"email": "ivy@example.org", "data": {"shirt": "S"}}, [fault.user()])
    fault.expect_answer(answer, 200)
    answer, _ = ask(running, "invite", {"email": "ada@example.org"}, [fault.user()])
    fault.expect_answer(answer, 422, "email_exists")
    for name in ("hal", "ivy"):
        mail = mails.to(name + "@example.org")
        session = json.loads(ask_well(running, "verify", {"type": "invite", "token_hash": mail.given("token_hash")})
                             .text())
        answer = put_user(running, session, {"password": "correct horse battery"})
        fault.expect_answer(answer, 200)
        ask_well(running, "token?grant_type=password",
                 {"email": name + "@example.org", "password": "correct horse battery"}, 3)


def put_user(running, session, body):
    return client.get(running.port, "/api/auth/user",
                      [fault.SITE, fault.JSON, ("Authorization", "Bearer " + session["access_token"])],
                      method="PUT", body=json.dumps(body).encode())


def changed(running, mails):
    """A new address is the user's once they have shown that they read its mail."""
    answer, _ = ask(running, "token?grant_type=password",
                    {"email": "gil@example.org", "password": "correct horse battery"})
    session = json.loads(answer.text())
    fault.expect_answer(put_user(running, session, {"email": "gil2@example.org"}), 200)
    mail = mails.to("gil2@example.org")
    ask_well(running, "verify", {"type": "email_change", "email": "gil2@example.org", "token": mail.code})
    ask_well(running, "token?grant_type=password",
             {"email": "gil2@example.org", "password": "correct horse battery"}, 3)
    answer, _ = ask(running, "token?grant_type=password",
                    {"email": "gil@example.org", "password": "correct horse battery"})
    fault.expect_answer(answer, 400, "invalid_credentials")


def at_once(running, mails):
    """What is good once is so when many come with it at the same time: a link, and a code of a program."""
    time.sleep(1.1)
    ask_well(running, "recover", {"email": "ivy@example.org"})
    mail = mails.to("ivy@example.org", 2)
    body = {"type": "recovery", "token_hash": mail.given("token_hash")}
    with ThreadPoolExecutor(8) as pool:
        answers = [one[0] for one in pool.map(lambda _: ask(running, "verify", body), range(8))]
    good = [answer for answer in answers if answer.status == 200]
    fault.expect(len(good) == 1 and {answer.status for answer in answers} == {200, 403}, "a link was good %d times: %s",
                 len(good), [answer.status for answer in answers])
    known = [("Authorization", "Bearer " + json.loads(good[0].text())["access_token"])]
    factor = json.loads(ask(running, "factors", {"factor_type": "totp"}, known)[0].text())
    body = {"code": totp.code(factor["totp"]["secret"])}
    with ThreadPoolExecutor(8) as pool:
        answers = [one[0] for one in pool.map(
            lambda _: ask(running, "factors/%s/verify" % factor["id"], body, known), range(8))]
    fault.expect(sorted(answer.status for answer in answers) == [200] + [422] * 7, "a code was taken: %s",
                 [answer.status for answer in answers])


def changed_by_a_thief(running, mails):
    """A change of address that was asked for before the owner set a new password comes to nothing."""
    good = {"email": "gil2@example.org", "password": "correct horse battery"}
    thief = json.loads(ask_well(running, "token?grant_type=password", good, 3).text())
    fault.expect_answer(put_user(running, thief, {"email": "thief@example.org"}), 200)
    link = mails.to("thief@example.org").given("token_hash")
    ask_well(running, "recover", {"email": "gil2@example.org"})
    owner = recovered(running, mails, "gil2@example.org", 2)
    fault.expect_answer(put_user(running, owner, {"password": "another horse battery"}), 200)
    refuse(running, {"type": "email_change", "token_hash": link})


def recovered(running, mails, email, count):
    mail = mails.to(email, count)
    return json.loads(ask_well(running, "verify", {"type": "recovery", "token_hash": mail.given("token_hash")}).text())


def taken_early(build, database):
    """Somebody has signed up with another's address: once its owner proves it, nothing of theirs is left."""
    with smtp.Server() as mails:
        running = fault.start(build, database, settings=settings(
            mails, "auth Signup open", "auth UserRole web_user", "auth VerifyEmail off", "auth UserKeys on"))
        try:
            good = {"email": "jan@example.org", "password": "correct horse battery"}
            ask_well(running, "signup", good, 3)
            early = json.loads(ask_well(running, "token?grant_type=password", good, 3).text())
            bearer = ("Authorization", "Bearer " + early["access_token"])
            answer, _ = ask(running, "keys", {"name": "mine"}, [bearer])
            key = ("X-API-Key", json.loads(answer.text())["key"])
            answer, _ = ask(running, "factors", {"factor_type": "totp"}, [bearer])
            fault.expect_answer(answer, 200)
            fault.expect_answer(put_user(running, early, {"email": "jan2@example.org"}), 200)
            link = mails.to("jan2@example.org").given("token_hash")
            fault.expect_answer(client.get(running.port, "/api/films?limit=1", [fault.SITE, key]), 200)
            ask_well(running, "recover", {"email": "jan@example.org"})
            owner = recovered(running, mails, "jan@example.org", 1)
            fault.expect(not owner["user"].get("factors"), "a factor of before is there still")
            refuse(running, {"type": "email_change", "token_hash": link})
            time.sleep(2)
            fault.expect_answer(client.get(running.port, "/api/films?limit=1", [fault.SITE, key]), 401, "APPE014")
            fault.expect_quiet(running)
        finally:
            running.stop()


def appctl(build, running, *words):
    status, output = process.run([os.path.join(stage.build(build), "appctl"), "-f", running.conf, *words])
    fault.expect(status == 0, "appctl %s: %s", " ".join(words), output)


def slow(build, database):
    """A mail server that takes seconds: requests, also others, do not."""
    with smtp.Server() as mails:
        mails.greeting_delay = 4
        running = fault.start(build, database, settings=settings(mails))
        try:
            for name in USERS:
                ask_well(running, "recover", {"email": name + "@example.org"})
                fault.expect_answer(fault.get(running, "/api/hello"), 200)
            mails.wait(len(USERS), 40)
            fault.expect_quiet(running)
        finally:
            running.stop()


def away(build, database):
    """No mail server, one that breaks off, a restart between: all mails come in the end, each at least once."""
    mails = smtp.Server()
    running = fault.start(build, database, settings=settings(mails))
    try:
        for name in USERS[:2]:
            ask_well(running, "recover", {"email": name + "@example.org"})
        fault.expect(process.wait_until(lambda: "APP2201" in running.log.text(), 10), "nobody tried to send")
    finally:
        running.stop()
    mails.cut_at = "END"
    with mails:
        running = fault.start(build, database, settings=settings(mails))
        try:
            for name in USERS[2:]:
                ask_well(running, "recover", {"email": name + "@example.org"})
            fault.expect(process.wait_until(lambda: mails.connections > 0, 20), "nobody tried to send again")
            mails.cut_at = None
            process.wait_until(lambda: len({mail.recipients[0] for mail in mails.mails}) == len(USERS), 220)
            came = sorted(mail.recipients[0] for mail in mails.mails)
            fault.expect(sorted(set(came)) == ["<%s@example.org>" % name for name in USERS],
                         "mails came for %s", came)
            for mail in mails.mails:
                ask_well(running, "verify", {"type": "recovery", "token_hash": mail.given("token_hash")})
            fault.expect_quiet(running, allowed=("APP2201",))
        finally:
            running.stop()
    fault.expect_whole(database)


def refused(build, database):
    """A mailbox that is not there is not tried again, and keeps nobody else waiting."""
    with smtp.Server() as mails:
        running = fault.start(build, database, settings=settings(mails))
        try:
            mails.answers["RCPT"] = "550 no such mailbox"
            ask_well(running, "recover", {"email": "ada@example.org"})
            fault.expect(process.wait_until(lambda: "APP2202" in running.log.text(), 10), "it was not refused")
            fault.expect("ada@" not in running.log.text(), "the log names the address")
            mails.answers.clear()
            ask_well(running, "recover", {"email": "bob@example.org"})
            fault.expect(mails.wait(1)[0].recipients == ["<bob@example.org>"], "somebody else's mail came")
            time.sleep(3)
            fault.expect(len(mails.mails) == 1, "it was tried again")
            fault.expect_quiet(running, allowed=("APP2202",))
        finally:
            running.stop()


def encrypted(build, database):
    """Without STARTTLS, or with a certificate of somebody else's, nothing is sent; with a good one and a login it is."""
    place = process.folder("tls")
    good, other = smtp.certificate(place), smtp.certificate(place, "other.example")
    plain = [line for line in settings(smtp.Server()) if "MailServer" not in line and "MailTls" not in line]
    for tls, login, sent in ((None, None, False), (other, None, False), (good, ("me", "secret of mine"), True)):
        with smtp.Server(tls=tls, login=login) as mails:
            lines = plain + ["auth MailServer smtp://localhost:%d" % mails.port, 'auth MailCaFile "%s"' % good[0],
                             "auth MailUser me", 'auth MailPassword "secret of mine"']
            running = fault.start(build, database, settings=lines)
            try:
                time.sleep(1.1)
                ask_well(running, "recover", {"email": "ada@example.org"})
                if sent:
                    fault.expect(mails.wait(1)[0].secure, "it was sent in the clear")
                else:
                    fault.expect(process.wait_until(lambda: "APP2201" in running.log.text(), 15),
                                 "nothing was said of it")
                    fault.expect(not mails.mails, "it was sent all the same")
                fault.expect("secret of mine" not in running.log.text(), "the log has the password")
                fault.expect_quiet(running, allowed=("APP2201",))
            finally:
                running.stop()


def folder(build, database, host):
    """Without a mail server mails go into a folder, also under plain CGI, where no process lives on."""
    place = process.folder("spool")
    process.give_to(place, process.web_user())
    lines = ("auth SiteUrl https://shop.example.org/", "auth MailFrom " + FROM, 'auth MailSpool "%s"' % place,
             "auth MailLanguage de")
    running = fault.start(build, database, host, settings=lines)
    try:
        ask_well(running, "recover", {"email": "ada@example.org"}, 3.0)
        fault.expect(process.wait_until(lambda: glob.glob(place + "/*.eml"), 15), "[%s] no mail came", host)
        path, = glob.glob(place + "/*")
        fault.expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "its mode is %o", os.stat(path).st_mode)
        with open(path, "rb") as file:
            mail = smtp.Mail(file.read())
        fault.expect("Neues Passwort" in str(mail.message["Subject"]) and "wählen" in mail.text,
                     "it says %s", mail.text)
        ask_well(running, "verify", {"type": "recovery", "token_hash": mail.given("token_hash")}, 3.0)
        fault.expect_quiet(running)
    finally:
        running.stop()
