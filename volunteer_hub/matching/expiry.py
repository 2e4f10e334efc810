"""Until when somebody can answer an invitation, and when nobody is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from volunteer_hub.core import clock

# How long an invitation waits for an answer, by the time that is left until the start.
LIVES = (
    (timedelta(days=5), timedelta(hours=48)),
    (timedelta(days=2), timedelta(hours=24)),
    (timedelta(hours=12), timedelta(hours=4)),
    (timedelta(hours=3), timedelta(hours=1)),
)
SHORTEST = timedelta(minutes=20)
# An answer nearer to the start leaves no time for the way, or to ask somebody else.
BEFORE_START = timedelta(hours=2)
QUIET_FROM, QUIET_UNTIL, MORNING = time(22), time(7), time(9)


def answer_by(starts_at: datetime, *, now: datetime) -> datetime:
    """Return until when an invitation of now can be answered; none ends at night.

    What cannot wait until the morning ends with the evening before, and `now` or earlier says that
    there is no time left to ask.
    """
    ahead = starts_at - now
    life = next((life for least, life in LIVES if ahead >= least), SHORTEST)
    ends = min(now + life, starts_at - BEFORE_START)
    if not is_quiet(ends):
        return ends
    at = clock.local(ends)
    morning = _at(at.date() + timedelta(days=at.time() >= QUIET_FROM), MORNING)
    if morning <= starts_at - BEFORE_START:
        return morning
    return _at(at.date() - timedelta(days=at.time() < QUIET_UNTIL), QUIET_FROM)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=clock.zone()).astimezone(UTC)


def is_quiet(now: datetime) -> bool:
    """Tell whether people sleep, and nothing that can wait is sent."""
    return not QUIET_UNTIL <= clock.local(now).time() < QUIET_FROM


def may_be_called(called_from: int, *, now: datetime) -> bool:
    """Tell whether now is within the hours in which somebody lets call-outs come (minutes)."""
    at = clock.local(now).time()
    return called_from <= at.hour * 60 + at.minute and at < QUIET_FROM
