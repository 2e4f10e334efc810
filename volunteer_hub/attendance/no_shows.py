"""No-shows 爽约 of branches: frozen as on the day when they are noted, and counted by quarter.

Like hours they do not move when people or branches do; the sum is kept in the transaction that
notes the no-show or takes it back, so that a branch's page costs the same however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer_hub.accounts.freezing import freeze
from volunteer_hub.attendance.models import Attendance, BranchNoShows
from volunteer_hub.core.calendar import quarter_of
from volunteer_hub.shifts.models import Shift

Key = tuple[int, date, bool]

_TABLE: Table = BranchNoShows.__table__  # type: ignore[assignment]
_UPSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def follow(session: Session, row: Attendance, *, missed: bool) -> None:
    """Count the attendance as a no-show from now on, or no longer; again changes nothing."""
    if missed == (row.missed_path is not None):
        return
    day = session.scalars(select(Shift.day).where(Shift.id == row.shift_id)).one()
    if missed:
        was = freeze(session, person_ids=[row.person_id], day=day)[row.person_id]
        row.missed_path, row.missed_as_member = was.branch_path, was.is_party_member
    _add(session, row, day, 1 if missed else -1)
    if not missed:
        row.missed_path = None


def _add(session: Session, row: Attendance, day: date, change: int) -> None:
    keys = _keys(row.missed_path or "", day, row.missed_as_member)
    rows = [(*key, change) for key in keys]
    if not rows:
        return
    statement = _UPSERT[session.get_bind().dialect.name](_TABLE)
    kept = statement.excluded.no_shows + BranchNoShows.no_shows
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=list(_TABLE.primary_key), set_={"no_shows": kept}
        ),
        _named(rows),
    )


def _keys(path: str, day: date, is_member: bool) -> Iterator[Key]:
    quarter = quarter_of(day).period.first
    return ((int(step), quarter, bool(is_member)) for step in path.split("/") if step)


def _named(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = [column.name for column in _TABLE.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


# ---------------------------------------------------------------- from the attendances again


def lock(session: Session) -> None:
    """Let nobody else count no-shows until the transaction ends. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE branch_no_shows IN EXCLUSIVE MODE"))


def verify(session: Session) -> str:
    """Return what is wrong first with the sums, or an empty text when they equal the rows."""
    true = _true(session)
    kept = {
        (row.branch_id, row.quarter, row.is_party_member): row.no_shows
        for row in session.execute(select(*_TABLE.columns))
        if row.no_shows
    }
    for key in sorted(true.keys() | kept.keys()):
        if true[key] != kept.get(key, 0):
            return (
                f"branch {key[0]} ({key[1]}): no-shows kept {kept.get(key, 0)},"
                f" by the attendances {true[key]}"
            )
    return ""


def rebuild(session: Session) -> int:
    """Write the sums anew, in the caller's transaction; returns how many rows."""
    session.execute(delete(BranchNoShows))
    rows = _named([(*key, count) for key, count in _true(session).items()])
    if rows:
        session.connection().execute(insert(BranchNoShows), rows)
    return len(rows)


def _true(session: Session) -> Counter[Key]:
    found: Counter[Key] = Counter()
    missed = Attendance.missed_path
    for path, is_member, day, count in session.execute(
        select(missed, Attendance.missed_as_member, Shift.day, func.count())
        .join(Shift, Shift.id == Attendance.shift_id)
        .where(missed.is_not(None))
        .group_by(missed, Attendance.missed_as_member, Shift.day)
    ):
        for key in _keys(path or "", day, is_member):
            found[key] += count
    return found
