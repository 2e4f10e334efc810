"""Single cells: dates, coordinates, texts. A bad one raises BadCell with the reason in words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite

from dateutil import parser as dateutil

from volunteer_hub.core.i18n import _

FIRST_YEAR, LAST_YEAR = 1990, 2100
# Excel counts days from here (and has a 29 February 1900 that never was).
_EXCEL_ZERO = date(1899, 12, 30)
_LATIN_MONTHS = re.compile(r"[A-Za-z]{3,}")
_TIME = r"(?:[\sT]+\d{1,2}[:时]\d{0,2}.*)?"
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})" + _TIME)
_DEFAULTS = (datetime(2000, 1, 1), datetime(2004, 5, 6))  # noqa: DTZ001 - only days are read
_WEEKDAY = re.compile(r"\(?(?:周|星期)[一二三四五六日天]\)?")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_CHINESE = re.compile("[\u3400-\u9fff]")
_EXCEL_ERROR = re.compile(r"#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")
_UNSTORABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_COORDINATES = re.compile(r"\(\s*([-+]?\d{1,3}(?:\.\d+)?)\s*,\s*([-+]?\d{1,3}(?:\.\d+)?)\s*\)\s*$")


class BadCell(Exception):
    """A cell that cannot be taken; the argument is a translated sentence."""


@dataclass(frozen=True)
class Spot:
    """Where something is: name, address, WGS-84 degrees or None."""

    name: str
    address: str = ""
    lat: float | None = None
    lng: float | None = None


def is_chinese(text: str) -> bool:
    """Tell whether there is any Chinese in it."""
    return _CHINESE.search(text) is not None


def text(cell: str, limit: int) -> str:
    """Return the text as it stands, without blanks around it."""
    kept = cell.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _UNSTORABLE.search(kept):
        raise BadCell(_("holds characters that cannot be stored; please type it again"))
    if _EXCEL_ERROR.fullmatch(kept):
        raise BadCell(_("holds an error of Excel (%(cell)s)", cell=kept))
    if len(kept) > limit:
        raise BadCell(
            _("is too long: %(n)s characters, at most %(limit)s", n=len(kept), limit=limit)
        )
    return kept


def line(cell: str, limit: int) -> str:
    """Return the text in one line."""
    return " ".join(text(cell, limit).split())


def number_text(cell: str, limit: int) -> str:
    """Return a number that is a name (an id, a phone), refusing what Excel has shortened."""
    kept = line(cell, limit)
    if _SHORTENED.fullmatch(kept):
        raise BadCell(
            _("Excel has shortened this number (%(cell)s); format the column as text and type it"
              " again", cell=kept)
        )  # fmt: skip
    return kept


def phone(cell: str, limit: int) -> str:
    """Return the number of a contact; landlines and extensions may be written as usual."""
    kept = number_text(cell, limit)
    if kept and sum(letter.isdecimal() for letter in kept) < 7:
        raise BadCell(_("is no phone number"))
    return kept


def day(cell: str) -> date | None:
    """Return the day, None for an empty cell.

    Takes 2026-03-05, 2026/3/5, 2026年3月5日, 20260305, Excel's count of days, "March 5 2026" and
    31/12/2026. What could be two days (03/04/2026), lacks its year or never was is refused.
    """
    kept = unicodedata.normalize("NFKC", line(cell, 60))
    kept = _WEEKDAY.sub("", kept).strip()
    if not kept:
        return None
    found = _numeric_day(kept) or _worded_day(kept)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise BadCell(_("the year %(year)s cannot be right", year=found.year))
    return found


def _numeric_day(kept: str) -> date | None:
    if match := _YEAR_FIRST.fullmatch(kept):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _YEAR_LAST.fullmatch(kept):
        return _year_last(int(match[1]), int(match[2]), int(match[3]))
    if re.fullmatch(r"\d{8}", kept):
        return _date(int(kept[:4]), int(kept[4:6]), int(kept[6:]))
    if re.fullmatch(r"\d{5}(?:\.\d+)?", kept):
        return _EXCEL_ZERO + timedelta(days=int(kept[:5]))
    return None


def _date(year: int, month: int, day_of_month: int) -> date:
    try:
        return date(year, month, day_of_month)
    except ValueError as error:
        raise BadCell(_("there is no such day")) from error


def _year_last(first: int, second: int, year: int) -> date:
    if first != second and first <= 12 and second <= 12:
        raise BadCell(_("could be two different days; please write it as 2026-03-05"))
    return _date(year, second, first) if first > 12 else _date(year, first, second)


def _worded_day(kept: str) -> date:
    not_a_day = BadCell(_("is no day; please write it as 2026-03-05"))
    if not _LATIN_MONTHS.search(kept) or not re.search(r"\d{4}", kept):
        raise not_a_day
    try:
        # What is not written is filled from the default: two of them betray it.
        found, other = (dateutil.parse(kept, default=default) for default in _DEFAULTS)
    except (ValueError, OverflowError, TypeError, AttributeError, ArithmeticError) as error:
        raise not_a_day from error
    if found.date() != other.date():
        raise not_a_day
    return date(found.year, found.month, found.day)


def spot(place: str, address: str, latitude: str, longitude: str) -> Spot | None:
    """Return the place, None when nothing is said.

    The place's cell may hold several lines and end in "(40.74, -73.98)": the first line is the
    name, all lines are the address, the figures are coordinates.
    """
    match = _COORDINATES.search(place)
    lat, lng = match.groups() if match else (latitude.strip(), longitude.strip())
    lines = [part.strip() for part in (place[: match.start()] if match else place).split("\n")]
    lines = [part for part in lines if part]
    where = line(address, 200) or (line(", ".join(lines), 200) if len(lines) > 1 else "")
    name = line(lines[0], 100) if lines else where[:100]
    if not name:
        return None
    return (
        Spot(name, where, _degrees(lat, 90), _degrees(lng, 180))
        if lat and lng
        else Spot(name, where)
    )


def _degrees(cell: str, limit: int) -> float:
    try:
        degrees = float(cell)
    except ValueError:
        degrees = float("nan")
    if not isfinite(degrees) or abs(degrees) > limit:
        raise BadCell(_("holds no coordinates (%(cell)s)", cell=cell[:40]))
    return degrees
