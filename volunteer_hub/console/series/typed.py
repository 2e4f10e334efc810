"""Between the forms of series and the services: what they show, and what was typed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from volunteer_hub.console.forms import typed_number
from volunteer_hub.console.places import offer_places
from volunteer_hub.console.series.forms import CancelSeriesForm, SeriesForm, SeriesShiftForm
from volunteer_hub.console.shift_typed import offer_needs, posts_typed, proposed
from volunteer_hub.core import clock
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import CHINESE, _, _n, day, either, language, month
from volunteer_hub.projects.desk_queries import ProjectDesk
from volunteer_hub.shifts.desk_queries import ShiftDesk
from volunteer_hub.shifts.posts import check_posts
from volunteer_hub.shifts.series.changing import Reach
from volunteer_hub.shifts.series.checks import AHEAD, Hours, SeriesPlan, check_days, check_hours
from volunteer_hub.shifts.series.days import (
    EVERY_DAY,
    MOST_WEEKS,
    ORDINALS,
    Recurrence,
    SeriesDay,
    SeriesDays,
    monthly,
    weekly,
)
from volunteer_hub.shifts.series.queries import SeriesDesk
from volunteer_hub.shifts.series.words import in_words, ordinal_name, weekday_name

A_QUARTER = timedelta(weeks=12)


@dataclass(frozen=True)
class Preview:
    """What a series would be: its days by month, and what one should know about them."""

    days: SeriesDays
    words: str

    @property
    def mark(self) -> str:
        """A short text that changes when a date does."""
        text = ",".join(day.isoformat() for day in self.days.kept)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def months(self) -> dict[tuple[int, str], list[SeriesDay]]:
        """The days that are kept, by year and name of the month."""
        found: dict[tuple[int, str], list[SeriesDay]] = {}
        for one in self.days.days:
            if not one.is_skipped:
                found.setdefault((one.day.year, month(one.day)), []).append(one)
        return found

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Each holiday for which days are left out, with these days."""
        found: dict[str, list[date]] = {}
        for one in self.days.skipped:
            if one.holiday:
                name = either(one.holiday.name_zh, one.holiday.name_en)
                found.setdefault(name, []).append(one.day)
        return [(name, _listed(days)) for name, days in found.items()]

    @property
    def left_out(self) -> str:
        return _listed(self.days.left_out)

    @property
    def unknown(self) -> str:
        return _comma().join(map(str, self.days.unknown))


def _listed(days: list[date]) -> str:
    return _comma().join(map(day, days))


def _comma() -> str:
    return "、" if language() == CHINESE else ", "


def offer(form: SeriesForm, *, place_id: int | None) -> None:
    """Fill the lists of the form."""
    offer_places(form, also=place_id)
    offer_needs(form)
    weekdays = [(str(number), weekday_name(number)) for number in range(1, 8)]
    form.weekdays.choices = weekdays
    form.month_weekday.choices = weekdays
    form.weeks.choices = [
        ("1", _("Every week")),
        *((str(n), _("Every %(n)s weeks", n=n)) for n in range(2, MOST_WEEKS + 1)),
    ]
    form.ordinal.choices = [(str(number), ordinal_name(number)) for number in ORDINALS]


def proposed_series(project: ProjectDesk, pattern: ShiftDesk | None) -> dict[str, object]:
    """Return a series to start from: for a quarter, weekly like the pattern or tomorrow."""
    shift = proposed(project, pattern)
    starts_at, ends_at = shift.pop("starts_at"), shift.pop("ends_at")
    first: date = starts_at.date()  # type: ignore[attr-defined]
    return {
        **shift,
        "every": "week",
        "weekdays": [str(first.isoweekday())],
        "weeks": "1",
        "ordinal": "2",
        "month_weekday": str(first.isoweekday()),
        "skip_holidays": True,
        "first_day": first,
        "last_day": min(first + A_QUARTER, clock.today() + AHEAD),
        "start": starts_at.time(),  # type: ignore[attr-defined]
        "end": ends_at.time(),  # type: ignore[attr-defined]
        "next_day": ends_at.date() > first,  # type: ignore[attr-defined]
    }


def preview_of(form: SeriesForm) -> Preview:
    """Return what was typed as dates; raises InvalidInput with the field at fault."""
    recurrence = _recurrence(form)
    days = check_days(recurrence, today=clock.today())
    hours = _hours(form)
    check_hours(hours)
    if hours.on(days.kept[0], clock.zone())[0] < clock.now():
        raise InvalidInput(
            _("This start has passed. Please choose a later one."), field="first_day"
        )
    if not form.place_name.data and not typed_number(form.place_id.data):
        raise InvalidInput(_("Please choose a place, or add a new one."), field="place_id")
    check_posts(posts_typed(form))
    return Preview(days, in_words(recurrence))


def series_plan(form: SeriesForm, place_id: int) -> SeriesPlan:
    """Return what was typed as a plan."""
    return SeriesPlan(
        recurrence=_recurrence(form),
        hours=_hours(form),
        place_id=place_id,
        posts=posts_typed(form),
        meeting_point=form.meeting_point.data or "",
    )


def _hours(form: SeriesForm) -> Hours:
    return Hours(form.start.data, form.end.data, bool(form.next_day.data))


def _recurrence(form: SeriesForm) -> Recurrence:
    return Recurrence(
        rule=_rule(form),
        first_day=form.first_day.data,
        last_day=form.last_day.data,
        skip_holidays=bool(form.skip_holidays.data),
        workdays_only=form.every.data == "workday",
    )


def _rule(form: SeriesForm) -> str:
    if form.every.data == "week":
        weekdays = {int(number) for number in form.weekdays.data}
        if not weekdays:
            raise InvalidInput(_("Please tick at least one weekday."), field="weekdays")
        return weekly(weekdays, int(form.weeks.data))
    if form.every.data == "month":
        return monthly(int(form.ordinal.data), int(form.month_weekday.data))
    return EVERY_DAY


def offer_reach(
    series: SeriesDesk, form: SeriesShiftForm | None, cancelling: CancelSeriesForm
) -> None:
    """Fill how far a change or a cancellation may go, with the number of shifts it reaches."""
    choices = [
        (Reach.ONE.value, _("Only this shift")),
        (Reach.FOLLOWING.value, _many(_("This and the following"), series.following + 1)),
        (Reach.ALL.value, _many(_("All that are still to come"), series.ahead + 1)),
    ]
    cancelling.cancel_reach.choices = choices
    if form is not None:
        form.reach.choices = choices


def _many(words: str, count: int) -> str:
    shifts = _n("%(num)s shift", "%(num)s shifts", count)
    return _("%(words)s (%(shifts)s)", words=words, shifts=shifts)
