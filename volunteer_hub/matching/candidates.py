"""Open shifts of the coming days as candidates for one person, ranked.

Two steps, so that a page costs little: one lean query over what is open in the person's hours,
scored in one go (`scoring`); the rules of signing up are asked of the best ones only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count
from typing import NamedTuple

import numpy as np
from sqlalchemy import Integer, bindparam, cast, exists, literal, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import PersonQualification
from volunteer_hub.core.calendar import Window, minute_of_day, windows_between
from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.matching.scoring import FORTNIGHT, Offers, Scored, ranked
from volunteer_hub.matching.tastes import Tastes
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.shifts.models import Post, PostNeed, Shift, ShiftStatus

# At how many shifts is looked: a page costs the same on a busy week.
MOST_SHIFTS = 600
DAY_HOURS = 24


class Posts(NamedTuple):
    """The columns of what is read: a row a post, those of a shift follow each other."""

    shift_id: Sequence[int]
    project_id: Sequence[int]
    category_id: Sequence[int]
    window: Sequence[str]
    day: Sequence[date]
    start_minute: Sequence[int]
    end_minute: Sequence[int]
    place_id: Sequence[int]
    taken: Sequence[int]
    minimum: Sequence[int]
    capacity: Sequence[int]
    skilled: Sequence[int]


class Best(NamedTuple):
    """A shift worth recommending and what speaks for it.

    `walk` is minutes on foot where that is within what the person wants; `in_window` says whether
    it lies in hours that the person has declared free; `skilled` that something is asked for that
    the person knows; `interest` in the category is 0-1; `short` people are missing to the minimum.
    """

    shift_id: int
    walk: int | None
    in_window: bool
    skilled: bool
    branch: bool
    served: bool
    interest: float
    short: int


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
) -> list[Best]:
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
    rows = session.connection().execute(_OPEN, values).all()
    if tastes.free:
        rows = [
            row
            for row in rows
            if tastes.is_free(row.day.weekday(), row.start_minute, row.end_minute)
        ]
    if not rows:
        return []
    offers = _offers(Posts._make(zip(*rows, strict=True)), tastes, local)
    return [_best(offers, one) for one in ranked(offers, most=most)]


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


def _offers(posts: Posts, tastes: Tastes, local: datetime) -> Offers:
    """Return the shifts of these posts, with the sums over their posts."""
    ids = np.array(posts.shift_id)
    first = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
    project = np.array(posts.project_id)[first]
    counts = (posts.taken, posts.minimum, posts.capacity, posts.skilled)
    taken, minimum, capacity, skilled = (np.add.reduceat(np.array(one), first) for one in counts)
    patterns = defaultdict[tuple[int, str], int](count(0).__next__)
    pattern = [patterns[alike] for alike in zip(posts.project_id, posts.window, strict=True)]
    days = np.array([day.toordinal() for day in posts.day])[first] - local.toordinal()
    minutes = np.array(posts.start_minute)[first] - minute_of_day(local.time())
    walks, interest = tastes.walks, tastes.interest
    return Offers(
        shift_id=ids[first],
        project=project,
        pattern=np.array(pattern)[first],
        taken=taken,
        minimum=minimum,
        capacity=capacity,
        hours_left=days * DAY_HOURS + minutes / 60,
        walk=np.array([walks.get(one, np.nan) for one in posts.place_id], dtype=float)[first],
        interest=np.array([interest.get(one, 0.0) for one in posts.category_id])[first],
        window=np.full(len(first), 1 if tastes.free else 0),
        skill=np.minimum(skilled, 1),
        branch=np.isin(project, list(tastes.adopted)),
        served=np.isin(project, list(tastes.served)),
        farthest=tastes.farthest_walk,
    )


def _best(offers: Offers, scored: Scored) -> Best:
    row, walk = scored.row, offers.walk[scored.row]
    return Best(
        scored.shift_id,
        int(walk) if walk <= offers.farthest else None,
        bool(offers.window[row] > 0),
        bool(offers.skill[row]),
        bool(offers.branch[row]),
        bool(offers.served[row]),
        float(offers.interest[row]),
        int(offers.minimum[row] - offers.taken[row]),
    )
