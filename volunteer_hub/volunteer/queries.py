"""The lists volunteers look through: projects, and shifts that fit a free hour.

Both stop as soon as a page is full: shifts are walked in order of their start, and a project is
listed at its first fitting shift. Nothing is read per card. Statements are built once per kind of
question (`Shape`) and take what was asked as parameters, because building one costs more than
running it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.projects.queries import search
from volunteer_hub.registry.models import Organisation, Place, Walk
from volunteer_hub.shifts.models import ACTIVE, Post, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.volunteer.filters import Filter

PAGE_SIZE = 20
Row = TypeVar("Row")

NOW = bindparam("now", type_=UtcDateTime)
LIMIT = bindparam("limit", type_=Integer)
OFFSET = bindparam("offset", type_=Integer)
LISTED = Project.status == str(ProjectStatus.PUBLISHED)


@dataclass(frozen=True)
class ProjectCard:
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


@dataclass(frozen=True)
class ShiftCard:
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


@dataclass(frozen=True)
class Shape:
    """Which conditions a question has; the values go in as parameters."""

    category: bool = False
    window: bool = False
    day: bool = False
    start: bool = False
    end: bool = False
    walk: bool = False
    seats: bool = False
    eligible: bool = False
    project: bool = False
    person: bool = False
    sort: str = "soonest"


def shape_of(wanted: Filter, *, person_id: int | None = None, project: bool = False) -> Shape:
    """Return the kind of question a filter asks."""
    return Shape(
        category=wanted.category is not None,
        window=wanted.window is not None,
        day=wanted.day is not None,
        start=wanted.start_minute is not None,
        end=wanted.end_minute is not None,
        walk=wanted.walk is not None,
        seats=wanted.seats,
        eligible=wanted.eligible and person_id is not None,
        person=person_id is not None,
        project=project,
        sort=wanted.sort,
    )


def values_of(
    wanted: Filter, *, now: datetime, person_id: int | None = None, project_id: int | None = None
) -> dict[str, Any]:
    """Return the parameters of a filter for the statements below."""
    return {
        "now": now,
        "category": wanted.category,
        "window": wanted.window,
        "day": wanted.day,
        "start": wanted.start_minute,
        "end": wanted.end_minute,
        "building": wanted.building,
        "walk": wanted.walk,
        "person": person_id,
        "project": project_id,
        "limit": PAGE_SIZE,
        "offset": (wanted.page - 1) * PAGE_SIZE,
    }


def projects(session: Session, wanted: Filter, *, now: datetime) -> Page[ProjectCard]:
    """Return a page of published projects: those with a fitting shift first, soonest first.

    Without a wish about shifts the projects that have none at present follow. Two queries.
    """
    shape, found = shape_of(wanted), search(wanted.q) if wanted.q else None
    if wanted.q and found is None:
        return Page([], 0, wanted.page, 0)
    values = values_of(wanted, now=now)
    fitting, listed = session.execute(_built(_count_projects, shape, found), values).one()
    total = fitting if wanted.about_shifts else listed
    first = values["offset"]
    if first >= total:
        return Page([], total, wanted.page, fitting)
    if first + PAGE_SIZE <= fitting or wanted.about_shifts:
        statement = _built(_fitting_projects, shape, found)
    else:
        statement = _built(_all_projects, shape, found)
        values["offset"] = min(first, fitting)
        values["rest_offset"] = max(0, first - fitting)
        values["rest_limit"] = PAGE_SIZE - max(0, min(PAGE_SIZE, fitting - first))
        values["limit"] = PAGE_SIZE - values["rest_limit"]
    rows = [ProjectCard(*row) for row in session.execute(statement, values)]
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
    total = session.scalar(_built(_count_shifts, shape, found), values) or 0
    if values["offset"] >= total:
        return Page([], total, wanted.page, total)
    statement = _built(_fitting_shifts, shape, found)
    rows = [ShiftCard(*row) for row in session.execute(statement, values)]
    return Page(rows, total, wanted.page, total)


def _built(build: Any, shape: Shape, found: Subquery | None) -> Any:
    return build(shape, found) if found is not None else _cached(build, shape)


@lru_cache(maxsize=512)
def _cached(build: Any, shape: Shape) -> Any:
    return build(shape, None)


# ---------------------------------------------------------------- conditions


def _fits(shift: Any, shape: Shape) -> list[ColumnElement[bool]]:
    """Return what a shift must be to fit (of the shift alone)."""
    conditions: list[ColumnElement[bool]] = [
        shift.status == literal(str(ShiftStatus.PUBLISHED), literal_execute=True),
        shift.starts_at > NOW,
    ]
    if shape.window:
        conditions.append(shift.window == bindparam("window"))
    if shape.day:
        conditions.append(shift.day == bindparam("day", type_=Date))
    if shape.start:
        conditions.append(shift.start_minute >= bindparam("start", type_=Integer))
    if shape.end:
        conditions.append(shift.end_minute <= bindparam("end", type_=Integer))
    if shape.project:
        conditions.append(shift.project_id == bindparam("project", type_=Integer))
    if shape.walk:
        near = select(Walk.place_id).where(
            Walk.building_id == bindparam("building", type_=Integer),
            Walk.minutes <= bindparam("walk", type_=Integer),
        )
        conditions.append(shift.place_id.in_(near))
    if shape.seats:
        free = select(Post.id).where(Post.shift_id == shift.id, Post.taken < Post.capacity)
        conditions.append(free.exists())
    if shape.eligible:
        conditions.append(~_clash(shift).exists())
    return conditions


def _clash(shift: Any) -> Select[Any]:
    """Return the person's own places at the same hour, or in the same shift."""
    own = aliased(Shift)
    return (
        select(SignUp.id)
        .join(own, own.id == SignUp.shift_id)
        .where(
            SignUp.person_id == bindparam("person", type_=Integer),
            SignUp.status == str(SignUpStatus.CONFIRMED),
            own.starts_at < shift.ends_at,
            own.ends_at > shift.starts_at,
        )
    )


