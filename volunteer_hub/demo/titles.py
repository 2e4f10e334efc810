"""Titles of projects: every way to fill a template, each with the days it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from string import Formatter
from typing import Any

from volunteer_hub.core.calendar import Period, Quarter, quarter_of
from volunteer_hub.demo.plan import HISTORY_DAYS, UPCOMING_DAYS, Plan

QUARTERS_BACK = 10
# A quarter or a month counts as current when so many of its days lie just ahead.
ENOUGH_DAYS = 5
FIGURES = "一二三四"
MAIN_STATION = "O03"


@dataclass(frozen=True)
class Title:
    """A project that could be: its texts, its places, and the days on which shifts fit it."""

    template: dict[str, Any]
    zh: str
    en: str
    place: str
    organisation: str
    period: Period
    # "past", "live" or "coming"
    phase: str
    # False when the title speaks of no quarter and no festival
    dated: bool


@dataclass(frozen=True)
class _Word:
    """One way to fill a placeholder, and what it says about place, organisation and days."""

    zh: str
    en: str
    place: str = ""
    organisation: str = ""
    period: Period | None = None
    quarter: int = 0


def titles(plan: Plan) -> dict[str, list[Title]]:
    """Return all titles by category key; each is distinct in both languages."""
    found: dict[str, list[Title]] = {item["key"]: [] for item in plan.seed["categories"]}
    for template in plan.seed["templates"]:
        found[template["category"]].extend(_fill(plan, template))
    return found


def _fill(plan: Plan, template: dict[str, Any]) -> Iterator[Title]:
    names = [name for _text, name, _spec, _conv in Formatter().parse(template["zh"]) if name]
    choices = [_words(plan, template, name) for name in names]
    for words in product(*choices):
        chosen = dict(zip(names, words, strict=True))
        quarters = template.get("quarters")
        if quarters and any(word.quarter and word.quarter not in quarters for word in words):
            continue
        period = next((word.period for word in words if word.period), None)
        en = template["en"].format(**{name: word.en for name, word in chosen.items()})
        yield Title(
            template=template,
            zh=template["zh"].format(**{name: word.zh for name, word in chosen.items()}),
            en=en[0].upper() + en[1:],
            place=template.get("place") or _first(word.place for word in words) or "L23",
            organisation=template.get("organisation")
            or _first(word.organisation for word in words)
            or MAIN_STATION,
            period=period or _open_period(plan),
            phase=_phase(plan, period),
            dated=period is not None,
        )


def _first(texts: Iterator[str]) -> str:
    return next((text for text in texts if text), "")


def _open_period(plan: Plan) -> Period:
    return Period(plan.days_ago(HISTORY_DAYS), plan.days_ago(-UPCOMING_DAYS))


def _phase(plan: Plan, period: Period | None) -> str:
    if period is None:
        return "live"
    horizon = plan.days_ago(-UPCOMING_DAYS)
    ahead = (min(period.last, horizon) - max(period.first, plan.today)).days + 1
    if ahead >= ENOUGH_DAYS:
        return "live"
    return "coming" if period.first > plan.today else "past"


def _words(plan: Plan, template: dict[str, Any], name: str) -> list[_Word]:
    seed = plan.seed
    if name == "community":
        return [
            _Word(item["short_zh"], item["short_en"], item["code"], item["code"])
            for item in seed["communities"]
        ]
    if name == "building":
        return [
            _Word(item["short_zh"], item["short_en"], item["code"], item["organisation"])
            for item in seed["buildings"]
        ]
    if name == "road":
        return [_Word(item["zh"], item["en"], item["place"]) for item in seed["roads"]]
    if name == "lane":
        lanes = [item for item in seed["locations"] if item["type"] == "lane"]
        return [_Word(item["zh"], item["en"], item["code"], "O04") for item in lanes]
    if name == "term":
        return [_term(quarter) for quarter in _quarters(plan.today)]
    if name == "festival":
        return [_festival(plan.today, item) for item in seed["topics"]["festival"]]
    key = name if name == "post" else template["category"]
    return [_Word(item["zh"], item["en"]) for item in seed["topics"][key]]


def _quarters(today: date) -> list[Quarter]:
    """Return the quarters that titles speak of, from the next one back."""
    quarters = [quarter_of(today).following()]
    while len(quarters) < QUARTERS_BACK + 2:
        quarters.append(quarters[-1].previous())
    return quarters


def _term(quarter: Quarter) -> _Word:
    return _Word(
        f"{quarter.year}年第{FIGURES[quarter.number - 1]}季度",
        f"{quarter.year} Q{quarter.number}",
        period=quarter.period,
        quarter=quarter.number,
    )


def _festival(today: date, item: dict[str, Any]) -> _Word:
    """Place a festival in its month: the one we are in, the next one, or else the last one."""
    month: int = item["month"]
    coming = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    if month == coming.month:
        year = coming.year
    else:
        year = today.year if month <= today.month else today.year - 1
    first = date(year, month, 1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return _Word(item["zh"], item["en"], period=Period(first, last))
