# SPDX-License-Identifier: Apache-2.0
"""Somebody who signs in on web pages: with a client that keeps cookies, follows redirects and sends forms, or with a browser.
Both have the same methods."""
import html
import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request

from lib import browser

PAGES = {"Accept": "text/html,*/*;q=0.8"}


class Client:
    """As far as pages without scripts need it."""
    name = "a client"

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.url, self.page = None, ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def _ask(self, url, body=None, headers=(), method=None):
        request = urllib.request.Request(url, body, dict(headers), method=method)
        try:
            with self.opener.open(request, timeout=15) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url, error.read().decode()

    def open(self, url):
        self.url, self.page = self._ask(url, headers=PAGES)[1:]

    def submit(self, **values):
        """Sends the page's form, with these values in it."""
        form = re.search(r'<form[^>]* action="([^"]*)".*?</form>', self.page, re.S)
        fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0]))
        fields.update(values)
        body = urllib.parse.urlencode(fields).encode()
        self.url, self.page = self._ask(urllib.parse.urljoin(self.url, html.unescape(form[1])), body,
                                        PAGES)[1:]

    def expect(self, part):
        """Whether the page shows that text."""
        return part in html.unescape(self.page)

    def fetch(self, path, method="GET", value=None, **headers):
        """What a script of the page would ask for. Returns (status, text)."""
        body = None if value is None else json.dumps(value).encode()
        headers = dict({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Accept": "*/*",
                        "Content-Type": "application/json"}, **headers)
        status, _, text = self._ask(urllib.parse.urljoin(self.url, path), body, headers, method)
        return status, text

    def cookies(self):
        """Names of the cookies that there are."""
        return sorted(cookie.name for cookie in self.jar)


class Chromium(browser.Browser):
    name = "Chromium"

    def expect(self, part):
        return bool(self.wait("document.documentElement.innerHTML.includes(%s)" % json.dumps(part)))

    def submit(self, **values):
        """Fills in the page's form and sends it off, as a person would."""
        self.run("(v => { const f = document.forms[0]; for (const n in v) f.elements[n].value = v[n];"
                 " setTimeout(() => f.requestSubmit()); })(%s)" % json.dumps(values))

    def fetch(self, path, method="GET", value=None, **headers):
        options = {"method": method, "headers": dict({"Content-Type": "application/json"}, **headers)}
        if value is not None:
            options["body"] = json.dumps(value)
        return tuple(self.run("fetch(%s, %s).then(a => a.text().then(t => [a.status, t]))"
                              % (json.dumps(path), json.dumps(options))))

    def cookies(self):
        return sorted(cookie["name"] for cookie in self.call("Network.getCookies")["cookies"])


def kinds():
    """Client always; Chromium where one is installed."""
    return [Client] + ([Chromium] if browser.program() else [])
