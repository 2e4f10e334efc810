"""Read what people ask for in an address; what cannot be used is named, never an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import TypeVar

from volunteer_hub.core.calendar import Window, minute_of_day
from volunteer_hub.core.i18n import _, _l
from volunteer_hub.volunteer.facets import Facets

Value = TypeVar("Value")
WALKS = (5, 10, 15, 20, 30)
SORTS = ("soonest", "needed", "newest")
MAX_PAGE = 10**9
MAX_QUERY = 100
# What the fields are called on the page, for the hint about what could not be used.
LABELS = {
    "q": _l("Search"),
    "category": _l("Category"),
    "window": _l("When"),
    "date": _l("Date"),
    "from": _l("From"),
    "to": _l("To"),
    "building": _l("From building"),
    "walk": _l("On foot"),
    "seats": _l("Only with places left"),
    "eligible": _l("Only what I can join"),
    "filters": _l("Filters"),
    "sort": _l("Order"),
    "page": _l("Page"),
}


@dataclass
class Filter:
    """What to list.

    `ignored` holds the labels of what made no sense, `advice` sentences about what made sense alone
    but not together, `walk_wish` a walking time that still lacks a building to start from.
    """

    q: str = ""
    category: int | None = None
    window: str | None = None
    day: date | None = None
    start_minute: int | None = None
    end_minute: int | None = None
    building: int | None = None
    walk: int | None = None
    seats: bool = False
    eligible: bool = False
    filters: bool = False
    sort: str = "soonest"
    page: int = 1
    walk_wish: int | None = None
    ignored: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def ignore(self, *names: str) -> None:
        """Note by their labels that these parts of the address were left out."""
        self.ignored.extend(str(LABELS[name]) for name in names)

    @property
    def is_open(self) -> bool:
        """Tell whether the panel of filters is shown: when asked for, or when one is set."""
        return bool(
            self.filters
            or self.about_shifts
            or self.category
            or self.ignored
            or self.advice
            or self.sort != "soonest"
        )

    @property
    def about_shifts(self) -> bool:
        """Tell whether only projects with a fitting shift can match."""
        return bool(
            self.window
            or self.day
            or self.walk
            or self.seats
            or self.start_minute is not None
            or self.end_minute is not None
        )


def read(
    args: Mapping[str, str], facets: Callable[[], Facets], *, own_building: int | None
) -> Filter:
    """Return the filter; a building is only looked at for distances, the person's own first.

    `facets` is asked only when a category or building has to be understood.
    """
    found = Filter(building=own_building)
    reader = _Reader(args, found.ignore)
    found.q = reader.take("q", lambda text: text.strip()[:MAX_QUERY], "")
    found.category = reader.take("category", lambda text: facets().category_id(text), None)
    found.window = reader.take("window", lambda text: str(Window(text)), None)
    found.day = reader.take("date", date.fromisoformat, None)
    found.start_minute = reader.take("from", _minute, None)
    found.end_minute = reader.take("to", _minute, None)
    _drop_backward_hours(found)
    found.building = reader.take("building", lambda text: facets().building_id(text), own_building)
    found.walk = reader.take("walk", _walk, None)
    if found.walk and found.building is None:
        found.walk, found.walk_wish = None, found.walk
        found.advice.append(
            _("Please choose from which building you walk; then we know what is near.")
        )
    found.seats = reader.take("seats", _switch, False)
    found.eligible = reader.take("eligible", _switch, False)
    found.filters = reader.take("filters", _switch, False)
    found.sort = reader.take("sort", _sort, "soonest")
    found.page = reader.take("page", _page, 1)
    return found


def _drop_backward_hours(found: Filter) -> None:
    start, end = found.start_minute, found.end_minute
    if start is not None and end is not None and start >= end:
        found.start_minute = found.end_minute = None
        found.advice.append(_("The end has to be later than the start; the times are not applied."))


class _Reader:
    def __init__(self, args: Mapping[str, str], ignore: Callable[[str], None]) -> None:
        self.args, self.ignore = args, ignore

    def take(self, name: str, read_as: Callable[[str], Value], otherwise: Value) -> Value:
        text = self.args.get(name, "").strip()
        if not text:
            return otherwise
        try:
            return read_as(text)
        except (ValueError, KeyError, OverflowError):
            self.ignore(name)
            return otherwise


def _minute(text: str) -> int:
    return minute_of_day(time.fromisoformat(text))


def _walk(text: str) -> int:
    if not 1 <= int(text) <= 120:
        raise ValueError(text)
    return int(text)


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _sort(text: str) -> str:
    if text not in SORTS:
        raise ValueError(text)
    return text


def _page(text: str) -> int:
    number = int(text) if len(text) <= 10 else 0
    if not 1 <= number <= MAX_PAGE:
        raise ValueError(text)
    return number
