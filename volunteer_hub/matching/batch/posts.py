"""Posts with open places in a span of days, as arrays for a plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.core.calendar import Period
from volunteer_hub.matching.models import Invitation, InvitationState
from volunteer_hub.matching.problem import Ints, segments
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.shifts.models import (
    SEATED,
    Post,
    PostNeed,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)
from volunteer_hub.shifts.release import NEWCOMERS_UNTIL, for_all, opened_of

DAY_MINUTES = 24 * 60
# Nearer to the start nobody has time to answer: a call-out is for that.
NEAREST = timedelta(hours=6)


@dataclass(frozen=True)
class Posts:
    """One row a post of a published shift that can be planned for; ids are those of the database.

    Times are local minutes from the first midnight of the span; `places` are free for new people,
    after those who wait in line or are being asked; `needed` are missing to the minimum, if those
    being asked come. `needs` holds the qualifications that a post asks for, by row.
    """

    span: Period
    id: Ints
    shift: Ints
    project: Ints
    category: Ints
    window: tuple[str, ...]
    day: Ints
    start: Ints
    end: Ints
    place: Ints
    capacity: Ints
    taken: Ints
    places: Ints
    needed: Ints
    minimum_age: Ints
    needs: dict[int, frozenset[int]]

    @property
    def rows(self) -> int:
        return len(self.id)

    @cached_property
    def week(self) -> Ints:
        """The week of each post, from Monday on, counted from that of the first day."""
        return (self.day + self.span.first.weekday()) // 7

    @cached_property
    def weekday(self) -> Ints:
        return (self.day + self.span.first.weekday()) % 7

    @property
    def weeks(self) -> int:
        return (self.span.days - 1 + self.span.first.weekday()) // 7 + 1

    @cached_property
    def segments(self) -> tuple[Ints, Ints]:
        """Number the projects, and count the open places in each quarter of their places."""
        _ids, number = np.unique(self.project, return_inverse=True)
        count = int(number.max(initial=-1)) + 1
        total = np.bincount(number, self.capacity, count).astype(np.int64)
        taken = np.bincount(number, self.taken, count).astype(np.int64)
        return number, segments(total, taken)


def read_posts(
    session: Session, span: Period, *, organisation_id: int | None, now: datetime
) -> Posts:
    """Return the posts of the span, of one organisation or of all."""
    rows = session.execute(
        select(
            Post.id,
            Post.shift_id,
            Shift.project_id,
            Project.category_id,
            Shift.window,
            Shift.day,
            Shift.start_minute,
            Shift.end_minute,
            Shift.place_id,
            Shift.starts_at,
            Post.capacity,
            Post.taken,
            Post.minimum,
            Project.minimum_age,
            Project.early_percent,
            Project.newcomer_percent,
        )
        .join(Shift, Shift.id == Post.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Category, Category.id == Project.category_id)
        .where(
            Shift.day.between(span.first, span.last),
            Shift.starts_at > now + NEAREST,
            Shift.status == str(ShiftStatus.PUBLISHED),
            Project.status == str(ProjectStatus.PUBLISHED),
            ~(Category.hazardous & (Project.insurance == "")),
            # Once is enough of a training, and who needs it knows best when.
            Project.teaches_id.is_(None),
            *([Project.organisation_id == organisation_id] if organisation_id is not None else []),
        )
        .order_by(Shift.starts_at, Shift.id, Post.position, Post.id)
    ).all()
    ids = [row.id for row in rows]
    waiting, asked, newcomers = _in_line(session), _asked(session), _newcomers(session)
    places = [
        _free(row, waiting.get(row.id, 0) + asked.get(row.id, 0), newcomers.get(row.id, 0), now)
        for row in rows
    ]
    day = _ints((row.day - span.first).days for row in rows)
    return Posts(
        span=span,
        id=_ints(ids),
        shift=_ints(row.shift_id for row in rows),
        project=_ints(row.project_id for row in rows),
        category=_ints(row.category_id for row in rows),
        window=tuple(row.window for row in rows),
        day=day,
        start=day * DAY_MINUTES + _ints(row.start_minute for row in rows),
        end=day * DAY_MINUTES + _ints(row.end_minute for row in rows),
        place=_ints(row.place_id for row in rows),
        capacity=_ints(row.capacity for row in rows),
        taken=_ints(row.taken for row in rows),
        places=_ints(places),
        needed=_ints(max(row.minimum - row.taken - asked.get(row.id, 0), 0) for row in rows),
        minimum_age=_ints(row.minimum_age for row in rows),
        needs=_needs(session, ids),
    )


def _ints(values: Any) -> Ints:
    return np.fromiter(values, np.int64)


def _free(row: Any, spoken_for: int, newcomers: int, now: datetime) -> int:
    """Return how many places anybody can have, less those that somebody waits for."""
    ahead = row.starts_at - now
    opened: int = opened_of(row.capacity, row.early_percent, ahead)
    kept = row.newcomer_percent if ahead > NEWCOMERS_UNTIL else 0
    left: int = for_all(opened, kept, newcomers) - row.taken - spoken_for
    return max(left, 0)


def _in_line(session: Session) -> dict[int, int]:
    return _counted(session, SignUp.post_id, SignUp.status == str(SignUpStatus.WAITLISTED))


def _asked(session: Session) -> dict[int, int]:
    return _counted(session, Invitation.post_id, Invitation.state == str(InvitationState.OPEN))


def _newcomers(session: Session) -> dict[int, int]:
    seated = SignUp.status.in_([str(status) for status in SEATED])
    return _counted(session, SignUp.post_id, seated & SignUp.newcomer)


def _counted(session: Session, post_id: Any, condition: Any) -> dict[int, int]:
    query = select(post_id, func.count()).where(condition).group_by(post_id)
    return {row[0]: row[1] for row in session.execute(query)}


def _needs(session: Session, ids: list[int]) -> dict[int, frozenset[int]]:
    row_of = {id_: row for row, id_ in enumerate(ids)}
    found: dict[int, set[int]] = defaultdict(set)
    for post_id, qualification_id in session.execute(
        select(PostNeed.post_id, PostNeed.qualification_id)
    ):
        if post_id in row_of:
            found[row_of[post_id]].add(qualification_id)
    return {row: frozenset(needs) for row, needs in found.items()}
