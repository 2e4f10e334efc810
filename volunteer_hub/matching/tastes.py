"""What is known of a person for ranking shifts, read in one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.matching.availability import Own
from volunteer_hub.matching.models import Availability, Away, FreeWindow, Interest
from volunteer_hub.projects.models import Adoption, AdoptionState, Project
from volunteer_hub.registry.models import BranchLine, Walk
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus

# Service counts for so long; so many shifts of one category are full interest in it.
SERVED_SINCE, FULL_INTEREST = timedelta(days=365), 4
NOBODY = Own()


@dataclass(frozen=True)
class Tastes:
    """One person: limits, free hours by weekday (start and end minute), likes and past service.

    `free` is empty for who has said nothing; `interest` is 0-1 by category, `walks` minutes on foot
    from the office by place, `adopted` the projects that the own branch or one above stands by.
    """

    recommends: bool = NOBODY.recommends
    farthest_walk: int = NOBODY.farthest_walk
    free: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    away: tuple[tuple[date, date], ...] = ()
    interest: dict[int, float] = field(default_factory=dict)
    served: frozenset[int] = frozenset()
    adopted: frozenset[int] = frozenset()
    walks: dict[int, int] = field(default_factory=dict)

    def is_away(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.away)

    def is_free(self, weekday: int, start: int, end: int) -> bool:
        """Tell whether these minutes of a weekday lie in one of the free windows."""
        return any(a <= start and end <= b for a, b in self.free.get(weekday, ()))


def read_tastes(
    session: Session, *, person_id: int, building_id: int | None, today: date, now: datetime
) -> Tastes:
    """Return what is known of the person, in one query."""
    values = {
        "person": person_id,
        "building": building_id,
        "today": today,
        "now": now,
        "since": now - SERVED_SINCE,
    }
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.connection().execute(_TASTES, values):
        found[row.kind].append(row)
    settings = found["settings"][0] if found["settings"] else None
    free: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in found["window"]:
        free[row.a].append((row.b, row.c))
    return Tastes(
        recommends=bool(settings.a) if settings else NOBODY.recommends,
        farthest_walk=settings.b if settings else NOBODY.farthest_walk,
        free=dict(free),
        away=tuple((_day(row.first), _day(row.last)) for row in found["away"]),
        interest=dict(_interest(found)),
        served=frozenset(row.a for row in found["served"]),
        adopted=frozenset(row.a for row in found["adopted"]),
        walks={row.a: row.b for row in found["walk"]},
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _interest(found: dict[str, list[Any]]) -> Iterator[tuple[int, float]]:
    """Yield categories with 0-1: what was ticked counts whole, what was done by how often."""
    times: dict[int, int] = defaultdict(int)
    for row in found["served"]:
        times[row.b] += row.c
    for category, count in times.items():
        yield category, min(count / FULL_INTEREST, 1.0)
    for row in found["interest"]:
        yield row.a, 1.0


_PERSON = bindparam("person", type_=Integer)
_TODAY = bindparam("today", type_=Date)
_NOTHING = cast(null(), Integer)
_NO_TEXT = cast(null(), String)


def _part(kind: str, *numbers: Any, texts: tuple[Any, ...] = (_NO_TEXT, _NO_TEXT)) -> Any:
    a, b, c = (*numbers, _NOTHING, _NOTHING, _NOTHING)[:3]
    first, last = (cast(one, String) for one in texts)
    columns = {"kind": literal(kind), "a": a, "b": b, "c": c, "first": first, "last": last}
    return select(*(column.label(name) for name, column in columns.items()))


def _above() -> Any:
    """Select the person's branch and those above it, as they lie today."""
    return (
        select(BranchLine.ancestor_id)
        .join(BranchMembership, BranchMembership.branch_id == BranchLine.branch_id)
        .where(
            BranchMembership.person_id == _PERSON,
            BranchMembership.ended_on.is_(None),
            BranchLine.since <= _TODAY,
            BranchLine.until.is_(None) | (BranchLine.until >= _TODAY),
        )
    )


_TASTES = union_all(
    _part("settings", cast(Availability.recommends, Integer), Availability.farthest_walk).where(
        Availability.person_id == _PERSON
    ),
    _part("window", FreeWindow.weekday, FreeWindow.start_minute, FreeWindow.end_minute).where(
        FreeWindow.person_id == _PERSON
    ),
    _part("away", texts=(Away.first_day, Away.last_day)).where(
        Away.person_id == _PERSON, Away.last_day >= _TODAY
    ),
    _part("interest", Interest.category_id).where(Interest.person_id == _PERSON),
    _part("served", Project.id, Project.category_id, func.count(SignUp.id))
    .join(Shift, Shift.project_id == Project.id)
    .join(SignUp, SignUp.shift_id == Shift.id)
    .where(
        SignUp.person_id == _PERSON,
        SignUp.status == str(SignUpStatus.CONFIRMED),
        Shift.status == str(ShiftStatus.PUBLISHED),
        Shift.ends_at > bindparam("since", type_=UtcDateTime),
        Shift.ends_at < bindparam("now", type_=UtcDateTime),
    )
    .group_by(Project.id, Project.category_id),
    _part("adopted", Adoption.project_id).where(
        Adoption.branch_id.in_(_above()),
        Adoption.state == str(AdoptionState.AGREED),
        Adoption.last_day >= _TODAY,
    ),
    _part("walk", Walk.place_id, Walk.minutes).where(
        Walk.building_id == bindparam("building", type_=Integer)
    ),
)
