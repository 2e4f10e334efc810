"""The times of a shift as columns of the local wall clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from volunteer_hub.core.calendar import minute_of_day, window_of

DAY_MINUTES = 24 * 60


def local_columns(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> dict[str, object]:
    """Return `day`, `start_minute`, `end_minute` and `window` of a shift with these moments.

    Minutes count from midnight of the local day on which the shift starts and go on past the next
    midnight: 22:30 to 00:30 is 1350 to 1470.
    """
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    nights = (end.date() - start.date()).days
    return {
        "day": start.date(),
        "start_minute": minute_of_day(start.time()),
        "end_minute": minute_of_day(end.time()) + nights * DAY_MINUTES,
        "window": window_of(start).value,
    }
