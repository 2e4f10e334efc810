"""Hours by place 属地: neighbourhood and building, as frozen in the entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.calendar import Period
from volunteer_hub.core.i18n import either
from volunteer_hub.registry.models import Branch, NeighbourhoodCommittee
from volunteer_hub.reports import veil
from volunteer_hub.reports.figures import PlaceLine
from volunteer_hub.reports.figures import by_place as lines_of
from volunteer_hub.reports.queries.branch import building_names
from volunteer_hub.reports.queries.sums import Detail, detail
from volunteer_hub.reports.queries.veil import narrowed_too_far, others_by
from volunteer_hub.reports.scope import Members, Scope
from volunteer_hub.reports.veil import Part


@dataclass(frozen=True)
class Neighbourhood:
    """A neighbourhood with the hours of its buildings; an empty name: outside of all."""

    id: int
    name: str
    minutes: int
    attendances: int
    buildings: tuple[PlaceLine, ...]


def by_place(
    session: Session,
    period: Period,
    members: Members,
    seen: Sequence[int] | None,
    led: Sequence[int] = (),
) -> list[Neighbourhood]:
    """Return the hours of the branches at the top of what may be seen, by place.

    `seen` are branches (one below another counts once); None: everything. Buildings with fewer
    than five people whom the reader does not lead stand together within their neighbourhood.
    """
    query = select(Branch.id, Branch.path, Branch.name_zh, Branch.name_en)
    rows = session.execute(
        query.where(Branch.parent_id.is_(None))
        if seen is None
        else query.where(Branch.id.in_(seen))
    ).all()
    paths = {row.path for row in rows}
    tops = [
        row
        for row in rows
        if not any(row.path != path and row.path.startswith(path) for path in paths)
    ]
    whole, people = Detail(), Counter[int]()
    opens: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in tops:
        scope = Scope(row.id, row.path, period, members)
        one = detail(session, scope)
        others = others_by(session, scope, led, {Part.BUILDING: None})[Part.BUILDING]
        people.update(others)
        closed = one.buildings if narrowed_too_far(session, scope, led) else veil.mixed(others)
        for id_, (minutes, attendances) in one.buildings.items():
            if id_ not in closed and (minutes or attendances):
                opens[id_].append((row.id, either(row.name_zh, row.name_en)))
            before = whole.buildings[id_]
            whole.buildings[id_] = (before[0] + minutes, before[1] + attendances)
    found: dict[int, list[PlaceLine]] = defaultdict(list)
    names_of = building_names(session)
    near: dict[int, Detail] = defaultdict(Detail)
    for id_, sums in whole.buildings.items():
        near[names_of[id_][2] or 0 if id_ in names_of else 0].buildings[id_] = sums
    for id_, part in near.items():
        hidden = veil.mixed({one: people[one] for one in part.buildings})
        found[id_] = [
            replace(line, opens=tuple(opens[line.id])) if line.id is not None else line
            for line in lines_of(part, names_of, hidden)
        ]
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
