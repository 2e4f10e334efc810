"""The stylesheet's colours and budget, and the integrity of htmx."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "static"
CSS = (STATIC / "css" / "hub.css").read_text()
HTMX = "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"

# Foreground, background, least ratio: 4.5 for text, 3 for what only has to be seen.
PAIRS = [
    ("ink", "bg", 4.5), ("ink", "surface", 4.5), ("ink", "tint", 4.5),
    ("ink-2", "bg", 4.5), ("ink-2", "surface", 4.5), ("ink-2", "tint", 4.5),
    ("accent", "bg", 4.5), ("accent", "surface", 4.5), ("accent", "tint", 4.5),
    ("btn-ink", "btn", 4.5), ("btn-ink", "btn-press", 4.5),
    ("ok", "surface", 4.5), ("ok", "ok-bg", 4.5), ("warn", "warn-bg", 4.5),
    ("bad", "surface", 4.5), ("bad", "bad-bg", 4.5), ("bg", "ink", 4.5),
    ("btn", "surface", 3), ("btn", "bg", 3), ("line-strong", "surface", 3),
    ("line-strong", "bg", 3), ("focus", "bg", 3), ("focus", "surface", 3),
    ("fig", "surface", 3), ("fig", "h0", 3), ("accent", "h0", 3),
]  # fmt: skip


def colours(selector: str) -> dict[str, str]:
    """Return the colour variables that the block of this selector sets."""
    start = CSS.index(selector)
    block = CSS[start : CSS.index("}", start)]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{3,6})", block))


LIGHT = colours(":root{")
DARK_BY_SYSTEM = colours(":root:not([data-theme=light]){")
DARK_BY_CHOICE = colours("[data-theme=dark]{")


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2, 0 to 1."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = []
    for start in (0, 2, 4):
        value = int(digits[start : start + 2], 16) / 255
        parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_both_ways_to_dark_show_the_same_colours():
    assert DARK_BY_SYSTEM
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE
    assert DARK_BY_CHOICE.keys() <= LIGHT.keys()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_can_be_told_apart(theme, front, back, least):
    colour = LIGHT if theme == "light" else LIGHT | DARK_BY_CHOICE
    assert contrast(colour[front], colour[back]) >= least


def test_our_own_copy_of_htmx_is_the_one_that_pages_ask_for():
    content = (STATIC / "vendor" / "htmx-2.0.11.min.js").read_bytes()
    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    assert f"sha384-{digest}" == HTMX
    named = [
        value
        for path in (ROOT / "templates").rglob("*.html")
        for value in re.findall(r'integrity="([^"]+)"', path.read_text())
    ]
    assert named
    assert set(named) == {HTMX}


def packed(*names: str) -> int:
    """Return the bytes of these static files, each as gzip sends it."""
    return sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in names)


def test_stylesheet_and_scripts_keep_their_budget():
    assert packed("css/hub.css") <= 8 * 1024
    assert packed("js/boot.js", "js/app.js") <= 3 * 1024
