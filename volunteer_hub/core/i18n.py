"""Languages: which one, messages, bilingual content, dates and hours in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from babel.support import NullTranslations, Translations
from flask import Flask, request
from flask_babel import Babel
from flask_babel.speaklater import LazyString
from flask_login import current_user

from volunteer_hub.core import clock, phones
from volunteer_hub.core.config import ROOT

CHINESE = "zh"
ENGLISH = "en"
LANGUAGES = (CHINESE, ENGLISH)
# Babel resolves zh_CN to zh_Hans_CN, whose catalogue gettext then looks for under `zh`.
BABEL_LOCALES = {CHINESE: "zh", ENGLISH: "en"}
COOKIE = "lang"
CATALOGUES = ROOT / "volunteer_hub" / "translations"

# Symbol-pattern of Unicode LDML; thin spaces around figures read better in Chinese.
_DAY = {CHINESE: "M 月 d 日 EEE", ENGLISH: "EEE d MMM"}
_DAY_YEAR = {CHINESE: "y 年 M 月 d 日", ENGLISH: "d MMM y"}
_WEEKDAY = {CHINESE: "EEE", ENGLISH: "EEE"}
_MONTH = {CHINESE: "M月", ENGLISH: "MMM"}


# Set at the start of each request; a page asks for it some hundred times.
_language: ContextVar[str] = ContextVar("language", default=CHINESE)


def init_app(app: Flask) -> None:
    """Choose the language of each request and give templates what they need to speak it.

    Flask-Babel speaks for WTForms; our own texts take the shorter way below, which costs a
    twentieth and is walked sixty times a page.
    """
    app.config["BABEL_DEFAULT_LOCALE"] = BABEL_LOCALES[CHINESE]
    Babel(app, locale_selector=lambda: BABEL_LOCALES[language()])
    app.before_request(_choose_language)
    env = app.jinja_env
    env.install_gettext_callables(gettext, _plural, newstyle=True)  # type: ignore[attr-defined]
    # Jinja's `_` looks `gettext` up at each call; this is the function itself.
    env.globals["_"] = env.globals["gettext"]
    # Jinja's own fills in the values after ours has, and has only the number by then.
    env.globals["ngettext"] = ngettext
    env.globals.update(
        language=language, either=either, day=day, day_year=day_year, clock_time=clock_time,
        moment=moment, span=span, hours=hours, duration=duration, weekday=weekday,
        phone=phones.shown,
    )  # fmt: skip


def _choose_language() -> None:
    """Take the language from the address, the cookie, the profile, or Chinese."""
    wish = request.args.get("lang") or request.cookies.get(COOKIE)
    # The health pages answer whatever the database does, so nobody is looked up for them.
    if wish not in LANGUAGES and request.blueprint != "health":
        wish = current_user.language
    _language.set(wish if wish in LANGUAGES else CHINESE)


def language() -> str:
    """Return the reader's language, `zh` or `en`."""
    return _language.get()


@lru_cache
def _catalogue(locale: str) -> NullTranslations:
    return Translations.load(str(CATALOGUES), [BABEL_LOCALES[locale]])


@contextmanager
def speaking(language_: str) -> Iterator[None]:
    """Speak this language inside the block (commands and messages that are sent)."""
    token = _language.set(language_)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str, **values: Any) -> str:
    """Return the message in the reader's language, with named values put in."""
    text: str = _catalogue(_language.get()).gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Return the message for so many, with `num` and named values put in."""
    return _plural(one, many, num) % {"num": num, **values}


def _plural(one: str, many: str, num: int) -> str:
    """Return the message for so many, nothing put in: templates do that themselves."""
    text: str = _catalogue(_language.get()).ngettext(one, many, num)
    return text


def lazy_gettext(message: str) -> LazyString:
    """Return a message whose language is chosen when it is shown (for class bodies)."""
    return LazyString(gettext, message)


_ = gettext
_l = lazy_gettext
_n = ngettext


def either(chinese: str | None, english: str | None) -> str:
    """Return the text in the reader's language, or in the other one where that is empty."""
    if _language.get() == CHINESE:
        return chinese or english or ""
    return english or chinese or ""


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


def moment(at: datetime) -> str:
    """Return `11 月 28 日 周六 14:00`."""
    return f"{day(clock.local(at).date())} {clock_time(at)}"


def span(starts_at: datetime, ends_at: datetime) -> str:
    """Return `14:00–16:00`, with a mark when it ends on another day."""
    start, end = clock.local(starts_at), clock.local(ends_at)
    text = f"{start:%H:%M}–{end:%H:%M}"
    nights = (end.date() - start.date()).days
    return f"{text} (+{nights})" if nights else text


def duration(minutes: int) -> str:
    """Return whole minutes as `1 小时 12 分`: rows so shown cannot seem to miss their total."""
    h, m = divmod(abs(minutes), 60)
    if not h:
        text = _("%(m)s min", m=m)
    else:
        text = _("%(h)s h %(m)s min", h=h, m=m) if m else _("%(h)s h", h=h)
    return f"−{text}" if minutes < 0 else text


def hours(minutes: int) -> str:
    """Return whole minutes as hours to one decimal, rounded half away from zero."""
    tenths = (abs(minutes) * 10 + 30) // 60
    sign = "-" if minutes < 0 and tenths else ""
    return f"{sign}{tenths // 10}.{tenths % 10}"
