"""Star levels: what the hours on this platform add up to, and how far the next star is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.hours.models import StarLevel


@dataclass(frozen=True)
class Stars:
    """How many stars, and the minutes at which the next one comes (None: there is none)."""

    count: int
    next_at: int | None


def stars_of(session: Session, minutes: int) -> Stars:
    """Return the stars for so many minutes in the ledger."""
    levels = session.execute(
        select(StarLevel.stars, StarLevel.minutes).order_by(StarLevel.minutes)
    ).all()
    reached = [level.stars for level in levels if level.minutes <= minutes]
    ahead = [level.minutes for level in levels if level.minutes > minutes]
    return Stars(reached[-1] if reached else 0, ahead[0] if ahead else None)
