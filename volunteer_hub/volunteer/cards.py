"""Rows of the lists as cards: finished words in the reader's language.

Made here and not in the template, because a call from a template costs ten times one from Python,
and a list makes some two hundred of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from volunteer_hub.core.i18n import _, clock_time, day, either, span, weekday
from volunteer_hub.shifts.models import SignUpStatus
from volunteer_hub.volunteer.queries import ProjectCard, ShiftCard


class Card(NamedTuple):
    """One card: where it leads, its date box in up to three lines, and how full it is."""

    id: int
    href: str
    title: str
    top: str
    middle: str
    bottom: str
    starts_at: str
    where: str
    category: str
    taken: int
    capacity: int
    places: str
    needed: str
    action: str
    state: str
    # Why it is recommended, in one line.
    why: str = ""


def project_cards(rows: Iterable[ProjectCard]) -> list[Card]:
    """Return projects as cards, each dated by the first of its shifts that fits."""
    return [_project_card(row) for row in rows]


def _project_card(row: ProjectCard) -> Card:
    top, middle, bottom, starts_at = _("No date"), "", "", ""
    if row.starts_at is not None and row.day is not None:
        top, middle = weekday(row.day), f"{row.day.month}/{row.day.day}"
        bottom, starts_at = clock_time(row.starts_at), row.starts_at.isoformat()
    place = either(row.place_zh, row.place_en) or either(row.organisation_zh, row.organisation_en)
    return Card(
        id=row.id,
        href=f"/projects/{row.id}",
        title=either(row.title_zh, row.title_en),
        top=top,
        middle=middle,
        bottom=bottom,
        starts_at=starts_at,
        where=_with_walk(place, row.walk),
        category=either(row.category_zh, row.category_en),
        taken=row.capacity - row.left,
        capacity=row.capacity,
        places=_places(row.left, row.capacity),
        needed=_needed(row.left) if row.capacity else _("No shift planned at present"),
        action="",
        state="",
    )


def shift_cards(
    rows: Iterable[ShiftCard], *, titled: bool = True, dated: bool = False
) -> list[Card]:
    """Return shifts as cards; `titled` by the project, else by the day; `dated` adds the day."""
    return [_shift_card(row, titled=titled, dated=dated) for row in rows]


def _shift_card(row: ShiftCard, *, titled: bool, dated: bool) -> Card:
    place = either(row.place_zh, row.place_en)
    return Card(
        id=row.id,
        href=f"/shifts/{row.id}",
        title=either(row.title_zh, row.title_en) if titled else day(row.day),
        top=clock_time(row.starts_at),
        middle="",
        bottom=span(row.starts_at, row.ends_at)[5:],
        starts_at=row.starts_at.isoformat(),
        where=_with_walk(f"{day(row.day)} · {place}" if dated else place, row.walk),
        category=either(row.category_zh, row.category_en),
        taken=row.capacity - row.left,
        capacity=row.capacity,
        places=_places(row.left, row.capacity),
        needed=_needed(row.left),
        action=_action(row),
        state=row.state or "",
    )


def _with_walk(place: str, walk: int | None) -> str:
    if not walk:
        return place
    # Not inside the f-string, where the extractor of messages does not look.
    on_foot = _("%(n)s min on foot", n=walk)
    return f"{place} · {on_foot}"


def _places(left: int, capacity: int) -> str:
    return f"{capacity - left}/{capacity}" if left else ""


def _needed(left: int) -> str:
    return _("%(n)s more needed", n=left) if left else _("Full")


def _action(row: ShiftCard) -> str:
    if row.state == SignUpStatus.CONFIRMED:
        return _("You have a place")
    if row.state == SignUpStatus.OFFERED:
        return _("A place is held for you")
    if row.state == SignUpStatus.WAITLISTED:
        return _("You are in line")
    return _("Sign up") if row.left else _("Waitlist")
