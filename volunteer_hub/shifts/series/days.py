"""On which days a series falls: a rule of RFC 5545 and the Chinese calendar of days off."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice

from dateutil import rrule

from volunteer_hub.core import workdays
from volunteer_hub.core.workdays import Holiday

EVERY_DAY = "FREQ=DAILY"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_WEEKS = 8  # between two shifts of a series
LAST = -1  # the last Saturday of a month
ORDINALS = (1, 2, 3, 4, LAST)
# Counting stops here: whoever asks for more has mistyped a year.
COUNTED = 20_000


def weekly(weekdays: Collection[int], every: int = 1) -> str:
    """Return the rule for these weekdays (1 is Monday), every so many weeks."""
    names = ",".join(WEEKDAYS[number - 1] for number in sorted(weekdays))
    interval = f"INTERVAL={every};" if every > 1 else ""
    return f"FREQ=WEEKLY;{interval}BYDAY={names}"


def monthly(ordinal: int, weekday: int) -> str:
    """Return the rule for such a weekday of each month, the second Saturday for `2, 6`."""
    return f"FREQ=MONTHLY;BYDAY={ordinal}{WEEKDAYS[weekday - 1]}"


@dataclass(frozen=True)
class Recurrence:
    """What was asked for: the rule, its first and last day, both included, and days left out."""

    rule: str
    first_day: date
    last_day: date
    skip_holidays: bool = True
    workdays_only: bool = False

    @property
    def parts(self) -> dict[str, str]:
        """The parts of the rule by name: `{"FREQ": "WEEKLY", "BYDAY": "SA"}`."""
        return dict(part.split("=", 1) for part in self.rule.split(";"))


@dataclass(frozen=True)
class SeriesDay:
    """A day that the rule gives, and what the calendar says about it."""

    day: date
    holiday: Holiday | None = None
    swapped_for: Holiday | None = None
    is_skipped: bool = False


@dataclass(frozen=True)
class SeriesDays:
    """All days of a series, and what somebody who plans it should know about them.

    `left_out` are swapped workdays that a series of weekdays does not have; `unknown` are years
    whose holidays nobody knows yet.
    """

    days: list[SeriesDay]
    left_out: list[date] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)

    @property
    def kept(self) -> list[date]:
        return [one.day for one in self.days if not one.is_skipped]

    @property
    def skipped(self) -> list[SeriesDay]:
        return [one for one in self.days if one.is_skipped]


def days_of(recurrence: Recurrence, *, after: date | None = None) -> SeriesDays:
    """Return the days of the series; with `after` only those that come later than it."""
    days = [one for one in _days(recurrence) if after is None or one.day > after]
    start = after + timedelta(days=1) if after else recurrence.first_day
    years = range(start.year, recurrence.last_day.year + 1)
    heeds = recurrence.skip_holidays or recurrence.workdays_only
    return SeriesDays(
        days=days,
        left_out=_left_out(recurrence, start),
        unknown=[year for year in years if not workdays.known(year)] if heeds else [],
    )


def count_days(recurrence: Recurrence) -> int:
    """Return how many shifts it would be, COUNTED at most."""
    return sum(1 for one in islice(_days(recurrence), COUNTED) if not one.is_skipped)


def _days(recurrence: Recurrence) -> Iterator[SeriesDay]:
    start = datetime.combine(recurrence.first_day, time.min)
    until = datetime.combine(recurrence.last_day, time.min)
    for moment in rrule.rrulestr(recurrence.rule, dtstart=start):
        if moment > until:
            return
        day = moment.date()
        holiday, swapped = workdays.holiday_of(day), workdays.swapped_for(day)
        if not recurrence.workdays_only:
            yield SeriesDay(day, holiday, swapped, bool(holiday) and recurrence.skip_holidays)
        elif workdays.is_workday(day):
            yield SeriesDay(day, holiday, swapped)
        elif holiday and day.isoweekday() < workdays.SATURDAY:
            # A plain weekend is nothing to tell; a weekday that is missing is.
            yield SeriesDay(day, holiday, is_skipped=True)


def _left_out(recurrence: Recurrence, start: date) -> list[date]:
    """Return the swapped workdays that a weekly series of Monday to Friday does not have."""
    weekdays = set(recurrence.parts.get("BYDAY", "").split(","))
    if recurrence.workdays_only or not recurrence.skip_holidays or weekdays != set(WEEKDAYS[:5]):
        return []
    length = (recurrence.last_day - start).days + 1
    days = (start + timedelta(days=n) for n in range(length))
    return [day for day in days if workdays.swapped_for(day)]
