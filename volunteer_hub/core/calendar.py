"""Time windows of the day and quarters of the year, as the sub-district speaks of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Window(StrEnum):
    """When in the week a shift lies; drawn so that one free hour of an office worker fits."""

    BEFORE_WORK = "before_work"
    LUNCH = "lunch"
    AFTER_WORK = "after_work"
    WEEKEND_AM = "weekend_am"
    WEEKEND_PM = "weekend_pm"
    OTHER = "other"


# From which hour to which a shift of each window starts, the latter excluded.
WORKDAY_STARTS = {
    Window.BEFORE_WORK: (5, 9),
    Window.LUNCH: (11, 14),
    Window.AFTER_WORK: (17, 21),
}
WEEKEND_STARTS = {Window.WEEKEND_AM: (6, 12), Window.WEEKEND_PM: (12, 19)}


def _starts(weekday: int) -> dict[Window, tuple[int, int]]:
    return WEEKEND_STARTS if weekday >= 5 else WORKDAY_STARTS


def window_of(starts_at: datetime) -> Window:
    """Return the window of a shift by its local start."""
    hour = starts_at.hour + starts_at.minute / 60
    for window, (first, last) in _starts(starts_at.weekday()).items():
        if first <= hour < last:
            return window
    return Window.OTHER


def windows_between(weekday: int, start_minute: int, end_minute: int) -> set[Window]:
    """Return the windows that shifts within these minutes of a weekday (Monday is 0) can have."""
    found = {
        window
        for window, (first, last) in _starts(weekday).items()
        if start_minute < last * 60 and first * 60 < end_minute
    }
    return found | {Window.OTHER}


def minute_of_day(moment: time) -> int:
    """Return minutes since midnight."""
    return moment.hour * 60 + moment.minute


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the UTC moments between which the local day lies, end excluded."""
    start = datetime.combine(day, time.min, tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True)
class Period:
    """A span of local dates, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def first_days(self, number: int) -> Period:
        """Return the first so many days of the span, all of it at most."""
        return Period(self.first, min(self.last, self.first + timedelta(days=number - 1)))


@dataclass(frozen=True)
class Quarter:
    """A quarter of a calendar year, written 2026Q3."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def period(self) -> Period:
        first = date(self.year, 3 * self.number - 2, 1)
        following = self.following()
        return Period(first, date(following.year, 3 * following.number - 2, 1) - timedelta(days=1))

    def following(self) -> Quarter:
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def previous(self) -> Quarter:
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)


def quarter_of(day: date) -> Quarter:
    """Return the quarter in which the day lies."""
    return Quarter(day.year, (day.month + 2) // 3)


def parse_quarter(text: str) -> Quarter | None:
    """Return the quarter written as 2026Q3, or None when the text is not one."""
    found = re.fullmatch(r"(20\d\d)[Qq]([1-4])", text, re.ASCII)
    return Quarter(int(found[1]), int(found[2])) if found else None
