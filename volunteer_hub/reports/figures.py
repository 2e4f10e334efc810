"""Put a branch's rows together into what its page shows. Pure: no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from volunteer_hub.core.calendar import Period
from volunteer_hub.core.i18n import either
from volunteer_hub.reports.queries.branch import (
    BranchLine,
    Counts,
    Family,
    Part,
    Slice,
    Standing,
)

MOST_MONTHS = 12
MOST_CATEGORIES = 6


@dataclass(frozen=True)
class Month:
    """Minutes of a month, by its first day; `is_before`: it lies in the span before."""

    first: date
    minutes: int
    is_before: bool


@dataclass(frozen=True)
class Kind:
    """Minutes of a category; an empty name stands for all smaller ones together."""

    name: str
    minutes: int


@dataclass(frozen=True)
class PartLine:
    """One line of the table by branch; without a branch: those that have moved elsewhere."""

    branch: BranchLine | None
    is_own: bool
    minutes: int
    attendances: int
    people: int
    standing: Standing | None


@dataclass(frozen=True)
class Figures:
    """The figures of one branch, span and kind of members; minutes are sums of the ledger."""

    minutes: int
    attendances: int
    minutes_before: int
    attendances_before: int
    counts: Counts
    standing: Standing
    months: tuple[Month, ...]
    kinds: tuple[Kind, ...]
    parts: tuple[PartLine, ...] = field(default=())

    @property
    def per_member(self) -> str | None:
        """Hours per person 人均时长: all minutes over the members on the books."""
        return shared_hours(self.minutes, self.standing.members)

    @property
    def per_participant(self) -> str | None:
        """All minutes over the people who took part."""
        return shared_hours(self.minutes, self.counts.people)


def shared_hours(minutes: int, people: int) -> str | None:
    """Return hours for each to one decimal, rounded half up once; None when there is nobody."""
    if people <= 0:
        return None
    tenths = (abs(minutes) + 3 * people) // (6 * people)
    return f"{'-' if minutes < 0 and tenths else ''}{tenths // 10}.{tenths % 10}"


def percent(part: int, whole: int) -> int | None:
    """Return whole per cent, rounded half up; None of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else None


def figures(
    family: Family,
    period: Period,
    slices: Sequence[Slice],
    parts: Sequence[Part],
    standings: tuple[Mapping[int, Standing], Counts],
    *,
    with_before: bool,
) -> Figures:
    """Return the page's figures; `with_before` shows the months of the earlier span too."""
    now = [one for one in slices if not one.is_before]
    earlier = [one for one in slices if one.is_before]
    by_id, counts = standings
    return Figures(
        minutes=sum(one.minutes for one in now),
        attendances=sum(one.attendances for one in now),
        minutes_before=sum(one.minutes for one in earlier),
        attendances_before=sum(one.attendances for one in earlier),
        counts=counts,
        standing=by_id.get(family.branch.id, Standing(0, 0)),
        months=_months(period, slices if with_before else now),
        kinds=_kinds(now),
        parts=_parts(family, parts, by_id),
    )


def _months(period: Period, slices: Sequence[Slice]) -> tuple[Month, ...]:
    minutes: dict[date, int] = defaultdict(int)
    for one in slices:
        minutes[one.month] += one.minutes
    start = period.first.replace(day=1)
    step = min([start, *minutes])
    months = []
    while step <= period.last:
        months.append(Month(step, minutes[step], is_before=step < start))
        step = date(step.year + step.month // 12, step.month % 12 + 1, 1)
    return tuple(months[-MOST_MONTHS:])


def _kinds(slices: Sequence[Slice]) -> tuple[Kind, ...]:
    minutes: dict[tuple[int, str], int] = defaultdict(int)
    for one in slices:
        minutes[one.category_id, either(one.category_zh, one.category_en)] += one.minutes
    served = [(key, total) for key, total in minutes.items() if total]
    ordered = sorted(served, key=lambda item: (-item[1], item[0]))
    kinds = [Kind(key[1], total) for key, total in ordered[:MOST_CATEGORIES]]
    rest = sum(total for _key, total in ordered[MOST_CATEGORIES:])
    return tuple(kinds + [Kind("", rest)] * bool(rest))


def _parts(
    family: Family, parts: Sequence[Part], standings: Mapping[int, Standing]
) -> tuple[PartLine, ...]:
    """Order the lines as the tree is, never by hours: the branch itself, those below, the rest."""
    known = {part.branch_id: part for part in parts}
    if not family.children and known.keys() <= {family.branch.id}:
        return ()
    lines = []
    for branch in (family.branch, *family.children):
        own = branch is family.branch
        part = known.get(branch.id, Part(branch.id, 0, 0, 0))
        if own and not part.attendances and not part.minutes:
            continue
        standing = None if own else standings.get(branch.id)
        lines.append(PartLine(branch, own, part.minutes, part.attendances, part.people, standing))
    if None in known:
        gone = known[None]
        lines.append(PartLine(None, False, gone.minutes, gone.attendances, gone.people, None))
    return tuple(lines)
