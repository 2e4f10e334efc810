"""When people arrived and left."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance import events
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import (
    Attendance,
    AttendanceMethod,
    AttendanceStatus,
    EventKind,
)
from volunteer_hub.attendance.rules import (
    OPENS_BEFORE,
    AlreadyConfirmed,
    LinkUsed,
    NotOnRoster,
    RosterShift,
    attendance_of,
    open_shift,
)
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _

# How far from the plan a typed time may lie before it is taken for a slip.
LATEST_AFTER = timedelta(hours=4)


def nearest(wall: time, near: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment nearest to `near` at which the wall clock shows this time.

    People type hours and minutes; that a shift went over midnight follows from the plan.
    """
    day = near.astimezone(zone).date()
    around = (day + timedelta(days=step) for step in (-1, 0, 1))
    moments = (datetime.combine(date_, wall, tzinfo=zone).astimezone(UTC) for date_ in around)
    return min(moments, key=lambda moment: abs(moment - near))


def check_out_all(
    session: Session,
    *,
    shift_id: int,
    actor_id: int | None,
    now: datetime,
    through: LinkUsed | None = None,
) -> int:
    """Let everybody who is still there leave: now, or at the planned end when that has passed.

    Returns how many those were.
    """
    shift = open_shift(session, shift_id, now)
    rows = session.scalars(
        select(Attendance)
        .where(
            Attendance.shift_id == shift_id,
            Attendance.status == str(AttendanceStatus.PRESENT),
            Attendance.check_out_at.is_(None),
            Attendance.confirmed_at.is_(None),
        )
        .order_by(Attendance.id)
        .with_for_update(key_share=True)
    ).all()
    leaves_at = min(now, shift.ends_at)
    source = Source(AttendanceMethod.ROSTER, actor_id, through.id if through else None)
    for row in rows:
        check_out(session, row, at=leaves_at, source=source, now=now)
    if rows:
        audit.record(
            session,
            "attendance:check_out",
            actor_id=actor_id,
            object_id=shift_id,
            now=now,
            organisation_id=shift.organisation_id,
            people=[row.person_id for row in rows],
            **(through.details() if through else {}),
        )
    session.flush()
    return len(rows)


def check_out(
    session: Session, row: Attendance, *, at: datetime, source: Source, now: datetime
) -> None:
    """Let somebody who is there leave; never before they came. The caller holds the row locked."""
    last = events.stays_of(row.check_in_at, row.check_out_at, row.stays)[-1]
    events.add(
        session,
        shift_id=row.shift_id,
        person_id=row.person_id,
        kind=EventKind.CHECK_OUT,
        at=max(at, last.came_at),
        source=source,
        now=now,
    )
    events.settle(session, row)


def set_times(
    session: Session,
    *,
    shift_id: int,
    person_id: int,
    check_in_at: datetime,
    check_out_at: datetime | None,
    actor_id: int,
    now: datetime,
) -> None:
    """Correct when somebody who came arrived and left (None: not known yet).

    Raises NotOnRoster when the person is not ticked, InvalidInput for times that cannot be,
    AlreadyConfirmed.
    """
    shift = open_shift(session, shift_id, now)
    row = attendance_of(session, shift_id, person_id)
    if row is None or row.status != AttendanceStatus.PRESENT:
        raise NotOnRoster(_("This person is not ticked yet. Tick the name on the roster first."))
    if (row.check_in_at, row.check_out_at) == (check_in_at, check_out_at):
        return
    if row.confirmed_at:
        raise AlreadyConfirmed
    _check_times(shift, check_in_at, check_out_at, now)
    before = [moment and moment.isoformat() for moment in (row.check_in_at, row.check_out_at)]
    _correct(session, row, check_in_at, check_out_at, actor_id=actor_id, now=now)
    audit.record(
        session,
        "attendance:times",
        actor_id=actor_id,
        object_id=shift_id,
        now=now,
        organisation_id=shift.organisation_id,
        person_id=person_id,
        before=before,
        after=[moment and moment.isoformat() for moment in (check_in_at, check_out_at)],
    )
    session.flush()


def _correct(
    session: Session,
    row: Attendance,
    check_in_at: datetime,
    check_out_at: datetime | None,
    *,
    actor_id: int,
    now: datetime,
) -> None:
    """Take back the first arrival or the last departure where they change, and record the new."""
    source = Source(AttendanceMethod.ROSTER, actor_id)
    known = events.standing(session, shift_id=row.shift_id, person_id=row.person_id)
    for kind, before, after in (
        (EventKind.CHECK_IN, row.check_in_at, check_in_at),
        (EventKind.CHECK_OUT, row.check_out_at, check_out_at),
    ):
        if before == after:
            continue
        wrong = [one for one in known if one.kind == kind and one.at == before]
        events.take_back(session, wrong, source=source, now=now)
        if after is not None:
            events.add(
                session,
                shift_id=row.shift_id,
                person_id=row.person_id,
                kind=kind,
                at=after,
                source=source,
                now=now,
            )
    row.recorded_by, row.recorded_at = actor_id, now
    events.settle(session, row)


def _check_times(
    shift: RosterShift, check_in_at: datetime, check_out_at: datetime | None, now: datetime
) -> None:
    if not shift.starts_at - OPENS_BEFORE <= check_in_at <= shift.ends_at:
        raise InvalidInput(
            _("Please give an arrival between 2 hours before the start and the end of the shift."),
            field="check_in",
        )
    if check_in_at > now:
        raise InvalidInput(_("This time has not come yet."), field="check_in")
    if check_out_at is None:
        return
    if not check_in_at <= check_out_at <= shift.ends_at + LATEST_AFTER:
        raise InvalidInput(
            _("Please give a departure after the arrival, at most 4 hours after the end."),
            field="check_out",
        )
    if check_out_at > now:
        raise InvalidInput(_("This time has not come yet."), field="check_out")
