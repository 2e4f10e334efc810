"""Sums of the ledger for every branch, kept in the transaction that adds the entries.

`add` is called by `ledger.append` alone; `verify` and `rebuild` work the same sums out of the whole
ledger again, a quarter at a time so that memory stays flat.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Integer, Table, case, cast, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer_hub.core.calendar import quarter_of
from volunteer_hub.hours.models import Axis, BranchHours, BranchPeople, BranchPerson, LedgerEntry

ALL, MEMBER, NON_MEMBER = "all", "member", "non_member"
CHUNK = 5_000
_UPSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}

HoursKey = tuple[int, str, date, int, bool]
PersonKey = tuple[int, date, str, int]
PeopleKey = tuple[int, date, str]


@dataclass
class Sums:
    """What entries add to the rows: (minutes, attendances, late minutes) and people, by key."""

    hours: dict[HoursKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    person: Counter[PersonKey] = field(default_factory=Counter)

    def add(self, entry: Mapping[str, Any], minutes: int, attendances: int, late: int) -> None:
        """Add entries that share everything but their figures."""
        day, is_member = entry["service_day"], bool(entry["is_party_member"])
        month, quarter = day.replace(day=1), quarter_of(day).period.first
        axes = (
            (Axis.QUARTER, quarter, 0),
            (Axis.DAY, day, 0),
            (Axis.CATEGORY, month, entry["category_id"]),
            (Axis.BUILDING, month, entry["building_id"] or 0),
        )
        for branch_id in steps_of(entry["branch_path"]):
            for axis, first, key in axes:
                sums = self.hours[branch_id, str(axis), first, key, is_member]
                sums[0] += minutes
                sums[1] += attendances
                sums[2] += late
            for members in (ALL, MEMBER if is_member else NON_MEMBER):
                self.person[branch_id, quarter, members, entry["person_id"]] += attendances

    def people(self) -> Counter[PeopleKey]:
        """Count who has an attendance that stands."""
        return Counter(key[:3] for key, count in self.person.items() if count > 0)


def steps_of(path: str) -> Iterator[int]:
    """Yield the branches of a frozen path, from the root down."""
    return (int(step) for step in path.split("/") if step)


def add(session: Session, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add new entries to the sums; the caller holds the ledger's lock."""
    sums = Sums()
    for entry in entries:
        minutes = entry["minutes"]
        late = minutes if entry["is_late_entry"] else 0
        sums.add(entry, minutes, 1 if entry["reverses_id"] is None else -1, late)
    if not sums.hours:
        return
    _upsert(session, BranchHours, [(*key, *values) for key, values in sums.hours.items()])
    before = _known(session, sums.person)
    _upsert(session, BranchPerson, [(*key, count) for key, count in sums.person.items()])
    people: Counter[PeopleKey] = Counter()
    for key, count in sums.person.items():
        people[key[:3]] += (before[key] + count > 0) - (before[key] > 0)
    _upsert(session, BranchPeople, [(*key, count) for key, count in people.items() if count])


def _known(session: Session, person: Mapping[PersonKey, int]) -> Counter[PersonKey]:
    """Return how many attendances stood before, of these people."""
    row = BranchPerson
    found = session.execute(
        select(row.branch_id, row.quarter, row.members, row.person_id, row.attendances).where(
            row.person_id.in_({key[3] for key in person}),
            row.branch_id.in_({key[0] for key in person}),
            row.quarter.in_({key[1] for key in person}),
        )
    )
    return Counter({(one[0], one[1], one[2], one[3]): one[4] for one in found})


def _upsert(session: Session, model: Any, rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    table: Table = model.__table__
    statement = _UPSERT[session.get_bind().dialect.name](table)
    added = {
        column.name: column + statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    session.connection().execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=added),
        _named(table, rows),
    )


