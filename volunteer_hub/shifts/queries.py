"""Read one shift and a person's places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.core.errors import NotFound
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.registry.models import Organisation, Place, Walk
from volunteer_hub.shifts.models import (
    ACTIVE,
    ChangeReceipt,
    Post,
    PostNeed,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)


@dataclass(frozen=True)
class PostRow:
    """A post with its places."""

    id: int
    name_zh: str
    name_en: str
    capacity: int
    taken: int
    minimum: int
    waiting: int
    needs: int

    @property
    def left(self) -> int:
        return self.capacity - self.taken


@dataclass(frozen=True)
class ShiftPage:
    """Everything a volunteer must know before signing up (product.md, rule 3)."""

    id: int
    project_id: int
    title_zh: str
    title_en: str
    content_zh: str
    content_en: str
    risk_zh: str
    risk_en: str
    insurance: str
    contact_name: str
    contact_phone: str
    minimum_age: int
    outdoors: bool
    one_to_one: bool
    early_percent: int
    category_zh: str
    category_en: str
    organisation_id: int
    organisation_zh: str
    organisation_en: str
    place_zh: str
    place_en: str
    address_zh: str
    address_en: str
    lat: float | None
    lng: float | None
    starts_at: datetime
    ends_at: datetime
    day: date
    meeting_point: str
    status: str
    cancel_reason: str
    walk: int | None
    posts: tuple[PostRow, ...]

    @property
    def left(self) -> int:
        return sum(post.left for post in self.posts)

    @property
    def capacity(self) -> int:
        return sum(post.capacity for post in self.posts)

    @property
    def waiting(self) -> int:
        return sum(post.waiting for post in self.posts)


@dataclass(frozen=True)
class MyPlace:
    """A person's active sign-up in one shift; `position` is 0 for whoever is not in line."""

    id: int
    post_id: int
    status: str
    position: int


@dataclass(frozen=True)
class MyShift:
    """One line of a person's own shifts; `asked` when a change waits for an answer."""

    sign_up_id: int
    status: str
    shift_id: int
    shift_status: str
    cancel_reason: str
    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    starts_at: datetime
    ends_at: datetime
    day: date
    position: int
    asked: bool


# Built once: putting these together costs more than running them.
_SHIFT_ID = bindparam("shift_id", type_=Integer)
_BUILDING_ID = bindparam("building_id", type_=Integer)
_SHOWN = (
    select(
        Shift.id,
        Shift.project_id,
        Project.title_zh,
        Project.title_en,
        Project.content_zh,
        Project.content_en,
        Project.risk_zh,
        Project.risk_en,
        Project.insurance,
        Project.contact_name,
        Project.contact_phone,
        Project.minimum_age,
        Project.outdoors,
        Project.one_to_one,
        Project.early_percent,
        Category.name_zh,
        Category.name_en,
        Organisation.id,
        Organisation.name_zh,
        Organisation.name_en,
        Place.name_zh,
        Place.name_en,
        Place.address_zh,
        Place.address_en,
        Place.lat,
        Place.lng,
        Shift.starts_at,
        Shift.ends_at,
        Shift.day,
        Shift.meeting_point,
        Shift.status,
        Shift.cancel_reason,
        Walk.minutes,
    )
    .join(Project, Project.id == Shift.project_id)
    .join(Category, Category.id == Project.category_id)
    .join(Organisation, Organisation.id == Project.organisation_id)
    .join(Place, Place.id == Shift.place_id)
    .outerjoin(Walk, (Walk.place_id == Shift.place_id) & (Walk.building_id == _BUILDING_ID))
    .where(
        Shift.id == _SHIFT_ID,
        Shift.status != str(ShiftStatus.DRAFT),
        Project.status != str(ProjectStatus.DRAFT),
    )
)
_POSTS = (
    select(
        Post.id,
        Post.name_zh,
        Post.name_en,
        Post.capacity,
        Post.taken,
        Post.minimum,
        select(func.count())
        .where(SignUp.post_id == Post.id, SignUp.status == str(SignUpStatus.WAITLISTED))
        .scalar_subquery(),
        select(func.count()).where(PostNeed.post_id == Post.id).scalar_subquery(),
    )
    .where(Post.shift_id == _SHIFT_ID)
    .order_by(Post.position, Post.id)
)


def show(session: Session, shift_id: int, *, building_id: int | None = None) -> ShiftPage:
    """Return a shift that the public may see; raises NotFound for drafts."""
    connection = session.connection()
    values = {"shift_id": shift_id, "building_id": building_id}
    row = connection.execute(_SHOWN, values).first()
    if row is None:
        raise NotFound
    posts = connection.execute(_POSTS, {"shift_id": shift_id})
    columns: Any = (*row, tuple(PostRow(*post) for post in posts))
    return ShiftPage(*columns)


def my_place(session: Session, *, shift_id: int, person_id: int) -> MyPlace | None:
    """Return the person's active sign-up in this shift, or None."""
    row = session.execute(
        select(SignUp.id, SignUp.post_id, SignUp.status, _position()).where(
            SignUp.shift_id == shift_id,
            SignUp.person_id == person_id,
            SignUp.status.in_(ACTIVE),
        )
    ).first()
    return MyPlace(*row) if row else None


def place_in_line(session: Session, *, sign_up_id: int, post_id: int) -> int:
    """Return the place in the line of a post, 1 for the first."""
    ahead = select(func.count()).where(
        SignUp.post_id == post_id,
        SignUp.status == str(SignUpStatus.WAITLISTED),
        SignUp.id <= sign_up_id,
    )
    return session.scalar(ahead) or 0


def _position() -> ScalarSelect[int]:
    ahead = aliased(SignUp)
    return (
        select(func.count())
        .where(
            ahead.post_id == SignUp.post_id,
            ahead.status == str(SignUpStatus.WAITLISTED),
            ahead.id <= SignUp.id,
            SignUp.status == str(SignUpStatus.WAITLISTED),
        )
        .correlate(SignUp)
        .scalar_subquery()
    )


def my_shifts(
    session: Session, *, person_id: int, ending_after: datetime, limit: int = 50
) -> list[MyShift]:
    """Return the person's places in shifts that have not ended, soonest first, in one query.

    A cancelled shift stays on the list, so that nobody goes there for nothing.
    """
    return _my_shifts(session, person_id, Shift.ends_at > ending_after, Shift.starts_at, limit)


def my_past_shifts(
    session: Session, *, person_id: int, ended_before: datetime, limit: int = 10
) -> list[MyShift]:
    """Return the person's latest shifts that are over, newest first."""
    return _my_shifts(
        session, person_id, Shift.ends_at <= ended_before, Shift.starts_at.desc(), limit
    )


def _my_shifts(
    session: Session,
    person_id: int,
    when: ColumnElement[bool],
    order: Any,
    limit: int,
) -> list[MyShift]:
    query = (
        select(
            SignUp.id,
            SignUp.status,
            Shift.id,
            Shift.status,
            Shift.cancel_reason,
            Project.title_zh,
            Project.title_en,
            Place.name_zh,
            Place.name_en,
            Shift.starts_at,
            Shift.ends_at,
            Shift.day,
            _position(),
            select(ChangeReceipt.id)
            .where(ChangeReceipt.sign_up_id == SignUp.id, ChangeReceipt.state == "asked")
            .exists(),
        )
        .join(Shift, Shift.id == SignUp.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .where(SignUp.person_id == person_id, SignUp.status.in_(ACTIVE), when)
        .order_by(order, SignUp.id)
        .limit(limit)
    )
    rows: Any = session.execute(query)
    return [MyShift(*row) for row in rows]
