"""Take hours back: the only way to correct the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import Attendance
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.hours import ledger
from volunteer_hub.hours.models import LedgerEntry

REASON_LENGTH = 200


class CannotReverse(DomainError):
    """The entry cannot be taken back, or not by this person."""


def reverse(session: Session, *, entry_id: int, reason: str, actor_id: int, now: datetime) -> None:
    """Take an entry's minutes back by an entry that names it, and open the attendance again.

    What was frozen stays as it was, so that every sum shrinks where it had grown; the right
    minutes can then be confirmed. Raises NotFound, InvalidInput without a reason, CannotReverse
    for a reversal, an entry that is reversed already, or one's own hours.
    """
    if not reason.strip():
        raise InvalidInput(_("Please say why these hours are taken back."), field="reason")
    ledger.lock(session)
    entry = session.get(LedgerEntry, entry_id)
    if entry is None:
        raise NotFound
    if entry.reverses_id is not None:
        raise CannotReverse(
            _("This entry is itself a correction; confirm the right hours instead.")
        )
    if session.scalar(select(LedgerEntry.id).where(LedgerEntry.reverses_id == entry_id)):
        raise CannotReverse(_("These hours have been taken back already."))
    if entry.person_id == actor_id:
        raise CannotReverse(_("Nobody changes their own hours. Please ask another coordinator."))
    fields = {name: getattr(entry, name) for name in ledger.COLUMNS}
    ledger.append(
        session,
        [
            {
                **fields,
                "minutes": -entry.minutes,
                "reverses_id": entry.id,
                "confirmed_by": actor_id,
                "recorded_at": now,
            }
        ],
    )
    attendance = session.get_one(Attendance, entry.attendance_id, with_for_update=True)
    attendance.minutes = attendance.counted = None
    attendance.confirmed_by = attendance.confirmed_at = None
    attendance.note = reason.strip()[:REASON_LENGTH]
    audit.record(
        session,
        "hours:reverse",
        actor_id=actor_id,
        object_id=entry_id,
        now=now,
        organisation_id=entry.organisation_id,
        reason=reason.strip()[:REASON_LENGTH],
        minutes=entry.minutes,
    )
    session.flush()
