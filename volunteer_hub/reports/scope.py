"""Which ledger entries and which people a page about a branch counts.

The conditions name their values (`:branch_id`, `:first` …) instead of holding them, so that each
statement is built once for each kind of members and run with `Scope.values()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.registry.models import Branch, BranchMove

BRANCH_ID: ColumnElement[int] = bindparam("branch_id", type_=Integer)


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

    def values(self, **more: Any) -> dict[str, Any]:
        """Return the values that the conditions below name."""
        return {
            "branch_id": self.branch_id,
            "inside": inside(self.branch_id),
            "below": f"{self.path}%",
            "first": self.period.first,
            "last": self.period.last,
            **more,
        }


def inside(branch_id: int) -> str:
    """Return the LIKE pattern for frozen paths in which the branch is a step.

    A path holds the chain of branches of the service day, so an entry stays with the parent it was
    made under when the branch moves. With both slashes `/2/` is never found in `/1/20/`.
    """
    return f"%/{int(branch_id)}/%"


def entries_of(
    members: Members, *, first: str = "first", last: str = "last"
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the scope's entries between the days of these names."""
    return (
        LedgerEntry.service_day.between(_day(first), _day(last)),
        LedgerEntry.branch_path.like(bindparam("inside")),
        LedgerEntry.branch_id.in_(_may_count()),
        *of_kind(LedgerEntry.is_party_member, members),
    )


def _day(name: str) -> Any:
    return bindparam(name, type_=LedgerEntry.service_day.type)


def _may_count() -> Select[int]:
    """Select the branches that lie below today, or that ever moved, with all below those.

    What was below on a past day is one of these, so this only tells the database where to look;
    the frozen path decides.
    """
    moved = aliased(Branch)
    ever_moved = (
        exists()
        .where(BranchMove.branch_id == moved.id, Branch.path.like(moved.path + "%"))
        .correlate(Branch)
    )
    return select(Branch.id).where(or_(lies_below(), ever_moved))


def stands() -> ColumnElement[bool]:
    """Match entries that credit an attendance and were not taken back."""
    later = aliased(LedgerEntry)
    taken_back = exists().where(later.reverses_id == LedgerEntry.id)
    return and_(LedgerEntry.reverses_id.is_(None), ~taken_back)


def attendances() -> ColumnElement[int]:
    """Count 人次: the entries that stand."""
    return func.count(case((stands(), LedgerEntry.id)))


def taken_part(members: Members) -> CTE:
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
        .where(*entries_of(members))
        .group_by(LedgerEntry.branch_id, LedgerEntry.person_id)
        .cte("taken_part")
    )


def on_the_books(members: Members) -> ColumnElement[bool]:
    """Match memberships of this kind that overlap the span, in whatever branch."""
    ended: Any = BranchMembership.ended_on
    return and_(
        BranchMembership.started_on <= _day("last"),
        or_(ended.is_(None), ended >= _day("first")),
        *of_kind(BranchMembership.is_party_member, members),
    )


def lies_below() -> ColumnElement[bool]:
    """Match branches that are, today, the scope's own or lie below it."""
    # Paths hold digits and slashes only: nothing in them is a wildcard of LIKE.
    return Branch.path.like(bindparam("below"))


def of_kind(column: Any, members: Members) -> tuple[ColumnElement[bool], ...]:
    """Return the condition on whether somebody is, or was that day, a Party member."""
    if members is Members.ALL:
        return ()
    return (column.is_(members is Members.MEMBER),)
