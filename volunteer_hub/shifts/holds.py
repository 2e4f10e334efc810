"""Places held for colleagues of one enterprise or branch.

Unnamed ones are kept as a number and fall back to everybody 48 hours before the shift; named
colleagues get an offer, because nobody is assigned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _, _n, either
from volunteer_hub.registry.models import Branch, Enterprise
from volunteer_hub.shifts import line, offers
from volunteer_hub.shifts.adoption_queries import own_and_above
from volunteer_hub.shifts.facts import Facts, read_facts
from volunteer_hub.shifts.models import (
    IS_ACTIVE,
    Hold,
    Offer,
    OfferState,
    Post,
    SignUp,
    SignUpStatus,
)
from volunteer_hub.shifts.places import (
    JOIN,
    choose_post,
    give_place,
    lock_person_in_shift,
    lock_post,
    note,
    note_release,
    take_place,
)
from volunteer_hub.shifts.reasons import CannotSignUp, Reason
from volunteer_hub.shifts.release import limit, not_open_yet
from volunteer_hub.shifts.rules import closed

MOST_HELD = 10


@dataclass(frozen=True)
class Group:
    """Whose colleagues: exactly one of both is set."""

    enterprise_id: int | None = None
    branch_id: int | None = None


def named_groups(
    session: Session, *, person_id: int, led: Collection[int]
) -> list[tuple[str, str]]:
    """Return the groups of `groups_of` as choices: `enterprise:5` or `branch:7`, and the name."""
    found = []
    for group in groups_of(session, person_id=person_id, led=led):
        row: Enterprise | Branch
        if group.enterprise_id is not None:
            row = session.get_one(Enterprise, group.enterprise_id)
            found.append((f"enterprise:{row.id}", either(row.name_zh, row.name_en)))
        else:
            row = session.get_one(Branch, group.branch_id)
            found.append((f"branch:{row.id}", either(row.name_zh, row.name_en)))
    return found


def groups_of(session: Session, *, person_id: int, led: Collection[int]) -> list[Group]:
    """Return for whom a person may hold places: the own enterprise and branch, and those led."""
    row: Any = session.execute(
        select(Person.enterprise_id, BranchMembership.branch_id)
        .outerjoin(
            BranchMembership,
            (BranchMembership.person_id == Person.id) & BranchMembership.ended_on.is_(None),
        )
        .where(Person.id == person_id)
    ).one()
    branches = {row.branch_id, *led} - {None}
    found = [Group(enterprise_id=row.enterprise_id)] if row.enterprise_id else []
    return found + [Group(branch_id=branch_id) for branch_id in sorted(branches)]


def hold(
    session: Session,
    *,
    shift_id: int,
    post_id: int | None,
    holder_id: int,
    group: Group,
    places: int,
    phones: Sequence[str],
    led: Collection[int],
    now: datetime,
) -> int:
    """Hold places of a post for colleagues; those named by phone (E.164) get an offer each.

    Returns how many are held (`post_id` None: the shift's only post). A phone that belongs to no
    colleague stays an unnamed place, so that nobody learns who has an account. Raises NotFound,
    InvalidInput for a number out of range, CannotSignUp when the places are not free or the shift
    is too near.
    """
    if group not in groups_of(session, person_id=holder_id, led=led):
        raise NotFound
    lock_person_in_shift(session, holder_id, shift_id)
    facts = read_facts(session, shift_id=shift_id, person_id=holder_id, now=now)
    post_id = choose_post(session, facts, post_id)
    _check(session, facts, holder_id=holder_id, places=places, now=now)
    # The line comes first; the post stays locked from here on.
    line.settle(session, post_id, now=now)
    most = limit(session, facts, post_id=post_id, newcomer=False, now=now)
    for _place in range(places):
        if not take_place(session, post_id, limit=most):
            raise CannotSignUp(
                _("There are not that many free places. Please hold fewer."), Reason.NOT_OPEN_YET
            )
    held = Hold(
        post_id=post_id,
        holder_id=holder_id,
        enterprise_id=group.enterprise_id,
        branch_id=group.branch_id,
        places=places,
        made_at=now,
        until=facts.starts_at - line.FALL_BACK,
    )
    session.add(held)
    session.flush()
    audit.record(
        session,
        "hold:make",
        actor_id=holder_id,
        object_id=held.id,
        now=now,
        organisation_id=facts.organisation_id,
        shift_id=shift_id,
        places=held.places,
    )
    for colleague in _colleagues(session, shift_id, group, phones):
        _offer(session, held, facts, colleague, now=now)
    touch_lists(session)
    return places


def _check(session: Session, facts: Facts, *, holder_id: int, places: int, now: datetime) -> None:
    no = closed(facts, now=now) or not_open_yet(facts, now=now)
    if no:
        raise no
    if facts.starts_at - now <= line.FALL_BACK:
        raise CannotSignUp(
            _("Less than 48 hours before the start places are open to all and cannot be held."),
            Reason.NOT_OPEN_YET,
        )
    already = session.scalar(
        select(func.coalesce(func.sum(Hold.places), 0))
        .join(Post, Post.id == Hold.post_id)
        .where(
            Post.shift_id == facts.shift_id,
            Hold.holder_id == holder_id,
            Hold.adoption_id.is_(None),
        )
    )
    invited = session.scalar(
        select(func.count(Offer.id))
        .join(Post, Post.id == Offer.post_id)
        .where(
            Post.shift_id == facts.shift_id,
            Offer.invited_by == holder_id,
            Offer.state.in_([str(OfferState.OPEN), str(OfferState.ACCEPTED)]),
        )
    )
    if not 1 <= places <= MOST_HELD - int(already or 0) - int(invited or 0):
        raise InvalidInput(
            _n(
                "You can hold %(num)s place in one shift.",
                "You can hold up to %(num)s places in one shift.",
                MOST_HELD,
            ),
            field="places",
        )


def _colleagues(
    session: Session, shift_id: int, group: Group, phones: Sequence[str]
) -> Sequence[int]:
    """Return the people of the group with these phones who are not in the shift yet."""
    if not phones:
        return ()
    in_branch = select(BranchMembership.person_id).where(
        BranchMembership.branch_id == group.branch_id, BranchMembership.ended_on.is_(None)
    )
    ours = (
        Person.enterprise_id == group.enterprise_id
        if group.enterprise_id is not None
        else Person.id.in_(in_branch)
    )
    there = select(SignUp.person_id).where(SignUp.shift_id == shift_id, IS_ACTIVE)
    return session.scalars(
        select(Person.id)
        .where(Person.phone.in_(phones), Person.deleted_at.is_(None), ours, Person.id.not_in(there))
        .order_by(Person.id)
    ).all()


def _offer(session: Session, held: Hold, facts: Facts, person_id: int, *, now: datetime) -> None:
    """Turn one of the held places into an offer to this colleague."""
    if held.places == 0 or person_id == held.holder_id:
        return
    joining_id = session.connection().scalar(
        JOIN[session.get_bind().dialect.name],
        {
            "shift_id": facts.shift_id,
            "post_id": held.post_id,
            "person_id": person_id,
            "status": str(SignUpStatus.OFFERED),
            "signed_up_at": now,
            "risk_digest": "",
            "cancel_reason": "",
        },
    )
    if joining_id is None:
        # Has signed up this very moment.
        return
    held.places -= 1
    session.flush()
    holder = session.get_one(Person, held.holder_id)
    offers.make(
        session,
        sign_up_id=joining_id,
        post_id=held.post_id,
        person_id=person_id,
        shift_id=facts.shift_id,
        expires_at=held.until,
        now=now,
        invited_by=held.holder_id,
        inviter=holder.nickname or holder.name,
    )
    note(session, "sign_up:invite", joining_id, facts, actor_id=held.holder_id, now=now)


def use(session: Session, facts: Facts, *, post_id: int, person_id: int, now: datetime) -> bool:
    """Take one of the places held for this person's enterprise or branch; it counts as taken."""
    own_branch = (
        select(BranchMembership.branch_id)
        .where(BranchMembership.person_id == person_id, BranchMembership.ended_on.is_(None))
        .scalar_subquery()
    )
    ours = Hold.branch_id == own_branch
    ours |= Hold.adoption_id.is_not(None) & Hold.branch_id.in_(own_and_above(own_branch, facts.day))
    if facts.enterprise_id is not None:
        ours = ours | (Hold.enterprise_id == facts.enterprise_id)
    found = session.scalar(
        select(Hold.id)
        .where(Hold.post_id == post_id, Hold.places > 0, Hold.until > now, ours)
        .order_by(Hold.id)
        .limit(1)
    )
    if found is None:
        return False
    lock_post(session, post_id)
    taken = session.connection().execute(
        update(Hold).where(Hold.id == found, Hold.places > 0).values(places=Hold.places - 1)
    )
    return taken.rowcount == 1


def release(session: Session, *, hold_id: int, holder_id: int, now: datetime) -> int:
    """Give held places back to everybody; returns the shift. Doing it again changes nothing."""
    row = session.execute(
        select(Hold.post_id, Post.shift_id)
        .join(Post, Post.id == Hold.post_id)
        .where(Hold.id == hold_id, Hold.holder_id == holder_id, Hold.adoption_id.is_(None))
    ).first()
    if row is None:
        raise NotFound
    lock_post(session, row.post_id)
    places = session.scalar(select(Hold.places).where(Hold.id == hold_id)) or 0
    if places:
        session.execute(update(Hold).where(Hold.id == hold_id).values(places=0))
        give_place(session, row.post_id, places=places)
        note_release(session, hold_id, row.shift_id, places=places, actor_id=holder_id, now=now)
        line.settle(session, row.post_id, now=now)
    return int(row.shift_id)
