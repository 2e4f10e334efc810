"""Turn attendance into hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.qualifications import grant_training
from volunteer_hub.attendance.models import Attendance, AttendanceMethod, AttendanceStatus
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.hours import ledger
from volunteer_hub.hours.crediting import RULE, most_minutes, proposed_minutes
from volunteer_hub.hours.freezing import Frozen, freeze
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Shift, ShiftStatus

REASON_LENGTH = 200


class CannotConfirm(DomainError):
    """The hours of this shift cannot be confirmed now, or not by this person."""


class NotAccepted(InvalidInput):
    """Some rows cannot be taken; `problems` holds field and sentence of each."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(problems[0][1], field=problems[0][0])
        self.problems = problems


class Minutes(NamedTuple):
    """What the confirmer says of one attendance; a reason is needed where it is no proposal."""

    attendance_id: int
    minutes: int
    reason: str = ""


class Result(NamedTuple):
    """How many hours went into the ledger, and how many had been there before."""

    added: int
    already: int


@dataclass(frozen=True)
class _Plan:
    """What all entries of one shift share."""

    shift_id: int
    project_id: int
    category_id: int
    organisation_id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    teaches_id: int | None


def minutes_field(attendance_id: int) -> str:
    """Return the name of the form field that holds the minutes of this attendance."""
    return f"minutes-{attendance_id}"


def reason_field(attendance_id: int) -> str:
    """Return the name of the form field that says why the minutes are not those recorded."""
    return f"reason-{attendance_id}"


def confirm(
    session: Session,
    *,
    shift_id: int,
    rows: Iterable[tuple[int, int] | tuple[int, int, str]],
    actor_id: int,
    now: datetime,
) -> Result:
    """Write the minutes of these attendances into the ledger: all of them or none.

    `rows` holds attendance, whole minutes and, where the minutes are not the credited ones of
    product rule 5, a reason. Rows that somebody has confirmed before are left as they are and
    counted. Who took part in an induction has its training from then on. Raises NotFound for an
    unknown shift, NotAccepted for minutes that cannot be, or CannotConfirm: too early, cancelled,
    one's own hours, or a row that is no longer on the roster.
    """
    wanted = list({row[0]: Minutes(*row) for row in rows}.values())
    # The lock comes first: what follows reads the minutes of the day and the end of the chain.
    ledger.lock(session)
    plan = _plan(session, shift_id, now)
    found = _present(session, shift_id, [row.attendance_id for row in wanted])
    if len(found) != len(wanted):
        raise CannotConfirm(
            _("The roster has changed in the meantime. Please check the list and confirm again.")
        )
    fresh = [row for row in wanted if found[row.attendance_id].confirmed_at is None]
    people = [found[row.attendance_id].person_id for row in fresh]
    if actor_id in people:
        raise CannotConfirm(
            _("Nobody confirms their own hours. Please ask another coordinator for yours.")
        )
    used = minutes_of_day(session, person_ids=people, day=plan.day)
    pairs = [(row, found[row.attendance_id]) for row in fresh]
    checked = (_problem(plan, one, row, used.get(one.person_id, 0)) for row, one in pairs)
    problems = [problem for problem in checked if problem]
    if problems:
        raise NotAccepted(problems)
    _write(session, plan, pairs, actor_id, now)
    _teach(session, plan, pairs, actor_id, now)
    return Result(len(fresh), len(wanted) - len(fresh))


def _plan(session: Session, shift_id: int, now: datetime) -> _Plan:
    row = session.execute(
        select(
            Shift.id,
            Shift.project_id,
            Project.category_id,
            Project.organisation_id,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Project.teaches_id,
            Shift.status,
        )
        .join(Project, Project.id == Shift.project_id)
        .where(Shift.id == shift_id)
    ).first()
    if row is None:
        raise NotFound
    if row.status != ShiftStatus.PUBLISHED:
        raise CannotConfirm(_("This shift did not take place, so there are no hours to confirm."))
    if now < row.ends_at:
        raise CannotConfirm(_("Hours can be confirmed once the shift is over."))
    return _Plan(*row[:8])


def _present(session: Session, shift_id: int, ids: Sequence[int]) -> dict[int, Attendance]:
    rows = session.scalars(
        select(Attendance)
        .where(
            Attendance.id.in_(ids),
            Attendance.shift_id == shift_id,
            Attendance.status == str(AttendanceStatus.PRESENT),
        )
        .order_by(Attendance.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def minutes_of_day(session: Session, *, person_ids: Sequence[int], day: date) -> dict[int, int]:
    """Return the minutes in the ledger per person on that service day."""
    rows = session.execute(
        select(LedgerEntry.person_id, func.sum(LedgerEntry.minutes))
        .where(LedgerEntry.person_id.in_(person_ids), LedgerEntry.service_day == day)
        .group_by(LedgerEntry.person_id)
    )
    return {person_id: int(minutes) for person_id, minutes in rows}


def _problem(
    plan: _Plan, attendance: Attendance, row: Minutes, already: int
) -> tuple[str, str] | None:
    """Return the field at fault and what to do about it, or None."""
    most = most_minutes(plan.starts_at, plan.ends_at, already=already)
    if not 0 <= row.minutes <= most:
        return minutes_field(row.attendance_id), _(
            "Please give between 0 and %(most)s minutes: from 15 minutes before to 30 minutes"
            " after the shift, at most 8 hours a day.",
            most=most,
        )
    proposal = proposed_minutes(
        attendance.check_in_at,
        attendance.check_out_at,
        plan.starts_at,
        plan.ends_at,
        already=already,
    )
    # Without a check-out there is no proposal: the typed minutes are the only statement there is.
    if proposal in (None, row.minutes) or row.reason.strip():
        return None
    return reason_field(row.attendance_id), _(
        "Please say in a few words why these are not the %(n)s minutes recorded.", n=proposal
    )


def _write(
    session: Session,
    plan: _Plan,
    rows: Sequence[tuple[Minutes, Attendance]],
    actor_id: int,
    now: datetime,
) -> None:
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


def _teach(
    session: Session,
    plan: _Plan,
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


def _entry(plan: _Plan, attendance: Attendance, frozen: Frozen, now: datetime) -> dict[str, Any]:
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
        "rule": RULE,
        "confirmed_by": attendance.confirmed_by,
        "recorded_at": now,
    }
