"""Places of one person at the same time, the way between them included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.core.geo import travel_minutes
from volunteer_hub.core.i18n import _, day, either, span
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.facts import Facts
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.reasons import CannotSignUp, Reason

# Nobody in the sub-district travels longer between two shifts.
LONGEST_WAY = timedelta(hours=2)

_PERSON = bindparam("person", type_=Integer)
_AROUND = (
    select(
        Shift.id, Shift.starts_at, Shift.ends_at, Place.id.label("place_id"), Place.lat, Place.lng
    )
    .join(SignUp, SignUp.shift_id == Shift.id)
    .join(Place, Place.id == Shift.place_id)
    .where(
        SignUp.person_id == _PERSON,
        SignUp.status == str(SignUpStatus.CONFIRMED),
        Shift.id != bindparam("shift", type_=Integer),
        Shift.status == str(ShiftStatus.PUBLISHED),
        Shift.starts_at < bindparam("until", type_=UtcDateTime),
        Shift.ends_at > bindparam("since", type_=UtcDateTime),
    )
    .order_by(Shift.starts_at, Shift.id)
)


_OWN = (
    select(Shift.starts_at, Shift.ends_at, Place.id, Place.lat, Place.lng)
    .join(SignUp, SignUp.shift_id == Shift.id)
    .join(Place, Place.id == Shift.place_id)
    .where(
        SignUp.person_id == _PERSON,
        SignUp.status == str(SignUpStatus.CONFIRMED),
        Shift.status == str(ShiftStatus.PUBLISHED),
        Shift.ends_at > bindparam("since", type_=UtcDateTime),
    )
)
# No shift is longer (shifts.scheduling).
_LONGEST_SHIFT = timedelta(hours=24)


class _Stop(NamedTuple):
    """One of the person's own places in time and on the map."""

    starts_at: datetime
    ends_at: datetime
    place_id: int
    lat: float | None
    lng: float | None


def clash(session: Session, facts: Facts, *, person_id: int) -> CannotSignUp | None:
    """Return which other place of this person overlaps, the way between both included."""
    around = session.connection().execute(
        _AROUND,
        {
            "person": person_id,
            "shift": facts.shift_id,
            "since": facts.starts_at - LONGEST_WAY,
            "until": facts.ends_at + LONGEST_WAY,
        },
    )
    for other in around:
        way = _collision(facts, other)
        if way is not None:
            return _cannot_be_at_both(session, other.id, way=way)
    return None


def _collision(one: Any, other: Any) -> int | None:
    """Return None when nobody is kept from both, else the minutes of way (0: the hours overlap).

    Both have starts_at, ends_at, place_id, lat and lng.
    """
    if other.starts_at < one.ends_at and other.ends_at > one.starts_at:
        return 0
    way = _way(one, other)
    gap = max(other.starts_at - one.ends_at, one.starts_at - other.ends_at)
    return way if gap < timedelta(minutes=way) else None


def _way(one: Any, other: Any) -> int:
    """Return minutes between both places, 0 when one is not on the map."""
    if other.place_id == one.place_id or None in (one.lat, one.lng, other.lat, other.lng):
        return 0
    minutes = travel_minutes(one.lat, one.lng, other.lat, other.lng)
    return min(minutes, int(LONGEST_WAY.total_seconds()) // 60)


def out_of_reach(
    session: Session, *, person_id: int, now: datetime, only: Sequence[int] | None = None
) -> list[int]:
    """Return the coming shifts that the way from or to one of the person's own places rules out.

    For lists; they look at overlapping hours themselves. `only` asks about these shifts alone.
    """
    values = {"person": person_id, "since": now - LONGEST_WAY}
    own = [_Stop._make(row) for row in session.connection().execute(_OWN, values)]
    if not own:
        return []
    near = [
        and_(
            Shift.starts_at > stop.starts_at - LONGEST_WAY - _LONGEST_SHIFT,
            Shift.starts_at < stop.ends_at + LONGEST_WAY,
            Shift.ends_at > stop.starts_at - LONGEST_WAY,
            Shift.place_id != stop.place_id,
        )
        for stop in own
    ]
    rows = session.execute(
        select(
            Shift.id,
            Shift.starts_at,
            Shift.ends_at,
            Place.id.label("place_id"),
            Place.lat,
            Place.lng,
        )
        .join(Place, Place.id == Shift.place_id)
        .where(
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.starts_at > now,
            or_(*near),
            *([Shift.id.in_(only)] if only is not None else []),
        )
    )
    return [row.id for row in rows if any(_collision(row, stop) for stop in own)]


def _cannot_be_at_both(session: Session, shift_id: int, *, way: int) -> CannotSignUp:
    other = session.execute(
        select(Project.title_zh, Project.title_en, Shift.day, Shift.starts_at, Shift.ends_at)
        .join(Shift, Shift.project_id == Project.id)
        .where(Shift.id == shift_id)
    ).one()
    named = {
        "title": either(other.title_zh, other.title_en),
        "when": f"{day(other.day)} {span(other.starts_at, other.ends_at)}",
    }
    link, way_out = f"/shifts/{shift_id}", _("See that shift")
    if way:
        return CannotSignUp(
            _(
                "The way between both places takes about %(n)s minutes, too long after or before"
                " your other place: %(title)s, %(when)s.",
                n=way,
                **named,
            ),
            Reason.TRAVEL,
            link=link,
            way_out=way_out,
        )
    return CannotSignUp(
        _(
            "At that time you already have another place: %(title)s, %(when)s. Cancel that one"
            " first if this suits you better.",
            **named,
        ),
        Reason.OVERLAP,
        link=link,
        way_out=way_out,
    )
