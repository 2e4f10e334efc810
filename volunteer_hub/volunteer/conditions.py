"""What people ask for, as conditions of a statement.

A statement is built once per kind of question (`Shape`) and takes what was asked as parameters,
because building one costs more than running it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    bindparam,
    case,
    extract,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from volunteer_hub.accounts.models import Person, PersonQualification
from volunteer_hub.core.db import UtcDateTime
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.registry.models import Walk
from volunteer_hub.shifts.models import Post, PostNeed, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.release import FIRST_STEP
from volunteer_hub.shifts.rules import ADULT, GUARDIAN_ALONGSIDE
from volunteer_hub.volunteer.filters import Filter

PAGE_SIZE = 20
NOW = bindparam("now", type_=UtcDateTime)
PERSON = bindparam("person", type_=Integer)
BUILDING = bindparam("building", type_=Integer)


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
    only: bool = False
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
        "opened": now + FIRST_STEP,
        "project": project_id,
        "limit": PAGE_SIZE,
        "offset": (wanted.page - 1) * PAGE_SIZE,
    }


def fits(shift: Any, shape: Shape) -> list[ColumnElement[bool]]:
    """Return what a shift (table or alias) must be to fit, of the shift alone."""
    wishes: list[tuple[bool, Callable[[], ColumnElement[bool]]]] = [
        (shape.window, lambda: shift.window == bindparam("window")),
        (shape.day, lambda: shift.day == bindparam("day", type_=Date)),
        (shape.start, lambda: shift.start_minute >= bindparam("start", type_=Integer)),
        (shape.end, lambda: shift.end_minute <= bindparam("end", type_=Integer)),
        (shape.project, lambda: shift.project_id == bindparam("project", type_=Integer)),
        (shape.only, lambda: shift.id.in_(bindparam("only", expanding=True))),
        (shape.walk, lambda: shift.place_id.in_(_within_walk())),
        (shape.seats, lambda: _free_post(shift).exists()),
        (shape.eligible, lambda: ~_clash(shift).exists()),
        (shape.eligible, lambda: shift.id.not_in(bindparam("out_of_reach", expanding=True))),
        (shape.eligible, lambda: _fitting_post(shift, free=shape.seats).exists()),
        (shape.eligible, lambda: ~_kept_out(shift).exists()),
    ]
    return [
        shift.status == literal(str(ShiftStatus.PUBLISHED), literal_execute=True),
        shift.starts_at > NOW,
        *(condition() for wished, condition in wishes if wished),
    ]


def _within_walk() -> Select[int]:
    return select(Walk.place_id).where(
        Walk.building_id == BUILDING, Walk.minutes <= bindparam("walk", type_=Integer)
    )


def _free_post(shift: Any) -> Select[int]:
    return select(Post.id).where(Post.shift_id == shift.id, Post.taken < Post.capacity)


def _clash(shift: Any) -> Select[int]:
    """Return the person's own places at the same hour, or in the same shift."""
    own = aliased(Shift)
    return (
        select(SignUp.id)
        .join(own, own.id == SignUp.shift_id)
        .where(
            SignUp.person_id == PERSON,
            SignUp.status == str(SignUpStatus.CONFIRMED),
            own.status == str(ShiftStatus.PUBLISHED),
            own.starts_at < shift.ends_at,
            own.ends_at > shift.starts_at,
        )
    )


def _fitting_post(shift: Any, *, free: bool) -> Select[int]:
    """Return the (free) posts that ask for nothing that the person lacks on the day."""
    lacking = (
        select(PostNeed.post_id)
        .outerjoin(
            PersonQualification,
            (PersonQualification.qualification_id == PostNeed.qualification_id)
            & (PersonQualification.person_id == PERSON),
        )
        .where(
            PostNeed.post_id == Post.id,
            PersonQualification.id.is_(None) | (PersonQualification.expires_on < shift.day),
        )
        # Two levels up is not correlated by itself: it would be any shift at all.
        .correlate(Post, shift)
    )
    posts = _free_post(shift) if free else select(Post.id).where(Post.shift_id == shift.id)
    return posts.where(~lacking.exists())


def _kept_out(shift: Any) -> Select[int]:
    """Return the shift's project when it is not for the person, or not for anybody yet.

    The age, the guardian's consent and presence, the insurance of hazardous work, and places that
    open later: what `shifts.rules` and `shifts.release` say of one shift.
    """
    passed = extract("month", shift.day) * 100 + extract("day", shift.day)
    birthday = extract("month", Person.birth_date) * 100 + extract("day", Person.birth_date)
    years = extract("year", shift.day) - extract("year", Person.birth_date)
    age = years - case((passed < birthday, 1), else_=0)
    project = aliased(Project)
    return (
        select(project.id)
        .join(Category, Category.id == project.category_id)
        .join(Person, Person.id == PERSON)
        .where(
            project.id == shift.project_id,
            or_(
                age < project.minimum_age,
                (age < ADULT) & Person.guardian_id.is_(None),
                (age < GUARDIAN_ALONGSIDE) & ~_guardian_is_coming(shift).exists(),
                Category.hazardous & (project.insurance == ""),
                (project.early_percent < 100)
                & (shift.starts_at > bindparam("opened", type_=UtcDateTime)),
            ),
        )
    )


def _guardian_is_coming(shift: Any) -> Select[int]:
    place = aliased(SignUp)
    return (
        select(place.id)
        .where(
            place.shift_id == shift.id,
            place.person_id == Person.guardian_id,
            place.status == str(SignUpStatus.CONFIRMED),
        )
        # Two levels up is not correlated by itself: it would be any shift at all.
        .correlate(Person, shift)
    )


def belongs(
    shape: Shape, found: Subquery | None, project: Any = Project
) -> list[ColumnElement[bool]]:
    """Return what a project (table or alias) must be."""
    conditions: list[ColumnElement[bool]] = [project.status == str(ProjectStatus.PUBLISHED)]
    if shape.category:
        conditions.append(project.category_id == bindparam("category", type_=Integer))
    if found is not None:
        conditions.append(project.id == found.c.project_id)
    return conditions


def of_listed_project(
    shape: Shape, found: Subquery | None, shift: Any
) -> list[ColumnElement[bool]]:
    """Return what the project of a shift must be.

    An EXISTS and no join: for a condition on a joined project SQLite reads all projects first.
    """
    project = aliased(Project)
    listed = select(project.id).where(
        project.id == shift.project_id, *belongs(shape, None, project)
    )
    conditions: list[ColumnElement[bool]] = [listed.exists()]
    if found is not None:
        conditions.append(shift.project_id == found.c.project_id)
    return conditions
