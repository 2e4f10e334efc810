"""Hours for each, shares and changes as the screen says them. Pure: no database."""

from __future__ import annotations

# Per cent; a change beyond is only said to be over ten times.
MOST_CHANGE = 999


def shared_hours(minutes: int, people: int) -> str | None:
    """Return hours for each to one decimal, rounded half up once; None when there is nobody."""
    if people <= 0:
        return None
    tenths = (abs(minutes) + 3 * people) // (6 * people)
    return f"{'-' if minutes < 0 and tenths else ''}{tenths // 10}.{tenths % 10}"


def percent(part: int, whole: int) -> int | None:
    """Return whole per cent, rounded half up; None of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else None


def tenths_of_percent(part: int, whole: int) -> str | None:
    """Return per cent to one decimal, rounded half up; None of nothing."""
    if whole <= 0:
        return None
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"


def change(now: int, before: int) -> int | None:
    """Return the change against before in whole per cent; None where there was nothing."""
    if before <= 0:
        return None
    rest = now - before
    rounded = (200 * abs(rest) + before) // (2 * before)
    return rounded if rest >= 0 else -rounded
