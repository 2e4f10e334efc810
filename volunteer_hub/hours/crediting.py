"""How many minutes of a shift count as service. Pure: no database, no clock.

Source: product.md, rule 5. Travel, meals and meetings outside the window do not count.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

RULE = "2026-1"
EARLY = timedelta(minutes=15)
LATE = timedelta(minutes=30)
DAY_CAP = 480
MINUTE = timedelta(minutes=1)


def credited_minutes(
    check_in: datetime,
    check_out: datetime,
    planned_start: datetime,
    planned_end: datetime,
    *,
    already: int = 0,
) -> int:
    """Return the whole minutes that count, from 0 to 480.

    min(check-out, planned end + 30 min) − max(check-in, planned start − 15 min), begun minutes
    left out, never negative, and with `already` (the person's minutes of the same service day in
    the ledger) never more than 480 a day. All moments are aware; the result does not depend on
    their zones.
    """
    # Differences within one zone object would follow its wall clock, summer time and all.
    came, left, start, end = (
        moment.astimezone(UTC) for moment in (check_in, check_out, planned_start, planned_end)
    )
    served = (min(left, end + LATE) - max(came, start - EARLY)) // MINUTE
    return max(0, min(served, DAY_CAP - max(0, already)))


def most_minutes(planned_start: datetime, planned_end: datetime, *, already: int = 0) -> int:
    """Return the most that anybody can be credited for a shift with this plan."""
    return credited_minutes(
        planned_start.astimezone(UTC) - EARLY,
        planned_end.astimezone(UTC) + LATE,
        planned_start,
        planned_end,
        already=already,
    )


def proposed_minutes(
    check_in: datetime | None,
    check_out: datetime | None,
    planned_start: datetime,
    planned_end: datetime,
    *,
    already: int = 0,
) -> int | None:
    """Return the credited minutes, or None while arrival or departure is not known."""
    if check_in is None or check_out is None:
        return None
    return credited_minutes(check_in, check_out, planned_start, planned_end, already=already)
