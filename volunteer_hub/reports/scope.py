"""Which ledger entries and which people a page about a branch counts.

The conditions name their values (`:branch_id`, `:first` …) instead of holding them, so that each
statement is built once for each kind of members and run with `Scope.values()`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
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
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Branch, BranchMove

BRANCH_ID: ColumnElement[int] = bindparam("branch_id", type_=Integer)
_BUILDING: ColumnElement[int] = bindparam("building", type_=Integer)


class Members(StrEnum):
    """Whose hours are counted."""

    ALL = "all"
    MEMBER = "member"
    NON_MEMBER = "non_member"


class Shape(NamedTuple):
    """Which conditions a scope has; statements are built once for each shape."""

    members: Members
    category: bool = False
    project: bool = False
    building: bool = False
    late: bool = False


@dataclass(frozen=True)
class Scope:
    """A branch with all below it, a span of service days, whose hours, and of which kind.

    `path` is the branch's path as it is now; entries are found by the path frozen in them.
    `building_id` 0 stands for entries without a building; `late` keeps late entries 补录 only.
    """

    branch_id: int
    path: str
    period: Period
    members: Members = Members.ALL
    category_id: int | None = None
    project_id: int | None = None
    building_id: int | None = None
    late: bool = False

    @classmethod
    def everything(cls, period: Period, members: Members = Members.ALL) -> Scope:
        """Return the scope of all branches together."""
        return cls(0, "", period, members)

    @property
    def shape(self) -> Shape:
        return Shape(
            self.members,
            category=self.category_id is not None,
            project=self.project_id is not None,
            building=self.building_id is not None,
            late=self.late,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether only some kinds of entries count, for which no sums are kept."""
        return any(self.shape[1:])

    @property
    def widened(self) -> Scope:
        """The same branch, days and people, whatever they did and where."""
        return Scope(self.branch_id, self.path, self.period, self.members)

    @property
    def unfiltered(self) -> Scope:
        """The same branch and days, everybody and whatever they did."""
        return Scope(self.branch_id, self.path, self.period)

    def during(self, period: Period) -> Scope:
        """Return the same scope over other days."""
        return replace(self, period=period)

    def values(self, **more: Any) -> dict[str, Any]:
        """Return the values that the conditions below name."""
        return {
            "branch_id": self.branch_id,
            "inside": inside(self.branch_id) if self.branch_id else "%",
            "below": f"{self.path}%",
            "first": self.period.first,
            "last": self.period.last,
            "category": self.category_id,
            "project": self.project_id,
            "building": self.building_id,
            **more,
        }


def inside(branch_id: int) -> str:
    """Return the LIKE pattern for frozen paths in which the branch is a step.

    A path holds the chain of branches of the service day, so an entry stays with the parent it was
    made under when the branch moves. With both slashes `/2/` is never found in `/1/20/`.
    """
    return f"%/{int(branch_id)}/%"


def entries_of(shape: Shape) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the entries of a scope of this shape."""
    return (LedgerEntry.service_day.between(_day("first"), _day("last")), *below(shape))


def below(shape: Shape) -> tuple[ColumnElement[bool], ...]:
    """Return the same conditions on whatever day."""
    return (
        LedgerEntry.branch_path.like(bindparam("inside")),
        LedgerEntry.branch_id.in_(_may_count()),
        *of_kind(LedgerEntry.is_party_member, shape.members),
        *_narrowed(shape, LedgerEntry.category_id, LedgerEntry.project_id),
        *([func.coalesce(LedgerEntry.building_id, 0) == _BUILDING] if shape.building else []),
        *([LedgerEntry.is_late_entry.is_(True)] if shape.late else []),
    )


def of_projects(shape: Shape) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on projects for shifts that are in no entry yet."""
    return _narrowed(shape, Project.category_id, Project.id)


def _narrowed(shape: Shape, category: Any, project: Any) -> tuple[ColumnElement[bool], ...]:
    wanted = []
    if shape.category:
        wanted.append(category == bindparam("category", type_=Integer))
    if shape.project:
        wanted.append(project == bindparam("project", type_=Integer))
    return tuple(wanted)


def _day(name: str) -> Any:
    return bindparam(name, type_=LedgerEntry.service_day.type)


def written(name: str) -> Any:
    """Return a day of the span as part of the statement, for joins that begin with shifts.

    Only then PostgreSQL sees how few days these are, and begins with them.
    """
    return bindparam(name, type_=LedgerEntry.service_day.type, literal_execute=True)


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


def counts() -> ColumnElement[int]:
    """Count 人次 as entries less reversals, which equals the entries that stand."""
    return func.sum(case((LedgerEntry.reverses_id.is_(None), 1), else_=-1))


def late_minutes() -> ColumnElement[int]:
    """Add up the minutes of late entries 补录."""
    return func.sum(case((LedgerEntry.is_late_entry, LedgerEntry.minutes), else_=0))


def overlap(first: Any, last: Any, *, start: Any, end: Any) -> ColumnElement[bool]:
    """Match spans `first`–`last` (open: None) with a day in common with `start`–`end`."""
    begun = first <= end if isinstance(end, date) else or_(end.is_(None), first <= end)
    return and_(begun, or_(last.is_(None), last >= start))


def on_the_books(members: Members) -> ColumnElement[bool]:
    """Match memberships of this kind that overlap the span, in whatever branch."""
    ended: Any = BranchMembership.ended_on
    return and_(
        BranchMembership.started_on <= _day("last"),
        or_(ended.is_(None), ended >= _day("first")),
        *of_last_kind(BranchMembership, members, _day("last")),
    )


def of_last_kind(row: Any, members: Members, last: Any) -> tuple[ColumnElement[bool], ...]:
    """Return the condition on the kind of a membership, for counting people on the books.

    Whoever changed within the span counts as what they were last in that branch, so that nobody is
    on the books twice.
    """
    if members is Members.ALL:
        return ()
    later = aliased(BranchMembership)
    changed = exists().where(
        later.person_id == row.person_id,
        later.branch_id == row.branch_id,
        later.started_on > row.started_on,
        later.started_on <= last,
    )
    return (*of_kind(row.is_party_member, members), ~changed)


def lies_below() -> ColumnElement[bool]:
    """Match branches that are, today, the scope's own or lie below it."""
    # Paths hold digits and slashes only: nothing in them is a wildcard of LIKE.
    return Branch.path.like(bindparam("below"))


def of_kind(column: Any, members: Members) -> tuple[ColumnElement[bool], ...]:
    """Return the condition on whether somebody is, or was that day, a Party member."""
    if members is Members.ALL:
        return ()
    return (column.is_(members is Members.MEMBER),)
