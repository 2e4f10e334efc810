"""Decide late entries and disputes: a reversing pair in the ledger, or a reasoned no."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
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
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.hours import ledger, reversing
from volunteer_hub.hours.claims import claim_shift, record_of
from volunteer_hub.hours.models import ClaimKind, ClaimState, HoursClaim, LedgerEntry
from volunteer_hub.hours.services import confirm, proposal
from volunteer_hub.shifts import told

ANSWER_LENGTH = 200


class CannotDecide(DomainError):
    """Not by this person, or somebody has decided already."""


def decide(
    session: Session,
    *,
    claim_id: int,
    organisation_ids: Collection[int] | None,
    grant: bool,
    answer: str,
    actor_id: int,
    now: datetime,
) -> HoursClaim:
    """Grant the stated times, or say no with a reason; the person is told.

    `organisation_ids` are those for which the actor decides (None: the office, for all). Decided
    twice the same way changes nothing. Raises NotFound, InvalidInput without a reason for a no,
    CannotDecide for one's own claim or hours that one has confirmed oneself, and what `confirm`
    raises.
    """
    claim = session.get(HoursClaim, claim_id, with_for_update=True)
    if claim is None:
        raise NotFound
    shift = claim_shift(session, claim.shift_id)
    if organisation_ids is not None and shift.organisation_id not in organisation_ids:
        raise NotFound
    wanted = ClaimState.GRANTED if grant else ClaimState.DECLINED
    if claim.state == wanted and claim.decided_by == actor_id:
        return claim
    if claim.state != ClaimState.OPEN:
        raise CannotDecide(_("This question has been answered already."))
    who_may_not = {claim.asked_by, claim.person_id, _confirmer(session, claim)}
    if actor_id in who_may_not:
        raise CannotDecide(
            _("Somebody else has to answer this: not who asked, and not who confirmed the hours.")
        )
    words = answer.strip()
    if not grant and not words:
        raise InvalidInput(_("Please say why not; the volunteer reads it."), field="answer")
    if len(words) > ANSWER_LENGTH:
        raise InvalidInput(_("Please write at most 200 characters."), field="answer")
    minutes = _grant(session, claim, words, actor_id=actor_id, now=now) if grant else 0
    claim.state, claim.answer = str(wanted), words
    claim.decided_by, claim.decided_at = actor_id, now
    audit.record(
        session,
        "claim:grant" if grant else "claim:decline",
        actor_id=actor_id,
        object_id=claim.id,
        now=now,
        organisation_id=shift.organisation_id,
        shift_id=claim.shift_id,
        person_id=claim.person_id,
        minutes=minutes,
        reason=words,
    )
    told.tell(
        session,
        "claim_granted" if grant else "claim_declined",
        shift_id=claim.shift_id,
        person_id=claim.person_id,
        key=f"claim_decided:{claim.id}",
        now=now,
        link="/me/hours",
        minutes=minutes,
        reason=words,
    )
    session.flush()
    return claim


def _confirmer(session: Session, claim: HoursClaim) -> int | None:
    row = record_of(session, claim)
    return row.confirmed_by if row else None


def _grant(session: Session, claim: HoursClaim, words: str, *, actor_id: int, now: datetime) -> int:
    """Record the stated times and confirm them; returns the minutes that are in the ledger now."""
    # First of all: what follows takes rows that another confirmation may be waiting for.
    ledger.lock(session)
    reason = words or claim.reason
    row = record_of(session, claim)
    if row is not None and row.confirmed_at is not None:
        entry_id = session.scalar(
            select(LedgerEntry.id)
            .where(LedgerEntry.attendance_id == row.id)
            .order_by(LedgerEntry.id.desc())
            .limit(1)
        )
        reversing.reverse(
            session, entry_id=entry_id or 0, reason=reason, actor_id=actor_id, now=now
        )
    if row is None:
        row = _add_row(session, claim, now=now)
    _record(session, claim, row, now=now)
    # Both times are stated, so that there is a number.
    minutes = proposal(session, row, now) or 0
    confirm(
        session,
        shift_id=claim.shift_id,
        rows=[(row.id, minutes, reason)],
        actor_id=actor_id,
        now=now,
    )
    return minutes


def _method(claim: HoursClaim) -> AttendanceMethod:
    late = claim.kind == ClaimKind.LATE_ENTRY
    return AttendanceMethod.LATE_ENTRY if late else AttendanceMethod.DISPUTE


def _add_row(session: Session, claim: HoursClaim, *, now: datetime) -> Attendance:
    person = session.get_one(Person, claim.person_id)
    row = Attendance(
        shift_id=claim.shift_id,
        post_id=claim.post_id,
        person_id=claim.person_id,
        enterprise_id=person.enterprise_id,
        building_id=person.building_id,
        status=str(AttendanceStatus.PRESENT),
        method=str(_method(claim)),
        recorded_by=claim.asked_by,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _record(session: Session, claim: HoursClaim, row: Attendance, *, now: datetime) -> None:
    source = Source(_method(claim), claim.asked_by)
    known = events.standing(session, shift_id=claim.shift_id, person_id=claim.person_id)
    events.take_back(session, known, source=source, now=now)
    for kind, at in (
        (EventKind.CHECK_IN, claim.check_in_at),
        (EventKind.CHECK_OUT, claim.check_out_at),
    ):
        events.add(
            session,
            shift_id=claim.shift_id,
            person_id=claim.person_id,
            kind=kind,
            at=at,
            source=source,
            now=now,
        )
    events.settle(session, row)
