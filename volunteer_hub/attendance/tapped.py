"""When a tap happened that had to wait for the network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

# Longer than any shift; a phone that kept a tap longer is not believed.
LONGEST = 12 * 3600
MOST_DIGITS = 6


def at(form: Mapping[str, str], now: datetime) -> datetime:
    """Return when a roster tap happened: `ago` whole seconds before now, by the server's clock.

    The phone tells a difference and no time of its own, so a wrong phone clock does no harm.
    """
    ago = form.get("ago", "")
    if not (ago.isascii() and ago.isdecimal() and len(ago) <= MOST_DIGITS):
        return now
    return now - timedelta(seconds=min(int(ago), LONGEST))
