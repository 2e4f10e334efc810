"""Whom one may ask: what people have said of their time, and what they have answered before.

These rules come on top of those of signing up (`shifts.eligible`). The plan of a fortnight knows
them as arrays (`matching.people`); here they are asked of one person, before every invitation.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.matching.models import (
    Availability,
    Away,
    FreeWindow,
    Invitation,
    InvitationState,
    MatchWish,
    WishKind,
)
from volunteer_hub.matching.windows import WEEKEND
from volunteer_hub.registry.models import Walk
from volunteer_hub.shifts.eligible import kept_out_by
from volunteer_hub.shifts.models import IS_ACTIVE, Post, Shift, ShiftStatus, SignUp
from volunteer_hub.shifts.reasons import Reason

# What speaks against asking somebody; the rules of signing up have `shifts.reasons.Reason`.
NOT_ON_STANDBY, NOT_FREE, TOO_FAR = "not_on_standby", "not_free", "too_far"
WEEK_IS_FULL, ASKED_BEFORE = "week_is_full", "asked_before"
FULL = str(Reason.FULL)

_OPEN = Invitation.state == str(InvitationState.OPEN)


def wanting(session: Session, post_id: int) -> int:
    """Return how many places of a post are neither taken nor being asked about."""
    asked = (
        select(func.count(Invitation.id))
        .where(Invitation.post_id == post_id, _OPEN)
        .scalar_subquery()
    )
    left = select(Post.capacity - Post.taken - asked).where(Post.id == post_id)
    return session.scalar(left) or 0


def kept_from(
    session: Session, *, shift_id: int, post_id: int, person_id: int, now: datetime
) -> str | None:
    """Return what speaks against inviting somebody to a post right now, or None.

    The person stands by, is free then and not away, need not walk too far, has room in the week,
    was never asked about this shift, is not being asked about the same time, nobody has ruled the
    pair out, and the rules of signing up would let them in (their `Reason` else).
    """
    said = session.get(Availability, person_id)
    shift = session.get_one(Shift, shift_id)
    if said is None or not said.standby:
        return NOT_ON_STANDBY
    if not is_free(session, person_id, shift):
        return NOT_FREE
    if not is_near(session, person_id, shift, farthest=said.farthest_walk):
        return TOO_FAR
    if in_week(session, person_id, shift.day) >= said.weekly_limit:
        return WEEK_IS_FULL
    if asked_before(session, person_id, shift):
        return ASKED_BEFORE
    return kept_out_by(session, shift_id=shift_id, post_id=post_id, person_id=person_id, now=now)


def is_free(session: Session, person_id: int, shift: Shift) -> bool:
    """Tell whether the shift lies in one of the person's free windows on a day not away."""
    window = exists().where(
        FreeWindow.person_id == person_id,
        FreeWindow.weekday == shift.day.weekday(),
        FreeWindow.start_minute <= shift.start_minute,
        FreeWindow.end_minute >= shift.end_minute,
    )
    away = exists().where(
        Away.person_id == person_id, Away.first_day <= shift.day, Away.last_day >= shift.day
    )
    return bool(session.scalar(select(window & ~away)))


def is_near(session: Session, person_id: int, shift: Shift, *, farthest: int) -> bool:
    """Tell whether the way from the office is short enough, or not known.

    At weekends people come from home, which nobody asks about.
    """
    if shift.day.weekday() in WEEKEND:
        return True
    minutes = session.scalar(
        select(Walk.minutes)
        .join(Person, Person.building_id == Walk.building_id)
        .where(Person.id == person_id, Walk.place_id == shift.place_id)
    )
    return minutes is None or minutes <= farthest


def in_week(session: Session, person_id: int, day: date) -> int:
    """Count the shifts of a week, from Monday on, that the person has or is being asked about."""
    monday = day - timedelta(days=day.weekday())
    of_week = (
        Shift.day.between(monday, monday + timedelta(days=6)),
        Shift.status == str(ShiftStatus.PUBLISHED),
    )
    places = (
        select(func.count(SignUp.id))
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(SignUp.person_id == person_id, IS_ACTIVE, *of_week)
    )
    asked = (
        select(func.count(Invitation.id))
        .join(Shift, Shift.id == Invitation.shift_id)
        .where(Invitation.person_id == person_id, _OPEN, *of_week)
    )
    return (session.scalar(places) or 0) + (session.scalar(asked) or 0)


def asked_before(session: Session, person_id: int, shift: Shift) -> bool:
    """Tell whether the person was asked about this shift, or is about another one at that time.

    A coordinator who has ruled the pair out counts as well.
    """
    known = exists().where(
        Invitation.person_id == person_id,
        or_(
            Invitation.shift_id == shift.id,
            _OPEN
            & exists().where(
                Shift.id == Invitation.shift_id,
                Shift.starts_at < shift.ends_at,
                Shift.ends_at > shift.starts_at,
            ),
        ),
    )
    ruled_out = exists().where(
        MatchWish.person_id == person_id,
        MatchWish.shift_id == shift.id,
        MatchWish.kind == str(WishKind.FORBID),
    )
    return bool(session.scalar(select(or_(known, ruled_out))))