def _named(table: Any, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


# ---------------------------------------------------------------- from the ledger again


def verify(session: Session) -> str:
    """Return what is wrong first with the sums, or an empty text when they equal the ledger."""
    for quarter in _quarters(session):
        true = _of_quarter(session, quarter)
        for name, wanted, found in (
            ("hours", _hours(true), _kept(session, BranchHours, quarter)),
            ("attendances of a person", dict(+true.person), _kept(session, BranchPerson, quarter)),
            ("people", dict(true.people()), _kept(session, BranchPeople, quarter)),
        ):
            wrong = sorted(
                key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)
            )
            if wrong:
                key = wrong[0]
                where = ", ".join(map(str, key[1:]))
                return (
                    f"branch {key[0]} ({where}): {name} kept {found.get(key, 0)},"
                    f" by the ledger {wanted.get(key, 0)}"
                )
    return ""


def rebuild(session: Session) -> int:
    """Write all sums anew from the ledger, in the caller's transaction; returns how many rows."""
    quarters = _quarters(session)
    for model in (BranchHours, BranchPerson, BranchPeople):
        session.execute(delete(model))
    written = 0
    for quarter in quarters:
        true = _of_quarter(session, quarter)
        found: tuple[tuple[Any, list[tuple[Any, ...]]], ...] = (
            (BranchHours, [(*key, *values) for key, values in true.hours.items()]),
            (BranchPerson, [(*key, count) for key, count in true.person.items()]),
            (BranchPeople, [(*key, count) for key, count in true.people().items()]),
        )
        for model, rows in found:
            written += len(rows)
            for start in range(0, len(rows), CHUNK):
                chunk = _named(model.__table__, rows[start : start + CHUNK])
                session.connection().execute(insert(model), chunk)
    return written


def _quarters(session: Session) -> list[date]:
    """Return the first days of all quarters with entries or kept sums."""
    days = set(session.scalars(select(LedgerEntry.service_day).distinct()))
    days |= set(session.scalars(select(BranchHours.day).distinct()))
    days |= set(session.scalars(select(BranchPeople.quarter).distinct()))
    days |= set(session.scalars(select(BranchPerson.quarter).distinct()))
    return sorted({quarter_of(day).period.first for day in days})


def _of_quarter(session: Session, quarter: date) -> Sums:
    period = quarter_of(quarter).period
    entry = LedgerEntry
    shared = (
        entry.branch_path, entry.service_day, entry.category_id, entry.building_id,
        entry.is_party_member, entry.person_id,
    )  # fmt: skip
    rows = session.execute(
        select(
            *shared,
            func.sum(entry.minutes).label("minutes"),
            func.sum(case((entry.reverses_id.is_(None), 1), else_=-1)).label("attendances"),
            func.sum(case((entry.is_late_entry, entry.minutes), else_=0)).label("late"),
        )
        .where(entry.service_day.between(period.first, period.last), entry.branch_path != "")
        .group_by(*shared)
        .execution_options(yield_per=CHUNK)
    )
    sums = Sums()
    for row in rows:
        sums.add(row._asdict(), int(row.minutes), int(row.attendances), int(row.late))
    return sums


def _hours(sums: Sums) -> dict[tuple[Any, ...], Any]:
    return {key: tuple(values) for key, values in sums.hours.items() if any(values)}


def _kept(session: Session, model: Any, quarter: date) -> dict[tuple[Any, ...], Any]:
    """Return the kept rows of a quarter that are not empty, by key."""
    period = quarter_of(quarter).period
    table: Table = model.__table__
    keys = list(table.primary_key)
    values = [column for column in table.columns if not column.primary_key]
    # Figures of any size compare as whole numbers on both engines.
    figures = [cast(column, Integer) for column in values]
    day = table.columns["day" if model is BranchHours else "quarter"]
    rows = session.execute(
        select(*keys, *figures)
        .where(day.between(period.first, period.last))
        .execution_options(yield_per=CHUNK)
    )
    known = {}
    for row in rows:
        key, found = tuple(row[: len(keys)]), tuple(row[len(keys) :])
        if any(found):
            known[key] = found if len(found) > 1 else found[0]
    return known
