"""Honest odds of a waitlist: how often the same place in line got in before."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.shifts.models import Shift, SignUp, SignUpStatus

SINCE = timedelta(days=365)
# Fewer cases than this say nothing.
FEWEST = 5


def odds(
    session: Session, *, project_id: int, position: int, now: datetime
) -> tuple[int, int] | None:
    """Return how many of those who once stood at this place in line got in, and of how many.

    Counted over the project's shifts of the last year; None with fewer than five cases.
    """
    got_in = func.count().filter(SignUp.status == str(SignUpStatus.CONFIRMED))
    got, cases = session.execute(
        select(got_in, func.count())
        .select_from(SignUp)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(
            Shift.project_id == project_id,
            Shift.starts_at.between(now - SINCE, now),
            SignUp.line_position == position,
        )
    ).one()
    return (int(got), int(cases)) if cases >= FEWEST else None
