"""The waitlist 候补 of a post: who comes next when a place is free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.orm import Session

from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import needs, offers, told
from volunteer_hub.shifts.facts import Facts, read_facts
from volunteer_hub.shifts.models import (
    Hold,
    Offer,
    OfferState,
    Post,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)
from volunteer_hub.shifts.places import (
    give_place,
    lock_person_if_free,
    lock_post,
    note,
    note_release,
    take_place,
)
from volunteer_hub.shifts.release import is_newcomer, limit, not_open_yet, open_places
from volunteer_hub.shifts.rules import refusal

# With more time than this places that were added confirm the line in order; later they are offered.
CONFIRM_UNTIL = timedelta(hours=48)
# Places that are kept for somebody are open to everybody from then on.
FALL_BACK = timedelta(hours=48)

_POST = bindparam("post", type_=Integer)
_NOW = bindparam("now", type_=UtcDateTime)
_DUE = select(Offer.id, Offer.sign_up_id, Offer.person_id).where(
    Offer.post_id == _POST, Offer.state == str(OfferState.OPEN), Offer.expires_at <= _NOW
)
_HOLDS_DUE = select(Hold.id, Hold.holder_id, Hold.places, Hold.adoption_id).where(
    Hold.post_id == _POST, Hold.places > 0, Hold.until <= _NOW
)
_LINE = (
    select(
        SignUp.id,
        SignUp.shift_id,
        SignUp.person_id,
        SignUp.newcomer,
        SignUp.risk_accepted_at,
    )
    .where(SignUp.post_id == _POST, SignUp.status == "waitlisted")
    .order_by(SignUp.id)
)
_POST_NOW = (
    select(
        Post.capacity,
        Post.taken,
        Shift.starts_at,
        Shift.status,
        Project.early_percent,
        Project.newcomer_percent,
    )
    .join(Shift, Shift.id == Post.shift_id)
    .join(Project, Project.id == Shift.project_id)
    .where(Post.id == _POST)
)


def settle_shift(session: Session, shift_id: int, *, now: datetime) -> None:
    """Bring every post of the shift up to date (see `settle`), posts in the order of their ids.

    A post where nothing is due and no place open is not locked: whoever opens one serves the line.
    """
    for post_id in session.scalars(
        select(Post.id).where(Post.shift_id == shift_id).order_by(Post.id)
    ).all():
        values = {"post": post_id, "now": now}
        due = (session.connection().execute(query, values).first() for query in (_DUE, _HOLDS_DUE))
        if _has_room(_post(session, post_id), now=now) or any(due):
            settle(session, post_id, now=now)


def settle(session: Session, post_id: int, *, now: datetime, added: bool = False) -> None:
    """Take back what is due (offers that ran out, held places), then serve the line in order.

    A free place is offered to the first in line whom no rule keeps out; with `added` (the
    coordinator gave more places) and time enough it is confirmed at once. Near the start nothing
    is offered: the places are open to all. The post is locked from here on.
    """
    lock_post(session, post_id)
    row = session.connection().execute(_POST_NOW, {"post": post_id}).first()
    if row is None:
        return
    _take_back_offers(session, post_id, now=now)
    _take_back_holds(session, post_id, now=now)
    ahead = row.starts_at - now
    if row.status == ShiftStatus.PUBLISHED and ahead > timedelta(0):
        _serve(session, post_id, now=now, confirm=added and ahead >= CONFIRM_UNTIL)


def _take_back_offers(session: Session, post_id: int, *, now: datetime) -> None:
    due = session.connection().execute(_DUE, {"post": post_id, "now": now}).all()
    for offer_id, sign_up_id, person_id in due:
        if not offers.end(session, offer_id, OfferState.EXPIRED, now=now):
            continue
        facts = _leave(session, sign_up_id, person_id, "offer_expired", now=now)
        give_place(session, post_id)
        told.tell(
            session,
            "offer_expired",
            shift_id=facts.shift_id,
            person_id=person_id,
            key=f"offer_expired:{offer_id}",
            now=now,
            useless_after=facts.starts_at,
        )


def _leave(session: Session, sign_up_id: int, person_id: int, why: str, *, now: datetime) -> Facts:
    shift_id = session.scalar(select(SignUp.shift_id).where(SignUp.id == sign_up_id)) or 0
    facts = read_facts(session, shift_id=shift_id, person_id=person_id, now=now)
    session.execute(
        update(SignUp)
        .where(SignUp.id == sign_up_id)
        .values(status=str(SignUpStatus.CANCELLED), cancelled_at=now, cancel_reason=why)
    )
    note(session, f"sign_up:{why}", sign_up_id, facts, actor_id=None, now=now)
    return facts


def _take_back_holds(session: Session, post_id: int, *, now: datetime) -> None:
    for hold_id, holder_id, places, adoption_id in (
        session.connection().execute(_HOLDS_DUE, {"post": post_id, "now": now}).all()
    ):
        session.execute(update(Hold).where(Hold.id == hold_id).values(places=0))
        give_place(session, post_id, places=places)
        shift_id = session.scalar(select(Post.shift_id).where(Post.id == post_id)) or 0
        note_release(session, hold_id, shift_id, places=places, now=now)
        if adoption_id is not None:
            # Agreed on for every shift; its page shows what is left where.
            continue
        told.tell(
            session,
            "hold_fell_back",
            shift_id=shift_id,
            person_id=holder_id,
            key=f"hold_fell_back:{hold_id}",
            now=now,
            places=places,
        )


def _serve(session: Session, post_id: int, *, now: datetime, confirm: bool) -> None:
    post = _post(session, post_id)
    expires_at = offers.expiry(post.starts_at, now=now)
    if expires_at is None or not _has_room(post, now=now):
        return
    # Asked once for all who are no newcomers, not for each of a long line.
    for_others = limit(session, post, post_id=post_id, newcomer=False, now=now)
    for waiting in _line(session, post_id):
        if not _has_room(post, now=now):
            return
        if post.newcomer_percent and not waiting.newcomer and post.taken >= for_others:
            continue
        # Whoever is in the middle of something else gets an offer and decides alone. Locked before
        # the look, so that nothing comes to stand against the place in between.
        at_once = (
            confirm
            and waiting.risk_accepted_at is not None
            and lock_person_if_free(session, waiting.person_id)
        )
        facts = read_facts(session, shift_id=waiting.shift_id, person_id=waiting.person_id, now=now)
        if not _may_have(session, facts, post_id, person_id=waiting.person_id, now=now):
            continue
        newcomer = is_newcomer(session, facts, person_id=waiting.person_id, now=now)
        most = limit(session, facts, post_id=post_id, newcomer=newcomer, now=now)
        if not take_place(session, post_id, limit=most):
            continue
        post = _post(session, post_id)
        for_others = limit(session, post, post_id=post_id, newcomer=False, now=now)
        if at_once:
            _confirm(session, waiting.id, facts, person_id=waiting.person_id, now=now)
            continue
        _set_state(session, waiting.id, SignUpStatus.OFFERED)
        offers.make(
            session,
            sign_up_id=waiting.id,
            post_id=post_id,
            person_id=waiting.person_id,
            shift_id=facts.shift_id,
            expires_at=expires_at,
            now=now,
        )
        note(session, "sign_up:offer", waiting.id, facts, actor_id=None, now=now)


def _post(session: Session, post_id: int) -> Any:
    return session.connection().execute(_POST_NOW, {"post": post_id}).one()


def _has_room(post: Any, *, now: datetime) -> bool:
    return open_places(post, post.early_percent, post.starts_at - now) > 0


def _line(session: Session, post_id: int) -> Sequence[SignUp]:
    rows: Sequence[SignUp] = session.connection().execute(_LINE, {"post": post_id}).all()  # type: ignore[assignment]
    return rows


def _may_have(
    session: Session, facts: Facts, post_id: int, *, person_id: int, now: datetime
) -> bool:
    if facts.sign_up_status != SignUpStatus.WAITLISTED or not_open_yet(facts, now=now):
        return False
    if needs.lacking(session, facts, person_id=person_id).get(post_id):
        return False
    return refusal(session, facts, person_id=person_id, now=now) is None


def _set_state(session: Session, sign_up_id: int, status: SignUpStatus) -> None:
    session.execute(update(SignUp).where(SignUp.id == sign_up_id).values(status=str(status)))


def _confirm(
    session: Session, sign_up_id: int, facts: Facts, *, person_id: int, now: datetime
) -> None:
    _set_state(session, sign_up_id, SignUpStatus.CONFIRMED)
    note(session, "sign_up:move_up", sign_up_id, facts, actor_id=None, now=now)
    told.tell(
        session,
        "moved_up",
        shift_id=facts.shift_id,
        person_id=person_id,
        key=f"moved_up:{sign_up_id}:{now.isoformat()}",
        now=now,
        useless_after=facts.starts_at,
    )
