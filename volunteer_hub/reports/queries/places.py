"""Hours by place 属地: neighbourhood and building, as frozen in the entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.calendar import Period
from volunteer_hub.core.i18n import either
from volunteer_hub.registry.models import Branch, NeighbourhoodCommittee
from volunteer_hub.reports.figures import PlaceLine
from volunteer_hub.reports.figures import by_place as lines_of
from volunteer_hub.reports.queries.branch import building_names
from volunteer_hub.reports.queries.sums import Detail, detail
from volunteer_hub.reports.scope import Members, Scope


@dataclass(frozen=True)
class Neighbourhood:
    """A neighbourhood with the hours of its buildings; an empty name: outside of all."""

    id: int
    name: str
    minutes: int
    attendances: int
    buildings: tuple[PlaceLine, ...]


def by_place(
    session: Session, period: Period, members: Members, led: Sequence[int] | None
) -> list[Neighbourhood]:
    """Return the hours of the branches at the top of what may be seen, by place.

    `led` are the branches a reader leads (one below another counts once); None: everything.
    """
    query = select(Branch.id, Branch.path, Branch.parent_id)
    rows = session.execute(
        query.where(Branch.parent_id.is_(None)) if led is None else query.where(Branch.id.in_(led))
    ).all()
    paths = {row.path for row in rows}
    tops = [
        row
        for row in rows
        if not any(row.path != path and row.path.startswith(path) for path in paths)
    ]
    whole = Detail()
    for row in tops:
        one = detail(session, Scope(row.id, row.path, period, members))
        for id_, (minutes, attendances) in one.buildings.items():
            before = whole.buildings[id_]
            whole.buildings[id_] = (before[0] + minutes, before[1] + attendances)
    found: dict[int, list[PlaceLine]] = defaultdict(list)
    for line in lines_of(whole, building_names(session)):
        found[line.committee_id or 0].append(line)
    names = {
        row.id: either(row.name_zh, row.name_en)
        for row in session.scalars(select(NeighbourhoodCommittee))
    }
    return [
        Neighbourhood(
            id_,
            names.get(id_, ""),
            sum(line.minutes for line in lines),
            sum(line.attendances for line in lines),
            tuple(lines),
        )
        for id_, lines in sorted(found.items(), key=lambda item: (item[0] == 0, names.get(item[0])))
    ]
