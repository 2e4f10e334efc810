"""Strings that have broken forms before: our own few, and the big list where it lies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

# The Big List of Naughty Strings, 515 of them; not part of the project.
BIG_LIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors" / "blns.json"

OWN = [
    # Nothing, blanks, and what only looks like nothing.
    " ", "\t", "\r\n", "\u3000", "\u200b", "\ufeff", "\u202e志愿", "-", "0", "null", "undefined",
    "None", "NaN", "true", "[]", "{}", "--", "%", "%s%n", "_", "\\", "/", "../../etc/passwd",
    # Numbers and dates that are none.
    "1e309", "-1", "0x10", "１２３", "٣", "½", "9" * 400, "2026-02-30", "25:61", "99999-01-01",
    # Names and letters beyond the ordinary.
    "阿卜杜拉·买买提", "𠮷田㛃", "👨\u200d👩\u200d👧", "e\u0301", "Ω≈ç√∫˜µ≤≥÷",
    "ﷺ" * 30, "ı İ ß", "长" * 5000,
    # Languages of machines.
    "'", '"', "' OR '1'='1", "1; DROP TABLE person; --", "{{ 7 * 7 }}", "{% raw %}", "${7*7}",
    "%(name)s", "=cmd|' /C calc'!A0", "＝1+1", "@SUM(1)", "a\r\nSet-Cookie: x=1",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<b>bold", "</textarea><b>",
    "<svg/onload=alert(1)>", "javascript:alert(1)", '" autofocus onfocus=alert(1) x="',
    '<a hx-get="/me" hx-trigger="load">', "<!--", "]]>", "&lt;script&gt;", "&#60;b&#62;",
]  # fmt: skip


def strings(source: str) -> list[str]:
    """Return the strings of `own` or `big list`; skips the test where the list is absent."""
    if source == "own":
        return OWN
    if not BIG_LIST.exists():
        pytest.skip("the Big List of Naughty Strings is not on this machine")
    found: list[str] = json.loads(BIG_LIST.read_text(encoding="utf-8"))
    return found
