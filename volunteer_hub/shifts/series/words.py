"""A series in words, in the reader's language: 每周六，跳过节假日."""

from __future__ import annotations

from datetime import date, timedelta

from volunteer_hub.core.i18n import CHINESE, _, language, weekday
from volunteer_hub.shifts.series.days import LAST, WEEKDAYS, Recurrence

_A_MONDAY = date(2026, 11, 23)


def weekday_name(number: int) -> str:
    """Return `周六` or `Sat` for 6."""
    return weekday(_A_MONDAY + timedelta(days=number - 1))


def ordinal_name(ordinal: int) -> str:
    """Return `第 2 个` or `second`."""
    names = {1: _("first"), 2: _("second"), 3: _("third"), 4: _("fourth"), LAST: _("last")}
    return names[ordinal]


def in_words(recurrence: Recurrence) -> str:
    """Return when the series comes again, such as `Every Sat, except public holidays`."""
    if recurrence.workdays_only:
        return _("Every workday, swapped ones included")
    rule = _rule_in_words(recurrence.parts)
    return _("%(rule)s, except public holidays", rule=rule) if recurrence.skip_holidays else rule


def _rule_in_words(parts: dict[str, str]) -> str:
    if parts["FREQ"] == "DAILY":
        return _("Every day")
    by_day = parts["BYDAY"]
    if parts["FREQ"] == "MONTHLY":
        ordinal, name = int(by_day[:-2]), by_day[-2:]
        return _(
            "Each month on the %(ordinal)s %(weekday)s",
            ordinal=ordinal_name(ordinal),
            weekday=_names(name),
        )
    weeks = int(parts.get("INTERVAL", 1))
    if weeks == 1:
        return _("Every %(weekdays)s", weekdays=_names(by_day))
    return _("Every %(n)s weeks on %(weekdays)s", n=weeks, weekdays=_names(by_day))


def _names(by_day: str) -> str:
    numbers = [WEEKDAYS.index(name) + 1 for name in by_day.split(",")]
    if numbers == [1, 2, 3, 4, 5]:
        return _("weekday from Mon to Fri")
    return ("、" if language() == CHINESE else ", ").join(map(weekday_name, numbers))
