"""Read rosters, and a volunteer's own shifts of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, select, union
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation, Place
from volunteer_hub.shifts.models import IS_ACTIVE, Post, Shift, SignUp, SignUpStatus

# When coordinators see the phones of those who come (product.md, who may see what).
PHONES_AROUND = timedelta(hours=24)


@dataclass(frozen=True)
class ShiftHead:
    """What stands above a roster."""

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
    organisation_zh: str
    organisation_en: str
    organisation_id: int
    one_to_one: bool


@dataclass(frozen=True)
class RosterRow:
    """One person of a shift; `status` is None while nobody has said whether they came.

    `phone` is None outside the hours around the shift. `sign_up_id` is None for somebody who was
    ticked and then cancelled.
    """

    person_id: int
    name: str
    nickname: str
    phone: str | None
    post_zh: str
    post_en: str
    sign_up_id: int | None
    attendance_id: int | None
    status: str | None
    method: str | None
    check_in_at: datetime | None
    check_out_at: datetime | None
    minutes: int | None
    is_confirmed: bool

    @property
    def has_place(self) -> bool:
        return self.sign_up_id is not None


def shift_head(
    session: Session, *, shift_id: int, organisation_ids: Sequence[int]
) -> ShiftHead | None:
    """Return the shift when one of these organisations runs it, else None."""
    query: Select[*tuple[Any, ...]] = (
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
            Organisation.name_zh,
            Organisation.name_en,
            Organisation.id,
            Project.one_to_one,
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Place, Place.id == Shift.place_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .where(Shift.id == shift_id, Project.organisation_id.in_(organisation_ids))
    )
    row = session.execute(query).first()
    return ShiftHead(*row) if row else None


def roster(
    session: Session, *, shift: ShiftHead, now: datetime, shows_phone: bool | None = None
) -> list[RosterRow]:
    """Return who has a place and who was there, by post and name.

    The caller has made sure that the reader may see this shift (`shift_head`); `shows_phone` says
    otherwise than for coordinators whether phones are shown.
    """
    if shows_phone is None:
        shows_phone = shift.starts_at - PHONES_AROUND <= now <= shift.ends_at + PHONES_AROUND
    return [
        RosterRow(
            person_id=row.person_id,
            name=row.name,
            nickname=row.nickname,
            phone=row.phone if shows_phone else None,
            post_zh=row.post_zh,
            post_en=row.post_en,
            sign_up_id=row.sign_up_id,
            attendance_id=row.attendance_id,
            status=row.status,
            method=row.method,
            check_in_at=row.check_in_at,
            check_out_at=row.check_out_at,
            minutes=row.minutes,
            is_confirmed=row.confirmed_at is not None,
        )
        for row in session.execute(_roster_query(shift.id))
    ]


def _roster_query(shift_id: int) -> Select[*tuple[Any, ...]]:
    has_place = and_(
        SignUp.shift_id == shift_id, IS_ACTIVE, SignUp.status == str(SignUpStatus.CONFIRMED)
    )
    people = union(
        select(SignUp.person_id).where(has_place),
        select(Attendance.person_id).where(Attendance.shift_id == shift_id),
    ).subquery()
    return (
        select(
            Person.id.label("person_id"),
            Person.name,
            Person.nickname,
            Person.phone,
            Post.name_zh.label("post_zh"),
            Post.name_en.label("post_en"),
            SignUp.id.label("sign_up_id"),
            Attendance.id.label("attendance_id"),
            Attendance.status,
            Attendance.method,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.minutes,
            Attendance.confirmed_at,
        )
        .join(people, people.c.person_id == Person.id)
        .outerjoin(SignUp, and_(has_place, SignUp.person_id == Person.id))
        .outerjoin(
            Attendance,
            and_(Attendance.shift_id == shift_id, Attendance.person_id == Person.id),
        )
        .join(Post, Post.id == func.coalesce(Attendance.post_id, SignUp.post_id))
        .order_by(Post.position, Person.name, Person.id)
    )


def place_of(
    session: Session, *, attendance_id: int, organisation_ids: Sequence[int]
) -> tuple[int, int] | None:
    """Return shift and person of an attendance at one of these organisations, else None."""
    row = session.execute(
        select(Attendance.shift_id, Attendance.person_id)
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(Attendance.id == attendance_id, Project.organisation_id.in_(organisation_ids))
    ).first()
    return (row.shift_id, row.person_id) if row else None
