"""What a reader asks a branch page for: the span of days, whose hours, the order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from volunteer_hub.core.calendar import Period, Quarter, parse_quarter, quarter_of
from volunteer_hub.core.i18n import _
from volunteer_hub.reports.scope import Members

SORTS = ("name", "hours")
# By which the table of a branch is cut: affiliation 隶属, or place 属地.
AXES = ("affiliation", "place")
YEARS = range(2000, 2100)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Filters:
    """The span (a quarter, or two dates), the one before it to compare with, and the rest.

    A span that still runs is compared with as many days of the earlier ones: `compared_days`, None
    for one that is over. `ignored` holds the labels of values that could not be used; `backwards`
    the two dates as typed where the end lies before the start.
    """

    period: Period
    before: Period
    year_before: Period
    compared_days: int | None
    quarter: Quarter | None
    members: Members
    category: int | None
    project: int | None
    building: int | None
    late: bool
    axis: str
    sort: str
    page: int
    ignored: tuple[str, ...]
    backwards: tuple[date, date] | None = None

    def query(self) -> dict[str, Any]:
        """Return the query values that ask for the same span and people again."""
        values: dict[str, Any] = (
            {"quarter": str(self.quarter)}
            if self.quarter
            else {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        )
        if self.members is not Members.ALL:
            values["members"] = self.members.value
        for name in ("category", "project"):
            if getattr(self, name) is not None:
                values[name] = getattr(self, name)
        if self.axis != AXES[0]:
            values["axis"] = self.axis
        return values


def read_filters(typed: Mapping[str, str], *, today: date) -> Filters:
    """Return what was asked for; what makes no sense is left out and named in `ignored`.

    Without a span it is the present quarter; a quarter wins over dates; `from` alone ends today.
    """
    ignored: list[str] = []
    quarter, period = _span(typed, today, ignored)
    days = (today - period.first).days + 1 if period.first <= today < period.last else None
    before, year_before = _earlier(quarter, period, days)
    return Filters(
        period=period,
        before=before,
        year_before=year_before,
        compared_days=days,
        quarter=quarter,
        members=_members(typed, ignored),
        category=_id(typed, "category", _("Category"), ignored),
        project=_id(typed, "project", _("Project"), ignored),
        building=_id(typed, "building", _("Building"), ignored),
        late=typed.get("late") == "1",
        axis=_choice(typed, "axis", AXES, _("Table by"), ignored),
        sort=_choice(typed, "sort", SORTS, _("Order"), ignored),
        page=_page(typed, ignored),
        ignored=tuple(dict.fromkeys(ignored)),
        backwards=_backwards(typed),
    )


def _span(
    typed: Mapping[str, str], today: date, ignored: list[str]
) -> tuple[Quarter | None, Period]:
    wanted = typed.get("quarter", "")
    quarter = parse_quarter(wanted)
    if wanted and not quarter:
        ignored.append(_("Quarter"))
    dates = _dates(typed, today, ignored, wins=quarter is None)
    if dates:
        return None, dates
    quarter = quarter or quarter_of(today)
    return quarter, quarter.period


def _dates(
    typed: Mapping[str, str], today: date, ignored: list[str], *, wins: bool
) -> Period | None:
    labels = {"from": _("From"), "to": _("To")}
    given = {name: _date(typed[name]) for name in labels if typed.get(name)}
    wrong = [name for name, value in given.items() if value is None or not wins]
    first, last = given.get("from"), given.get("to")
    if first and not wrong:
        last = last or max(today, first)
        if first <= last:
            return Period(first, last)
        return None
    ignored.extend(labels[name] for name in (wrong or given))
    return None


def _backwards(typed: Mapping[str, str]) -> tuple[date, date] | None:
    first, last = _date(typed.get("from", "")), _date(typed.get("to", ""))
    if first and last and last < first and not typed.get("quarter"):
        return first, last
    return None


def _date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _earlier(quarter: Quarter | None, period: Period, days: int | None) -> tuple[Period, Period]:
    """Return the span before and that of a year before, of a running one only so many days."""
    if quarter is None:
        so_far = period.first_days(days) if days else period
        return _days_before(so_far), _a_year_before(so_far)
    before = quarter.previous().period
    year_before = Quarter(quarter.year - 1, quarter.number).period
    if days:
        return before.first_days(days), year_before.first_days(days)
    return before, year_before


def _days_before(period: Period) -> Period:
    last = period.first - timedelta(days=1)
    return Period(last - timedelta(days=period.days - 1), last)


def _a_year_before(period: Period) -> Period:
    """Return the same days of the year before (the 28th for a 29 February)."""
    year = relativedelta(years=1)
    return Period(period.first - year, period.last - year)


def _members(typed: Mapping[str, str], ignored: list[str]) -> Members:
    wanted = typed.get("members") or Members.ALL.value
    try:
        return Members(wanted)
    except ValueError:
        ignored.append(_("Members"))
        return Members.ALL


def _choice(
    typed: Mapping[str, str], name: str, choices: Sequence[str], label: str, ignored: list[str]
) -> str:
    wanted = typed.get(name) or choices[0]
    if wanted in choices:
        return wanted
    ignored.append(label)
    return choices[0]


def _id(typed: Mapping[str, str], name: str, label: str, ignored: list[str]) -> int | None:
    wanted = typed.get(name)
    if not wanted:
        return None
    if re.fullmatch(r"\d{1,9}", wanted, re.ASCII):
        return int(wanted)
    ignored.append(label)
    return None


def _page(typed: Mapping[str, str], ignored: list[str]) -> int:
    wanted = typed.get("page") or "1"
    if re.fullmatch(r"[1-9]\d{0,8}", wanted, re.ASCII):
        return int(wanted)
    ignored.append(_("Page"))
    return 1
