"""Check in 签到 and out 签退 by the volunteer's own phone: by the code on site, or by one tap.

Every verb may be repeated: the same scan a hundred times is one event. On PostgreSQL rows are
locked in one order, sign-up before attendance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance import events, flags, times
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import (
    Attendance,
    AttendanceMethod,
    AttendanceStatus,
    EventKind,
    SiteEvent,
)
from volunteer_hub.attendance.rules import (
    AlreadyConfirmed,
    RosterShift,
    attendance_of,
    planned_shift,
)
from volunteer_hub.attendance.services import add_rows, confirmed_places
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _, clock_time

# Codes are taken from half an hour before the start to half an hour after the end (trust.md S36).
AROUND = timedelta(minutes=30)


class CodeRefused(DomainError):
    """The code is old, of another shift, or not ours."""


class NoCode(DomainError):
    """What was scanned is none of our codes."""

    status = 404


class NoPlace(DomainError):
    """A code opens nothing to somebody who has no place in the shift (trust.md S37)."""

    status = 403


class NotOpen(DomainError):
    """Too early, too late, or the shift does not take place."""


class NotHere(DomainError):
    """Somebody wants to leave who has not come."""


@dataclass(frozen=True)
class Presence:
    """Since when somebody is there, and since when no more."""

    came_at: datetime
    left_at: datetime | None


def check_in(
    session: Session, *, shift_id: int, person_id: int, source: Source, now: datetime
) -> Presence:
    """Record that the person has come; of somebody who is there, nothing changes.

    Raises NotFound, NotOpen, NoPlace, and AlreadyConfirmed when the hours are in the ledger.
    """
    shift = open_for_codes(session, shift_id, now)
    places = confirmed_places(session, shift_id, person_id)
    row = attendance_of(session, shift_id, person_id)
    if not places:
        raise no_place()
    if row and row.confirmed_at:
        raise AlreadyConfirmed
    if row and _is_there(row):
        return _presence(row)
    if _seen(session, shift_id, person_id, source):
        return _presence(row)
    if row is None:
        row = add_rows(session, shift, places, source.method, actor_id=person_id, now=now)[0]
    elif row.status != AttendanceStatus.PRESENT:
        # Noted as absent too early: whoever scans the code on site has come.
        known = events.standing(session, shift_id=shift_id, person_id=person_id)
        events.take_back(session, known, source=source, now=now)
        row.method = str(source.method)
    _record(session, shift, row, source, now)
    flags.one_device(session, shift_id=shift_id, person_id=person_id, source=source, now=now)
    session.flush()
    return _presence(row)


def check_out(
    session: Session, *, shift_id: int, person_id: int, source: Source, now: datetime
) -> Presence:
    """Record that the person leaves; of somebody who has left, nothing changes.

    Half an hour after the end it is too late to tell the time: the planned end counts, and the
    coordinator sees that it does. Raises NotFound, NotHere or AlreadyConfirmed.
    """
    shift = planned_shift(session, shift_id)
    row = attendance_of(session, shift_id, person_id)
    if row is None or row.status != AttendanceStatus.PRESENT:
        raise NotHere(_("You are not checked in to this shift, so there is nothing to check out."))
    if not _is_there(row):
        return _presence(row)
    if row.confirmed_at:
        raise AlreadyConfirmed
    at = now
    if now > shift.ends_at + AROUND:
        at, source = shift.ends_at, source._replace(method=AttendanceMethod.FORGOTTEN)
    times.check_out(session, row, at=at, source=source, now=now)
    _note(session, shift, row, "attendance:check_out_self", source, now)
    session.flush()
    return _presence(row)


def in_time(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Tell whether a shift with this plan takes codes now."""
    return starts_at - AROUND <= now <= ends_at + AROUND


def open_for_codes(session: Session, shift_id: int, now: datetime) -> RosterShift:
    """Return the shift when codes are taken for it now; raises NotFound or NotOpen."""
    shift = planned_shift(session, shift_id)
    if not shift.takes_place:
        raise NotOpen(_("This shift does not take place, so nobody can check in."))
    if now < shift.starts_at - AROUND:
        raise NotOpen(
            _(
                "Check-in opens at %(time)s, half an hour before the start. Please come back then.",
                time=clock_time(shift.starts_at - AROUND),
            )
        )
    if now > shift.ends_at + AROUND:
        raise NotOpen(
            _("This shift is over and its codes have closed. Please tell the shift leader.")
        )
    return shift


def no_place() -> NoPlace:
    """Return the refusal of somebody who has no place in the shift."""
    return NoPlace(
        _("You have no place in this shift. Please ask the shift leader to add you on site.")
    )


def _is_there(row: Attendance) -> bool:
    return row.check_in_at is not None and row.check_out_at is None


def _presence(row: Attendance | None) -> Presence:
    if row is None or row.check_in_at is None:
        raise NotHere(_("The shift leader has taken this check-in back. Please ask on site."))
    return Presence(row.check_in_at, row.check_out_at)


def _seen(session: Session, shift_id: int, person_id: int, source: Source) -> bool:
    """Tell whether this very check-in was recorded before, even if it was taken back since."""
    if source.code_step is None:
        return False
    known = select(SiteEvent.id).where(
        SiteEvent.shift_id == shift_id,
        SiteEvent.person_id == person_id,
        SiteEvent.kind == str(EventKind.CHECK_IN),
        SiteEvent.code_step == source.code_step,
    )
    return session.scalar(known) is not None


def _record(
    session: Session, shift: RosterShift, row: Attendance, source: Source, now: datetime
) -> None:
    events.add(
        session,
        shift_id=shift.id,
        person_id=row.person_id,
        kind=EventKind.CHECK_IN,
        at=now,
        source=source,
        now=now,
    )
    row.recorded_by, row.recorded_at = source.actor_id, now
    events.settle(session, row)
    _note(session, shift, row, "attendance:check_in", source, now)


def _note(
    session: Session,
    shift: RosterShift,
    row: Attendance,
    action: str,
    source: Source,
    now: datetime,
) -> None:
    audit.record(
        session,
        action,
        actor_id=source.actor_id,
        object_id=shift.id,
        now=now,
        organisation_id=shift.organisation_id,
        person_id=row.person_id,
        method=str(source.method),
    )
