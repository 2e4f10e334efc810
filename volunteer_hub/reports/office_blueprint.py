"""The blueprint of the office; the modules beside this one hang their pages on it."""

from __future__ import annotations

import re

from flask import Blueprint, request

from volunteer_hub.core.i18n import _

bp = Blueprint("office", __name__, url_prefix="/office")


def page_number() -> tuple[int, list[str]]:
    """Return the page asked for, and its label when what was typed is no page."""
    typed = request.args.get("page") or "1"
    if re.fullmatch(r"[1-9]\d{0,8}", typed, re.ASCII):
        return int(typed), []
    return 1, [_("Page")]
