"""From confirmed attendance to entries of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from volunteer_hub.accounts.freezing import Frozen, freeze
from volunteer_hub.accounts.qualifications import grant_training
from volunteer_hub.attendance.models import Attendance, AttendanceMethod
from volunteer_hub.audit import services as audit
from volunteer_hub.hours import ledger
from volunteer_hub.hours.crediting import Rule, Span

REASON_LENGTH = 200


class Minutes(NamedTuple):
    """What the confirmer says of one attendance; a reason is needed where it is no proposal."""

    attendance_id: int
    minutes: int
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """What all entries of one shift share."""

    shift_id: int
    project_id: int
    category_id: int
    organisation_id: int
    day: date
    planned: Span
    teaches_id: int | None
    rule: Rule

    @property
    def planned_minutes(self) -> int:
        return self.rule.planned_minutes(self.planned)


def write(
    session: Session,
    plan: Plan,
    rows: Sequence[tuple[Minutes, Attendance]],
    actor_id: int,
    now: datetime,
) -> None:
    """Add an entry for each of these attendances; the caller has checked them and holds the lock.

    Who took part in an induction has its training from then on.
    """
    frozen = freeze(
        session, person_ids=[attendance.person_id for _row, attendance in rows], day=plan.day
    )
    entries = []
    for row, attendance in rows:
        reason = row.reason.strip()[:REASON_LENGTH]
        attendance.minutes = row.minutes
        attendance.confirmed_by, attendance.confirmed_at = actor_id, now
        attendance.note = reason or attendance.note
        entries.append(_entry(plan, attendance, frozen[attendance.person_id], now))
    session.flush()
    ledger.append(session, entries)
    if rows:
        audit.record(
            session,
            "hours:confirm",
            actor_id=actor_id,
            object_id=plan.shift_id,
            now=now,
            organisation_id=plan.organisation_id,
            rows=[
                {"attendance": row.attendance_id, "minutes": row.minutes, "reason": row.reason}
                for row, _attendance in rows
            ],
        )
    _teach(session, plan, rows, actor_id, now)


def _teach(
    session: Session,
    plan: Plan,
    rows: Sequence[tuple[Minutes, Attendance]],
    actor_id: int,
    now: datetime,
) -> None:
    """Confirm the training that an induction gives to those who took part."""
    if plan.teaches_id is None:
        return
    learners = sorted(attendance.person_id for row, attendance in rows if row.minutes > 0)
    for person_id in learners:
        grant_training(
            session,
            person_id=person_id,
            qualification_id=plan.teaches_id,
            day=plan.day,
            confirmed_by=actor_id,
            now=now,
        )


def _entry(plan: Plan, attendance: Attendance, frozen: Frozen, now: datetime) -> dict[str, Any]:
    return {
        "person_id": attendance.person_id,
        "attendance_id": attendance.id,
        "shift_id": plan.shift_id,
        "project_id": plan.project_id,
        "category_id": plan.category_id,
        "organisation_id": plan.organisation_id,
        "service_day": plan.day,
        "minutes": attendance.minutes,
        "reverses_id": None,
        "is_late_entry": attendance.method == AttendanceMethod.LATE_ENTRY,
        "branch_id": frozen.branch_id,
        "branch_path": frozen.branch_path,
        "enterprise_id": attendance.enterprise_id,
        "building_id": attendance.building_id,
        "is_party_member": frozen.is_party_member,
        "rule": plan.rule.version,
        "confirmed_by": attendance.confirmed_by,
        "recorded_at": now,
    }
