"""What a reader asks a branch page for: the span of days, whose hours, the order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from volunteer_hub.core.calendar import Period, Quarter, parse_quarter, quarter_of
from volunteer_hub.core.i18n import _
from volunteer_hub.reports.scope import Members

SORTS = ("name", "hours")
YEARS = range(2000, 2100)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Filters:
    """The span (a quarter, or two dates), the one before it to compare with, and the rest.

    `ignored` holds the labels of values that could not be used.
    """

    period: Period
    before: Period
    quarter: Quarter | None
    members: Members
    sort: str
    page: int
    ignored: tuple[str, ...]

    def query(self) -> dict[str, Any]:
        """Return the query values that ask for the same span and people again."""
        values: dict[str, Any] = (
            {"quarter": str(self.quarter)}
            if self.quarter
            else {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        )
        if self.members is not Members.ALL:
            values["members"] = self.members.value
        return values


def read_filters(typed: Mapping[str, str], *, today: date) -> Filters:
    """Return what was asked for; what makes no sense is left out and named in `ignored`.

    Without a span it is the present quarter; a quarter wins over dates; `from` alone ends today.
    """
    ignored: list[str] = []
    quarter, period = _span(typed, today, ignored)
    return Filters(
        period=period,
        before=quarter.previous().period if quarter else _days_before(period),
        quarter=quarter,
        members=_members(typed, ignored),
        sort=_sort(typed, ignored),
        page=_page(typed, ignored),
        ignored=tuple(dict.fromkeys(ignored)),
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
    ignored.extend(labels[name] for name in (wrong or given))
    return None


def _date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _days_before(period: Period) -> Period:
    last = period.first - timedelta(days=1)
    return Period(last - timedelta(days=period.days - 1), last)


def _members(typed: Mapping[str, str], ignored: list[str]) -> Members:
    wanted = typed.get("members") or Members.ALL.value
    try:
        return Members(wanted)
    except ValueError:
        ignored.append(_("Members"))
        return Members.ALL


def _sort(typed: Mapping[str, str], ignored: list[str]) -> str:
    wanted = typed.get("sort") or SORTS[0]
    if wanted in SORTS:
        return wanted
    ignored.append(_("Order"))
    return SORTS[0]


def _page(typed: Mapping[str, str], ignored: list[str]) -> int:
    wanted = typed.get("page") or "1"
    if re.fullmatch(r"[1-9]\d{0,8}", wanted, re.ASCII):
        return int(wanted)
    ignored.append(_("Page"))
    return 1
