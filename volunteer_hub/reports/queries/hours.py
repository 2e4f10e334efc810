"""Hours of the whole sub-district that somebody should look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import Attendance, Flag
from volunteer_hub.core import workdays
from volunteer_hub.hours.deadlines import DAYS
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation
from volunteer_hub.shifts.models import Shift

MOST = 200


@dataclass(frozen=True)
class WaitingShift:
    """A shift whose hours are overdue; totals only, no names."""

    shift_id: int
    title_zh: str
    title_en: str
    organisation_zh: str
    organisation_en: str
    day: date
    people: int


@dataclass(frozen=True)
class FlagRow:
    """Something unusual about the hours of a shift, and whether somebody has looked."""

    id: int
    kind: str
    details: dict[str, Any]
    noticed_at: datetime
    seen_at: datetime | None
    remark: str
    shift_id: int
    title_zh: str
    title_en: str
    organisation_zh: str
    organisation_en: str
    day: date


def waiting(session: Session, *, now: datetime, today: date) -> list[WaitingShift]:
    """Return the shifts past the tenth working day, the oldest first."""
    rows = session.execute(
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            Shift.day,
            func.count(Attendance.id),
        )
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .where(*unconfirmed(now), Shift.day < today - timedelta(days=DAYS))
        .group_by(
            Shift.id,
            Shift.day,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
        )
        .order_by(Shift.day, Shift.id)
        .limit(MOST)
    )
    found = [WaitingShift(*row) for row in rows]
    return [row for row in found if workdays.passed(row.day, today) > DAYS]


def flags(session: Session) -> list[FlagRow]:
    """Return what was noted, what nobody has looked at first, then the newest."""
    rows = session.execute(
        select(
            Flag.id,
            Flag.kind,
            Flag.details,
            Flag.noticed_at,
            Flag.seen_at,
            Flag.remark,
            Flag.shift_id,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            Shift.day,
        )
        .join(Shift, Shift.id == Flag.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .order_by(Flag.seen_at.is_not(None), Flag.id.desc())
        .limit(MOST)
    )
    return [FlagRow(*row) for row in rows]