def _belongs(shape: Shape, found: Subquery | None) -> list[ColumnElement[bool]]:
    """Return what a project must be."""
    conditions: list[ColumnElement[bool]] = [LISTED]
    if shape.category:
        conditions.append(Project.category_id == bindparam("category", type_=Integer))
    if found is not None:
        conditions.append(Project.id == found.c.project_id)
    return conditions


def _seats(shift: Any) -> tuple[Any, Any]:
    of_shift = Post.shift_id == shift.id
    left = select(func.sum(Post.capacity - Post.taken)).where(of_shift).scalar_subquery()
    capacity = select(func.sum(Post.capacity)).where(of_shift).scalar_subquery()
    return func.coalesce(left, 0), func.coalesce(capacity, 0)


# ---------------------------------------------------------------- projects

PROJECT_COLUMNS = (
    Project.id,
    Project.title_zh,
    Project.title_en,
    Category.name_zh,
    Category.name_en,
    Organisation.name_zh,
    Organisation.name_en,
    Place.name_zh,
    Place.name_en,
    Walk.minutes,
)


def _walk_to(place_id: Any) -> ColumnElement[bool]:
    return (Walk.place_id == place_id) & (Walk.building_id == bindparam("building", type_=Integer))


def _fitting_projects(shape: Shape, found: Subquery | None) -> Select[Any]:
    shift, earlier = aliased(Shift, name="s"), aliased(Shift, name="e")
    left, capacity = _seats(shift)
    no_earlier = ~(
        select(earlier.id)
        .where(
            earlier.project_id == shift.project_id,
            (earlier.starts_at < shift.starts_at)
            | ((earlier.starts_at == shift.starts_at) & (earlier.id < shift.id)),
            *_fits(earlier, shape),
        )
        .exists()
    )
    columns = (*PROJECT_COLUMNS, shift.id, shift.starts_at, shift.ends_at, shift.day)
    query = (
        select(*columns, left.label("left"), capacity.label("capacity"))
        .select_from(shift)
        .join(Project, Project.id == shift.project_id)
        .join(Category, Category.id == Project.category_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .join(Place, Place.id == shift.place_id)
        .outerjoin(Walk, _walk_to(shift.place_id))
        .where(*_belongs(shape, found), *_fits(shift, shape), no_earlier)
        .limit(LIMIT)
        .offset(OFFSET)
    )
    soonest = (shift.starts_at, shift.id)
    if shape.sort == "needed":
        return query.order_by(left.desc(), *soonest)
    if shape.sort == "newest":
        return query.order_by(Project.id.desc())
    if found is not None:
        return query.order_by(found.c.score.desc(), *soonest)
    return query.order_by(*soonest)


def _resting_projects(shape: Shape, found: Subquery | None) -> Select[Any]:
    """Return projects without a shift to come, the latest first."""
    # PostgreSQL takes an untyped NULL of a subquery for text.
    kinds = {"shift_id": Integer, "starts_at": UtcDateTime, "ends_at": UtcDateTime, "day": Date}
    nothing: list[Any] = [cast(null(), kind).label(name) for name, kind in kinds.items()]
    order: tuple[Any, ...] = (Project.last_starts_at.desc(), Project.id.desc())
    if found is not None:
        order = (found.c.score.desc(), *order)
    return (
        select(*PROJECT_COLUMNS, *nothing, literal(0).label("left"), literal(0).label("capacity"))
        .select_from(Project)
        .join(Category, Category.id == Project.category_id)
        .join(Organisation, Organisation.id == Project.organisation_id)
        .outerjoin(Place, Place.id == Project.place_id)
        .outerjoin(Walk, _walk_to(Project.place_id))
        .where(*_belongs(shape, found), _has_no_future())
        .order_by(*order)
        .limit(bindparam("rest_limit", type_=Integer))
        .offset(bindparam("rest_offset", type_=Integer))
    )


def _all_projects(shape: Shape, found: Subquery | None) -> Select[Any]:
    """Return the page on which projects with and without a shift to come meet."""
    first = _fitting_projects(shape, found).subquery("fitting")
    rest = _resting_projects(shape, found).subquery("resting")
    both = union_all(select(first), select(rest)).subquery("both_kinds")
    return select(both)


def _has_no_future() -> ColumnElement[bool]:
    return func.coalesce(Project.last_starts_at <= NOW, True)


def _count_projects(shape: Shape, found: Subquery | None) -> Select[Any]:
    """Count projects with a fitting shift, and all that are listed."""
    belongs = _belongs(shape, found)
    listed = select(func.count(Project.id)).where(*belongs)
    if shape == Shape(category=shape.category, sort=shape.sort):
        fitting = select(func.count(Project.id)).where(*belongs, Project.last_starts_at > NOW)
    else:
        fitting = (
            select(func.count(Shift.project_id.distinct()))
            .join(Project, Project.id == Shift.project_id)
            .where(*belongs, *_fits(Shift, shape))
        )
    return select(fitting.scalar_subquery(), listed.scalar_subquery())


# ---------------------------------------------------------------- shifts


def _fitting_shifts(shape: Shape, found: Subquery | None) -> Select[Any]:
    left, capacity = _seats(Shift)
    query = (
        select(
            Shift.id,
            Project.id,
            Project.title_zh,
            Project.title_en,
            Category.name_zh,
            Category.name_en,
            Shift.starts_at,
            Shift.ends_at,
            Shift.day,
            Place.name_zh,
            Place.name_en,
            Walk.minutes,
            left,
            capacity,
            _own_state() if shape.person else null(),
        )
        .select_from(Shift)
        .join(Project, Project.id == Shift.project_id)
        .join(Category, Category.id == Project.category_id)
        .join(Place, Place.id == Shift.place_id)
        .outerjoin(Walk, _walk_to(Shift.place_id))
        .where(*_belongs(shape, found), *_fits(Shift, shape))
        .limit(LIMIT)
        .offset(OFFSET)
    )
    return query.order_by(Shift.starts_at, Shift.id)


def _own_state() -> ColumnElement[str | None]:
    return (
        select(SignUp.status)
        .where(
            SignUp.shift_id == Shift.id,
            SignUp.person_id == bindparam("person", type_=Integer),
            SignUp.status.in_(ACTIVE),
        )
        .scalar_subquery()
    )


def _count_shifts(shape: Shape, found: Subquery | None) -> Select[Any]:
    return (
        select(func.count(Shift.id))
        .join(Project, Project.id == Shift.project_id)
        .where(*_belongs(shape, found), *_fits(Shift, shape))
    )
