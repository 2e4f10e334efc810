"""Order and cut a branch's people for its page. Pure: no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pypinyin import lazy_pinyin

from volunteer_hub.reports.queries.people import MemberLine

PER_PAGE = 50


@dataclass(frozen=True)
class PeoplePage:
    """Some of the people; `namesakes` are names that more than one of all of them bears."""

    rows: Sequence[MemberLine]
    number: int
    last: int
    total: int
    took_part: int
    namesakes: frozenset[str]


def ordered(people: Iterable[MemberLine], sort: str) -> list[MemberLine]:
    """Return the people by the sound of the name, or by hours, most first; then by id."""
    by_name = sorted(people, key=lambda one: (not one.name, lazy_pinyin(one.name), one.person_id))
    return sorted(by_name, key=lambda one: -one.minutes) if sort == "hours" else by_name


def one_page(people: Sequence[MemberLine], number: int, *, whole: bool = False) -> PeoplePage:
    """Return the page of this number; one past the end is the last one."""
    size = max(1, len(people)) if whole else PER_PAGE
    last = max(1, -(-len(people) // size))
    number = min(number, last)
    names = Counter(one.name for one in people)
    return PeoplePage(
        rows=people[(number - 1) * size : number * size],
        number=number,
        last=last,
        total=len(people),
        took_part=sum(1 for one in people if one.attendances),
        namesakes=frozenset(name for name, times in names.items() if times > 1),
    )
