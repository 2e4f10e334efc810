"""Chinese public holidays and the weekend days that are worked for them 调休.

The State Council announces a year's days off in the November before; `chinesecalendar` brings them
with its next release. Until then `known` is false, weekdays count as workdays, and pages that
count days say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

SATURDAY = 6


@dataclass(frozen=True)
class Holiday:
    """A public holiday by its two names."""

    name_zh: str
    name_en: str


_HOLIDAYS = {one.value: Holiday(one.chinese, one.value) for one in chinese_calendar.Holiday}


@lru_cache
def known(year: int) -> bool:
    """Tell whether the days off of this year have been announced, as far as the library knows."""
    try:
        chinese_calendar.get_holiday_detail(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def is_workday(day: date) -> bool:
    """Tell whether offices work on this day; in years that are not known: Monday to Friday."""
    detail = _detail(day)
    return day.isoweekday() < SATURDAY if detail is None else not detail[0]


def nth_after(day: date, count: int) -> date:
    """Return the `count`-th day after this one on which offices work."""
    while count:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day


def passed(day: date, today: date) -> int:
    """Return how many workdays have begun after `day` up to and with `today`; 0 before it."""
    days = (today - day).days
    return sum(is_workday(day + timedelta(days=step)) for step in range(1, days + 1))


def holiday_of(day: date) -> Holiday | None:
    """Return the public holiday for which this day is off, weekend days inside it included."""
    off, name = _detail(day) or (False, None)
    return _HOLIDAYS[name] if off and name else None


def swapped_for(day: date) -> Holiday | None:
    """Return the holiday for which this Saturday or Sunday is worked, None for any other day."""
    off, name = _detail(day) or (True, None)
    return _HOLIDAYS[name] if not off and name else None


def _detail(day: date) -> tuple[bool, str | None] | None:
    """Return whether the day is off and of which holiday it is, None in a year not known."""
    if not known(day.year):
        return None
    off, name = chinese_calendar.get_holiday_detail(day)
    return off, name
