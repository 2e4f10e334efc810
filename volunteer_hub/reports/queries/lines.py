"""What the spreadsheet says of each branch, beyond the screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.summary import steps_of
from volunteer_hub.registry.models import Branch, BranchLine, Building
from volunteer_hub.reports.queries.no_shows import no_shows_of
from volunteer_hub.reports.queries.sums import Tally, on_books, tallies, total
from volunteer_hub.reports.scope import (
    Members,
    Scope,
    counts,
    entries_of,
    lies_below,
    overlap,
)


@dataclass(frozen=True)
class SummaryRow:
    """A branch with all its figures; `all_of` has those of the kind of members asked for."""

    id: int
    parent_id: int | None
    name_zh: str
    name_en: str
    parent_zh: str
    parent_en: str
    kind: str
    building_zh: str
    building_en: str
    enterprises: int
    books: int
    member_books: int
    all_of: Tally
    before: Tally
    year_before: Tally
    members: Tally
    others: Tally
    other_books: int
    shifts: int
    no_shows: int


def summary(
    session: Session, scope: Scope, *, before: Period, year_before: Period
) -> list[SummaryRow]:
    """Return the branch and all below it, in the order of the tree."""
    parent = aliased(Branch)
    rows = session.execute(
        select(
            Branch.id,
            Branch.name_zh,
            Branch.name_en,
            parent.name_zh,
            parent.name_en,
            Branch.kind,
            Building.name_zh,
            Building.name_en,
            Branch.path,
            Branch.parent_id,
        )
        .outerjoin(parent, parent.id == Branch.parent_id)
        .outerjoin(Building, Building.id == Branch.building_id)
        .where(lies_below()),
        scope.values(),
    ).all()
    rows = sorted(rows, key=lambda row: list(steps_of(row.path)))
    ids = [row.id for row in rows]
    now, earlier, last_year = tallies(session, scope, ids, [scope.period, before, year_before])
    kinds = {}
    books = {}
    for kind in Members:
        (books[kind],) = on_books(session, kind, ids, [scope.period])
        (kinds[kind],) = tallies(session, replace(scope, members=kind), ids, [scope.period])
    no_shows, shifts = no_shows_of(session, scope, ids), _shifts(session, scope)
    enterprises = _enterprises(session, scope, ids)
    return [
        SummaryRow(
            id=row.id,
            parent_id=row.parent_id,
            name_zh=row[1],
            name_en=row[2],
            parent_zh=row[3] or "",
            parent_en=row[4] or "",
            kind=row.kind,
            building_zh=row[6] or "",
            building_en=row[7] or "",
            enterprises=enterprises.get(row.id, 0),
            books=books[scope.members].get(row.id, 0),
            member_books=books[Members.MEMBER].get(row.id, 0),
            all_of=total(now, row.id),
            before=total(earlier, row.id),
            year_before=total(last_year, row.id),
            members=total(kinds[Members.MEMBER], row.id),
            others=total(kinds[Members.NON_MEMBER], row.id),
            other_books=books[Members.NON_MEMBER].get(row.id, 0),
            shifts=shifts.get(row.id, 0),
            no_shows=no_shows.get(row.id, 0),
        )
        for row in rows
    ]


def _shifts(session: Session, scope: Scope) -> dict[int, int]:
    """Count the shifts with an attendance that stands, of each branch with all below it."""
    held = (
        select(LedgerEntry.branch_path, LedgerEntry.shift_id)
        .where(*entries_of(scope.shape))
        .group_by(LedgerEntry.branch_path, LedgerEntry.shift_id)
        .having(counts() > 0)
    )
    found: dict[int, set[int]] = defaultdict(set)
    for path, shift_id in session.execute(held, scope.values()):
        for branch_id in steps_of(path):
            found[branch_id].add(shift_id)
    return {branch_id: len(shifts) for branch_id, shifts in found.items()}


def _enterprises(session: Session, scope: Scope, ids: Sequence[int]) -> dict[int, int]:
    """Count the enterprises of the people on the books, of each branch with all below it."""
    member, line, span = BranchMembership, BranchLine, scope.period
    rows = session.execute(
        select(line.ancestor_id, func.count(distinct(Person.enterprise_id)))
        .select_from(line)
        .join(member, member.branch_id == line.branch_id)
        .join(Person, Person.id == member.person_id)
        .where(
            line.ancestor_id.in_(ids),
            overlap(line.since, line.until, start=span.first, end=span.last),
            overlap(member.started_on, member.ended_on, start=span.first, end=span.last),
        )
        .group_by(line.ancestor_id)
    )
    return {row[0]: row[1] for row in rows}
