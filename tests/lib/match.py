# SPDX-License-Identifier: Apache-2.0
"""Compares an answer with what a case expects, and tells the difference in lines that a person can read."""
import difflib
import json
import re
from decimal import Decimal

ANY = "..."
ABSENT = "{{absent}}"


def headers(expected, answer):
    """Differences between the headers a case names and those of the answer."""
    for name, value in expected:
        actual = answer.header(name)
        if value is None:
            if actual is not None:
                yield "header %s: should be absent, is %r" % (name, actual)
        elif actual is None:
            yield "header %s: missing, should be %r" % (name, value)
        elif value.startswith("~"):
            if not re.fullmatch(value[1:].strip(), actual):
                yield "header %s: %r does not match %s" % (name, actual, value[1:].strip())
        elif actual != value:
            yield "header %s: %r, should be %r" % (name, actual, value)


def body(expected, answer):
    """Differences between the expected body (text, JSON, "..." for any, None for empty) and the answer's."""
    actual = answer.text()
    if expected == ANY:
        return []
    if expected is None:
        return ["body: should be empty, is %s" % _short(actual)] if actual else []
    if "json" in (answer.header("Content-Type") or "") and expected[:1] in '[{"-0123456789tfn':
        return list(_json(expected, actual))
    if expected == actual:
        return []
    return list(difflib.unified_diff(expected.split("\n"), actual.split("\n"), "expected", "actual",
                                     lineterm="", n=2))


def values(want, answer):
    """Differences between what JSON should say, read already, and the answer's body."""
    try:
        have = loads(answer.text())
    except ValueError as error:
        return ["body: not JSON (%s): %s" % (error, _short(answer.text()))]
    return list(_differ(want, have, "body"))


def _json(expected, actual):
    try:
        want = loads(expected)
    except ValueError as error:
        yield "the case's body is not JSON: %s" % error
        return
    try:
        have = loads(actual)
    except ValueError as error:
        yield "body: not JSON (%s): %s" % (error, _short(actual))
        return
    yield from _differ(want, have, "body")


def loads(text):
    return json.loads(text, parse_float=Decimal)


def _differ(want, have, where):
    """A string "~re" stands for a string that matches, "{{number}}" and the like for any of a type, "..." for anything;
    a member "...": "..." lets further members pass, and one that is "{{absent}}" must not be there."""
    if isinstance(want, str) and want == ANY:
        return
    if isinstance(want, str) and re.fullmatch(r"\{\{\w+\}\}", want):
        if not _is(have, want[2:-2]):
            yield "%s: %s is no %s" % (where, _short(have), want[2:-2])
    elif isinstance(want, str) and want.startswith("~") and isinstance(have, str):
        if not re.fullmatch(want[1:], have, re.S):
            yield "%s: %s does not match %s" % (where, _short(have), want[1:])
    elif isinstance(want, dict) and isinstance(have, dict):
        yield from _differ_objects(want, have, where)
    elif isinstance(want, list) and isinstance(have, list):
        yield from _differ_lists(want, have, where)
    elif type(want) is not type(have) and not _numbers(want, have) or want != have:
        yield "%s: %s, should be %s" % (where, _short(have), _short(want))


def _numbers(a, b):
    return all(isinstance(v, (int, Decimal)) and not isinstance(v, bool) for v in (a, b))


def _is(value, kind):
    if kind == "number":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    kinds = {"string": str, "object": dict, "array": list, "boolean": bool}
    return isinstance(value, kinds[kind])


def _differ_objects(want, have, where):
    for key in want:
        if key == ANY or (want[key] == ABSENT and key not in have):
            continue
        if want[key] == ABSENT:
            yield "%s.%s: should be absent, is %s" % (where, key, _short(have[key]))
        elif key not in have:
            yield "%s.%s: missing, should be %s" % (where, key, _short(want[key]))
        else:
            yield from _differ(want[key], have[key], "%s.%s" % (where, key))
    if ANY not in want:
        for key in have:
            if key not in want:
                yield "%s.%s: should be absent, is %s" % (where, key, _short(have[key]))


def _differ_lists(want, have, where):
    for index, (left, right) in enumerate(zip(want, have)):
        yield from _differ(left, right, "%s[%d]" % (where, index))
    if len(want) != len(have):
        yield "%s: %d items, should be %d: %s" % (where, len(have), len(want), _short(have))


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 300 else text[:297] + "..."
