"""The confirmation sheet of a shift: what waits for a coordinator, and with which minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.attendance.queries import ShiftHead
from volunteer_hub.hours.crediting import DAY_CAP, MINUTE, most_minutes, proposed_minutes
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import IS_ACTIVE, Post, Shift, ShiftStatus, SignUp, SignUpStatus

# Minutes by which a person's time may differ from the plan before it is shown as an exception.
USUAL = 15
# How long a shift is listed only because somebody on its roster was never ticked.
UNRECORDED_WITHIN = timedelta(days=60)


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
    allow; `used` the person's minutes of that day in the ledger.
    """

    attendance_id: int
    person_id: int
    name: str
    nickname: str
    post_zh: str
    post_en: str
    check_in_at: datetime | None
    check_out_at: datetime | None
    note: str
    proposal: int | None
    most: int
    used: int
    planned: int
    minutes: int | None
    is_confirmed: bool

    @property
    def is_exception(self) -> bool:
        """Tell whether somebody should look twice: no check-out, or far from the plan."""
        return self.proposal is None or abs(self.proposal - self.planned) > USUAL or bool(self.note)


def unconfirmed(now: datetime) -> tuple[Any, ...]:
    """Return the conditions, over attendance and shift, for hours that wait."""
    return (
        Attendance.status == str(AttendanceStatus.PRESENT),
        Attendance.confirmed_at.is_(None),
        Shift.ends_at <= now,
        Shift.status == str(ShiftStatus.PUBLISHED),
    )


def to_confirm(
    session: Session, *, organisation_ids: Sequence[int], now: datetime
) -> list[ToConfirm]:
    """Return the ended shifts of these organisations about which something is open, oldest first.

    Open are hours that wait, and for two months people of whom nobody has said whether they came.
    """
    query: Select[*tuple[Any, ...]] = (
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            _count_waiting().label("waiting"),
            _count_unrecorded().label("unrecorded"),
        )
        .join(Project, Project.id == Shift.project_id)
        .where(
            Project.organisation_id.in_(organisation_ids),
            Shift.ends_at <= now,
            Shift.status == str(ShiftStatus.PUBLISHED),
        )
    )
    rows = query.subquery()
    recent = rows.c.ends_at > now - UNRECORDED_WITHIN
    found: Select[*tuple[Any, ...]] = (
        select(rows)
        .where((rows.c.waiting > 0) | (recent & (rows.c.unrecorded > 0)))
        .order_by(rows.c.ends_at, rows.c.id)
    )
    return [ToConfirm(*row) for row in session.execute(found)]


def _count_waiting() -> ScalarSelect[int]:
    return (
        select(func.count())
        .where(
            Attendance.shift_id == Shift.id,
            Attendance.status == str(AttendanceStatus.PRESENT),
            Attendance.confirmed_at.is_(None),
        )
        .correlate(Shift)
        .scalar_subquery()
    )


def _count_unrecorded() -> ScalarSelect[int]:
    known = select(Attendance.id).where(
        Attendance.shift_id == SignUp.shift_id, Attendance.person_id == SignUp.person_id
    )
    return (
        select(func.count())
        .where(
            SignUp.shift_id == Shift.id,
            IS_ACTIVE,
            SignUp.status == str(SignUpStatus.CONFIRMED),
            ~known.exists(),
        )
        .correlate(Shift)
        .scalar_subquery()
    )


def sheet(session: Session, *, shift: ShiftHead) -> list[SheetRow]:
    """Return who was there, with the minutes to propose; exceptions first, then by name.

    The caller has made sure that the reader may see this shift (`shift_head`).
    """
    planned = min(DAY_CAP, (shift.ends_at - shift.starts_at) // MINUTE)
    rows = [
        SheetRow(
            attendance_id=row.id,
            person_id=row.person_id,
            name=row.name,
            nickname=row.nickname,
            post_zh=row.post_zh,
            post_en=row.post_en,
            check_in_at=row.check_in_at,
            check_out_at=row.check_out_at,
            note=row.note,
            proposal=proposed_minutes(
                row.check_in_at,
                row.check_out_at,
                shift.starts_at,
                shift.ends_at,
                already=int(row.used),
            ),
            most=most_minutes(shift.starts_at, shift.ends_at, already=int(row.used)),
            used=int(row.used),
            planned=planned,
            minutes=row.minutes,
            is_confirmed=row.confirmed_at is not None,
        )
        for row in session.execute(_sheet_query(shift))
    ]
    return sorted(rows, key=lambda row: not row.is_exception)


def _sheet_query(shift: ShiftHead) -> Select[*tuple[Any, ...]]:
    used = (
        select(func.coalesce(func.sum(LedgerEntry.minutes), 0))
        .where(LedgerEntry.person_id == Attendance.person_id, LedgerEntry.service_day == shift.day)
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
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.note,
            Attendance.minutes,
            Attendance.confirmed_at,
            used.label("used"),
        )
        .join(Person, Person.id == Attendance.person_id)
        .join(Post, Post.id == Attendance.post_id)
        .where(Attendance.shift_id == shift.id, Attendance.status == str(AttendanceStatus.PRESENT))
        .order_by(Person.name, Person.id)
    )
