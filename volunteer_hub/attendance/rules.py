"""What every verb about attendance looks at first: is the roster open, is the row still free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Shift, ShiftStatus

OPENS_BEFORE = timedelta(hours=2)


class RosterClosed(DomainError):
    """The roster cannot take ticks now: too early, or the shift is cancelled."""


class NotOnRoster(DomainError):
    """The person has no confirmed place in the shift."""


class AlreadyConfirmed(DomainError):
    """The hours are in the ledger, so the attendance stands."""

    def __init__(self, message: object = "") -> None:
        super().__init__(
            message
            or _(
                "These hours are already in the ledger and cannot be changed here. To correct a"
                " mistake, choose “Correct…” on the page that confirms the hours of this shift."
            )
        )


@dataclass(frozen=True)
class LinkUsed:
    """The link through which somebody without an account acts; the audit keeps its name."""

    id: int
    name: str

    def details(self) -> dict[str, object]:
        """Return what the audit entry says of it."""
        return {"link_id": self.id, "link_name": self.name}


@dataclass(frozen=True)
class RosterShift:
    """What the rules look at."""

    id: int
    starts_at: datetime
    ends_at: datetime
    organisation_id: int
    takes_place: bool


def planned_shift(session: Session, shift_id: int) -> RosterShift:
    """Return the shift; raises NotFound."""
    row = session.execute(
        select(Shift.id, Shift.starts_at, Shift.ends_at, Project.organisation_id, Shift.status)
        .join(Project, Project.id == Shift.project_id)
        .where(Shift.id == shift_id)
    ).first()
    if row is None:
        raise NotFound
    return RosterShift(*row[:4], takes_place=row.status == ShiftStatus.PUBLISHED)


def open_shift(session: Session, shift_id: int, now: datetime) -> RosterShift:
    """Return the shift when its roster takes ticks; raises NotFound or RosterClosed."""
    shift = planned_shift(session, shift_id)
    if not shift.takes_place:
        raise RosterClosed(_("This shift does not take place, so nobody can be ticked."))
    if now < shift.starts_at - OPENS_BEFORE:
        raise RosterClosed(_("The roster opens 2 hours before the start. Please come back then."))
    return shift


def attendance_of(session: Session, shift_id: int, person_id: int) -> Attendance | None:
    """Return what is recorded of this person, locked until the transaction ends."""
    return session.scalar(
        select(Attendance)
        .where(Attendance.shift_id == shift_id, Attendance.person_id == person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
