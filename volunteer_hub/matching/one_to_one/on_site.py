"""At the tables: who sits together, who did not come, and whether they want to go on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance import services as attendance
from volunteer_hub.attendance.leader_links import OPEN_AFTER
from volunteer_hub.attendance.models import AttendanceStatus
from volunteer_hub.attendance.rules import OPENS_BEFORE
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.matching.one_to_one import ending
from volunteer_hub.matching.one_to_one.models import (
    STANDING,
    Pairing,
    PairingState,
    RequestState,
    ServiceRequest,
)
from volunteer_hub.matching.one_to_one.pairing import CannotPair, Hand, lock_shift, note
from volunteer_hub.shifts.models import Shift

SIDES = ("volunteer", "senior")


def missing(session: Session, hand: Hand, *, pairing_id: int, who: str) -> Pairing:
    """Note who of a pair did not come (`volunteer` or `senior`): the other one is free again.

    Saying it twice changes nothing. Raises NotFound, InvalidInput, CannotPair.
    """
    if who not in SIDES:
        raise InvalidInput(_("Please use one of the buttons."))
    row = _on_site(session, hand, pairing_id)
    if row.state in STANDING:
        ending.end(session, row, now=hand.now, absent=who)
        note(session, "pairing:missing", hand, person_id=row.person_id, who=who)
    return row


def came_after_all(session: Session, hand: Hand, *, pairing_id: int) -> Pairing:
    """Take "did not come" back: they sit together again unless somebody else sits there now."""
    row = _on_site(session, hand, pairing_id)
    if row.state != PairingState.NOT_COME:
        return row
    taken = session.scalar(
        select(Pairing.id)
        .where(
            Pairing.shift_id == row.shift_id,
            ending.IS_STANDING,
            (Pairing.request_id == row.request_id) | (Pairing.sign_up_id == row.sign_up_id),
        )
        .limit(1)
    )
    row.absent = ""
    row.state = str(PairingState.REPLACED if taken else PairingState.PLANNED)
    row.ended_at = hand.now if taken else None
    note(session, "pairing:came", hand, person_id=row.person_id)
    return row


def senior_missing(session: Session, hand: Hand, *, request_id: int, yes: bool = True) -> None:
    """Note that a senior whom nobody was to meet did not come (or take it back).

    Raises NotFound for a wish that is not in this shift, CannotPair when somebody sits there by
    now: then it is said of the pair.
    """
    _require_on_site(lock_shift(session, hand, late=OPEN_AFTER), hand)
    request = session.scalar(
        select(ServiceRequest)
        .where(
            ServiceRequest.id == request_id,
            ServiceRequest.shift_id == hand.shift_id,
            ServiceRequest.state == str(RequestState.PLACED),
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound
    if yes == bool(request.absent_at):
        return
    taken = select(Pairing.id).where(Pairing.request_id == request_id, ending.IS_STANDING)
    if yes and session.scalar(taken.limit(1)):
        raise CannotPair(_("Somebody sits at this table by now. Use the buttons of the pair."))
    request.absent_at = hand.now if yes else None
    act = "pairing:missing" if yes else "pairing:came"
    note(session, act, hand, request_id=request_id, who="senior")


def sit_together(session: Session, hand: Hand, *, pairing_id: int, yes: bool = True) -> Pairing:
    """Note that both are there (or take it back); such a pair is not moved any more.

    It ticks the volunteer on the roster. Taken back, the tick stays: they may have come all the
    same. Raises what `attendance.services.mark` raises.
    """
    row = _on_site(session, hand, pairing_id)
    wanted = PairingState.MET if yes else PairingState.PLANNED
    if row.state in STANDING and row.state != wanted:
        if yes:
            attendance.mark(
                session,
                shift_id=row.shift_id,
                person_id=row.person_id,
                status=AttendanceStatus.PRESENT,
                actor_id=hand.actor_id,
                now=hand.now,
                through=hand.through,
            )
        row.state = str(wanted)
        note(session, "pairing:met", hand, person_id=row.person_id, after=str(wanted))
    return row


def _on_site(session: Session, hand: Hand, pairing_id: int) -> Pairing:
    shift = lock_shift(session, hand, late=OPEN_AFTER)
    row = session.scalar(
        select(Pairing)
        .where(Pairing.id == pairing_id, Pairing.shift_id == hand.shift_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    _require_on_site(shift, hand)
    return row


def _require_on_site(shift: Shift, hand: Hand) -> None:
    if hand.now < shift.starts_at - OPENS_BEFORE:
        raise CannotPair(_("Who has come can be said from 2 hours before the start."))


# ---------------------------------------------------------------- going on together


def volunteer_says(
    session: Session, *, pairing_id: int, person_id: int, yes: bool, now: datetime
) -> Pairing:
    """Keep whether the volunteer wants to meet this senior again; can be changed at any time.

    Raises NotFound for a pairing of somebody else, CannotPair before they met and when the senior
    is forgotten.
    """
    row = session.scalar(
        select(Pairing)
        .where(Pairing.id == pairing_id, Pairing.person_id == person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    _require_met(session, row, now=now)
    row.volunteer_again = yes
    audit.record(
        session,
        "pairing:again_volunteer",
        actor_id=person_id,
        object_id=row.shift_id,
        now=now,
        again=yes,
    )
    session.flush()
    return row


def senior_says(session: Session, hand: Hand, *, pairing_id: int, yes: bool) -> Pairing:
    """Keep what the senior said to who leads the shift; raises NotFound, CannotPair."""
    row = session.scalar(
        select(Pairing)
        .where(Pairing.id == pairing_id, Pairing.shift_id == hand.shift_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    _require_met(session, row, now=hand.now)
    row.senior_again = yes
    note(session, "pairing:again_senior", hand, person_id=row.person_id, again=yes)
    return row


def happened(row: Pairing, ends_at: datetime, *, now: datetime) -> bool:
    """Tell whether the two met as far as anybody knows."""
    return row.state == PairingState.MET or (row.state == PairingState.PLANNED and now >= ends_at)


def _require_met(session: Session, row: Pairing, *, now: datetime) -> None:
    ends_at = session.scalars(select(Shift.ends_at).where(Shift.id == row.shift_id)).one()
    if not happened(row, ends_at, now=now):
        raise CannotPair(_("This is asked after they have met."))
    request = session.get_one(ServiceRequest, row.request_id)
    if request.forgotten_at:
        raise CannotPair(_("This was long ago, and whom you met is not kept any more."))
