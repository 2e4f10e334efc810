"""What the spreadsheet says of each person and each shift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Category, Project
from volunteer_hub.registry.models import Enterprise, Organisation, Place
from volunteer_hub.reports.scope import BRANCH_ID, Scope, counts, entries_of
from volunteer_hub.shifts.models import Post, Shift, SignUp, SignUpStatus


@dataclass(frozen=True)
class PersonRow:
    """What a person did in one post of one project for the branch itself."""

    name: str
    is_party_member: bool
    attendances: int
    minutes: int
    last_day: date
    project_zh: str
    project_en: str
    post_zh: str
    post_en: str
    organisation_zh: str
    organisation_en: str
    is_late_entry: bool
    has_reversal: bool
    nickname: str
    enterprise_zh: str
    enterprise_en: str


@dataclass(frozen=True)
class ShiftRow:
    """A shift in which people of the branch served; places and sign-ups are of the whole shift."""

    id: int
    project_zh: str
    project_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    place_zh: str
    place_en: str
    category_zh: str
    category_en: str
    organisation_zh: str
    organisation_en: str
    contact_name: str
    capacity: int
    signed_up: int
    checked_in: int
    checked_out: int
    minutes: int
    late: int
    has_reversal: bool
    confirmer: str
    confirmed_at: datetime


def people(session: Session, scope: Scope) -> Iterator[PersonRow]:
    """Yield what each person did for the branch itself (not for those below), by person."""
    rows: Any = session.execute(
        select(
            Person.name,
            LedgerEntry.is_party_member,
            counts(),
            func.sum(LedgerEntry.minutes),
            func.max(LedgerEntry.service_day),
            Project.title_zh,
            Project.title_en,
            Post.name_zh,
            Post.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            LedgerEntry.is_late_entry,
            func.max(case((LedgerEntry.reverses_id.is_not(None), 1), else_=0)),
            Person.nickname,
            func.coalesce(Enterprise.name_zh, ""),
            func.coalesce(Enterprise.name_en, ""),
        )
        .join(Person, Person.id == LedgerEntry.person_id)
        .outerjoin(Enterprise, Enterprise.id == Person.enterprise_id)
        .join(Project, Project.id == LedgerEntry.project_id)
        .join(Organisation, Organisation.id == LedgerEntry.organisation_id)
        .join(Attendance, Attendance.id == LedgerEntry.attendance_id)
        .join(Post, Post.id == Attendance.post_id)
        .where(*entries_of(scope.shape), LedgerEntry.branch_id == BRANCH_ID)
        .group_by(
            Person.id,
            Person.name,
            Person.nickname,
            Enterprise.name_zh,
            Enterprise.name_en,
            LedgerEntry.is_party_member,
            Project.id,
            Project.title_zh,
            Project.title_en,
            Post.name_zh,
            Post.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            LedgerEntry.is_late_entry,
        )
        .order_by(Person.name, Person.id, Project.id)
        .execution_options(yield_per=500),
        scope.values(),
    )
    for row in rows:
        fields: list[Any] = [row[0], row[1], int(row[2]), int(row[3]), *row[4:12], bool(row[12])]
        yield PersonRow(*fields, *row[13:])


def namesakes(session: Session, scope: Scope) -> frozenset[str]:
    """Return the names that more than one of the people of `people` bears."""
    names = session.scalars(
        select(Person.name)
        .join(LedgerEntry, LedgerEntry.person_id == Person.id)
        .where(*entries_of(scope.shape), LedgerEntry.branch_id == BRANCH_ID, Person.name != "")
        .group_by(Person.name)
        .having(func.count(distinct(Person.id)) > 1),
        scope.values(),
    )
    return frozenset(names)


def shifts(session: Session, scope: Scope) -> Iterator[ShiftRow]:
    """Yield the shifts behind the figures, by day."""
    confirmer = aliased(Person)
    capacity = (
        select(func.sum(Post.capacity))
        .where(Post.shift_id == Shift.id)
        .correlate(Shift)
        .scalar_subquery()
    )
    signed_up = (
        select(func.count())
        .where(SignUp.shift_id == Shift.id, SignUp.status == str(SignUpStatus.CONFIRMED))
        .correlate(Shift)
        .scalar_subquery()
    )
    came = func.count(distinct(case((Attendance.check_in_at.is_not(None), Attendance.id))))
    left = func.count(distinct(case((Attendance.check_out_at.is_not(None), Attendance.id))))
    late = func.count(distinct(case((LedgerEntry.is_late_entry, LedgerEntry.attendance_id))))
    rows: Any = session.execute(
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Place.name_zh,
            Place.name_en,
            Category.name_zh,
            Category.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            Project.contact_name,
            capacity,
            signed_up,
            came,
            left,
            func.sum(LedgerEntry.minutes),
            late,
            func.max(case((LedgerEntry.reverses_id.is_not(None), 1), else_=0)),
            func.max(confirmer.name),
            func.max(LedgerEntry.recorded_at),
        )
        .join(Shift, Shift.id == LedgerEntry.shift_id)
        .join(Project, Project.id == LedgerEntry.project_id)
        .join(Place, Place.id == Shift.place_id)
        .join(Category, Category.id == LedgerEntry.category_id)
        .join(Organisation, Organisation.id == LedgerEntry.organisation_id)
        .join(Attendance, Attendance.id == LedgerEntry.attendance_id)
        .join(confirmer, confirmer.id == LedgerEntry.confirmed_by)
        .where(*entries_of(scope.shape))
        .group_by(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Place.name_zh,
            Place.name_en,
            Category.name_zh,
            Category.name_en,
            Organisation.name_zh,
            Organisation.name_en,
            Project.contact_name,
        )
        .order_by(Shift.day, Shift.id)
        .execution_options(yield_per=500),
        scope.values(),
    )
    for row in rows:
        numbers = [int(value or 0) for value in row[13:19]]
        fields: list[Any] = [*row[:13], *numbers, bool(row[19]), row[20], row[21]]
        yield ShiftRow(*fields)
