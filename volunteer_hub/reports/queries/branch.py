"""A branch's hours: where it lies, its figures, the branches below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    distinct,
    extract,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.projects.models import Category
from volunteer_hub.registry.models import Branch
from volunteer_hub.reports.scope import (
    BRANCH_ID,
    Members,
    Scope,
    attendances,
    entries_of,
    lies_below,
    of_kind,
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
    rows = [BranchLine(*row) for row in session.execute(_family(), {"branch_id": branch_id})]
    found = next((row for row in rows if row.id == branch_id), None)
    if found is None:
        return None
    above = (row for row in rows if row.id != branch_id and found.path.startswith(row.path))
    return Family(
        branch=found,
        above=tuple(sorted(above, key=lambda row: len(row.path))),
        children=tuple(row for row in rows if row.parent_id == branch_id),
    )


@lru_cache
def _family() -> Select[int, str, str, str, int | None, str]:
    asked = aliased(Branch)
    return (
        select(
            Branch.id, Branch.kind, Branch.name_zh, Branch.name_en, Branch.parent_id, Branch.path
        )
        .join(asked, asked.id == BRANCH_ID)
        .where(or_(asked.path.like(Branch.path + "%"), Branch.parent_id == BRANCH_ID))
        .order_by(Branch.id)
    )


def slices(session: Session, scope: Scope, *, before: Period) -> list[Slice]:
    """Return the sums of the span and of the one before it, by month and category.

    The two spans follow each other without a gap; every entry is in exactly one slice.
    """
    rows = session.execute(_slices(scope.members), scope.values(since=before.first))
    return [_slice(*row) for row in rows]


@lru_cache
def _slices(kind: Members) -> Select[Any]:
    # Grouped by label: PostgreSQL takes two writings of one expression for different ones.
    return (
        select(
            case((LedgerEntry.service_day < bindparam("first"), 1), else_=0).label("is_before"),
            extract("year", LedgerEntry.service_day).label("year"),
            extract("month", LedgerEntry.service_day).label("month"),
            Category.id,
            Category.name_zh,
            Category.name_en,
            func.sum(LedgerEntry.minutes),
            attendances(),
        )
        .join(Category, Category.id == LedgerEntry.category_id)
        .where(*entries_of(kind, first="since"))
        .group_by("is_before", "year", "month", Category.id, Category.name_zh, Category.name_en)
        .order_by("year", "month", Category.id)
    )


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
    rows = session.execute(_parts(scope.members), scope.values())
    return [Part(row[0], int(row[1]), int(row[2]), int(row[3])) for row in rows]


@lru_cache
def _parts(kind: Members) -> Select[Any]:
    taken = taken_part(kind)
    current, child = aliased(Branch), aliased(Branch)
    group = case((taken.c.branch_id == BRANCH_ID, BRANCH_ID), else_=child.id).label("part")
    return (
        select(
            group,
            func.sum(taken.c.minutes),
            func.sum(taken.c.attendances),
            func.count(distinct(case((taken.c.attendances > 0, taken.c.person_id)))),
        )
        .select_from(taken)
        .join(current, current.id == taken.c.branch_id)
        .outerjoin(child, and_(child.parent_id == BRANCH_ID, current.path.like(child.path + "%")))
        .group_by("part")
    )


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
    values = scope.values(before_first=before.first, before_last=before.last, now=now)
    rows = session.execute(_standings(scope.members), values).all()
    counts = Counts(*rows[0][3:]) if rows else Counts(0, 0, 0)
    return {row[0]: Standing(row[1], row[2]) for row in rows}, counts


@lru_cache
def _standings(kind: Members) -> Select[Any]:
    taken = taken_part(kind)
    group, home, lies = aliased(Branch), aliased(Branch), aliased(Branch)
    there = (
        select(taken.c.person_id, lies.path)
        .join(lies, lies.id == taken.c.branch_id)
        .where(taken.c.attendances > 0)
        .cte("there")
    )
    counts_here = or_(group.id == BRANCH_ID, there.c.path.like(group.path + "%"))
    return (
        select(
            group.id,
            func.count(distinct(BranchMembership.person_id)),
            func.count(distinct(case((counts_here, there.c.person_id)))),
            select(func.count(distinct(there.c.person_id))).scalar_subquery(),
            _people_before(kind),
            _waiting(kind),
        )
        .join(home, home.path.like(group.path + "%"))
        .outerjoin(
            BranchMembership, and_(BranchMembership.branch_id == home.id, on_the_books(kind))
        )
        .outerjoin(there, there.c.person_id == BranchMembership.person_id)
        .where(or_(group.id == BRANCH_ID, group.parent_id == BRANCH_ID))
        .group_by(group.id)
    )


def _people_before(kind: Members) -> ScalarSelect[int]:
    return (
        select(func.count(distinct(LedgerEntry.person_id)))
        .where(*entries_of(kind, first="before_first", last="before_last"), stands())
        .scalar_subquery()
    )


def _waiting(kind: Members) -> ScalarSelect[int]:
    """Count attendances that nobody has confirmed yet, of who was in the branch on that day."""
    now: Any = bindparam("now", type_=Shift.ends_at.type)
    return (
        select(func.count(distinct(Attendance.id)))
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(
            BranchMembership,
            and_(
                BranchMembership.person_id == Attendance.person_id,
                BranchMembership.started_on <= Shift.day,
                or_(BranchMembership.ended_on.is_(None), BranchMembership.ended_on >= Shift.day),
                *of_kind(BranchMembership.is_party_member, kind),
            ),
        )
        .join(Branch, Branch.id == BranchMembership.branch_id)
        .where(
            *unconfirmed(now),
            Shift.day.between(bindparam("first"), bindparam("last")),
            lies_below(),
        )
        .scalar_subquery()
    )
