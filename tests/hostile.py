"""
What people and programs write into free texts to break whoever stores, shows or sends it; each string with what it is after.

Beside these few, `naughty()` gives the Big List of Naughty Strings where the samples of real data are.
"""

import json

import pytest

from tests.needs import require

STORABLE: dict[str, str] = {
    "quotes": "O'Brien \"the\" `cook` \\ \u2019\u201d",
    "script": "</textarea></title><script>alert(1)</script><!--",
    "attribute": "\" onmouseover=alert(1) x='\" autofocus onfocus='alert(1)",
    "image": "<img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "entity": "&lt;b&gt; &amp;amp; &#60;script&#62;",
    "scheme": "javascript:alert(document.domain)",
    "header": "A\r\nBcc: all@customers.example\r\n\r\nbody",
    "encoded word": "=?utf-8?q?A=0D=0ABcc:_all=40customers.example?=",
    "right to left": "\u202egnp.exe\u202c \u2067abc\u2069",
    "zero width": "in\u200bvis\u200dib\u2060le\ufeff",
    "combining": "Z\u0351\u036b\u0343\u032a\u0302\u0327a\u0327l\u0321go\u0344",
    "astral": "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001d49c \U00020bb7\u91ce\u5bb6",
    "arabic": "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643",
    "unpaired width": "\uff1cscript\uff1e \u212b \u017f",
    "control": "a\x01\x08\x0b\x1b[31mred\x1b[0m\x7f\x85b",
    "line separators": "a\u2028b\u2029c\x0cd",
    "formula": "=cmd|' /C calc'!A0",
    "formula at": "@SUM(1+9)*cmd|' /C calc'!A0",
    "formula plus": "+1+1",
    "formula minus": "-2+3",
    "jinja": "{{7*7}}{% raw %}{# #}${7*7}<%= 7*7 %>",
    "format": "{order.__class__} {0} %s %n %(name)s %%",
    "sql": "'; DROP TABLE orders; -- /* \\' OR ''='",
    "pointer": "/ship_to/line1~1../../etc/passwd",
    "spaces": "  two before, three after\u3000  ",
    "log": "ok\n2026-11-24 10:00:00 ERROR forged: everything is lost",
    "json": '{"a": [null, "\\u0000"]}',
    "number": "1e309",
    "null": "null",
}
"""Every text takes these, and gives them back as they are; none is longer than 100 characters."""

UNSTORABLE: dict[str, str] = {"nul": "a\0b", "first half": "a\ud800b", "second half": "a\udc00b"}
"""No text takes these."""


def naughty() -> list[str]:
    """The Big List of Naughty Strings, each once, without empty ones; the test is skipped where it is not there."""
    found = json.loads((require("real-data") / "naughty" / "blns.json").read_text("utf-8"))
    return [one for one in dict.fromkeys(found) if one]


def few() -> list[str]:
    """The strings above."""
    return list(STORABLE.values())


each = pytest.mark.parametrize("text", STORABLE.values(), ids=STORABLE)
