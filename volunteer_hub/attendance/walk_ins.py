"""Walk-ins 现场加入: somebody comes without having signed up and is on the roster in one step."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.models import AttendanceMethod, AttendanceStatus
from volunteer_hub.attendance.rules import RosterClosed, open_shift
from volunteer_hub.attendance.services import mark
from volunteer_hub.audit import services as audit
from volunteer_hub.core import phones
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts import line
from volunteer_hub.shifts.desk import widen
from volunteer_hub.shifts.desk_rules import require_fit, said
from volunteer_hub.shifts.facts import Facts
from volunteer_hub.shifts.models import OfferState, Post, Shift, SignUp, SignUpStatus
from volunteer_hub.shifts.offers import end, open_of, risk_digest
from volunteer_hub.shifts.places import lock_person, lock_post, take_place
from volunteer_hub.shifts.scheduling import own_shift


class NobodyFound(InvalidInput):
    """No account has this phone; an account needs the person's own consent."""


class NoPlaceLeft(DomainError):
    """The post is full; a second tap adds a place for the walk-in."""


@dataclass(frozen=True)
class WalkedIn:
    """Who is on the roster now."""

    person_id: int
    name: str


@dataclass(frozen=True)
class WalkIn:
    """What is typed at the door; without `post_id` it is the only post.

    `add_place` is the second tap on a full post, `reason` why somebody may do a post for which
    they have not stated what it asks for.
    """

    phone: str
    post_id: int | None = None
    add_place: bool = False
    reason: str = ""


def walk_in(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    typed: WalkIn,
    actor_id: int,
    now: datetime,
) -> WalkedIn:
    """Give the person with this phone a place and tick them as here.

    The coordinator has told them the risk notice; that is what is kept as acknowledged. Doing so
    again changes nothing. Raises NotFound, RosterClosed (too early, over or cancelled),
    InvalidInput, NobodyFound, Unfit, Lacking, and NoPlaceLeft when the post is full.
    """
    shift, project = own_shift(session, shift_id, organisation_ids)
    open_shift(session, shift_id, now)
    if now >= shift.ends_at:
        raise RosterClosed(_("This shift is over, so nobody can walk in any more."))
    person = _person(session, typed.phone)
    lock_person(session, person.person_id)
    line.settle_shift(session, shift_id, now=now)
    post_id = _post(session, shift, typed.post_id)
    facts = require_fit(
        session,
        shift_id=shift_id,
        person_id=person.person_id,
        post_id=post_id,
        reason=said(typed.reason),
        now=now,
    )
    if facts.sign_up_status != SignUpStatus.CONFIRMED:
        added = _seat(session, facts, post_id, typed, person_id=person.person_id, now=now)
        if added:
            shift.version += 1
        audit.record(
            session,
            "sign_up:walk_in",
            actor_id=actor_id,
            object_id=shift_id,
            organisation_id=project.organisation_id,
            now=now,
            person_id=person.person_id,
            post_id=post_id,
            place_added=added,
            reason=typed.reason.strip(),
        )
        touch_lists(session)
    mark(
        session,
        shift_id=shift_id,
        person_id=person.person_id,
        status=AttendanceStatus.PRESENT,
        actor_id=actor_id,
        now=now,
        method=AttendanceMethod.WALK_IN,
    )
    return person


def _person(session: Session, typed: str) -> WalkedIn:
    phone = phones.normalise(typed)
    if phone is None:
        raise InvalidInput(_("Please type a mobile number, such as 138 0013 8000."), field="phone")
    row = session.execute(
        select(Person.id, Person.name).where(Person.phone == phone, Person.deleted_at.is_(None))
    ).first()
    if row is None:
        raise NobodyFound(
            _(
                "Nobody with this phone yet. Let them register on their own phone (it takes a"
                " minute, they agree to it themselves), then tap again."
            ),
            field="phone",
        )
    return WalkedIn(row.id, row.name)


def _post(session: Session, shift: Shift, typed: int | None) -> int:
    posts = session.scalars(select(Post.id).where(Post.shift_id == shift.id)).all()
    if typed is not None:
        if typed not in posts:
            raise NotFound
        return typed
    if len(posts) == 1:
        return posts[0]
    raise InvalidInput(_("Please choose one of the posts."), field="post")


def _seat(
    session: Session, facts: Facts, post_id: int, typed: WalkIn, *, person_id: int, now: datetime
) -> bool:
    """Make it a confirmed place of this post; tells whether a place was added for it."""
    for one in sorted({post_id, facts.sign_up_post_id or post_id}):
        lock_post(session, one)
    kept = facts.sign_up_status == SignUpStatus.OFFERED
    if kept and facts.sign_up_id is not None:
        # The place that is being held for them anyway.
        offer = open_of(session, facts.sign_up_id)
        end(session, offer.id, OfferState.ACCEPTED, now=now)
        _confirm(session, facts.sign_up_id, facts, facts.sign_up_post_id or post_id, now)
        return False
    widened = False
    if not take_place(session, post_id):
        if not typed.add_place:
            raise NoPlaceLeft(_("This post is full. Tap again to add a place for them."))
        widen(session, post_id, 1)
        widened = take_place(session, post_id)
    if facts.sign_up_id is not None:
        _confirm(session, facts.sign_up_id, facts, post_id, now)
        return widened
    session.execute(
        insert(SignUp).values(
            shift_id=facts.shift_id,
            post_id=post_id,
            person_id=person_id,
            status=str(SignUpStatus.CONFIRMED),
            signed_up_at=now,
            risk_accepted_at=now,
            risk_digest=risk_digest(facts.risk_zh, facts.risk_en),
        )
    )
    return widened


def _confirm(session: Session, sign_up_id: int, facts: Facts, post_id: int, now: datetime) -> None:
    session.execute(
        update(SignUp)
        .where(SignUp.id == sign_up_id)
        .values(
            status=str(SignUpStatus.CONFIRMED),
            post_id=post_id,
            risk_accepted_at=now,
            risk_digest=risk_digest(facts.risk_zh, facts.risk_en),
        )
    )
