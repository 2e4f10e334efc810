"""Until when somebody can answer an invitation, and when nobody is asked."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from volunteer_hub.core import clock

# How long an invitation waits for an answer, by the time that is left until the start.
LIVES = (
    (timedelta(days=5), timedelta(hours=48)),
    (timedelta(days=2), timedelta(hours=24)),
    (timedelta(hours=12), timedelta(hours=4)),
    (timedelta(hours=3), timedelta(hours=1)),
)
SHORTEST = timedelta(minutes=20)
# An answer later than this before the start helps nobody on site.
BEFORE_START = timedelta(minutes=15)
QUIET_FROM, QUIET_UNTIL, MORNING = time(22), time(7), time(9)


def answer_by(starts_at: datetime, *, now: datetime) -> datetime:
    """Return until when an invitation of now can be answered; none ends at night."""
    ahead = starts_at - now
    life = next((life for least, life in LIVES if ahead >= least), SHORTEST)
    ends = now + life
    at = clock.local(ends)
    if not QUIET_UNTIL <= at.time() < QUIET_FROM:
        next_day = at.date() + timedelta(days=at.time() >= QUIET_FROM)
        ends = datetime.combine(next_day, MORNING, tzinfo=clock.zone()).astimezone(ends.tzinfo)
    return min(ends, starts_at - BEFORE_START)


def may_be_called(called_from: int, *, now: datetime) -> bool:
    """Tell whether now is within the hours in which somebody lets call-outs come (minutes)."""
    at = clock.local(now).time()
    return called_from <= at.hour * 60 + at.minute and at < QUIET_FROM
