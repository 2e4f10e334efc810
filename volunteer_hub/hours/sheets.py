"""The confirmation sheet of a shift: what waits for a coordinator, and with which minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.events import Stay, forgotten, stays_of
from volunteer_hub.attendance.models import IS_PRESENT, Attendance, AttendanceStatus
from volunteer_hub.attendance.queries import ShiftHead
from volunteer_hub.hours.crediting import Span, most_minutes, proposed_minutes
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.oddities import Oddity, oddity
from volunteer_hub.hours.rules import credited_elsewhere, rule_of
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import IS_ACTIVE, Post, Shift, ShiftStatus, SignUp, SignUpStatus

# How long a shift is listed only because somebody on its roster was never ticked.
UNRECORDED_WITHIN = timedelta(days=60)
PAGE = 20


@dataclass(frozen=True)
class ToConfirm:
    """A shift whose hours wait for a coordinator.

    `waiting` people came and have no hours yet; of `unrecorded` ones nobody knows whether they
    came.
    """

    shift_id: int
    title_zh: str
    title_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    waiting: int
    unrecorded: int


@dataclass(frozen=True)
class SheetRow:
    """One attendance on the confirmation page.

    `proposal` is the credited minutes, None without a check-out; `most` what rule and day still
    allow; `used` the person's minutes of that day in the ledger; `odd` why somebody must look
    twice; `entry_id` names the entry that stands, None before confirmation.
    """

    attendance_id: int
    person_id: int
    name: str
    nickname: str
    post_zh: str
    post_en: str
    method: str
    check_in_at: datetime | None
    check_out_at: datetime | None
    stays: list[Stay]
    note: str
    proposal: int | None
    most: int
    used: int
    odd: Oddity | None
    minutes: int | None
    is_confirmed: bool
    entry_id: int | None


def unconfirmed(now: datetime) -> tuple[Any, ...]:
    """Return the conditions, over attendance and shift, for hours that wait."""
    return (
        IS_PRESENT,
        Attendance.confirmed_at.is_(None),
        Shift.ends_at <= now,
        Shift.status == str(ShiftStatus.PUBLISHED),
    )


def to_confirm(
    session: Session, *, organisation_ids: Sequence[int], now: datetime, page: int
) -> tuple[list[ToConfirm], int, int]:
    """Return one page of what `_is_open` of these organisations, its number and the last one's.

    The oldest come first; a page beyond the last one is the last one.
    """
    last = max(1, -(-count_to_confirm(session, organisation_ids=organisation_ids, now=now) // PAGE))
    page = min(page, last)
    query: Select[*tuple[Any, ...]] = (
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            _count(_WAITING),
            _count(_UNRECORDED),
        )
        .join(Project, Project.id == Shift.project_id)
        .where(*_is_open(organisation_ids, now))
        .order_by(Shift.ends_at, Shift.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return [ToConfirm(*row) for row in session.execute(query)], page, last


def count_to_confirm(session: Session, *, organisation_ids: Sequence[int], now: datetime) -> int:
    """Return the number of ended shifts about which something is open."""
    query = (
        select(func.count(Shift.id))
        .join(Project, Project.id == Shift.project_id)
        .where(*_is_open(organisation_ids, now))
    )
    return session.scalar(query) or 0


_WAITING = (
    select(Attendance.id)
    .where(
        Attendance.shift_id == Shift.id,
        Attendance.status == str(AttendanceStatus.PRESENT),
        Attendance.confirmed_at.is_(None),
    )
    .correlate(Shift)
)
_UNRECORDED = (
    select(SignUp.id)
    .where(
        SignUp.shift_id == Shift.id,
        IS_ACTIVE,
        SignUp.status == str(SignUpStatus.CONFIRMED),
        ~select(Attendance.id)
        .where(Attendance.shift_id == SignUp.shift_id, Attendance.person_id == SignUp.person_id)
        .exists(),
    )
    .correlate(Shift)
)


def _is_open(organisation_ids: Sequence[int], now: datetime) -> tuple[Any, ...]:
    """Return the conditions, over shift and project, for ended shifts that somebody must look at.

    Open are hours that wait, and for two months people of whom nobody has said whether they came.
    """
    recent = Shift.ends_at > now - UNRECORDED_WITHIN
    return (
        Project.organisation_id.in_(organisation_ids),
        Shift.ends_at <= now,
        Shift.status == str(ShiftStatus.PUBLISHED),
        _WAITING.exists() | (recent & _UNRECORDED.exists()),
    )


def _count(rows: Select[Any]) -> ScalarSelect[int]:
    return rows.with_only_columns(func.count()).scalar_subquery()


def sheet(session: Session, *, shift: ShiftHead) -> list[SheetRow]:
    """Return who was there, with the minutes to propose; exceptions first, then by name.

    The caller has made sure that the reader may see this shift (`shift_head`).
    """
    planned, rule = Span(shift.starts_at, shift.ends_at), rule_of(session, shift.day)
    found = session.execute(_sheet_query(shift)).all()
    elsewhere = credited_elsewhere(
        session,
        person_ids=[row.person_id for row in found],
        shift_id=shift.id,
        planned=planned,
    )
    left_open = forgotten(session, shift_id=shift.id)
    rows = []
    for row in found:
        known = stays_of(row.check_in_at, row.check_out_at, row.stays)
        limits: dict[str, Any] = {
            "rule": rule,
            "already": int(row.used),
            "elsewhere": elsewhere.get(row.person_id, ()),
        }
        rows.append(
            SheetRow(
                attendance_id=row.id,
                person_id=row.person_id,
                name=row.name,
                nickname=row.nickname,
                post_zh=row.post_zh,
                post_en=row.post_en,
                method=row.method,
                check_in_at=row.check_in_at,
                check_out_at=row.check_out_at,
                stays=known,
                note=row.note,
                proposal=proposed_minutes(known, planned, **limits),
                most=most_minutes(planned, **limits),
                used=int(row.used),
                odd=oddity(
                    proposal=proposed_minutes(known, planned, **limits),
                    planned=rule.planned_minutes(planned),
                    forgotten=row.person_id in left_open,
                    note=row.note,
                ),
                minutes=row.minutes,
                is_confirmed=row.confirmed_at is not None,
                entry_id=row.entry_id if row.confirmed_at else None,
            )
        )
    return sorted(rows, key=lambda row: row.odd is None)


def _sheet_query(shift: ShiftHead) -> Select[*tuple[Any, ...]]:
    used = (
        select(func.coalesce(func.sum(LedgerEntry.minutes), 0))
        .where(LedgerEntry.person_id == Attendance.person_id, LedgerEntry.service_day == shift.day)
        .scalar_subquery()
    )
    # Of a confirmed row the newest entry is the one that stands.
    newest = (
        select(func.max(LedgerEntry.id))
        .where(LedgerEntry.attendance_id == Attendance.id)
        .scalar_subquery()
    )
    return (
        select(
            Attendance.id,
            Attendance.person_id,
            Person.name,
            Person.nickname,
            Post.name_zh.label("post_zh"),
            Post.name_en.label("post_en"),
            Attendance.method,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.stays,
            Attendance.note,
            Attendance.minutes,
            Attendance.confirmed_at,
            used.label("used"),
            newest.label("entry_id"),
        )
        .join(Person, Person.id == Attendance.person_id)
        .join(Post, Post.id == Attendance.post_id)
        .where(Attendance.shift_id == shift.id, Attendance.status == str(AttendanceStatus.PRESENT))
        .order_by(Person.name, Person.id)
    )
