"""Pieces of sentences that several kinds of notices share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from volunteer_hub.core import clock
from volunteer_hub.core.i18n import _, clock_time, day, either, span

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    """A title of a few words, and what follows from it."""

    title: str
    sentence: str


def to_moment(text: str) -> datetime:
    """Return the aware moment that a parameter holds."""
    return datetime.fromisoformat(text)


def when(params: Params) -> str:
    """Return `11 月 28 日 周六 14:00–16:00`."""
    starts_at = to_moment(params["starts_at"])
    return f"{day(clock.local(starts_at).date())} {span(starts_at, to_moment(params['ends_at']))}"


def point_in_time(text: str) -> str:
    """Return `11 月 28 日 周六 14:00`."""
    moment = to_moment(text)
    return f"{day(clock.local(moment).date())} {clock_time(moment)}"


def title(params: Params) -> str:
    """Return the project's title in the reader's language."""
    return either(params["title_zh"], params["title_en"])


def place(params: Params) -> str:
    """Return the place's name in the reader's language."""
    return either(params["place_zh"], params["place_en"])


def shift(params: Params) -> str:
    """Return `幸福白老汇，11 月 28 日 周六 14:00–16:00`."""
    return _("%(title)s, %(when)s", title=title(params), when=when(params))


def with_reason(sentence: str, params: Params) -> str:
    """Return the sentence and, where one was given, the reason."""
    reason = params.get("reason")
    if not reason:
        return sentence
    return _("%(sentence)s Reason: %(reason)s", sentence=sentence, reason=reason)
