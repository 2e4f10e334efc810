"""Read late entries and disputes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.hours.models import ClaimState, HoursClaim
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation
from volunteer_hub.shifts.models import Shift


@dataclass(frozen=True)
class ClaimRow:
    """One claim with its shift, and what is recorded there (None: nothing)."""

    id: int
    kind: str
    state: str
    shift_id: int
    title_zh: str
    title_en: str
    organisation_zh: str
    organisation_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    person_id: int
    name: str
    check_in_at: datetime
    check_out_at: datetime
    reason: str
    evidence: str
    witness: str
    asked_by: int
    asker: str
    asked_at: datetime
    due_on: date
    answer: str
    decided_at: datetime | None
    status: str | None
    recorded_in: datetime | None
    recorded_out: datetime | None
    minutes: int | None
    confirmed_by: int | None


def _claims() -> Select[*tuple[Any, ...]]:
    asker = aliased(Person)
    return (
        select(
            HoursClaim.id,
            HoursClaim.kind,
            HoursClaim.state,
            HoursClaim.shift_id,
            Project.title_zh,
            Project.title_en,
            Organisation.name_zh,
            Organisation.name_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            HoursClaim.person_id,
            Person.name,
            HoursClaim.check_in_at,
            HoursClaim.check_out_at,
            HoursClaim.reason,
            HoursClaim.evidence,
            HoursClaim.witness,
            HoursClaim.asked_by,
            asker.name,
            HoursClaim.asked_at,
            HoursClaim.due_on,
            HoursClaim.answer,
            HoursClaim.decided_at,
            Attendance.status,
            Attendance.check_in_at,
            Attendance.check_out_at,
            Attendance.minutes,
            Attendance.confirmed_by,
        )
        .join(Shift, Shift.id == HoursClaim.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .join(Person, Person.id == HoursClaim.person_id)
        .join(asker, asker.id == HoursClaim.asked_by)
        .outerjoin(
            Attendance,
            (Attendance.shift_id == HoursClaim.shift_id)
            & (Attendance.person_id == HoursClaim.person_id),
        )
    )


def _open(organisation_ids: Collection[int] | None) -> list[Any]:
    ours = [] if organisation_ids is None else [Project.organisation_id.in_(organisation_ids)]
    return [HoursClaim.state == str(ClaimState.OPEN), *ours]


def open_claims(
    session: Session, *, organisation_ids: Collection[int] | None, limit: int = 100
) -> list[ClaimRow]:
    """Return what waits for an answer at these organisations (None: at all), the oldest first."""
    query = _claims().where(*_open(organisation_ids)).order_by(HoursClaim.due_on, HoursClaim.id)
    return [ClaimRow(*row) for row in session.execute(query.limit(limit))]


def count_open(session: Session, *, organisation_ids: Collection[int]) -> int:
    """Return how many claims wait for an answer at these organisations."""
    query = (
        select(func.count(HoursClaim.id))
        .join(Shift, Shift.id == HoursClaim.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(*_open(organisation_ids))
    )
    return session.scalar(query) or 0


def claim(
    session: Session, *, claim_id: int, organisation_ids: Collection[int] | None
) -> ClaimRow | None:
    """Return one claim at these organisations (None: at all), else None."""
    query = _claims().where(HoursClaim.id == claim_id)
    if organisation_ids is not None:
        query = query.where(Project.organisation_id.in_(organisation_ids))
    row = session.execute(query).first()
    return ClaimRow(*row) if row else None


def own_claims(session: Session, *, person_id: int, limit: int = 20) -> list[ClaimRow]:
    """Return the claims about a person's own hours, open ones first, then the newest."""
    query = (
        _claims()
        .where(HoursClaim.person_id == person_id)
        .order_by((HoursClaim.state != str(ClaimState.OPEN)), HoursClaim.id.desc())
    )
    return [ClaimRow(*row) for row in session.execute(query.limit(limit))]
