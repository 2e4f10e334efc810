"""Read a volunteer's own hours, and one entry of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.events import STANDS, stays_of
from volunteer_hub.attendance.models import Attendance, AttendanceMethod, SiteEvent
from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.crediting import Span, proposed_minutes
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation
from volunteer_hub.shifts.models import Shift

PER_PAGE = 20
_FORGOTTEN = (
    select(SiteEvent.id)
    .where(
        SiteEvent.shift_id == Attendance.shift_id,
        SiteEvent.person_id == Attendance.person_id,
        SiteEvent.method == str(AttendanceMethod.FORGOTTEN),
        STANDS,
    )
    .exists()
)


@dataclass(frozen=True)
class Totals:
    """Minutes in the ledger of one person; a reversal takes away where it had been added."""

    quarter: int
    year: int
    all_time: int
    entries: int


@dataclass(frozen=True)
class OwnEntry:
    """One line of a volunteer's own ledger; negative minutes are a reversal."""

    id: int
    shift_id: int
    title_zh: str
    title_en: str
    organisation_zh: str
    organisation_en: str
    service_day: date
    minutes: int
    is_reversal: bool
    is_late_entry: bool


@dataclass(frozen=True)
class Waiting:
    """A shift that was served but not yet confirmed.

    `minutes` is None while somebody must say when the person left; `forgotten` says that the
    planned end stands in for a check-out.
    """

    shift_id: int
    title_zh: str
    title_en: str
    organisation_zh: str
    organisation_en: str
    contact_name: str
    day: date
    minutes: int | None
    forgotten: bool


@dataclass(frozen=True)
class EntryHead:
    """An entry that a coordinator may take back; it `stands` until that was done."""

    id: int
    shift_id: int
    person_id: int
    name: str
    minutes: int
    stands: bool


def totals(session: Session, *, person_id: int, quarter: Period, year: Period) -> Totals:
    """Return the sums of the person's entries, in one query."""

    def minutes_in(period: Period) -> Any:
        inside = LedgerEntry.service_day.between(period.first, period.last)
        return func.coalesce(func.sum(LedgerEntry.minutes).filter(inside), 0)

    row = session.execute(
        select(
            minutes_in(quarter),
            minutes_in(year),
            func.coalesce(func.sum(LedgerEntry.minutes), 0),
            func.count(),
        ).where(LedgerEntry.person_id == person_id)
    ).one()
    return Totals(*(int(value) for value in row))


def own_entries(
    session: Session, *, person_id: int, period: Period | None, page: int
) -> tuple[list[OwnEntry], int, int]:
    """Return one page of the person's entries, newest first, its number and that of the last page.

    A page beyond the last one is the last one.
    """
    mine = [LedgerEntry.person_id == person_id]
    if period:
        mine.append(LedgerEntry.service_day.between(period.first, period.last))
    count = session.scalar(select(func.count()).select_from(LedgerEntry).where(*mine)) or 0
    last = max(1, -(-count // PER_PAGE))
    page = min(page, last)
    query: Select[*tuple[Any, ...]] = (
        select(
            LedgerEntry.id,
            LedgerEntry.shift_id,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            LedgerEntry.service_day,
            LedgerEntry.minutes,
            LedgerEntry.reverses_id.is_not(None),
            LedgerEntry.is_late_entry,
        )
        .join(Project, Project.id == LedgerEntry.project_id)
        .join(Organisation, Organisation.id == LedgerEntry.organisation_id)
        .where(*mine)
        .order_by(LedgerEntry.service_day.desc(), LedgerEntry.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return [OwnEntry(*row) for row in session.execute(query)], page, last


def entry_head(
    session: Session, *, entry_id: int, organisation_ids: Sequence[int]
) -> EntryHead | None:
    """Return the entry when one of these organisations recorded it, else None.

    Reversing entries are none of these: what takes back is not taken back.
    """
    reversal = aliased(LedgerEntry)
    query: Select[*tuple[Any, ...]] = (
        select(
            LedgerEntry.id,
            LedgerEntry.shift_id,
            LedgerEntry.person_id,
            Person.name,
            LedgerEntry.minutes,
            reversal.id.is_(None),
        )
        .join(Person, Person.id == LedgerEntry.person_id)
        .outerjoin(reversal, reversal.reverses_id == LedgerEntry.id)
        .where(
            LedgerEntry.id == entry_id,
            LedgerEntry.organisation_id.in_(organisation_ids),
            LedgerEntry.reverses_id.is_(None),
        )
    )
    row = session.execute(query).first()
    return EntryHead(*row) if row else None


def waiting(session: Session, *, person_id: int, now: datetime) -> list[Waiting]:
    """Return what the person served and nobody has confirmed yet, newest first."""
    rows = session.execute(
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            Project.contact_name,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.stays,
            _FORGOTTEN.label("forgotten"),
        )
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .where(Attendance.person_id == person_id, *unconfirmed(now))
        .order_by(Shift.starts_at.desc(), Shift.id.desc())
    )
    return [
        Waiting(
            *row[:7],
            forgotten=row.forgotten,
            minutes=proposed_minutes(
                stays_of(row.check_in_at, row.check_out_at, row.stays),
                Span(row.starts_at, row.ends_at),
            ),
        )
        for row in rows
    ]
