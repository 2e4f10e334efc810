"""What the worker does about hours that wait: remind, ask the deputies, tell the office.

Each job is safe to repeat: notices are told once a key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts import duty
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core import clock
from volunteer_hub.hours.deadlines import Deadline, Pace, deadline_of
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import told
from volunteer_hub.shifts.models import Shift

# Before so many days have gone, the sixth working day cannot have come.
EARLIEST = timedelta(days=6)
KIND_OF = {
    Pace.AMBER: "confirm_soon",
    Pace.RED: "confirm_deputy",
    Pace.OVERDUE: "confirm_overdue",
}


class _Due(NamedTuple):
    shift_id: int
    organisation_id: int
    people: int


def escalate(session: Session, now: datetime) -> int:
    """Tell who must confirm what waits since the sixth, the ninth, more than ten working days.

    First whoever kept the roster, then every coordinator of the organisation as their deputy,
    then the office too. Returns how many notices were new.
    """
    today = clock.local(now).date()
    rows = session.execute(
        select(Shift.id, Shift.day, Project.organisation_id, func.count(Attendance.id))
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(*unconfirmed(now), Shift.day <= today - EARLIEST)
        .group_by(Shift.id, Shift.day, Project.organisation_id)
        .order_by(Shift.id)
    ).all()
    sent = 0
    for shift_id, day, organisation_id, people in rows:
        deadline = deadline_of(day, today)
        if deadline.pace in KIND_OF:
            sent += _tell(session, _Due(shift_id, organisation_id, people), deadline, now)
    return sent


def _tell(session: Session, due: _Due, deadline: Deadline, now: datetime) -> int:
    kind = KIND_OF[deadline.pace]
    return sum(
        told.tell(
            session,
            kind,
            shift_id=due.shift_id,
            person_id=person_id,
            key=f"{kind}:{due.shift_id}:{person_id}",
            now=now,
            link=f"/console/confirmations/{due.shift_id}" if coordinates else "/office/overdue",
            people=due.people,
            left=deadline.left,
        )
        for person_id, coordinates in _whom(session, due, deadline.pace, now).items()
    )


def _whom(session: Session, due: _Due, pace: Pace, now: datetime) -> dict[int, bool]:
    """Return whom to tell, and whether each of them coordinates the organisation."""
    coordinators = duty.coordinators_of(session, due.organisation_id, now)
    if pace is Pace.AMBER:
        kept = set(
            session.scalars(
                select(Attendance.recorded_by).where(Attendance.shift_id == due.shift_id)
            )
        )
        coordinators = [one for one in coordinators if one in kept] or coordinators
    people = dict.fromkeys(coordinators, True)
    if pace is Pace.OVERDUE:
        people = dict.fromkeys(duty.office(session, now), False) | people
    return people


JOBS = (escalate,)
