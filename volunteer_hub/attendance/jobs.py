"""What the worker does about people who did not check out.

Each job is safe to repeat: it acts on what is due, and notices are told once a key.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from volunteer_hub.attendance import times
from volunteer_hub.attendance.check_in import AROUND
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import Attendance, AttendanceMethod, AttendanceStatus
from volunteer_hub.audit import services as audit
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import told
from volunteer_hub.shifts.models import Shift, ShiftStatus

REMIND_AFTER = timedelta(minutes=10)
MOST = 200


def _still_there() -> Select[Attendance, datetime, int]:
    """Select who has come and not left, with the planned end and the organisation."""
    return (
        select(Attendance, Shift.ends_at, Project.organisation_id)
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(
            Attendance.status == str(AttendanceStatus.PRESENT),
            Attendance.check_in_at.is_not(None),
            Attendance.check_out_at.is_(None),
            Attendance.confirmed_at.is_(None),
            Shift.status == str(ShiftStatus.PUBLISHED),
        )
        .order_by(Attendance.id)
        .limit(MOST)
    )


def remind_to_check_out(session: Session, now: datetime) -> int:
    """Ask those who are still checked in ten minutes after the planned end; how many."""
    rows = session.execute(
        _still_there().where(Shift.ends_at <= now - REMIND_AFTER, Shift.ends_at > now - AROUND)
    ).all()
    return sum(
        told.tell(
            session,
            "check_out",
            shift_id=row.shift_id,
            person_id=row.person_id,
            key=f"check_out:{row.shift_id}:{row.person_id}",
            now=now,
            useless_after=ends_at + AROUND,
            link=f"/shifts/{row.shift_id}/check-in",
        )
        for row, ends_at, _organisation_id in rows
    )


def close_forgotten(session: Session, now: datetime) -> int:
    """Let the planned end stand in for forgotten check-outs; how many.

    The coordinator sees each of them as an exception and says whether it is right.
    """
    rows = session.execute(
        _still_there()
        .where(Shift.ends_at <= now - AROUND)
        .with_for_update(of=Attendance, key_share=True, skip_locked=True)
    ).all()
    for row, ends_at, organisation_id in rows:
        source = Source(AttendanceMethod.FORGOTTEN)
        times.check_out(session, row, at=ends_at, source=source, now=now)
        audit.record(
            session,
            "attendance:forgotten",
            actor_id=None,
            object_id=row.shift_id,
            now=now,
            organisation_id=organisation_id,
            person_id=row.person_id,
        )
    return len(rows)


JOBS = (remind_to_check_out, close_forgotten)
