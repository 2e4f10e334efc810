"""Open shifts of the coming days as candidates for one person, ranked.

Two steps, so that a page costs little: one lean query over what is open in the person's hours,
scored in Python (`scoring`); the rules of signing up are asked of the best ones only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, cast, exists, literal, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import PersonQualification
from volunteer_hub.core.calendar import Window, minute_of_day, windows_between
from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.matching.scoring import Candidate, Fit, Scored, Staffing, forecast_rate, ranked
from volunteer_hub.matching.tastes import Tastes
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.shifts.models import Post, PostNeed, Shift, ShiftStatus

# How far ahead is looked, and at how many shifts: a page costs the same on a busy week.
FORTNIGHT, MOST_SHIFTS = 14, 800
DAY_HOURS = 24


class Open(NamedTuple):
    """A shift with places left; `taken`, `minimum` and `capacity` are sums over its posts."""

    shift_id: int
    project_id: int
    category_id: int
    window: str
    day: date
    start_minute: int
    end_minute: int
    place_id: int
    taken: int
    minimum: int
    capacity: int
    skilled: int


# Written out: only then SQLite sees that the index of published shifts to come will do.
_PUBLISHED = literal(str(ShiftStatus.PUBLISHED), literal_execute=True)
_LISTED = exists().where(
    Project.id == Shift.project_id, Project.status == str(ProjectStatus.PUBLISHED)
)
_HAS_ROOM = exists().where(Post.shift_id == Shift.id, Post.taken < Post.capacity)
# The soonest that fit, found along the index: what is summed below are these alone.
_soonest = (
    select(Shift)
    .where(
        Shift.status == _PUBLISHED,
        Shift.starts_at > bindparam("now", type_=UtcDateTime),
        Shift.day.in_(bindparam("days", expanding=True)),
        Shift.window.in_(bindparam("windows", expanding=True)),
        _LISTED,
        _HAS_ROOM,
    )
    .order_by(Shift.starts_at, Shift.id)
    .limit(MOST_SHIFTS)
    .subquery("soonest")
)
_POST_ASKS_WHAT_IS_KNOWN = exists().where(
    PostNeed.post_id == Post.id,
    PersonQualification.qualification_id == PostNeed.qualification_id,
    PersonQualification.person_id == bindparam("person", type_=Integer),
)
_OPEN = (
    select(
        _soonest.c.id,
        _soonest.c.project_id,
        Project.category_id,
        _soonest.c.window,
        _soonest.c.day,
        _soonest.c.start_minute,
        _soonest.c.end_minute,
        _soonest.c.place_id,
        Post.taken,
        Post.minimum,
        Post.capacity,
        cast(_POST_ASKS_WHAT_IS_KNOWN, Integer),
    )
    .select_from(_soonest)
    .join(Project, Project.id == _soonest.c.project_id)
    .join(Post, Post.shift_id == _soonest.c.id)
    .order_by(_soonest.c.starts_at, _soonest.c.id)
)


def best_shifts(
    session: Session, *, person_id: int, tastes: Tastes, now: datetime, local: datetime, most: int
) -> list[Scored]:
    """Return the most recommendable shifts with places left, best first; `local` is the wall clock.

    Whether the person may sign up is not looked at. One query, and scoring.
    """
    days = _days(tastes, local.date())
    if not days:
        return []
    values = {
        "person": person_id,
        "now": now,
        "days": days,
        "windows": _windows(tastes),
    }
    rows = _by_shift(session.connection().execute(_OPEN, values).all())
    return ranked(_candidates(rows, tastes, local), most=most)


def _by_shift(posts: Sequence[Any]) -> list[Open]:
    """Return one row a shift of rows that are one a post; those of a shift follow each other."""
    found: list[Any] = []
    for row in posts:
        if found and found[-1][0] == row[0]:
            found[-1] = (*row[:8], *map(sum, zip(found[-1][8:], row[8:], strict=True)))
        else:
            found.append(row)
    return [Open._make(row) for row in found]


def _days(tastes: Tastes, today: date) -> list[date]:
    days = (today + timedelta(days=n) for n in range(FORTNIGHT + 1))
    return [
        day
        for day in days
        if not tastes.is_away(day) and (not tastes.free or day.weekday() in tastes.free)
    ]


def _windows(tastes: Tastes) -> list[str]:
    """Return in which windows shifts that fit can lie; all for who has said nothing."""
    if not tastes.free:
        return [str(window) for window in Window]
    found = {
        window
        for weekday, hours in tastes.free.items()
        for start, end in hours
        for window in windows_between(weekday, start, end)
    }
    return sorted(found)


def _candidates(rows: Sequence[Open], tastes: Tastes, local: datetime) -> Iterator[Candidate]:
    today, minute = local.toordinal(), minute_of_day(local.time())
    # People look a fortnight ahead: within so many days those who are there have signed up.
    observed = [max(FORTNIGHT - (row.day.toordinal() - today), 1) for row in rows]
    average = sum(row.taken for row in rows) / (sum(observed) or 1)
    fill = _fill(rows)
    for row, days in zip(rows, observed, strict=True):
        weekday = row.day.weekday()
        in_window: bool | None = None
        if tastes.free:
            in_window = tastes.is_free(weekday, row.start_minute, row.end_minute)
            if not in_window:
                continue
        yield Candidate(
            row.shift_id,
            (row.project_id, row.window),
            Staffing(
                row.taken,
                row.minimum,
                row.capacity,
                (row.day.toordinal() - today) * DAY_HOURS + (row.start_minute - minute) / 60,
                forecast_rate(row.taken, days, average),
                fill[row.project_id],
            ),
            Fit(
                walk=tastes.walks.get(row.place_id),
                farthest=tastes.farthest_walk,
                interest=tastes.interest.get(row.category_id, 0.0),
                in_window=in_window,
                skill=bool(row.skilled),
                branch=row.project_id in tastes.adopted,
                served=row.project_id in tastes.served,
            ),
        )


def _fill(rows: Sequence[Open]) -> dict[int, float]:
    """Return the share of the coming places of each project that are taken."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row.project_id][0] += row.taken
        sums[row.project_id][1] += row.capacity
    return {project: taken / capacity for project, (taken, capacity) in sums.items()}
