"""Who stands behind what a closed month says, beyond its whole figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import Integer, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from volunteer_hub.hours import closed_months
from volunteer_hub.hours.models import LedgerEntry, MonthClose
from volunteer_hub.hours.summary import steps_of
from volunteer_hub.reports import heads
from volunteer_hub.reports.heads import Act
from volunteer_hub.reports.scope import counts, inside

# Of Party members and of others, late entries and others: the whole less one is the other.
MEMBERS, OTHERS, LATE, IN_TIME, CORRECTED = range(5)


def hidden_in(
    session: Session,
    close_ids: Collection[int],
    parents: Mapping[int, int | None],
    seen: Sequence[int] | None,
    led: Collection[int],
) -> dict[int, dict[int, set[int]]]:
    """Return for each close and part of its figures the branches for which the part is hidden.

    Counted are the entries that the close saw, in two queries, below `seen` (None: everywhere).
    """
    acts: dict[int, dict[int, list[Act]]] = {id_: defaultdict(list) for id_ in close_ids}
    for row in _rows(session, close_ids, seen):
        act = Act(
            tuple(steps_of(row.branch_path)),
            row.branch_id,
            row.person_id,
            int(row.attendances),
            int(row.minutes),
        )
        if row.is_correction:
            acts[row.close_id][CORRECTED].append(act)
            continue
        acts[row.close_id][MEMBERS if row.is_party_member else OTHERS].append(act)
        acts[row.close_id][LATE if row.is_late_entry else IN_TIME].append(act)
    return {
        id_: {part: heads.hidden(some, parents, led) for part, some in by_part.items()}
        for id_, by_part in acts.items()
    }


def _rows(session: Session, close_ids: Collection[int], seen: Sequence[int] | None) -> Any:
    closes = closed_months.closes(session)
    selects = []
    for number, closed in enumerate(closes):
        if closed.id in close_ids:
            before = closes[number + 1] if number + 1 < len(closes) else None
            selects += _of_close(closed, before, seen)
    return session.execute(union_all(*selects)) if selects else []


def _of_close(
    closed: MonthClose, before: MonthClose | None, seen: Sequence[int] | None
) -> list[Any]:
    entry = LedgerEntry
    month = entry.service_day.between(closed.month, closed.month + relativedelta(months=1, days=-1))
    found = [_by_person(closed, 0, seen).where(month)]
    if before:
        later = (entry.service_day < closed.month, entry.id > before.last_entry_id)
        found.append(_by_person(closed, 1, seen).where(*later))
    return found


def _by_person(closed: MonthClose, is_correction: int, seen: Sequence[int] | None) -> Any:
    entry = LedgerEntry
    shared = (
        entry.branch_path,
        entry.branch_id,
        entry.person_id,
        entry.is_party_member,
        entry.is_late_entry,
    )
    below = [or_(*(entry.branch_path.like(inside(id_)) for id_ in seen))] if seen else []
    return (
        select(
            literal(closed.id, Integer).label("close_id"),
            literal(is_correction, Integer).label("is_correction"),
            *shared,
            func.sum(entry.minutes).label("minutes"),
            counts().label("attendances"),
        )
        .where(entry.id <= closed.last_entry_id, entry.branch_path != "", *below)
        .group_by(*shared)
        .having(or_(func.sum(entry.minutes) != 0, counts() != 0))
    )
