"""Pair the volunteers and the wishes of a shift: at the optimum, by hand, and again on site.

Nobody is assigned: the volunteers have signed up, and a pairing only says at which table they sit.
The caller has made sure that the actor runs this shift or holds its leader's link (`through`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.rules import LinkUsed
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.matching.one_to_one import ending, reading, words
from volunteer_hub.matching.one_to_one.models import Pairing, PairingState
from volunteer_hub.matching.one_to_one.pairs import Pair, best_pairs
from volunteer_hub.matching.one_to_one.reading import Occasion
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import told
from volunteer_hub.shifts.models import Shift, ShiftStatus


class CannotPair(DomainError):
    """The shift is cancelled or over, or one of the two is taken for good."""


@dataclass(frozen=True)
class Paired:
    """How many pairs stand now, how many are new, and how many people changed their partner."""

    pairs: int
    new: int
    moved: int


@dataclass(frozen=True)
class Hand:
    """Who acts, in which shift and when."""

    shift_id: int
    actor_id: int | None
    now: datetime
    through: LinkUsed | None = None


def pair(session: Session, hand: Hand, *, anew: bool = False) -> Paired:
    """Pair as many as possible, as well as possible; pairs that stand move as little as possible.

    With `anew` whatever suits better moves them, and nothing else. What was chosen by hand or sits
    together already stays. Volunteers are told what changed for them. Raises NotFound, CannotPair.
    """
    lock_shift(session, hand)
    occasion = reading.read(session, hand.shift_id)
    drop_gone(session, occasion, now=hand.now)
    fixed = [one for one in occasion.standing if one.by_hand or one.state == PairingState.MET]
    movable = {(o.request_id, o.person_id): o for o in occasion.standing if o not in fixed}
    seniors = {one.request_id for one in fixed} | occasion.absent_seniors
    volunteers = {one.person_id for one in fixed} | occasion.absent_volunteers
    wanted = best_pairs(
        [one.senior() for one in occasion.seats if one.id not in seniors],
        [one.volunteer() for one in occasion.comers if one.person_id not in volunteers],
        occasion.history,
        kept=movable,
        anew=anew,
    )
    new = [one for one in wanted if one not in movable]
    partners = {person for _senior, person in movable}
    placed = {person for _senior, person in wanted}
    for old, row in movable.items():
        if old not in wanted:
            ending.end(session, row, now=hand.now, tell=row.person_id not in placed)
    for one in new:
        _add(session, hand, occasion, one)
    made = Paired(
        pairs=len(fixed) + len(wanted),
        new=len(new),
        moved=sum(person in partners for _senior, person in new),
    )
    if new or len(wanted) < len(movable):
        note(session, "pairing:make", hand, pairs=made.pairs, moved=made.moved)
    return made


def by_hand(session: Session, hand: Hand, *, request_id: int, person_id: int) -> None:
    """Let these two sit together; 0 for the person leaves the wish without anybody.

    Raises NotFound for who is not in the shift, CannotPair when one of them sits with somebody.
    """
    lock_shift(session, hand)
    occasion = reading.read(session, hand.shift_id)
    drop_gone(session, occasion, now=hand.now)
    if request_id not in {one.id for one in occasion.seats}:
        raise NotFound
    if person_id and person_id not in {one.person_id for one in occasion.comers}:
        raise NotFound
    if person_id in occasion.absent_volunteers or request_id in occasion.absent_seniors:
        raise CannotPair(_("One of them has not come. Take that back first if they are here."))
    theirs = [
        one
        for one in occasion.standing
        if one.request_id == request_id or one.person_id == person_id
    ]
    if any((one.request_id, one.person_id) == (request_id, person_id) for one in theirs):
        return
    if any(one.state == PairingState.MET for one in theirs):
        raise CannotPair(_("One of them sits with somebody already."))
    for one in theirs:
        ending.end(session, one, now=hand.now, tell=one.person_id != person_id)
    if person_id:
        _add(session, hand, occasion, (request_id, person_id), hand_made=True)
    note(session, "pairing:by_hand", hand, request_id=request_id, person_id=person_id or None)


def lock_shift(session: Session, hand: Hand, *, late: timedelta = timedelta(0)) -> Shift:
    """Return the shift, locked so that two who pair at once see each other.

    Raises NotFound where none pairs one to one, CannotPair when it is cancelled or has been over
    for longer than `late`.
    """
    shift = session.scalar(
        select(Shift)
        .join(Project, Project.id == Shift.project_id)
        .where(Shift.id == hand.shift_id, Project.one_to_one)
        .with_for_update(of=Shift, key_share=True)
        .execution_options(populate_existing=True)
    )
    if shift is None:
        raise NotFound
    if shift.status == ShiftStatus.CANCELLED:
        raise CannotPair(_("This shift is cancelled. Its wishes wait for another one."))
    if shift.ends_at + late <= hand.now:
        raise CannotPair(_("This shift is over."))
    return shift


def drop_gone(session: Session, occasion: Occasion, *, now: datetime) -> None:
    """End pairings whose volunteer gave the place back or whose wish has left the shift."""
    for row in occasion.gone:
        ending.end(session, row, now=now)


def _add(
    session: Session, hand: Hand, occasion: Occasion, pair_: Pair, *, hand_made: bool = False
) -> None:
    seat, comer = occasion.seat(pair_[0]), occasion.comer(pair_[1])
    row = Pairing(
        shift_id=hand.shift_id,
        request_id=seat.id,
        sign_up_id=comer.sign_up_id,
        person_id=comer.person_id,
        by_hand=hand_made,
        why=words.reasons(seat, comer, occasion.history, by_hand=hand_made),
        made_by=hand.actor_id,
        made_at=hand.now,
    )
    session.add(row)
    session.flush()
    ends_at = session.scalar(select(Shift.ends_at).where(Shift.id == hand.shift_id))
    # Without the senior's name: notices are kept longer than it.
    told.tell(
        session,
        "paired",
        shift_id=hand.shift_id,
        person_id=comer.person_id,
        key=f"paired:{row.id}",
        now=hand.now,
        useless_after=ends_at,
        link=f"/shifts/{hand.shift_id}/pairing",
        topic_zh=seat.topic_zh,
        topic_en=seat.topic_en,
    )


def note(session: Session, act: str, hand: Hand, **details: Any) -> None:
    """Write the audit entry of something done in a shift."""
    organisation_id = session.scalar(
        select(Project.organisation_id)
        .join(Shift, Shift.project_id == Project.id)
        .where(Shift.id == hand.shift_id)
    )
    through = hand.through.details() if hand.through else {}
    audit.record(
        session,
        act,
        actor_id=hand.actor_id,
        object_id=hand.shift_id,
        organisation_id=organisation_id,
        now=hand.now,
        **details,
        **through,
    )
    session.flush()
