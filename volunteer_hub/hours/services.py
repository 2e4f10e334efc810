"""Turn attendance into hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.attendance import flags
from volunteer_hub.attendance.events import forgotten, stays_of
from volunteer_hub.attendance.models import Attendance, AttendanceMethod, AttendanceStatus
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.hours import entries, ledger
from volunteer_hub.hours.crediting import Span, counted_times, most_minutes, proposed_minutes
from volunteer_hub.hours.entries import Minutes, Plan
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.oddities import oddity, question
from volunteer_hub.hours.rules import credited_elsewhere, rule_of
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Shift, ShiftStatus

# Ways of recording that leave the time to somebody's word.
BY_HAND = (AttendanceMethod.ROSTER, AttendanceMethod.WALK_IN)


class CannotConfirm(DomainError):
    """The hours of this shift cannot be confirmed now, or not by this person."""


class NotAccepted(InvalidInput):
    """Some rows cannot be taken; `problems` holds field and sentence of each."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(problems[0][1], field=problems[0][0])
        self.problems = problems


class Result(NamedTuple):
    """How many hours went into the ledger, and how many had been there before."""

    added: int
    already: int


@dataclass(frozen=True)
class _Spoken:
    """What the ledger has of one person near a shift: minutes of the day, and times elsewhere."""

    already: int
    elsewhere: list[Span]
    forgotten: bool


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
    seconds: float | None = None,
) -> Result:
    """Write the minutes of these attendances into the ledger: all of them or none.

    `rows` holds attendance, whole minutes and a reason where the row is unusual (`oddities`) or
    the minutes are not the credited ones of product rule 5. `seconds` is how long the confirmer
    had the list before them; what looks hasty is flagged, not refused. Rows that somebody has
    confirmed before are left as they are and counted. Who took part in an induction has its
    training from then on. Raises NotFound for an unknown shift, NotAccepted for minutes that
    cannot be, or CannotConfirm: too early, cancelled, one's own hours, or a row that is no longer
    on the roster.
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
    spoken = _spoken(session, plan, people)
    pairs = [(row, found[row.attendance_id]) for row in fresh]
    checked = (_problem(plan, one, row, spoken[one.person_id]) for row, one in pairs)
    problems = [problem for problem in checked if problem]
    if problems:
        raise NotAccepted(problems)
    for row, one in pairs:
        one.counted = _counted(plan, one, row.minutes, spoken[one.person_id])
    entries.write(session, plan, pairs, actor_id, now)
    flags.of_confirmation(
        session,
        shift_id=shift_id,
        minutes=[row.minutes for row in fresh],
        by_hand=sum(one.method in BY_HAND for _row, one in pairs),
        seconds=seconds,
        now=now,
    )
    return Result(len(fresh), len(wanted) - len(fresh))


def _plan(session: Session, shift_id: int, now: datetime) -> Plan:
    row = session.execute(
        select(
            Shift.id,
            Shift.project_id,
            Project.category_id,
            Project.organisation_id,
            Shift.day,
            Project.teaches_id,
            Shift.starts_at,
            Shift.ends_at,
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
    return Plan(
        shift_id=row.id,
        project_id=row.project_id,
        category_id=row.category_id,
        organisation_id=row.organisation_id,
        day=row.day,
        planned=Span(row.starts_at, row.ends_at),
        teaches_id=row.teaches_id,
        rule=rule_of(session, row.day),
    )


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


def _spoken(session: Session, plan: Plan, people: Sequence[int]) -> dict[int, _Spoken]:
    used = minutes_of_day(session, person_ids=people, day=plan.day)
    elsewhere = credited_elsewhere(
        session, person_ids=people, shift_id=plan.shift_id, planned=plan.planned
    )
    left_open = forgotten(session, shift_id=plan.shift_id)
    return {
        one: _Spoken(used.get(one, 0), elsewhere.get(one, []), one in left_open) for one in people
    }


def proposal(session: Session, attendance: Attendance, now: datetime) -> int | None:
    """Return the minutes that count of this attendance, None without a check-out.

    The caller holds the lock of the ledger. Raises what `confirm` raises about the shift.
    """
    plan = _plan(session, attendance.shift_id, now)
    spoken = _spoken(session, plan, [attendance.person_id])
    return _proposal(plan, attendance, spoken[attendance.person_id])


def _proposal(plan: Plan, attendance: Attendance, spoken: _Spoken) -> int | None:
    return proposed_minutes(
        stays_of(attendance.check_in_at, attendance.check_out_at, attendance.stays),
        plan.planned,
        rule=plan.rule,
        already=spoken.already,
        elsewhere=spoken.elsewhere,
    )


def _counted(plan: Plan, one: Attendance, minutes: int, spoken: _Spoken) -> list[list[str]]:
    times = counted_times(
        stays_of(one.check_in_at, one.check_out_at, one.stays),
        plan.planned,
        minutes,
        rule=plan.rule,
        elsewhere=spoken.elsewhere,
    )
    return [[start.isoformat(), end.isoformat()] for start, end in times]


def _problem(
    plan: Plan, attendance: Attendance, row: Minutes, spoken: _Spoken
) -> tuple[str, str] | None:
    """Return the field at fault and what to do about it, or None."""
    most = most_minutes(
        plan.planned, rule=plan.rule, already=spoken.already, elsewhere=spoken.elsewhere
    )
    if not 0 <= row.minutes <= most:
        return minutes_field(row.attendance_id), _(
            "Please give between 0 and %(most)s minutes: from 15 minutes before to 30 minutes"
            " after the shift, at most 8 hours a day.",
            most=most,
        )
    proposal = _proposal(plan, attendance, spoken)
    if row.reason.strip():
        return None
    odd = oddity(
        proposal=proposal,
        planned=plan.planned_minutes,
        forgotten=spoken.forgotten,
        note=attendance.note,
    )
    if odd:
        return reason_field(row.attendance_id), question(odd)
    if proposal == row.minutes:
        return None
    return reason_field(row.attendance_id), _(
        "Please say in a few words why these are not the %(n)s minutes recorded.", n=proposal
    )
