"""Sums of the ledger by branch: from the kept ones for whole quarters, else from its entries.

Both ways give the same figures (a test compares them); the kept ones cost the same whether the
ledger has ten thousand entries or ten million.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, distinct, func, literal, select, union_all
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.core.calendar import Period, quarter_of
from volunteer_hub.hours.models import Axis, BranchHours, BranchPeople, LedgerEntry
from volunteer_hub.hours.summary import steps_of
from volunteer_hub.registry.models import BranchLine
from volunteer_hub.reports.scope import (
    Members,
    Scope,
    Shape,
    counts,
    entries_of,
    late_minutes,
    of_kind,
    of_last_kind,
    overlap,
)

# Figures of fewer people than this stay with those who lead the branch itself (S16).
FEWEST = 5


@dataclass(frozen=True)
class Tally:
    """What a branch with all below it did: minutes, attendances 人次, late minutes, people."""

    minutes: int = 0
    attendances: int = 0
    late_minutes: int = 0
    people: int = 0


NOTHING = Tally()


@dataclass
class Detail:
    """The minutes of one branch by day, by category and by building (0: none).

    `attendances` has those of each day and category.
    """

    days: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    categories: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    attendances: Counter[date | int] = field(default_factory=Counter)
    # Minutes and attendances.
    buildings: dict[int, tuple[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: (0, 0))
    )


def tallies(
    session: Session, scope: Scope, branch_ids: Collection[int], spans: Sequence[Period]
) -> list[dict[int, Tally]]:
    """Return, for each span, the tally of each of these branches (the scope's own or below it).

    Whole quarters take two queries for all spans and branches, other spans one each.
    """
    if not scope.is_narrow and all(map(is_quarter, spans)):
        return _kept(session, scope.members, branch_ids, spans)
    return [_counted(session, scope.during(span), branch_ids) for span in spans]


def is_quarter(period: Period) -> bool:
    """Tell whether the span is a whole quarter, for which sums are kept."""
    return quarter_of(period.first).period == period


def _kept(
    session: Session, members: Members, branch_ids: Collection[int], spans: Sequence[Period]
) -> list[dict[int, Tally]]:
    quarters = [span.first for span in spans]
    values = {"ids": list(branch_ids), "quarters": quarters}
    people = {
        (row.branch_id, row.quarter): row.people
        for row in session.execute(_KEPT_PEOPLE, values | {"members": members.value})
    }
    found: list[dict[int, Tally]] = [{} for _span in spans]
    for branch_id, quarter, *sums in session.execute(_kept_hours(members), values):
        tally = Tally(int(sums[0]), int(sums[1]), int(sums[2]), people.get((branch_id, quarter), 0))
        for place, one in enumerate(quarters):
            if one == quarter:
                found[place][branch_id] = tally
    return found


_KEPT_PEOPLE = select(BranchPeople.branch_id, BranchPeople.quarter, BranchPeople.people).where(
    BranchPeople.branch_id.in_(bindparam("ids", expanding=True)),
    BranchPeople.quarter.in_(bindparam("quarters", expanding=True)),
    BranchPeople.members == bindparam("members"),
)


@lru_cache
def _kept_hours(members: Members) -> Any:
    row = BranchHours
    return (
        select(
            row.branch_id,
            row.day,
            func.sum(row.minutes),
            func.sum(row.attendances),
            func.sum(row.late_minutes),
        )
        .where(
            row.branch_id.in_(bindparam("ids", expanding=True)),
            row.axis == str(Axis.QUARTER),
            row.day.in_(bindparam("quarters", expanding=True)),
            *of_kind(row.is_party_member, members),
        )
        .group_by(row.branch_id, row.day)
    )


def _counted(session: Session, scope: Scope, branch_ids: Collection[int]) -> dict[int, Tally]:
    wanted = set(branch_ids)
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    people: dict[int, set[int]] = defaultdict(set)
    for path, person_id, *figures in session.execute(_by_person(scope.shape), scope.values()):
        for branch_id in steps_of(path):
            if branch_id in wanted:
                sums[branch_id] = [
                    a + int(b) for a, b in zip(sums[branch_id], figures, strict=True)
                ]
                # A person's attendances may lie under several paths.
                if figures[1] > 0:
                    people[branch_id].add(person_id)
    return {
        branch_id: Tally(figures[0], figures[1], figures[2], len(people[branch_id]))
        for branch_id, figures in sums.items()
    }


@lru_cache
def _by_person(shape: Shape) -> Any:
    return (
        select(
            LedgerEntry.branch_path,
            LedgerEntry.person_id,
            func.sum(LedgerEntry.minutes),
            counts(),
            late_minutes(),
        )
        .where(*entries_of(shape))
        .group_by(LedgerEntry.branch_path, LedgerEntry.person_id)
    )


def detail(session: Session, scope: Scope) -> Detail:
    """Return the scope's minutes by day, category and building."""
    found = Detail()
    if not scope.is_narrow and is_quarter(scope.period):
        rows = session.execute(_kept_detail(scope.members), scope.values())
        for axis, day, key, minutes, attendances in rows:
            _note(found, axis, day, key, int(minutes), int(attendances))
        return found
    for axis, day, key, minutes, attendances in session.execute(
        _counted_detail(scope.shape), scope.values()
    ):
        if axis == Axis.CATEGORY:
            _note(found, Axis.DAY, day, 0, int(minutes), int(attendances))
        _note(found, axis, day, key, int(minutes), int(attendances))
    return found


def _note(found: Detail, axis: str, day: date, key: int, minutes: int, attendances: int) -> None:
    if axis == Axis.DAY:
        found.days[day] += minutes
        found.attendances[day] += attendances
    elif axis == Axis.CATEGORY:
        found.categories[key] += minutes
        found.attendances[key] += attendances
    else:
        before = found.buildings[key]
        found.buildings[key] = (before[0] + minutes, before[1] + attendances)


@lru_cache
def _kept_detail(members: Members) -> Any:
    row = BranchHours
    return (
        select(row.axis, row.day, row.key, func.sum(row.minutes), func.sum(row.attendances))
        .where(
            row.branch_id == bindparam("branch_id"),
            row.axis.in_([str(Axis.DAY), str(Axis.CATEGORY), str(Axis.BUILDING)]),
            row.day.between(bindparam("first"), bindparam("last")),
            *of_kind(row.is_party_member, members),
        )
        .group_by(row.axis, row.day, row.key)
    )


@lru_cache
def _counted_detail(shape: Shape) -> Any:
    entry = LedgerEntry

    def by(axis: Axis, day: Any, key: Any) -> Any:
        return (
            select(
                literal(str(axis)).label("axis"),
                day.label("day"),
                key.label("key"),
                func.sum(entry.minutes).label("minutes"),
                counts().label("attendances"),
            )
            .where(*entries_of(shape))
            .group_by(*([day, key] if axis is Axis.CATEGORY else [key]))
        )

    building = func.coalesce(entry.building_id, 0)
    return union_all(
        by(Axis.CATEGORY, entry.service_day, entry.category_id),
        by(Axis.BUILDING, func.min(entry.service_day), building),
    )


def on_books(
    session: Session, members: Members, branch_ids: Collection[int], spans: Sequence[Period]
) -> list[dict[int, int]]:
    """Return, for each span, how many people were on the books of each of these branches.

    Counted is each person once who was, on a day of the span, a member (of the wanted kind) of the
    branch or of one that lay below it on that day: later moves change nothing.
    """
    values: dict[str, Any] = {"ids": list(branch_ids)}
    for number, span in enumerate(spans):
        values |= {f"first{number}": span.first, f"last{number}": span.last}
    found: list[dict[int, int]] = [{} for _span in spans]
    for number, branch_id, people in session.execute(_on_books(members, len(spans)), values):
        found[number][branch_id] = people
    return found


@lru_cache
def _on_books(members: Members, spans: int) -> Any:
    return union_all(*(_on_books_in(members, number) for number in range(spans)))


def _on_books_in(members: Members, number: int) -> Any:
    row, line = BranchMembership, BranchLine
    first: Any = bindparam(f"first{number}", type_=line.since.type)
    last: Any = bindparam(f"last{number}", type_=line.since.type)
    return (
        select(
            literal(number, Integer).label("span"),
            line.ancestor_id,
            func.count(distinct(row.person_id)).label("people"),
        )
        .join(row, row.branch_id == line.branch_id)
        .where(
            line.ancestor_id.in_(bindparam("ids", expanding=True)),
            line.since <= last,
            (line.until.is_(None)) | (line.until >= first),
            row.started_on <= last,
            (row.ended_on.is_(None)) | (row.ended_on >= first),
            overlap(line.since, line.until, start=row.started_on, end=row.ended_on),
            *of_last_kind(row, members, last),
        )
        .group_by(line.ancestor_id)
    )


def few(tally: Tally, members: int) -> bool:
    """Tell whether so few took part, or are on the books, that figures would tell who."""
    return 0 < tally.people < FEWEST or 0 < members < FEWEST


def total(rows: Mapping[int, Tally], branch_id: int) -> Tally:
    """Return the tally of a branch, or that of nothing."""
    return rows.get(branch_id, NOTHING)
