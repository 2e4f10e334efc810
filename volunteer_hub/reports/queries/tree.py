"""The tree of branches with the sums of each subtree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.registry.models import Branch
from volunteer_hub.reports.scope import attendances, inside


@dataclass(frozen=True)
class Node:
    """A branch with the sums of itself and all below it, and the branches directly below."""

    id: int
    kind: str
    name_zh: str
    name_en: str
    minutes: int
    attendances: int
    children: tuple[Node, ...]


def branch_tree(session: Session, period: Period, led: Sequence[int] | None) -> tuple[Node, ...]:
    """Return the branches at the top of what may be seen: below `led`, or all when it is None.

    A sum counts entries by their frozen path, as the branch's own page does.
    """
    top = aliased(Branch)
    query = select(
        Branch.id, Branch.kind, Branch.name_zh, Branch.name_en, Branch.parent_id
    ).order_by(Branch.id)
    if led is not None:
        inside = select(top.id).where(top.id.in_(led), Branch.path.like(top.path + "%"))
        query = query.where(inside.exists())
    rows = session.execute(query).all()
    known = {row.id for row in rows}
    sums = _sums(session, period, led)
    below = defaultdict(list)
    for row in rows:
        below[row.parent_id if row.parent_id in known else None].append(row)

    def nodes(parent_id: int | None) -> tuple[Node, ...]:
        return tuple(
            Node(row.id, row.kind, row.name_zh, row.name_en, *sums[row.id], nodes(row.id))
            for row in below[parent_id]
        )

    return nodes(None)


def _sums(
    session: Session, period: Period, led: Sequence[int] | None
) -> dict[int, tuple[int, int]]:
    query = (
        select(LedgerEntry.branch_path, func.sum(LedgerEntry.minutes), attendances())
        .where(LedgerEntry.service_day.between(period.first, period.last))
        .group_by(LedgerEntry.branch_path)
    )
    if led is not None:
        query = query.where(or_(*(LedgerEntry.branch_path.like(inside(one)) for one in led)))
    sums: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for path, minutes, count in session.execute(query):
        for step in filter(None, path.split("/")):
            old = sums[int(step)]
            sums[int(step)] = (old[0] + int(minutes), old[1] + int(count))
    return sums
