"""The tree of branches with the sums of each subtree, and how branches rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.core.calendar import Period, Quarter
from volunteer_hub.registry.models import Branch, BranchKind, SubDistrict
from volunteer_hub.reports import veil
from volunteer_hub.reports.figures import standing
from volunteer_hub.reports.queries.sums import Tally, on_books, tallies, total
from volunteer_hub.reports.scope import Members, Scope

# Branches with fewer members are not ranked, and the last ones are not told so (product rule 12).
FEWEST_MEMBERS = 10
UNTOLD = 3
RANKED = (BranchKind.BRANCH, BranchKind.JOINT_BRANCH)


@dataclass(frozen=True)
class Node:
    """A branch with the sums of itself and all below it, and the branches directly below."""

    id: int
    kind: str
    name_zh: str
    name_en: str
    tally: Tally
    hidden: bool
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Rank:
    """Where a branch stands: its own value (per cent, or hours as a fraction), and others' middle.

    `position` is None for a branch that is not ranked, or among the last `UNTOLD`; `ranked` is how
    many branches are.
    """

    branch_id: int
    name_zh: str
    name_en: str
    value: float | None
    position: int | None
    ranked: int
    median: float | None
    is_small: bool


def branch_tree(
    session: Session, period: Period, seen: Sequence[int] | None, led: Collection[int] = ()
) -> tuple[Node, ...]:
    """Return the branches at the top of what may be seen: below `seen`, or all when it is None.

    A sum counts entries by their frozen path, as the branch's own page does; a whole quarter takes
    three queries. Sums of few people stay with who leads that very branch (`led`).
    """
    rows, sums = _in_sight(session, Scope.everything(period), seen)
    hidden, _rests = veil.in_tree({row.id: row.parent_id for row in rows}, sums, led)
    known = {row.id for row in rows}
    below = defaultdict(list)
    for row in rows:
        below[row.parent_id if row.parent_id in known else None].append(row)

    def nodes(parent_id: int | None) -> tuple[Node, ...]:
        return tuple(
            Node(
                row.id,
                row.kind,
                row.name_zh,
                row.name_en,
                total(sums, row.id),
                row.id in hidden,
                nodes(row.id),
            )
            for row in below[parent_id]
        )

    return nodes(None)


def hidden_branches(
    session: Session, scope: Scope, seen: Sequence[int] | None, led: Collection[int]
) -> tuple[set[int], set[int]]:
    """Return which branches of all in sight are hidden, and which have hidden people of their own.

    Span, kind of members and the like are those of the scope, whatever its branch: what is hidden
    on one page is on all of them.
    """
    rows, sums = _in_sight(session, replace(scope, branch_id=0, path=""), seen)
    return veil.in_tree({row.id: row.parent_id for row in rows}, sums, led)


def in_sight(session: Session, seen: Sequence[int] | None) -> dict[int, int | None]:
    """Return the branches that may be seen, each with what it lies directly below."""
    return {row.id: row.parent_id for row in session.execute(_rows(seen))}


def _in_sight(
    session: Session, scope: Scope, seen: Sequence[int] | None
) -> tuple[Sequence[Any], dict[int, Tally]]:
    rows = session.execute(_rows(seen)).all()
    (sums,) = tallies(session, scope, [row.id for row in rows], [scope.period])
    return rows, sums


def _rows(seen: Sequence[int] | None) -> Any:
    top = aliased(Branch)
    query = select(
        Branch.id, Branch.kind, Branch.name_zh, Branch.name_en, Branch.parent_id
    ).order_by(Branch.id)
    if seen is not None:
        inside = select(top.id).where(top.id.in_(seen), Branch.path.like(top.path + "%"))
        query = query.where(inside.exists())
    return query


def league_is_on(session: Session) -> bool:
    """Tell whether branches see how they rank."""
    return bool(session.scalar(select(SubDistrict.league).limit(1)))


def ranks(session: Session, quarter: Quarter, by: str, own: Sequence[int]) -> list[Rank]:
    """Return how these branches rank among all in a quarter, in three queries.

    `by` is `rate` (participation rate 参与率) or `per_person` (hours per person 人均时长). Equal
    values share a position.
    """
    branches = session.execute(
        select(Branch.id, Branch.name_zh, Branch.name_en)
        .where(Branch.kind.in_([str(kind) for kind in RANKED]))
        .order_by(Branch.id)
    ).all()
    ids = [row.id for row in branches]
    (sums,) = tallies(session, Scope.everything(quarter.period), ids, [quarter.period])
    (books,) = on_books(session, Members.ALL, ids, [quarter.period])
    values: dict[int, float] = {}
    for id_ in ids:
        tally = total(sums, id_)
        members = standing(books.get(id_, 0), tally).members
        if members >= FEWEST_MEMBERS:
            figure = 100 * tally.people if by == "rate" else tally.minutes / 60
            values[id_] = figure / members
    found = []
    for row in branches:
        if row.id not in own:
            continue
        mine = values.get(row.id)
        others = [value for id_, value in values.items() if id_ != row.id]
        position = None if mine is None else 1 + sum(value > mine for value in others)
        if position is not None and position > max(1, len(values) - UNTOLD):
            position = None
        found.append(
            Rank(
                branch_id=row.id,
                name_zh=row.name_zh,
                name_en=row.name_en,
                value=mine,
                position=position,
                ranked=len(values),
                median=median(others) if others else None,
                is_small=mine is None,
            )
        )
    return found
