"""Which page of a list the address asks for."""

from __future__ import annotations

from flask import request

from volunteer_hub.console.forms import typed_number
from volunteer_hub.core.i18n import _
from volunteer_hub.core.web import MAX_ID

# No list is longer, and an offset of this many pages still fits a number of the database.
MOST_PAGES = MAX_ID // 100


def page_of(ignored: list[str]) -> int:
    """Return the page, 1 when the address names none that could be; then `ignored` says so."""
    text = request.args.get("page") or "1"
    number = typed_number(text)
    if not number:
        ignored.append(_("Page"))
    return min(max(number, 1), MOST_PAGES)
