# SPDX-License-Identifier: Apache-2.0
"""A Prometheus that scrapes a server five times a second, where there is one: Debian's package of that name."""
import json
import os
import shutil
import subprocess
import urllib.parse

from lib import client, process

CONF = """\
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: app
    static_configs: [{targets: ["127.0.0.1:%d"]}]
"""


def start(port):
    """Of the server at that port. None: it is not installed."""
    return Scraper(port) if shutil.which("prometheus") else None


class Scraper:
    def __init__(self, port):
        self.port = process.free_port()
        folder = process.folder("prometheus")
        conf = os.path.join(folder, "prometheus.yml")
        with open(conf, "w", encoding="ascii") as file:
            file.write(CONF % port)
        with open(os.path.join(folder, "output"), "wb") as output:
            self.process = process.start(
                ["prometheus", "--config.file=" + conf, "--storage.tsdb.path=" + os.path.join(folder, "data"),
                 "--web.listen-address=127.0.0.1:%d" % self.port],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        if not process.wait_until(self._up, 20):
            self.stop()
            raise process.Failed("prometheus does not find the server up: see %s/output" % folder)

    def stop(self):
        process.stop(self.process)

    def ask(self, query):
        """The value of a query of one series; None if it has none yet."""
        target = "/api/v1/query?query=" + urllib.parse.quote(query)
        answer = json.loads(client.get(self.port, target, [("Host", "localhost")]).text())
        if answer["status"] != "success":
            raise process.Failed("prometheus: %s" % answer)
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def expect(self, query, value):
        """Sooner or later the query has the value that value() has then."""
        if not process.wait_until(lambda: self.ask(query) == value(), 5, step=0.2):
            raise process.Failed("prometheus says %s of %s, not %s" % (self.ask(query), query, value()))

    def _up(self):
        try:
            return process.listens(self.port) and self.ask("up") == 1
        except (client.Broken, OSError, ValueError):
            return False
