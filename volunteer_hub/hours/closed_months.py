"""Read closed months, and what the next one would hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session, defer

from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.calendar import quarter_of
from volunteer_hub.hours.models import LedgerEntry, MonthClose, MonthSheet
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.registry.models import Branch
from volunteer_hub.shifts.models import Shift

_MONTH = relativedelta(months=1)


@dataclass(frozen=True)
class Preview:
    """What closing a month would freeze: its own figures, and corrections to days before it."""

    minutes: int
    attendances: int
    delta_minutes: int
    delta_attendances: int
    is_first: bool


def preview(session: Session, month: date) -> Preview:
    """Return what the month holds now, of all branches together."""
    seen = session.scalar(select(func.max(MonthClose.last_entry_id)))
    entry = LedgerEntry
    minutes = func.coalesce(func.sum(entry.minutes), 0)
    attendances = func.coalesce(func.sum(case((entry.reverses_id.is_(None), 1), else_=-1)), 0)
    sums = select(minutes, attendances).where(entry.branch_path != "")
    own = session.execute(sums.where(entry.service_day.between(month, _last_day(month)))).one()
    found = Preview(int(own[0]), int(own[1]), 0, 0, is_first=True)
    if seen is None:
        return found
    later = session.execute(sums.where(entry.service_day < month, entry.id > seen)).one()
    return replace(
        found, delta_minutes=int(later[0]), delta_attendances=int(later[1]), is_first=False
    )


def _last_day(month: date) -> date:
    last: date = month + _MONTH - relativedelta(days=1)
    return last


def open_from(session: Session, *, today: date) -> date:
    """Return the first day whose figures may still move: of this quarter, and in no closed month.

    Memberships begin on it or later, and end on the day before it or later.
    """
    quarter = quarter_of(today).period.first
    last = session.scalar(select(func.max(MonthClose.month)))
    return max(quarter, last + _MONTH) if last else quarter


def waiting_shifts(session: Session, month: date, *, now: datetime) -> int:
    """Return how many shifts of the month have hours that nobody has confirmed yet."""
    query = (
        select(func.count(distinct(Shift.id)))
        .join(Attendance, Attendance.shift_id == Shift.id)
        .where(*unconfirmed(now), Shift.day.between(month, _last_day(month)))
    )
    return session.scalar(query) or 0


def closes(session: Session) -> list[MonthClose]:
    """Return all closed months, the newest first."""
    return list(session.scalars(select(MonthClose).order_by(MonthClose.month.desc())))


def sheets_of(session: Session, branch_id: int) -> list[tuple[MonthClose, MonthSheet]]:
    """Return the closed months of a branch with its sheets, the newest first."""
    rows = session.execute(
        select(MonthClose, MonthSheet)
        .join(MonthSheet, MonthSheet.close_id == MonthClose.id)
        .where(MonthSheet.branch_id == branch_id)
        .options(defer(MonthSheet.body))
        .order_by(MonthClose.month.desc())
    )
    return [(row[0], row[1]) for row in rows]


def sheets_at_the_top(session: Session) -> list[tuple[int, Branch]]:
    """Return, for each closed month (by id), the branches without one above that have a sheet."""
    rows = session.execute(
        select(MonthSheet.close_id, Branch)
        .join(Branch, Branch.id == MonthSheet.branch_id)
        .where(Branch.parent_id.is_(None))
        .order_by(MonthSheet.close_id, Branch.id)
    )
    return [(row[0], row[1]) for row in rows]


def figures_by_branch(
    session: Session, close_ids: Collection[int]
) -> list[tuple[int, int, Mapping[str, int]]]:
    """Return close, branch and figures of all sheets of these closes."""
    rows = session.execute(
        select(MonthSheet.close_id, MonthSheet.branch_id, MonthSheet.figures).where(
            MonthSheet.close_id.in_(close_ids)
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def sheet_of(session: Session, branch_id: int, month: date) -> MonthSheet | None:
    """Return the sheet of a closed month, or None."""
    return session.scalars(
        select(MonthSheet)
        .join(MonthClose, MonthClose.id == MonthSheet.close_id)
        .where(MonthSheet.branch_id == branch_id, MonthClose.month == month)
    ).first()
