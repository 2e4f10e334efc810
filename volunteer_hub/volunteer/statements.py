"""The statements behind the lists.

They stop as soon as a page is full: shifts are walked in the order of their start, and a project is
listed at its first fitting shift.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.projects.models import Category, Project
from volunteer_hub.registry.models import Organisation, Place, Walk
from volunteer_hub.shifts.models import ACTIVE, Post, Shift, SignUp
from volunteer_hub.volunteer.conditions import (
    BUILDING,
    NOW,
    PERSON,
    Shape,
    belongs,
    fits,
    of_listed_project,
)

Statement = Select[*tuple[Any, ...]]
LIMIT = bindparam("limit", type_=Integer)
OFFSET = bindparam("offset", type_=Integer)


def _seats(shift: Any) -> tuple[Any, Any]:
    of_shift = Post.shift_id == shift.id
    left = select(func.sum(Post.capacity - Post.taken)).where(of_shift).scalar_subquery()
    capacity = select(func.sum(Post.capacity)).where(of_shift).scalar_subquery()
    return func.coalesce(left, 0), func.coalesce(capacity, 0)


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
    return and_(Walk.place_id == place_id, Walk.building_id == BUILDING)


def fitting_projects(shape: Shape, found: Subquery | None) -> Statement:
    """Select projects at their first fitting shift."""
    shift, earlier = aliased(Shift, name="s"), aliased(Shift, name="e")
    left, capacity = _seats(shift)
    no_earlier = ~(
        select(earlier.id)
        .where(
            earlier.project_id == shift.project_id,
            (earlier.starts_at < shift.starts_at)
            | ((earlier.starts_at == shift.starts_at) & (earlier.id < shift.id)),
            *fits(earlier, shape),
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
        .where(*of_listed_project(shape, found, shift), *fits(shift, shape), no_earlier)
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


def _resting_projects(shape: Shape, found: Subquery | None) -> Statement:
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
        .where(*belongs(shape, found), _has_no_future())
        .order_by(*order)
        .limit(bindparam("rest_limit", type_=Integer))
        .offset(bindparam("rest_offset", type_=Integer))
    )


def all_projects(shape: Shape, found: Subquery | None) -> Statement:
    """Return the page on which projects with and without a shift to come meet."""
    first = fitting_projects(shape, found).subquery("fitting")
    rest = _resting_projects(shape, found).subquery("resting")
    both = union_all(select(first), select(rest)).subquery("both_kinds")
    return select(both)


def _has_no_future() -> ColumnElement[bool]:
    return func.coalesce(Project.last_starts_at <= NOW, True)


def count_projects(shape: Shape, found: Subquery | None) -> Statement:
    """Count projects with a fitting shift, and all that are listed."""
    if shape == Shape(category=shape.category, sort=shape.sort):
        fitting = func.count(Project.id).filter(Project.last_starts_at > NOW)
        return select(fitting, func.count(Project.id)).where(*belongs(shape, found))
    listed = select(func.count(Project.id)).where(*belongs(shape, found))
    with_shift = select(func.count(Shift.project_id.distinct())).where(
        *of_listed_project(shape, found, Shift), *fits(Shift, shape)
    )
    return select(with_shift.scalar_subquery(), listed.scalar_subquery())


def fitting_shifts(shape: Shape, found: Subquery | None) -> Statement:
    """Select fitting shifts, soonest first."""
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
            Shift.window,
        )
        .select_from(Shift)
        .join(Project, Project.id == Shift.project_id)
        .join(Category, Category.id == Project.category_id)
        .join(Place, Place.id == Shift.place_id)
        .outerjoin(Walk, _walk_to(Shift.place_id))
        .where(*of_listed_project(shape, found, Shift), *fits(Shift, shape))
        .limit(LIMIT)
        .offset(OFFSET)
    )
    return query.order_by(Shift.starts_at, Shift.id)


def _own_state() -> ColumnElement[str | None]:
    return (
        select(SignUp.status)
        .where(
            SignUp.shift_id == Shift.id,
            SignUp.person_id == PERSON,
            SignUp.status.in_(ACTIVE),
        )
        .scalar_subquery()
    )


def count_shifts(shape: Shape, found: Subquery | None) -> Statement:
    """Count fitting shifts."""
    return select(func.count(Shift.id)).where(
        *of_listed_project(shape, found, Shift), *fits(Shift, shape)
    )
