"""Prove that the ledger is whole."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.attendance.models import Attendance
from volunteer_hub.hours.chain import entry_digest
from volunteer_hub.hours.ledger import COLUMNS
from volunteer_hub.hours.models import CreditingRule, LedgerEntry

BATCH = 2000


@dataclass(frozen=True)
class Verdict:
    """How many entries were read, the last digest, and what is wrong first (empty: nothing)."""

    entries: int
    digest: str
    problem: str = ""


def verify(session: Session) -> Verdict:
    """Read every entry once, in constant memory, and compare the sums with the attendance."""
    verdict = _chain(session)
    if verdict.problem:
        return verdict
    problem = _rules(session) or _reversals(session) or _sums(session)
    return Verdict(verdict.entries, verdict.digest, problem)


def _chain(session: Session) -> Verdict:
    table = LedgerEntry.__table__
    query = select(table).order_by(table.c.id).execution_options(yield_per=BATCH)
    count, previous = 0, ""
    with session.execute(query) as rows:
        for row in rows.mappings():
            count += 1
            expected = entry_digest(previous, {name: row[name] for name in COLUMNS})
            if row["digest"] != expected:
                problem = f"entry {row['id']}: its digest does not fit it and the entry before"
                return Verdict(count, previous, problem)
            previous = expected
    return Verdict(count, previous)


def _rules(session: Session) -> str:
    """Return the first entry that names a crediting rule nobody knows."""
    row = session.execute(
        select(LedgerEntry.id, LedgerEntry.rule)
        .where(LedgerEntry.rule.not_in(select(CreditingRule.version)))
        .order_by(LedgerEntry.id)
        .limit(1)
    ).first()
    return f"entry {row[0]}: there is no crediting rule {row[1]}" if row else ""


def _reversals(session: Session) -> str:
    """Return what is wrong with the first reversing entry that does not mirror the one it names."""
    taken_back = aliased(LedgerEntry)
    row = session.execute(
        select(LedgerEntry.id, taken_back.id)
        .join(taken_back, LedgerEntry.reverses_id == taken_back.id)
        .where(
            (LedgerEntry.minutes != -taken_back.minutes)
            | (LedgerEntry.attendance_id != taken_back.attendance_id)
            | taken_back.reverses_id.is_not(None)
        )
        .order_by(LedgerEntry.id)
        .limit(1)
    ).first()
    return f"entry {row[0]}: it does not take back entry {row[1]}" if row else ""


def _sums(session: Session) -> str:
    """Return the first attendance whose confirmed minutes are not the sum of its entries."""
    sums = (
        select(
            LedgerEntry.attendance_id,
            func.sum(LedgerEntry.minutes).label("minutes"),
            func.max(LedgerEntry.id).label("entry_id"),
        )
        .group_by(LedgerEntry.attendance_id)
        .subquery()
    )
    row = session.execute(
        select(Attendance.id, Attendance.minutes, sums.c.minutes, sums.c.entry_id)
        .outerjoin(sums, sums.c.attendance_id == Attendance.id)
        .where(
            (func.coalesce(Attendance.minutes, 0) != func.coalesce(sums.c.minutes, 0))
            | (Attendance.minutes.is_not(None) & sums.c.entry_id.is_(None))
        )
        .order_by(sums.c.entry_id, Attendance.id)
        .limit(1)
    ).first()
    if row is None:
        return ""
    where = f"entry {row[3]}" if row[3] else "no entry"
    return (
        f"{where}: attendance {row[0]} says {row[1] or 0} minutes,"
        f" its entries sum up to {int(row[2] or 0)}"
    )
