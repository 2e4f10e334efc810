"""The lists volunteers look through: projects, and shifts that fit a free hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Subquery
from sqlalchemy.orm import Session

from volunteer_hub.projects.queries import search
from volunteer_hub.shifts.clash import out_of_reach
from volunteer_hub.volunteer import statements
from volunteer_hub.volunteer.conditions import PAGE_SIZE, Shape, shape_of, values_of
from volunteer_hub.volunteer.filters import Filter

Row = TypeVar("Row")


class ProjectCard(NamedTuple):
    """One project of the list, with the first of its shifts that fits, if any."""

    id: int
    title_zh: str
    title_en: str
    category_zh: str
    category_en: str
    organisation_zh: str
    organisation_en: str
    place_zh: str | None
    place_en: str | None
    walk: int | None
    shift_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    day: date | None
    left: int
    capacity: int


class ShiftCard(NamedTuple):
    """One shift of a list; `state` is the reader's own active sign-up there, if any."""

    id: int
    project_id: int
    title_zh: str
    title_en: str
    category_zh: str
    category_en: str
    starts_at: datetime
    ends_at: datetime
    day: date
    place_zh: str
    place_en: str
    walk: int | None
    left: int
    capacity: int
    state: str | None
    window: str = ""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of rows, how many there are in all, and how many of these have a fitting shift."""

    rows: list[Row]
    total: int
    number: int
    fitting: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def projects(session: Session, wanted: Filter, *, now: datetime) -> Page[ProjectCard]:
    """Return a page of published projects: those with a fitting shift first, soonest first.

    Without a wish about shifts the projects that have none at present follow. Two queries.
    """
    shape, found = shape_of(wanted), search(wanted.q) if wanted.q else None
    if wanted.q and found is None:
        return Page([], 0, wanted.page, 0)
    values = values_of(wanted, now=now)
    fitting, listed = (
        session.connection().execute(_built(statements.count_projects, shape, found), values).one()
    )
    total = fitting if wanted.about_shifts else listed
    first = values["offset"]
    if first >= total:
        return Page([], total, wanted.page, fitting)
    if first + PAGE_SIZE <= fitting or wanted.about_shifts:
        statement = _built(statements.fitting_projects, shape, found)
    else:
        statement = _built(statements.all_projects, shape, found)
        values["offset"] = min(first, fitting)
        values["rest_offset"] = max(0, first - fitting)
        values["rest_limit"] = PAGE_SIZE - max(0, min(PAGE_SIZE, fitting - first))
        values["limit"] = PAGE_SIZE - values["rest_limit"]
    rows = [ProjectCard._make(row) for row in session.connection().execute(statement, values).all()]
    rows.sort(key=lambda row: row.shift_id is None)
    return Page(rows, total, wanted.page, fitting)


def shifts(
    session: Session,
    wanted: Filter,
    *,
    now: datetime,
    person_id: int | None = None,
    project_id: int | None = None,
) -> Page[ShiftCard]:
    """Return a page of upcoming shifts that fit whole into what is asked for. Two queries."""
    found = search(wanted.q) if wanted.q else None
    if wanted.q and found is None:
        return Page([], 0, wanted.page, 0)
    shape = shape_of(wanted, person_id=person_id, project=project_id is not None)
    values = values_of(wanted, now=now, person_id=person_id, project_id=project_id)
    if shape.eligible and person_id is not None:
        values["out_of_reach"] = out_of_reach(session, person_id=person_id, now=now)
    total = session.scalar(_built(statements.count_shifts, shape, found), values) or 0
    if values["offset"] >= total:
        return Page([], total, wanted.page, total)
    statement = _built(statements.fitting_shifts, shape, found)
    rows = [ShiftCard._make(row) for row in session.connection().execute(statement, values).all()]
    return Page(rows, total, wanted.page, total)


def joinable(
    session: Session,
    shift_ids: Sequence[int],
    *,
    person_id: int,
    building_id: int | None,
    now: datetime,
) -> dict[int, ShiftCard]:
    """Return, of these shifts, those with places left that the person can join."""
    wanted = Filter(building=building_id, seats=True, eligible=True)
    shape = replace(shape_of(wanted, person_id=person_id), only=True)
    values = values_of(wanted, now=now, person_id=person_id) | {
        "only": list(shift_ids),
        "limit": len(shift_ids),
        "out_of_reach": out_of_reach(session, person_id=person_id, now=now, only=shift_ids),
    }
    rows = session.connection().execute(_cached(statements.fitting_shifts, shape), values)
    return {row[0]: ShiftCard._make(row) for row in rows}


def _built(build: Any, shape: Shape, found: Subquery | None) -> Any:
    return build(shape, found) if found is not None else _cached(build, shape)


@lru_cache(maxsize=512)
def _cached(build: Any, shape: Shape) -> Any:
    return build(shape, None)
