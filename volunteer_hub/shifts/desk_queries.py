"""Shifts as their coordinators see them, drafts and cancelled ones included."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import either
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.registry.queries import Choice
from volunteer_hub.shifts.models import Post, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.plans import LONGEST
from volunteer_hub.shifts.posts import needs_of

# Below this share of its places a shift is short of people and shown so.
ENOUGH_PERCENT = 60


@dataclass(frozen=True)
class PostLine:
    """One post of a shift and how many places of it are taken (confirmed, offered or held).

    `shrink_to` is the lower number of places it is on the way to. `needs`, what it asks for, is
    only read where one shift is shown (`shift_desk`).
    """

    id: int
    name_zh: str
    name_en: str
    capacity: int
    minimum: int
    taken: int
    shrink_to: int | None = None
    waiting: int = 0
    needs: frozenset[int] = frozenset()

    @property
    def left(self) -> int:
        return self.capacity - self.taken

    @property
    def is_short(self) -> bool:
        """Under 60 % of its places, or under its minimum even when that is more."""
        few = self.taken * 100 < self.capacity * ENOUGH_PERCENT
        return few or self.taken < self.minimum


@dataclass(frozen=True)
class ShiftLine:
    """One shift of the board or of a project's page, with its posts."""

    id: int
    project_id: int
    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    status: str
    cancel_reason: str
    posts: list[PostLine] = field(default_factory=list)

    @property
    def capacity(self) -> int:
        return sum(post.capacity for post in self.posts)

    @property
    def taken(self) -> int:
        return sum(post.taken for post in self.posts)

    @property
    def left(self) -> int:
        return self.capacity - self.taken

    @property
    def is_short(self) -> bool:
        """One of its posts is: many at the desk do not help where nobody is at the machine."""
        return any(post.is_short for post in self.posts)

    @property
    def is_published(self) -> bool:
        return self.status == ShiftStatus.PUBLISHED


@dataclass(frozen=True)
class ShiftDesk:
    """One shift with everything its coordinator typed."""

    id: int
    project_id: int
    title_zh: str
    title_en: str
    project_status: str
    place_id: int
    place_zh: str
    place_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    meeting_point: str
    status: str
    version: int
    posts: list[PostLine]

    @property
    def taken(self) -> int:
        return sum(post.taken for post in self.posts)


def board(
    session: Session, *, organisation_ids: Collection[int], start: datetime, end: datetime
) -> list[ShiftLine]:
    """Return the organisations' shifts that go on at `start` or begin before `end`, in order."""
    return _lines(
        session,
        Project.organisation_id.in_(organisation_ids),
        Shift.starts_at > start - LONGEST,  # a range that an index knows
        Shift.ends_at > start,
        Shift.starts_at < end,
    )


def outdoors(session: Session, *, organisation_ids: Collection[int], day: date) -> list[ShiftLine]:
    """Return the organisations' outdoor shifts of a day that take place, in order."""
    return _lines(
        session,
        Project.organisation_id.in_(organisation_ids),
        Project.outdoors.is_(True),
        Shift.day == day,
        Shift.status == str(ShiftStatus.PUBLISHED),
    )


def shifts_of_project(
    session: Session, *, project_id: int, now: datetime, past: bool, limit: int
) -> list[ShiftLine]:
    """Return shifts that are not over, soonest first, or those that are, latest first."""
    over = Shift.ends_at <= now
    return _lines(
        session, Shift.project_id == project_id, over if past else ~over, limit=limit, latest=past
    )


def _lines(
    session: Session,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
    latest: bool = False,
) -> list[ShiftLine]:
    order = Shift.starts_at.desc() if latest else Shift.starts_at
    rows = session.execute(
        select(
            Shift.id,
            Shift.project_id,
            Project.title_zh,
            Project.title_en,
            Place.name_zh,
            Place.name_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Shift.status,
            Shift.cancel_reason,
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .where(*conditions)
        .order_by(order, Shift.id)
        .limit(limit)
    )
    lines = [ShiftLine(*row) for row in rows]
    posts = _posts(session, [line.id for line in lines])
    for line in lines:
        line.posts.extend(posts.get(line.id, ()))
    return lines


def post_lines(session: Session, *, shift_id: int) -> list[PostLine]:
    """Return the posts of one shift; the caller has made sure that the reader may see it."""
    return _posts(session, [shift_id]).get(shift_id, [])


def _posts(session: Session, shift_ids: list[int]) -> dict[int, list[PostLine]]:
    found: dict[int, list[PostLine]] = {}
    for row in session.execute(
        select(
            Post.shift_id,
            Post.id,
            Post.name_zh,
            Post.name_en,
            Post.capacity,
            Post.minimum,
            Post.taken,
            Post.shrink_to,
            select(func.count())
            .where(SignUp.post_id == Post.id, SignUp.status == str(SignUpStatus.WAITLISTED))
            .scalar_subquery(),
        )
        .where(Post.shift_id.in_(shift_ids))
        .order_by(Post.position, Post.id)
    ):
        found.setdefault(row[0], []).append(PostLine(*row[1:]))
    return found


def shift_desk(session: Session, *, shift_id: int, organisation_ids: Collection[int]) -> ShiftDesk:
    """Return one shift of these organisations, else raise NotFound."""
    row = session.execute(
        select(
            Shift.id,
            Shift.project_id,
            Project.title_zh,
            Project.title_en,
            Project.status,
            Shift.place_id,
            Place.name_zh,
            Place.name_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Shift.meeting_point,
            Shift.status,
            Shift.version,
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .where(Shift.id == shift_id, Project.organisation_id.in_(organisation_ids))
    ).first()
    if row is None:
        raise NotFound
    posts = _posts(session, [row.id]).get(row.id, [])
    needs = needs_of(session, [post.id for post in posts])
    posts = [replace(post, needs=needs.get(post.id, frozenset())) for post in posts]
    values: tuple[Any, ...] = (*row, posts)
    return ShiftDesk(*values)


def latest_shift_id(session: Session, *, project_id: int) -> int | None:
    """Return the project's shift that starts last, from which a new one is prefilled."""
    return session.scalar(
        select(Shift.id)
        .where(Shift.project_id == project_id)
        .order_by(Shift.starts_at.desc(), Shift.id.desc())
        .limit(1)
    )


def place_choices(
    session: Session, *, organisation_ids: Collection[int], also: int | None = None
) -> list[Choice]:
    """Return the places these organisations use, and one more, by name, to choose from."""
    used = union(
        select(Project.place_id).where(Project.organisation_id.in_(organisation_ids)),
        select(Shift.place_id)
        .join(Project, Project.id == Shift.project_id)
        .where(Project.organisation_id.in_(organisation_ids)),
    ).subquery()
    rows = session.execute(
        select(Place.id, Place.name_zh, Place.name_en)
        .where(or_(Place.id.in_(select(used.c.place_id)), Place.id == also))
        .order_by(Place.name_zh, Place.id)
    )
    return [Choice(row.id, either(row.name_zh, row.name_en)) for row in rows]
