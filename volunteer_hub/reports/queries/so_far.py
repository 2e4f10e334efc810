"""Earlier spans to compare a running quarter with, from the sums kept by day."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from volunteer_hub.core.calendar import Period
from volunteer_hub.hours.models import Axis, BranchHours, LedgerEntry
from volunteer_hub.reports.queries.sums import Tally
from volunteer_hub.reports.scope import BRANCH_ID, Members, Scope, Shape, below, counts, of_kind

# Distinct people cannot be added up over days; with more entries than this they are not counted.
MOST_COUNTED = 20_000


def so_far(session: Session, scope: Scope, spans: Sequence[Period]) -> list[dict[int, Tally]]:
    """Return the tally of the scope's branch for each span of days.

    People are 0 where there are too many entries to count them while somebody waits.
    """
    values = scope.values(**_bounds(spans))
    by_days = session.execute(_by_days(scope.members, len(spans)), values)
    sums = {row[0]: [int(value or 0) for value in row[1:]] for row in by_days}
    people: dict[int, int] = {}
    if 0 < max(one[1] for one in sums.values()) <= MOST_COUNTED:
        rows = session.execute(_people(scope.shape, len(spans)), values)
        people = {row[0]: row[1] for row in rows}
    return [
        {scope.branch_id: Tally(minutes, attendances, late, people.get(number, 0))}
        for number, (minutes, attendances, late) in sorted(sums.items())
    ]


def _bounds(spans: Sequence[Period]) -> dict[str, Any]:
    first = {f"first{n}": span.first for n, span in enumerate(spans)}
    return first | {f"last{n}": span.last for n, span in enumerate(spans)}


def _between(day: Any, number: int) -> Any:
    first = bindparam(f"first{number}", type_=day.type)
    return day.between(first, bindparam(f"last{number}", type_=day.type))


@lru_cache
def _by_days(members: Members, spans: int) -> Any:
    row = BranchHours
    return union_all(
        *(
            select(
                literal(number, Integer),
                func.sum(row.minutes),
                func.sum(row.attendances),
                func.sum(row.late_minutes),
            ).where(
                row.branch_id == BRANCH_ID,
                row.axis == str(Axis.DAY),
                _between(row.day, number),
                *of_kind(row.is_party_member, members),
            )
            for number in range(spans)
        )
    )


@lru_cache
def _people(shape: Shape, spans: int) -> Any:
    entry = LedgerEntry
    taking_part = (
        select(literal(number, Integer).label("span"), entry.person_id)
        .where(_between(entry.service_day, number), *below(shape))
        .group_by(entry.person_id)
        .having(counts() > 0)
        for number in range(spans)
    )
    rows = union_all(*taking_part).subquery()
    return select(rows.c.span, func.count()).group_by(rows.c.span)
