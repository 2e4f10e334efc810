"""What is typed about a series, and which of it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts.plans import LONGEST, SHORTEST, ShiftPlan
from volunteer_hub.shifts.posts import PostPlan
from volunteer_hub.shifts.series.days import COUNTED, Recurrence, SeriesDays, count_days, days_of

MOST_SHIFTS = 200
AHEAD = timedelta(days=366)
YEARS = range(2000, 2200)


@dataclass(frozen=True)
class Hours:
    """The times of each shift on the local wall clock."""

    start: time
    end: time
    next_day: bool = False

    @property
    def length(self) -> timedelta:
        nights = timedelta(days=int(self.next_day))
        return (
            datetime.combine(date.min, self.end) + nights - datetime.combine(date.min, self.start)
        )

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return start and end in UTC of the shift on this local day."""
        last = day + timedelta(days=int(self.next_day))
        start, end = datetime.combine(day, self.start), datetime.combine(last, self.end)
        return tuple(one.replace(tzinfo=zone).astimezone(UTC) for one in (start, end))  # type: ignore[return-value]


@dataclass(frozen=True)
class SeriesPlan:
    """What is typed about a series; each shift gets the same hours, place and posts."""

    recurrence: Recurrence
    hours: Hours
    place_id: int
    posts: Sequence[PostPlan]
    meeting_point: str = ""

    def shift_on(self, day: date, zone: ZoneInfo) -> ShiftPlan:
        starts_at, ends_at = self.hours.on(day, zone)
        return ShiftPlan(self.place_id, starts_at, ends_at, self.posts, self.meeting_point)


def check_hours(hours: Hours) -> None:
    """Raise InvalidInput at `end` for times that no shift can have."""
    if hours.length < timedelta(0):
        raise InvalidInput(
            _("The end is before the start. If it goes past midnight, tick “Ends the next day”."),
            field="end",
        )
    if hours.length == timedelta(0):
        raise InvalidInput(_("The end must be after the start."), field="end")
    if not SHORTEST <= hours.length <= LONGEST:
        raise InvalidInput(
            _("A shift lasts at least 15 minutes and at most 24 hours."), field="end"
        )


def check_days(recurrence: Recurrence, *, today: date) -> SeriesDays:
    """Return the days of a new series, or raise InvalidInput at `first_day` or `last_day`."""
    first, last = recurrence.first_day, recurrence.last_day
    for name, day in (("first_day", first), ("last_day", last)):
        check_year(day, field=name)
    if first < today:
        raise InvalidInput(
            _("The first day has passed. Please choose a later one."), field="first_day"
        )
    if last < first:
        raise InvalidInput(_("The last day is before the first day."), field="last_day")
    check_count(count_days(recurrence), last, today=today)
    return days_of(recurrence)


def check_year(day: date, *, field: str) -> None:
    """Raise InvalidInput for a year that nobody means."""
    if day.year not in YEARS:
        raise InvalidInput(
            _("The year %(year)s looks wrong. Please check the date.", year=day.year), field=field
        )


def check_count(count: int, last_day: date, *, today: date) -> None:
    """Raise InvalidInput at `last_day` for too many shifts, too far ahead, or none at all."""
    if count > MOST_SHIFTS:
        raise InvalidInput(
            _(
                "That would be %(count)s shifts. A series has at most %(most)s; please choose an"
                " earlier last day.",
                count=f"{count:,}" + ("+" if count == COUNTED else ""),
                most=MOST_SHIFTS,
            ),
            field="last_day",
        )
    if last_day > today + AHEAD:
        raise InvalidInput(
            _("A series is planned for at most a year. It can be extended later."),
            field="last_day",
        )
    if not count:
        raise InvalidInput(
            _("No day between these two fits, or all are holidays. Please check the days."),
            field="last_day",
        )
