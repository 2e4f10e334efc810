"""Languages: which one, messages, bilingual content, dates and hours in words."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, gettext, lazy_gettext, ngettext
from flask_login import current_user

from volunteer_hub.core import clock, phones

_ = gettext
_l = lazy_gettext
_n = ngettext

CHINESE = "zh"
ENGLISH = "en"
LANGUAGES = (CHINESE, ENGLISH)
# Babel resolves zh_CN to zh_Hans_CN, whose catalogue gettext then looks for under `zh`.
BABEL_LOCALES = {CHINESE: "zh", ENGLISH: "en"}
COOKIE = "lang"

# Symbol-pattern of Unicode LDML; thin spaces around figures read better in Chinese.
_DAY = {CHINESE: "M 月 d 日 EEE", ENGLISH: "EEE d MMM"}
_DAY_YEAR = {CHINESE: "y 年 M 月 d 日", ENGLISH: "d MMM y"}
_WEEKDAY = {CHINESE: "EEE", ENGLISH: "EEE"}
_MONTH = {CHINESE: "M月", ENGLISH: "MMM"}


def init_app(app: Flask) -> None:
    """Choose the language of each request and give templates what they need to speak it."""
    app.config["BABEL_DEFAULT_LOCALE"] = BABEL_LOCALES[CHINESE]
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=lambda: BABEL_LOCALES[language()])
    app.jinja_env.globals.update(
        language=language, either=either, day=day, day_year=day_year, clock_time=clock_time,
        span=span, hours=hours, weekday=weekday, phone=phones.shown, month=month,
    )  # fmt: skip


def language() -> str:
    """Return `zh` or `en`: the address wins, then the cookie, then the profile, then Chinese."""
    if not has_request_context():
        return CHINESE
    chosen: str | None = g.get("language")
    if chosen is None:
        wishes = (
            request.args.get("lang"),
            request.cookies.get(COOKIE),
            current_user.language,
        )
        chosen = next((wish for wish in wishes if wish in LANGUAGES), CHINESE)
        g.language = chosen
    return chosen


def either(chinese: str | None, english: str | None) -> str:
    """Return the text in the reader's language, or in the other one where that is empty."""
    first, second = (chinese, english) if language() == CHINESE else (english, chinese)
    return first or second or ""


def own(row: Any, field: str) -> str:
    """Return `either` of a row's `<field>_zh` and `<field>_en`."""
    return either(getattr(row, field + "_zh"), getattr(row, field + "_en"))


@lru_cache(maxsize=4096)
def _format(value: date, pattern: str, locale: str) -> str:
    return str(format_date(value, pattern, locale=locale))


def day(value: date) -> str:
    """Return `11 月 28 日 周六` or `Sat 28 Nov`."""
    return _format(value, _DAY[language()], BABEL_LOCALES[language()])


def day_year(value: date) -> str:
    """Return `2026 年 11 月 28 日` or `28 Nov 2026`."""
    return _format(value, _DAY_YEAR[language()], BABEL_LOCALES[language()])


def weekday(value: date) -> str:
    """Return `周六` or `Sat`."""
    return _format(value, _WEEKDAY[language()], BABEL_LOCALES[language()])


def month(value: date) -> str:
    """Return `11月` or `Nov`."""
    return _format(value, _MONTH[language()], BABEL_LOCALES[language()])


def clock_time(moment: datetime) -> str:
    """Return the local wall clock, such as `07:00`."""
    return clock.local(moment).strftime("%H:%M")


def span(starts_at: datetime, ends_at: datetime) -> str:
    """Return `14:00–16:00`, with a mark when it ends on another day."""
    start, end = clock.local(starts_at), clock.local(ends_at)
    text = f"{start:%H:%M}–{end:%H:%M}"
    nights = (end.date() - start.date()).days
    return f"{text} (+{nights})" if nights else text


def hours(minutes: int) -> str:
    """Return whole minutes as hours to one decimal, rounded half away from zero."""
    tenths = (abs(minutes) * 10 + 30) // 60
    sign = "-" if minutes < 0 and tenths else ""
    return f"{sign}{tenths // 10}.{tenths % 10}"
