"""Places reserved for the branches that adopted a project 预留名额.

A reserved place is a `Hold`, so it counts as taken and can never be overbooked; 48 hours before the
start, or when either side lets go, it is open to everybody.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from volunteer_hub.projects.models import Adoption, AdoptionState
from volunteer_hub.shifts import line
from volunteer_hub.shifts.models import Hold, Post, Shift, ShiftStatus
from volunteer_hub.shifts.places import give_place, lock_post, note_release, take_place


def reserve(session: Session, adoption: Adoption, *, now: datetime) -> int:
    """Reserve places in all shifts of the adoption to come; returns how many places."""
    shifts = session.scalars(
        select(Shift.id)
        .where(
            Shift.project_id == adoption.project_id,
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.day.between(adoption.first_day, adoption.last_day),
            Shift.starts_at > now + line.FALL_BACK,
        )
        .order_by(Shift.id)
    ).all()
    return sum(_reserve_in(session, adoption, shift_id, now=now) for shift_id in shifts)


def reserve_in_new(session: Session, shift: Shift, *, now: datetime) -> None:
    """Reserve places of a shift that has just been published, for all who adopted its project."""
    if shift.status != ShiftStatus.PUBLISHED or shift.starts_at - now <= line.FALL_BACK:
        return
    adoptions = session.scalars(
        select(Adoption)
        .where(
            Adoption.project_id == shift.project_id,
            Adoption.state == str(AdoptionState.AGREED),
            Adoption.first_day <= shift.day,
            Adoption.last_day >= shift.day,
        )
        .order_by(Adoption.id)
    ).all()
    for adoption in adoptions:
        _reserve_in(session, adoption, shift.id, now=now)


def _reserve_in(session: Session, adoption: Adoption, shift_id: int, *, now: datetime) -> int:
    """Take up to the adoption's places of a shift, post after post; nothing is taken twice."""
    posts = session.scalars(
        select(Post.id).where(Post.shift_id == shift_id).order_by(Post.id)
    ).all()
    already = session.scalar(
        select(func.count(Hold.id)).where(Hold.adoption_id == adoption.id, Hold.post_id.in_(posts))
    )
    if already:
        return 0
    starts_at = session.get_one(Shift, shift_id).starts_at
    left = adoption.places
    for post_id in posts:
        # Whoever waits comes first; the post stays locked from here on.
        line.settle(session, post_id, now=now)
        taken = 0
        while left and take_place(session, post_id):
            taken, left = taken + 1, left - 1
        if taken:
            session.add(
                Hold(
                    post_id=post_id,
                    adoption_id=adoption.id,
                    holder_id=adoption.proposed_by,
                    branch_id=adoption.branch_id,
                    places=taken,
                    made_at=now,
                    until=starts_at - line.FALL_BACK,
                )
            )
    session.flush()
    return adoption.places - left


def release(
    session: Session,
    adoption: Adoption,
    *,
    actor_id: int,
    now: datetime,
    shift_id: int | None = None,
) -> int:
    """Open reserved places to everybody, in one shift or in all; returns how many."""
    query = (
        select(Hold.id, Hold.post_id, Post.shift_id)
        .join(Post, Post.id == Hold.post_id)
        .where(Hold.adoption_id == adoption.id, Hold.places > 0)
        .order_by(Hold.post_id)
    )
    if shift_id is not None:
        query = query.where(Post.shift_id == shift_id)
    freed = 0
    for hold_id, post_id, of_shift in session.execute(query).all():
        lock_post(session, post_id)
        places = session.scalar(select(Hold.places).where(Hold.id == hold_id)) or 0
        if places:
            session.execute(update(Hold).where(Hold.id == hold_id).values(places=0))
            give_place(session, post_id, places=places)
            note_release(session, hold_id, of_shift, places=places, actor_id=actor_id, now=now)
            line.settle(session, post_id, now=now)
            freed += places
    return freed
