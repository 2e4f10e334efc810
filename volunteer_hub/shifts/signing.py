"""The sign-up engine: who gets a place and who waits.

Never overbooked: every rule is read again inside the writing transaction, the place is taken by a
conditional UPDATE, and CHECK and unique index of the database have the last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, func, select, update
from sqlalchemy.orm import Session, aliased

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts import holds, line, needs, offers
from volunteer_hub.shifts.facts import Facts, read_facts
from volunteer_hub.shifts.models import SignUp, SignUpStatus
from volunteer_hub.shifts.places import (
    JOIN,
    choose_post,
    lock_person_in_shift,
    lock_post,
    note,
    take_place,
)
from volunteer_hub.shifts.queries import place_in_line
from volunteer_hub.shifts.reasons import CannotSignUp, Reason
from volunteer_hub.shifts.release import is_newcomer, limit, not_open_yet
from volunteer_hub.shifts.rules import closed, keep_guardian, refusal

_ahead = aliased(SignUp)
# The place in line of somebody who gets in now, kept for the odds of those who come later.
_KEEP_POSITION = (
    update(SignUp)
    .where(SignUp.id == bindparam("sign_up", type_=Integer))
    .values(
        line_position=select(func.count())
        .where(
            _ahead.post_id == bindparam("post", type_=Integer),
            _ahead.status == "waitlisted",
            _ahead.id <= bindparam("sign_up", type_=Integer),
        )
        .scalar_subquery()
    )
    .returning(SignUp.line_position)
)


@dataclass(frozen=True)
class Outcome:
    """What a tap led to: the sign-up, its state, and the place in line (0 when confirmed)."""

    sign_up_id: int
    status: SignUpStatus
    position: int = 0


def sign_up(
    session: Session,
    *,
    shift_id: int,
    person_id: int,
    post_id: int | None,
    risk_accepted: bool,
    now: datetime,
) -> Outcome:
    """Give the person a place, or a place in line when the post is full.

    Asking again changes nothing and returns what there is, except that an open offer is accepted
    and a person in line takes a place that is free: near the start in the same post, and at any
    time in another one that is asked for. Raises NotFound, InvalidInput (which post; risk
    notice not acknowledged) or CannotSignUp with its reason.
    """
    lock_person_in_shift(session, person_id, shift_id)
    facts = read_facts(session, shift_id=shift_id, person_id=person_id, now=now)
    if facts.sign_up_id is not None and facts.sign_up_status == SignUpStatus.CONFIRMED:
        return Outcome(facts.sign_up_id, SignUpStatus.CONFIRMED)
    if facts.unsettled and closed(facts, now=now) is None:
        line.settle_shift(session, shift_id, now=now)
        facts = read_facts(session, shift_id=shift_id, person_id=person_id, now=now)
    no = (
        refusal(session, facts, person_id=person_id, now=now)
        or not_open_yet(facts, now=now)
        or keep_guardian(session, facts, person_id=person_id, now=now)
    )
    if no:
        raise no
    if not risk_accepted and (facts.risk_zh or facts.risk_en):
        raise InvalidInput(
            _("Please read the risk notice and tick that you have."), field="risk_accepted"
        )
    if facts.sign_up_id is not None and facts.sign_up_post_id is not None:
        if (
            post_id not in (None, facts.sign_up_post_id)
            and facts.sign_up_status == SignUpStatus.WAITLISTED
        ):
            return _switch(
                session, facts, facts.sign_up_id, post_id=post_id, person_id=person_id, now=now
            )
        return _go_on(session, facts, facts.sign_up_id, person_id=person_id, now=now)
    chosen = choose_post(session, facts, post_id)
    lacks = needs.lacking(session, facts, person_id=person_id).get(chosen, [])
    unfit = needs.refusal(session, lacks, shift_id=facts.shift_id, now=now)
    if unfit:
        raise unfit
    return _sign_up_anew(session, facts, post_id=chosen, person_id=person_id, now=now)


def _take(
    session: Session, facts: Facts, *, post_id: int, person_id: int, newcomer: bool, now: datetime
) -> bool:
    """Take a place that colleagues held, or a free one."""
    if facts.holds and holds.use(session, facts, post_id=post_id, person_id=person_id, now=now):
        return True
    most = limit(session, facts, post_id=post_id, newcomer=newcomer, now=now)
    if take_place(session, post_id, limit=most):
        return True
    if session.get_bind().dialect.name == "sqlite":
        # The one writer is here, nobody can give a place back meanwhile.
        return False
    # Again with the post locked, and locked it stays while getting in line: else somebody could
    # give a place back in between, and this person would wait beside it.
    lock_post(session, post_id)
    return take_place(session, post_id, limit=most)


def _sign_up_anew(
    session: Session, facts: Facts, *, post_id: int, person_id: int, now: datetime
) -> Outcome:
    newcomer = is_newcomer(session, facts, person_id=person_id, now=now)
    seated = _take(session, facts, post_id=post_id, person_id=person_id, newcomer=newcomer, now=now)
    status = SignUpStatus.CONFIRMED if seated else SignUpStatus.WAITLISTED
    sign_up_id = session.connection().scalar(
        JOIN[session.get_bind().dialect.name],
        {
            "shift_id": facts.shift_id,
            "post_id": post_id,
            "person_id": person_id,
            "status": str(status),
            "signed_up_at": now,
            "risk_accepted_at": now,
            "risk_digest": offers.risk_digest(facts.risk_zh, facts.risk_en),
            "cancel_reason": "",
            "newcomer": newcomer,
        },
    )
    if sign_up_id is None:
        # Only possible when the same person got in between; the whole transaction is undone.
        raise _twice()
    note(session, f"sign_up:{status}", sign_up_id, facts, actor_id=person_id, now=now)
    if seated:
        return Outcome(sign_up_id, status)
    values = {"sign_up": sign_up_id, "post": post_id}
    position = session.connection().scalar(_KEEP_POSITION, values) or 0
    return Outcome(sign_up_id, status, position)


def _twice() -> CannotSignUp:
    return CannotSignUp(
        _("You are already signed up. Reload the page to see your place."), Reason.OVERLAP
    )


def _switch(
    session: Session,
    facts: Facts,
    sign_up_id: int,
    *,
    post_id: int | None,
    person_id: int,
    now: datetime,
) -> Outcome:
    """Take a free place of another post and leave the line; without one the line is kept."""
    chosen = choose_post(session, facts, post_id)
    lacks = needs.lacking(session, facts, person_id=person_id).get(chosen, [])
    unfit = needs.refusal(session, lacks, shift_id=facts.shift_id, now=now)
    if unfit:
        raise unfit
    newcomer = is_newcomer(session, facts, person_id=person_id, now=now)
    if not _take(session, facts, post_id=chosen, person_id=person_id, newcomer=newcomer, now=now):
        place = place_in_line(session, sign_up_id=sign_up_id, post_id=facts.sign_up_post_id or 0)
        return Outcome(sign_up_id, SignUpStatus.WAITLISTED, place)
    _confirm_waiting(session, sign_up_id, post_id=chosen)
    note(session, "sign_up:confirmed", sign_up_id, facts, actor_id=person_id, now=now)
    return Outcome(sign_up_id, SignUpStatus.CONFIRMED)


def _confirm_waiting(session: Session, sign_up_id: int, *, post_id: int) -> None:
    taken = session.connection().execute(
        update(SignUp)
        .where(SignUp.id == sign_up_id, SignUp.status == str(SignUpStatus.WAITLISTED))
        .values(status=str(SignUpStatus.CONFIRMED), post_id=post_id)
    )
    if taken.rowcount == 0:
        # Offered this very moment; the whole transaction is undone, and the offer stands.
        raise _twice()


def _go_on(
    session: Session, facts: Facts, sign_up_id: int, *, person_id: int, now: datetime
) -> Outcome:
    """Take the offer that is open, or from the line a place that is open to all."""
    if facts.sign_up_status == SignUpStatus.OFFERED:
        offer = offers.open_of(session, sign_up_id)
        if offer is None:
            raise offers.gone(facts)
        offers.accept(session, offer_id=offer.id, person_id=person_id, risk_accepted=True, now=now)
        return Outcome(sign_up_id, SignUpStatus.CONFIRMED)
    post_id = facts.sign_up_post_id or 0
    newcomer = is_newcomer(session, facts, person_id=person_id, now=now)
    near = offers.expiry(facts.starts_at, now=now) is None
    lacks = needs.lacking(session, facts, person_id=person_id).get(post_id, [])
    unfit = needs.refusal(session, lacks, shift_id=facts.shift_id, now=now)
    if unfit:
        raise unfit
    if not near or not _take(
        session, facts, post_id=post_id, person_id=person_id, newcomer=newcomer, now=now
    ):
        place = place_in_line(session, sign_up_id=sign_up_id, post_id=post_id)
        return Outcome(sign_up_id, SignUpStatus.WAITLISTED, place)
    _confirm_waiting(session, sign_up_id, post_id=post_id)
    note(session, "sign_up:confirmed", sign_up_id, facts, actor_id=person_id, now=now)
    return Outcome(sign_up_id, SignUpStatus.CONFIRMED)
