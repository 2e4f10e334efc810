"""Fewer places than people: the coordinator decides, and nobody is dropped silently."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _n
from volunteer_hub.shifts import line, offers, receipts, told
from volunteer_hub.shifts.facts import Facts, read_facts
from volunteer_hub.shifts.leaving import wards_in
from volunteer_hub.shifts.models import SEATED, Hold, OfferState, Post, SignUp, SignUpStatus
from volunteer_hub.shifts.places import give_place, lock_post, note, note_release


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
    for hold, given in _release_holds(session, post, post.taken - wanted, now=now):
        told.tell(
            session,
            "hold_fell_back",
            shift_id=post.shift_id,
            person_id=hold.holder_id,
            key=f"hold_cut:{hold.id}:{now.isoformat()}",
            now=now,
            places=given,
        )
    # One after another: with a guardian a child may leave a place of this post too.
    while post.taken > wanted and (latest := _latest(session, post.id)):
        _send_back(session, post, *latest, now=now)
    return wanted


def _release_holds(
    session: Session, post: Post, places: int, *, now: datetime
) -> list[tuple[Hold, int]]:
    """Take unnamed places first: nobody loses anything of theirs yet.

    Returns what was taken of which hold, for its holder to be told.
    """
    released = []
    for hold in session.scalars(
        select(Hold).where(Hold.post_id == post.id, Hold.places > 0).order_by(Hold.id.desc())
    ):
        given = min(places, hold.places)
        if given <= 0:
            break
        hold.places -= given
        post.taken -= given
        places -= given
        released.append((hold, given))
        note_release(session, hold.id, post.shift_id, places=given, now=now)
    return released


def _latest(session: Session, post_id: int) -> tuple[int, int, str] | None:
    """Return who goes next: open offers first, then the latest confirmed."""
    offered_first = SignUp.status == str(SignUpStatus.CONFIRMED)
    row = session.execute(
        select(SignUp.id, SignUp.person_id, SignUp.status)
        .where(
            SignUp.post_id == post_id,
            SignUp.status.in_([str(SignUpStatus.CONFIRMED), str(SignUpStatus.OFFERED)]),
        )
        .order_by(offered_first, SignUp.id.desc())
        .limit(1)
    ).first()
    return (row.id, row.person_id, row.status) if row else None


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
    _send_wards_home(session, post, facts, person_id, now=now)


def _send_wards_home(
    session: Session, post: Post, facts: Facts, person_id: int, *, now: datetime
) -> None:
    """Give back the places of children under 14 whose guardian is no longer coming."""
    others = set()
    for ward in wards_in(session, post.shift_id, facts.day, person_id=person_id):
        withdraw(session, ward.sign_up_id, ward.status, now=now)
        receipts.supersede(session, [ward.sign_up_id], now=now)
        session.execute(
            update(SignUp)
            .where(SignUp.id == ward.sign_up_id)
            .values(
                status=str(SignUpStatus.CANCELLED), cancelled_at=now, cancel_reason="guardian_left"
            )
        )
        if ward.status in SEATED and ward.post_id == post.id:
            post.taken -= 1
        elif ward.status in SEATED:
            lock_post(session, ward.post_id)
            give_place(session, ward.post_id)
            others.add(ward.post_id)
        session.flush()
        note(session, "sign_up:cancel", ward.sign_up_id, facts, actor_id=None, now=now)
        told.tell(
            session,
            "ward_left",
            shift_id=post.shift_id,
            person_id=ward.id,
            key=f"ward_left:{ward.sign_up_id}",
            now=now,
        )
    for post_id in sorted(others):
        line.settle(session, post_id, now=now)


def withdraw(session: Session, sign_up_id: int, status: str, *, now: datetime) -> None:
    """Take an open offer of this sign-up back, if it has one."""
    if status == SignUpStatus.OFFERED:
        offer = offers.open_of(session, sign_up_id)
        offers.end(session, offer.id, OfferState.WITHDRAWN, now=now)


def withdraw_all(session: Session, *, shift_id: int, now: datetime) -> set[int]:
    """Take back the open offers and holds of a shift that is called off; people stay in line.

    Returns who held places for colleagues, to be told with the others.
    """
    holders = set()
    for post in session.scalars(
        select(Post).where(Post.shift_id == shift_id).order_by(Post.id).with_for_update()
    ):
        released = _release_holds(session, post, post.taken, now=now)
        holders |= {hold.holder_id for hold, _places in released}
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
    return holders
