"""Which ledger entries and which people a page about a branch counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.registry.models import Branch


class Members(StrEnum):
    """Whose hours are counted."""

    ALL = "all"
    MEMBER = "member"
    NON_MEMBER = "non_member"


@dataclass(frozen=True)
class Scope:
    """A branch with all below it, a span of service days, and whose hours.

    `path` is the branch's path as it is now; entries are found by the path frozen in them.
    """

    branch_id: int
    path: str
    period: Period
    members: Members = Members.ALL


def counts_for(branch_id: int) -> ColumnElement[bool]:
    """Match entries of people who were in the branch, or below it, on the service day.

    The frozen path holds the chain of branches of that day, so an entry stays with the parent it
    was made under when the branch moves. `/2/` is looked for with both slashes: never in `/1/20/`.
    """
    return LedgerEntry.branch_path.contains(f"/{int(branch_id)}/", autoescape=True)


def entries_of(scope: Scope, *, since: date | None = None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the scope's entries; `since` lets the span begin earlier."""
    return (
        LedgerEntry.service_day.between(since or scope.period.first, scope.period.last),
        counts_for(scope.branch_id),
        *_of_kind(LedgerEntry.is_party_member, scope.members),
    )


def stands() -> ColumnElement[bool]:
    """Match entries that credit an attendance and were not taken back."""
    later = aliased(LedgerEntry)
    return and_(
        LedgerEntry.reverses_id.is_(None), ~exists().where(later.reverses_id == LedgerEntry.id)
    )


def attendances() -> ColumnElement[int]:
    """Count 人次: the entries that stand."""
    return func.count(case((stands(), LedgerEntry.id)))


def taken_part(scope: Scope, *, name: str = "taken_part") -> CTE:
    """Return one row for each person and branch (of that day) with entries in the scope.

    Columns: branch_id, person_id, minutes, attendances, last_day (of an entry that stands).
    """
    return (
        select(
            LedgerEntry.branch_id,
            LedgerEntry.person_id,
            func.sum(LedgerEntry.minutes).label("minutes"),
            attendances().label("attendances"),
            func.max(case((stands(), LedgerEntry.service_day))).label("last_day"),
        )
        .where(*entries_of(scope))
        .group_by(LedgerEntry.branch_id, LedgerEntry.person_id)
        .cte(name)
    )


def on_the_books(scope: Scope) -> ColumnElement[bool]:
    """Match memberships of the scope's kind that overlap its span, in whatever branch."""
    return and_(
        BranchMembership.started_on <= scope.period.last,
        or_(BranchMembership.ended_on.is_(None), BranchMembership.ended_on >= scope.period.first),
        *_of_kind(BranchMembership.is_party_member, scope.members),
    )


def below(path: Any) -> ColumnElement[bool]:
    """Match branches that are, today, the one with this path or lie below it."""
    # Paths hold digits and slashes only: nothing in them is a wildcard of LIKE.
    return Branch.path.like(path + "%")


def kind_of_membership(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for memberships of the scope's kind, at any time."""
    return _of_kind(BranchMembership.is_party_member, scope.members)


def _of_kind(column: Any, members: Members) -> tuple[ColumnElement[bool], ...]:
    if members is Members.ALL:
        return ()
    return (column.is_(members is Members.MEMBER),)
