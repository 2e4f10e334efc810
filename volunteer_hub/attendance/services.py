"""Tick who came: on the roster, by the coordinator.

Every verb may be repeated: two taps have one effect. What has been confirmed never changes here.
On PostgreSQL rows are locked in one order, sign-up before attendance.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
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
    RosterClosed,
    RosterShift,
    attendance_of,
    open_shift,
)
from volunteer_hub.audit import services as audit
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts.models import IS_ACTIVE, SignUp, SignUpStatus


def confirmed_places(session: Session, shift_id: int, person_id: int | None = None) -> list[SignUp]:
    """Return the confirmed places of a shift, or one person's, locked."""
    query = select(SignUp).where(
        SignUp.shift_id == shift_id, IS_ACTIVE, SignUp.status == str(SignUpStatus.CONFIRMED)
    )
    if person_id is not None:
        query = query.where(SignUp.person_id == person_id)
    return list(session.scalars(query.order_by(SignUp.id).with_for_update(key_share=True)))


def mark(
    session: Session,
    *,
    shift_id: int,
    person_id: int,
    status: AttendanceStatus | None,
    actor_id: int | None,
    now: datetime,
    at: datetime | None = None,
    method: AttendanceMethod = AttendanceMethod.ROSTER,
    through: LinkUsed | None = None,
) -> None:
    """Say that a person came, did not come or is excused; None takes the tick back.

    Check-in is now, or the planned times when the shift is over; `at` is the earlier moment of a
    tap that had to wait for the network. Without an account the tick comes `through` a link of
    the shift leader's. Raises RosterClosed, NotOnRoster, or AlreadyConfirmed when the hours are in
    the ledger.
    """
    shift = open_shift(session, shift_id, now)
    tapped_at = max(shift.starts_at - OPENS_BEFORE, min(at or now, now))
    places = confirmed_places(session, shift_id, person_id)
    row = attendance_of(session, shift_id, person_id)
    before = row.status if row else None
    if before == status:
        return
    if row and row.confirmed_at:
        raise AlreadyConfirmed
    if status is AttendanceStatus.NO_SHOW and now < shift.starts_at:
        raise RosterClosed(_("The shift has not started yet; this person may still come."))
    source = Source(method, actor_id, through.id if through else None)
    if row is None and places and status:
        row = add_rows(session, shift, places[:1], method, actor_id=actor_id, now=now)[0]
    elif row is None:
        raise NotOnRoster(
            _("This person has no confirmed place in this shift. Reload the roster to see who has.")
        )
    _replace(session, shift, row, status, source=source, tapped_at=tapped_at, now=now)
    if status is None:
        _forget(session, row)
    audit.record(
        session,
        "attendance:mark",
        actor_id=actor_id,
        object_id=shift_id,
        now=now,
        organisation_id=shift.organisation_id,
        person_id=person_id,
        before=before,
        after=str(status) if status else None,
        **(through.details() if through else {}),
    )
    session.flush()


def _replace(
    session: Session,
    shift: RosterShift,
    row: Attendance,
    status: AttendanceStatus | None,
    *,
    source: Source,
    tapped_at: datetime,
    now: datetime,
) -> None:
    """Take back what was recorded of the person, and record this instead."""
    known = events.standing(session, shift_id=shift.id, person_id=row.person_id)
    events.take_back(session, known, source=source, now=now)
    if status:
        for kind, at in _moments(shift, status, tapped_at):
            events.add(
                session,
                shift_id=shift.id,
                person_id=row.person_id,
                kind=kind,
                at=at,
                source=source,
                now=now,
            )
        row.recorded_by, row.recorded_at = source.actor_id, now
    events.settle(session, row)


def _moments(
    shift: RosterShift, status: AttendanceStatus, tapped_at: datetime
) -> list[tuple[EventKind, datetime]]:
    """Return what a tick says: arrived now, or after the shift that the plan was kept."""
    if status is not AttendanceStatus.PRESENT:
        return [(events.KIND_OF[status], tapped_at)]
    if tapped_at < shift.ends_at:
        return [(EventKind.CHECK_IN, tapped_at)]
    return [(EventKind.CHECK_IN, shift.starts_at), (EventKind.CHECK_OUT, shift.ends_at)]


def _forget(session: Session, row: Attendance) -> None:
    try:
        with session.begin_nested():
            session.delete(row)
    except IntegrityError:
        # Hours of this row were confirmed and reversed: the ledger keeps pointing at it.
        raise AlreadyConfirmed(
            _("The ledger knows of this attendance, so the tick stays. Choose “Did not come”.")
        ) from None


def add_rows(
    session: Session,
    shift: RosterShift,
    places: Sequence[SignUp],
    method: AttendanceMethod,
    *,
    actor_id: int | None,
    now: datetime,
) -> list[Attendance]:
    """Add the rows of people about whom nothing is recorded yet; their events come after."""
    work = _workplaces(session, [place.person_id for place in places])
    rows = []
    for place in places:
        enterprise_id, building_id = work[place.person_id]
        rows.append(
            Attendance(
                shift_id=shift.id,
                post_id=place.post_id,
                person_id=place.person_id,
                sign_up_id=place.id,
                enterprise_id=enterprise_id,
                building_id=building_id,
                status=str(AttendanceStatus.PRESENT),
                method=str(method),
                recorded_by=actor_id,
                recorded_at=now,
            )
        )
    session.add_all(rows)
    return rows


def _workplaces(
    session: Session, person_ids: Sequence[int]
) -> dict[int, tuple[int | None, int | None]]:
    """Return company and building per person, as they are now."""
    rows = session.execute(
        select(Person.id, Person.enterprise_id, Person.building_id).where(Person.id.in_(person_ids))
    )
    return {row.id: (row.enterprise_id, row.building_id) for row in rows}


def mark_all(
    session: Session,
    *,
    shift_id: int,
    actor_id: int | None,
    now: datetime,
    through: LinkUsed | None = None,
) -> int:
    """Tick everybody about whom nothing is recorded yet; returns how many those were."""
    shift = open_shift(session, shift_id, now)
    places = confirmed_places(session, shift_id)
    known = set(
        session.scalars(select(Attendance.person_id).where(Attendance.shift_id == shift_id))
    )
    missing = [place for place in places if place.person_id not in known]
    if missing:
        source = Source(AttendanceMethod.ROSTER, actor_id, through.id if through else None)
        for row in add_rows(session, shift, missing, source.method, actor_id=actor_id, now=now):
            _replace(
                session,
                shift,
                row,
                AttendanceStatus.PRESENT,
                source=source,
                tapped_at=now,
                now=now,
            )
        audit.record(
            session,
            "attendance:mark_all",
            actor_id=actor_id,
            object_id=shift_id,
            now=now,
            organisation_id=shift.organisation_id,
            people=[place.person_id for place in missing],
            **(through.details() if through else {}),
        )
    session.flush()
    return len(missing)
