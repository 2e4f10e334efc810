"""A branch's hours: where it lies, its figures, the branches below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, and_, case, distinct, extract, func, or_, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.projects.models import Category
from volunteer_hub.registry.models import Branch
from volunteer_hub.reports.scope import (
    Scope,
    attendances,
    below,
    entries_of,
    kind_of_membership,
    on_the_books,
    stands,
    taken_part,
)
from volunteer_hub.shifts.models import Shift


@dataclass(frozen=True)
class BranchLine:
    """A branch in the tree as it is today."""

    id: int
    kind: str
    name_zh: str
    name_en: str
    parent_id: int | None
    path: str


@dataclass(frozen=True)
class Family:
    """A branch, those above it from the root down, and those directly below it."""

    branch: BranchLine
    above: tuple[BranchLine, ...]
    children: tuple[BranchLine, ...]


@dataclass(frozen=True)
class Slice:
    """Minutes and attendances of one month and category; `is_before`: of the earlier span."""

    is_before: bool
    month: date
    category_id: int
    category_zh: str
    category_en: str
    minutes: int
    attendances: int


@dataclass(frozen=True)
class Part:
    """What a branch directly below adds to the sum; `branch_id` None: since moved elsewhere."""

    branch_id: int | None
    minutes: int
    attendances: int
    people: int


@dataclass(frozen=True)
class Standing:
    """Members on the books and how many of them took part."""

    members: int
    active: int


@dataclass(frozen=True)
class Counts:
    """People who took part in the span and in the one before, and attendances that wait."""

    people: int
    people_before: int
    waiting: int


def family(session: Session, branch_id: int) -> Family | None:
    """Return the branch with its surroundings, or None when there is no such branch."""
    asked = aliased(Branch)
    rows = [
        BranchLine(*row)
        for row in session.execute(
            select(
                Branch.id,
                Branch.kind,
                Branch.name_zh,
                Branch.name_en,
                Branch.parent_id,
                Branch.path,
            )
            .join(asked, asked.id == branch_id)
            .where(or_(asked.path.like(Branch.path + "%"), Branch.parent_id == branch_id))
            .order_by(Branch.id)
        )
    ]
    found = next((row for row in rows if row.id == branch_id), None)
    if found is None:
        return None
    above = (row for row in rows if row.id != branch_id and found.path.startswith(row.path))
    return Family(
        branch=found,
        above=tuple(sorted(above, key=lambda row: len(row.path))),
        children=tuple(row for row in rows if row.parent_id == branch_id),
    )


def slices(session: Session, scope: Scope, *, before: Period) -> list[Slice]:
    """Return the sums of the span and of the one before it, by month and category.

    The two spans follow each other without a gap; every entry is in exactly one slice.
    """
    is_before = case((LedgerEntry.service_day < scope.period.first, 1), else_=0)
    year = extract("year", LedgerEntry.service_day)
    month = extract("month", LedgerEntry.service_day)
    rows = session.execute(
        select(
            is_before,
            year,
            month,
            Category.id,
            Category.name_zh,
            Category.name_en,
            func.sum(LedgerEntry.minutes),
            attendances(),
        )
        .join(Category, Category.id == LedgerEntry.category_id)
        .where(*entries_of(scope, since=before.first))
        .group_by(is_before, year, month, Category.id, Category.name_zh, Category.name_en)
        .order_by(year, month, Category.id)
    )
    return [_slice(*row) for row in rows]


def _slice(
    is_before: int,
    year: int,
    month: int,
    category_id: int,
    zh: str,
    en: str,
    minutes: int,
    count: int,
) -> Slice:
    first = date(int(year), int(month), 1)
    return Slice(bool(is_before), first, category_id, zh, en, int(minutes), int(count))


def parts(session: Session, scope: Scope) -> list[Part]:
    """Return what the branch itself and each branch directly below it adds to the sum.

    An entry belongs to where its branch lies today, so that the parts never overlap; those of a
    branch that has left this subtree since are one part of their own. Minutes add up to the total.
    """
    taken = taken_part(scope)
    current, child = aliased(Branch), aliased(Branch)
    group = case((taken.c.branch_id == scope.branch_id, scope.branch_id), else_=child.id)
    rows = session.execute(
        select(
            group,
            func.sum(taken.c.minutes),
            func.sum(taken.c.attendances),
            func.count(distinct(case((taken.c.attendances > 0, taken.c.person_id)))),
        )
        .select_from(taken)
        .join(current, current.id == taken.c.branch_id)
        .outerjoin(
            child,
            and_(child.parent_id == scope.branch_id, current.path.like(child.path + "%")),
        )
        .group_by(group)
    )
    return [Part(row[0], int(row[1]), int(row[2]), int(row[3])) for row in rows]


def standings(
    session: Session, scope: Scope, *, before: Period, now: datetime
) -> tuple[dict[int, Standing], Counts]:
    """Return the standing of the branch and of each one directly below, by id, and the counts.

    Participation rate 参与率 = active / members. `members`: people with a membership of the wanted
    kind, in the branch or below it in today's tree, that overlaps the span, each counted once.
    `active`: those of them with at least one standing entry in the span that counts for the branch
    (for a branch below: that lies there today). `people` counts everybody with such an entry, also
    those whose membership was corrected since, so it may be larger than `active`.
    """
    taken = taken_part(scope)
    group, home, lies = aliased(Branch), aliased(Branch), aliased(Branch)
    there = (
        select(taken.c.person_id, lies.path)
        .join(lies, lies.id == taken.c.branch_id)
        .where(taken.c.attendances > 0)
        .cte("there")
    )
    active = case(
        (
            or_(group.id == scope.branch_id, there.c.path.like(group.path + "%")),
            there.c.person_id,
        )
    )
    rows = session.execute(
        select(
            group.id,
            func.count(distinct(BranchMembership.person_id)),
            func.count(distinct(active)),
            select(func.count(distinct(there.c.person_id))).scalar_subquery(),
            _people(Scope(scope.branch_id, scope.path, before, scope.members)),
            _waiting(scope, now),
        )
        .join(home, home.path.like(group.path + "%"))
        .outerjoin(
            BranchMembership, and_(BranchMembership.branch_id == home.id, on_the_books(scope))
        )
        .outerjoin(there, there.c.person_id == BranchMembership.person_id)
        .where(or_(group.id == scope.branch_id, group.parent_id == scope.branch_id))
        .group_by(group.id)
    ).all()
    counts = Counts(*rows[0][3:]) if rows else Counts(0, 0, 0)
    return {row[0]: Standing(row[1], row[2]) for row in rows}, counts


def _people(scope: Scope) -> ScalarSelect[int]:
    return (
        select(func.count(distinct(LedgerEntry.person_id)))
        .where(*entries_of(scope), stands())
        .scalar_subquery()
    )


def _waiting(scope: Scope, now: datetime) -> ScalarSelect[int]:
    """Count attendances that nobody has confirmed yet, of who was in the branch on that day."""
    return (
        select(func.count(distinct(Attendance.id)))
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(
            BranchMembership,
            and_(
                BranchMembership.person_id == Attendance.person_id,
                BranchMembership.started_on <= Shift.day,
                or_(BranchMembership.ended_on.is_(None), BranchMembership.ended_on >= Shift.day),
                *kind_of_membership(scope),
            ),
        )
        .join(Branch, Branch.id == BranchMembership.branch_id)
        .where(
            *unconfirmed(now),
            Shift.day.between(scope.period.first, scope.period.last),
            below(scope.path),
        )
        .scalar_subquery()
    )
