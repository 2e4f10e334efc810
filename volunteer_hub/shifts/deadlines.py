"""When a shift moves, until when its places are held moves with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from volunteer_hub.shifts import offers
from volunteer_hub.shifts.line import FALL_BACK
from volunteer_hub.shifts.models import Hold, Offer, OfferState, Post, Shift


def follow(session: Session, shift: Shift, *, now: datetime) -> None:
    """Let holds end 48 hours before the new start, and no offer outlive what it may last now.

    Else places of a shift that was moved forward would stay held until after its start.
    """
    of_shift = select(Post.id).where(Post.shift_id == shift.id)
    session.execute(
        update(Hold)
        .where(Hold.post_id.in_(of_shift), Hold.places > 0)
        .values(until=shift.starts_at - FALL_BACK)
    )
    latest = offers.expiry(shift.starts_at, now=now) or shift.starts_at
    for invited, until in ((False, latest), (True, max(now, shift.starts_at - FALL_BACK))):
        session.execute(
            update(Offer)
            .where(
                Offer.post_id.in_(of_shift),
                Offer.state == str(OfferState.OPEN),
                Offer.expires_at > until,
                Offer.invited_by.is_not(None) if invited else Offer.invited_by.is_(None),
            )
            .values(expires_at=until)
        )
