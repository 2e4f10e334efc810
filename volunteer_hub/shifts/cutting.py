"""Fewer places than people: the coordinator decides, and nobody is dropped silently."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _n
from volunteer_hub.shifts import offers, receipts, told
from volunteer_hub.shifts.facts import read_facts
from volunteer_hub.shifts.models import Hold, OfferState, Post, SignUp, SignUpStatus
from volunteer_hub.shifts.places import note


class Cut(StrEnum):
    """What happens to those for whom there is no place any more."""

    SHRINK = "shrink"  # everybody stays; the places fall as people leave
    BACK = "back"  # the latest go back to the front of the line, with a notice


class TooFew(InvalidInput):
    """More places are taken than are wanted; the coordinator is asked for a `Cut`."""

    def __init__(self, *, taken: int, position: int) -> None:
        super().__init__(
            _n(
                "%(num)s place is taken already. Choose below what to do.",
                "%(num)s places are taken already. Choose below what to do.",
                taken,
            ),
            field=f"posts-{position}-capacity",
        )
        self.taken = taken


def cut_places(
    session: Session, post: Post, *, wanted: int, position: int, cut: Cut | None, now: datetime
) -> int:
    """Make room for fewer places than are taken; returns the capacity that holds now.

    Raises TooFew while nobody has chosen what is to happen. The post is locked by the caller.
    """
    if cut is None:
        raise TooFew(taken=post.taken, position=position)
    if cut is Cut.SHRINK:
        post.shrink_to = wanted
        return post.taken
    post.shrink_to = None
    _release_holds(session, post, post.taken - wanted, now=now)
    for sign_up_id, person_id, status in _latest(session, post.id, post.taken - wanted):
        _send_back(session, post, sign_up_id, person_id, status, now=now)
    return wanted


def _release_holds(session: Session, post: Post, places: int, *, now: datetime) -> None:
    """Take unnamed places first: nobody loses anything of theirs yet. The holder is told."""
    for hold in session.scalars(
        select(Hold).where(Hold.post_id == post.id, Hold.places > 0).order_by(Hold.id.desc())
    ):
        given = min(places, hold.places)
        if given <= 0:
            return
        hold.places -= given
        post.taken -= given
        places -= given
        told.tell(
            session,
            "hold_fell_back",
            shift_id=post.shift_id,
            person_id=hold.holder_id,
            key=f"hold_cut:{hold.id}:{now.isoformat()}",
            now=now,
            places=given,
        )


def _latest(session: Session, post_id: int, places: int) -> list[tuple[int, int, str]]:
    """Return who goes: open offers first, then the latest confirmed."""
    if places <= 0:
        return []
    offered_first = SignUp.status == str(SignUpStatus.CONFIRMED)
    rows = session.execute(
        select(SignUp.id, SignUp.person_id, SignUp.status)
        .where(
            SignUp.post_id == post_id,
            SignUp.status.in_([str(SignUpStatus.CONFIRMED), str(SignUpStatus.OFFERED)]),
        )
        .order_by(offered_first, SignUp.id.desc())
        .limit(places)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _send_back(
    session: Session, post: Post, sign_up_id: int, person_id: int, status: str, *, now: datetime
) -> None:
    withdraw(session, sign_up_id, status, now=now)
    # Asked about a move before: with a later place there is nothing left to answer.
    receipts.supersede(session, [sign_up_id], now=now)
    session.execute(
        update(SignUp).where(SignUp.id == sign_up_id).values(status=str(SignUpStatus.WAITLISTED))
    )
    post.taken -= 1
    session.flush()
    facts = read_facts(session, shift_id=post.shift_id, person_id=person_id, now=now)
    note(session, "sign_up:back_in_line", sign_up_id, facts, actor_id=None, now=now)
    told.tell(
        session,
        "back_in_line",
        shift_id=post.shift_id,
        person_id=person_id,
        key=f"back_in_line:{sign_up_id}:{now.isoformat()}",
        now=now,
        useless_after=facts.starts_at,
    )


def withdraw(session: Session, sign_up_id: int, status: str, *, now: datetime) -> None:
    """Take an open offer of this sign-up back, if it has one."""
    if status == SignUpStatus.OFFERED:
        offer = offers.open_of(session, sign_up_id)
        offers.end(session, offer.id, OfferState.WITHDRAWN, now=now)


def withdraw_all(session: Session, *, shift_id: int, now: datetime) -> None:
    """Take back the open offers and holds of a shift that is called off; people stay in line."""
    for post in session.scalars(
        select(Post).where(Post.shift_id == shift_id).order_by(Post.id).with_for_update()
    ):
        _release_holds(session, post, post.taken, now=now)
        for sign_up_id, person_id in session.execute(
            select(SignUp.id, SignUp.person_id).where(
                SignUp.post_id == post.id, SignUp.status == str(SignUpStatus.OFFERED)
            )
        ).all():
            withdraw(session, sign_up_id, SignUpStatus.OFFERED, now=now)
            session.execute(
                update(SignUp)
                .where(SignUp.id == sign_up_id)
                .values(status=str(SignUpStatus.WAITLISTED))
            )
            post.taken -= 1
            facts = read_facts(session, shift_id=shift_id, person_id=person_id, now=now)
            note(session, "sign_up:withdraw_offer", sign_up_id, facts, actor_id=None, now=now)
    session.flush()
