"""What the worker does for shifts by itself: held places, reminders, lapsed changes.

Each job is safe to repeat: it acts on what is due, and notices are told once a key.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, exists, literal, select, union
from sqlalchemy.orm import Session

from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts import line, offers, receipts, told
from volunteer_hub.shifts.models import (
    IS_ACTIVE,
    Hold,
    Offer,
    OfferState,
    Post,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

A_DAY, SOON = timedelta(hours=24), timedelta(hours=2)
MOST = 200


def pass_on_places(session: Session, now: datetime) -> int:
    """Take back offers and holds that are due and serve lines; returns how many posts."""
    due = union(
        select(Offer.post_id).where(Offer.state == str(OfferState.OPEN), Offer.expires_at <= now),
        select(Hold.post_id).where(Hold.places > 0, Hold.until <= now),
    ).limit(MOST)
    # The soonest first: places that wait for their day must not keep the others from their turn.
    waiting = (
        select(Post.id)
        .join(Shift, Shift.id == Post.shift_id)
        .where(
            Post.taken < Post.capacity,
            exists().where(
                SignUp.post_id == Post.id, SignUp.status == str(SignUpStatus.WAITLISTED)
            ),
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.starts_at > now + offers.OPEN_TO_ALL,
        )
        .order_by(Shift.starts_at, Post.id)
        .limit(MOST)
    )
    posts = sorted({*session.scalars(due), *session.scalars(waiting)})
    for post_id in posts:
        line.settle(session, post_id, now=now)
    return len(posts)


def remind_the_day_before(session: Session, now: datetime) -> int:
    """Remind everybody with a place of a shift that starts within 24 hours; how many."""
    return _remind(session, "reminder_day", now + SOON, now + A_DAY, lead=A_DAY, now=now)


def remind_soon(session: Session, now: datetime) -> int:
    """Remind everybody with a place of a shift that starts within two hours; how many."""
    return _remind(session, "reminder_soon", now, now + SOON, lead=SOON, now=now)


def _remind(
    session: Session,
    kind: str,
    after: datetime,
    until: datetime,
    *,
    lead: timedelta,
    now: datetime,
) -> int:
    # With the start in it: a shift that moves is reminded of again.
    key: ColumnElement[str] = (
        literal(f"{kind}:")
        + cast(SignUp.id, String)
        + literal(":")
        + cast(Shift.day, String)
        + literal(":")
        + cast(Shift.start_minute, String)
    )
    rows = session.execute(
        select(
            SignUp.id,
            SignUp.person_id,
            SignUp.signed_up_at,
            Shift.id,
            Shift.starts_at,
            key,
        )
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.starts_at > after,
            Shift.starts_at <= until,
            IS_ACTIVE,
            SignUp.status == str(SignUpStatus.CONFIRMED),
            ~select(Notice.id).where(Notice.key == key).exists(),
        )
        .order_by(SignUp.id)
    ).all()
    sent = 0
    for _id, person_id, signed_up_at, shift_id, starts_at, told_by in rows:
        if signed_up_at > starts_at - lead:
            # Has only just signed up and knows.
            continue
        sent += told.tell(
            session,
            kind,
            shift_id=shift_id,
            person_id=person_id,
            key=told_by,
            now=now,
            useless_after=starts_at,
        )
    return sent


def lapse_changes(session: Session, now: datetime) -> int:
    """Give back places whose people did not answer a change by its deadline."""
    return receipts.lapse_due(session, now=now)


JOBS = (pass_on_places, lapse_changes, remind_the_day_before, remind_soon)
