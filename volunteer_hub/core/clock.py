"""The one clock. Only views, commands and the worker read it; services get `now` passed in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask import current_app


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone() -> ZoneInfo:
    """Return the zone in which people read and type times (HUB_TIMEZONE)."""
    return _zone(current_app.config["HUB_TIMEZONE"])


def local(moment: datetime) -> datetime:
    """Return the moment as the wall clock of the sub-district shows it."""
    return moment.astimezone(zone())


def today() -> date:
    """Return today's date in the sub-district."""
    return local(now()).date()
