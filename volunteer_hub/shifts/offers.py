"""Held places 递补邀约: offered to one person, accepted, declined, or passed on when time is up.

An offer counts as taken, so nobody else can have the place meanwhile. Making one confirms
nobody: every rule is looked at again when it is accepted.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from volunteer_hub.core import clock
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts import needs, told
from volunteer_hub.shifts.facts import Facts, read_facts
from volunteer_hub.shifts.models import Offer, OfferState, SignUp, SignUpStatus
from volunteer_hub.shifts.places import lock_person_in_shift, lock_post, note
from volunteer_hub.shifts.reasons import CannotSignUp, Reason
from volunteer_hub.shifts.rules import keep_guardian, refusal

# How long a place is held, by the time that is left until the start (docs/decisions/waitlist.md).
LIVES = (
    (timedelta(hours=48), timedelta(hours=12)),
    (timedelta(hours=12), timedelta(hours=2)),
    (timedelta(hours=3), timedelta(minutes=30)),
    (timedelta(minutes=30), timedelta(minutes=10)),
)
# Nearer to the start a free place is open to whoever takes it first.
OPEN_TO_ALL = LIVES[-1][0]
# Nobody has to wake up for an offer: one that would end at night ends in the morning.
QUIET_FROM, QUIET_UNTIL, MORNING = time(22), time(7), time(8)
BEFORE_START = timedelta(hours=1)


def expiry(starts_at: datetime, *, now: datetime) -> datetime | None:
    """Return until when a place offered now is held; None when it is open to all."""
    ahead = starts_at - now
    life = next((life for least, life in LIVES if ahead >= least), None)
    if life is None:
        return None
    ends = now + life
    at = clock.local(ends)
    if QUIET_UNTIL <= at.time() < QUIET_FROM:
        return ends
    next_day = at.date() + timedelta(days=at.time() >= QUIET_FROM)
    morning = datetime.combine(next_day, MORNING, tzinfo=clock.zone())
    return max(ends, min(morning.astimezone(ends.tzinfo), starts_at - BEFORE_START))


def make(
    session: Session,
    *,
    sign_up_id: int,
    post_id: int,
    person_id: int,
    shift_id: int,
    expires_at: datetime,
    now: datetime,
    invited_by: int | None = None,
    inviter: str = "",
) -> None:
    """Hold a place, counted as taken already, for this sign-up and tell its person."""
    offer_id = session.connection().scalar(
        insert(Offer).returning(Offer.id),
        {
            "sign_up_id": sign_up_id,
            "post_id": post_id,
            "person_id": person_id,
            "invited_by": invited_by,
            "made_at": now,
            "expires_at": expires_at,
            "state": str(OfferState.OPEN),
        },
    )
    told.tell(
        session,
        "offer_made",
        shift_id=shift_id,
        person_id=person_id,
        key=f"offer_made:{offer_id}",
        now=now,
        useless_after=expires_at,
        expires_at=expires_at.isoformat(),
        invited_by_name=inviter,
    )


def accept(
    session: Session, *, offer_id: int, person_id: int, risk_accepted: bool, now: datetime
) -> int:
    """Turn the held place into a confirmed one; accepting again changes nothing.

    Returns the shift. Raises NotFound for an offer to somebody else, InvalidInput without the risk
    notice, CannotSignUp when the offer is over or a rule has come to stand against it.
    """
    offer = _own(session, offer_id, person_id)
    lock_person_in_shift(session, person_id, offer.shift_id)
    offer = _own(session, offer_id, person_id)
    facts = read_facts(session, shift_id=offer.shift_id, person_id=person_id, now=now)
    if offer.state == OfferState.ACCEPTED and facts.sign_up_status == SignUpStatus.CONFIRMED:
        return facts.shift_id
    lock_post(session, offer.post_id)
    if offer.state != OfferState.OPEN or offer.expires_at <= now:
        raise gone(facts)
    lacks = needs.lacking(session, facts, person_id=person_id).get(offer.post_id, [])
    no = refusal(session, facts, person_id=person_id, now=now) or needs.refusal(
        session, lacks, shift_id=facts.shift_id, now=now
    )
    no = no or keep_guardian(session, facts, person_id=person_id, now=now)
    if no:
        raise no
    if not risk_accepted and (facts.risk_zh or facts.risk_en):
        raise InvalidInput(
            _("Please read the risk notice and tick that you have."), field="risk_accepted"
        )
    if not end(session, offer_id, OfferState.ACCEPTED, now=now):
        raise gone(facts)
    session.execute(
        update(SignUp)
        .where(SignUp.id == offer.sign_up_id)
        .values(
            status=str(SignUpStatus.CONFIRMED),
            risk_accepted_at=now,
            risk_digest=risk_digest(facts.risk_zh, facts.risk_en),
        )
    )
    note(session, "sign_up:accept_offer", offer.sign_up_id, facts, actor_id=person_id, now=now)
    return facts.shift_id


def risk_digest(risk_zh: str, risk_en: str) -> str:
    """Return which text of the risk notice was acknowledged."""
    return hashlib.sha256(f"{risk_zh}\0{risk_en}".encode()).hexdigest()[:16]


def gone(facts: Facts) -> CannotSignUp:
    """Return the refusal of an offer that is over."""
    return CannotSignUp(
        _("This offer has run out and the place went on. You can get in line again."),
        Reason.OFFER_GONE,
        link=f"/shifts/{facts.shift_id}",
        way_out=_("See that shift"),
    )


def _own(session: Session, offer_id: int, person_id: int) -> Any:
    row = session.execute(
        select(Offer.state, Offer.expires_at, Offer.post_id, Offer.sign_up_id, SignUp.shift_id)
        .join(SignUp, SignUp.id == Offer.sign_up_id)
        .where(Offer.id == offer_id, Offer.person_id == person_id)
    ).first()
    if row is None:
        raise NotFound
    return row


def shift_of(session: Session, offer_id: int, *, person_id: int) -> int:
    """Return the shift of an offer to this person, else raise NotFound."""
    return int(_own(session, offer_id, person_id).shift_id)


def end(session: Session, offer_id: int, state: OfferState, *, now: datetime) -> bool:
    """Close an open offer; False when it was closed already. Its place is not touched."""
    closed = session.connection().execute(
        update(Offer)
        .where(Offer.id == offer_id, Offer.state == str(OfferState.OPEN))
        .values(state=str(state), ended_at=now)
    )
    touch_lists(session)
    return closed.rowcount == 1


def open_of(session: Session, sign_up_id: int) -> Any:
    """Return the open offer of a sign-up (id, expires_at, invited_by), or None."""
    return session.execute(
        select(Offer.id, Offer.expires_at, Offer.invited_by).where(
            Offer.sign_up_id == sign_up_id, Offer.state == str(OfferState.OPEN)
        )
    ).first()
