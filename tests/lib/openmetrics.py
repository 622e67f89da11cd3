# SPDX-License-Identifier: Apache-2.0
"""Reads what /metrics says, and refuses what a scraper might: a strict reader of Prometheus' text format 0.0.4 and of
OpenMetrics 1.0.0."""
import re

from lib import process

SAMPLE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{(.*)\})? (-?[0-9]+(?:\.[0-9]+)?)\Z')
LABEL = re.compile(r'([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|\Z)')
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


class Metrics(dict):
    """{(name, labels as sorted pairs): number}. types: {family: type}."""

    def __init__(self, text, openmetrics=False):
        super().__init__()
        self.types = {}
        self.openmetrics = openmetrics
        self.family = self.helped = None
        if not text.endswith("# EOF\n" if openmetrics else "\n"):
            raise process.Failed("it ends with %r" % text[-40:])
        for line in text[:-6 if openmetrics else None].splitlines():
            self._read(line)
        self._check_histograms()

    def total(self, name, **labels):
        """The sum of all series of that name which have these labels."""
        return sum(value for (other, pairs), value in self.items()
                   if other == name and labels.items() <= dict(pairs).items())

    def _read(self, line):
        if line.startswith("# HELP "):
            self.helped = line.split(" ", 3)[2]
        elif line.startswith("# TYPE "):
            self._begin(*line.split(" ")[2:])
        else:
            self._sample(line)

    def _begin(self, family, kind):
        if family != self.helped or kind not in SUFFIXES:
            raise process.Failed("# TYPE %s %s without its help" % (family, kind))
        if kind == "counter" and not self.openmetrics:
            if not family.endswith("_total"):
                raise process.Failed("the counter %s lacks _total" % family)
            family = family[:-len("_total")]
        if family in self.types:
            raise process.Failed("%s comes twice, or in pieces" % family)
        self.types[family], self.family = kind, family

    def _sample(self, line):
        match = SAMPLE.match(line)
        if not match or self.family is None:
            raise process.Failed("no sample: %r" % line)
        name, labels, value = match.groups()
        if name not in [self.family + suffix for suffix in SUFFIXES[self.types[self.family]]]:
            raise process.Failed("%s among the samples of %s" % (name, self.family))
        key = (name, tuple(sorted(self._labels(labels or "", line).items())))
        if key in self:
            raise process.Failed("twice: %r" % line)
        self[key] = float(value)

    @staticmethod
    def _labels(text, line):
        found, at = {}, 0
        while at < len(text):
            match = LABEL.match(text, at)
            if not match or match[1] in found:
                raise process.Failed("labels of %r" % line)
            found[match[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], match[2])
            at = match.end()
        return found

    def _check_histograms(self):
        """Buckets grow, and the last one has all."""
        series = {}
        for (name, pairs), value in self.items():
            labels = dict(pairs)
            if "le" in labels:
                bound = float(labels.pop("le"))
                series.setdefault((name[:-len("_bucket")], tuple(sorted(labels.items()))), []).append((bound, value))
        for (name, labels), buckets in series.items():
            counts = [value for _, value in buckets]
            if buckets != sorted(buckets) or counts != sorted(counts) or buckets[-1][0] != float("inf"):
                raise process.Failed("the buckets of %s%s do not grow: %s" % (name, labels, buckets))
            if self[name + "_count", labels] != counts[-1]:
                raise process.Failed("the count of %s%s is not that of its buckets" % (name, labels))
