"""No-shows of branches: from the kept sums for whole quarters, else from the attendances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import IS_NO_SHOW, Attendance, BranchNoShows
from volunteer_hub.hours.summary import steps_of
from volunteer_hub.projects.models import Project
from volunteer_hub.reports.queries.sums import is_quarter
from volunteer_hub.reports.scope import Members, Scope, Shape, of_kind, of_projects, written
from volunteer_hub.shifts.models import Shift


def no_shows_of(session: Session, scope: Scope, branch_ids: Collection[int]) -> dict[int, int]:
    """Return how often people of each of these branches (the scope's own or below it) stayed away.

    The path and the membership of the day decide; late entries and buildings narrow nothing here.
    """
    if scope.category_id is None and scope.project_id is None and is_quarter(scope.period):
        values = {"ids": list(branch_ids), "first": scope.period.first}
        return {row[0]: int(row[1]) for row in session.execute(_kept(scope.members), values)}
    found: Counter[int] = Counter()
    for path, count in session.execute(_counted(scope.shape), scope.values()):
        found.update(dict.fromkeys(steps_of(path), count))
    return {branch_id: found[branch_id] for branch_id in branch_ids}


@lru_cache
def _kept(members: Members) -> Any:
    row = BranchNoShows
    return (
        select(row.branch_id, func.sum(row.no_shows))
        .where(
            row.branch_id.in_(bindparam("ids", expanding=True)),
            row.quarter == bindparam("first"),
            *of_kind(row.is_party_member, members),
        )
        .group_by(row.branch_id)
    )


@lru_cache
def _counted(shape: Shape) -> Any:
    return (
        select(Attendance.missed_path, func.count())
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(*missed_by(shape))
        .group_by(Attendance.missed_path)
    )


def missed_by(shape: Shape) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the no-shows of a scope, joined to shift and project."""
    return (
        IS_NO_SHOW,
        Attendance.missed_path.like(bindparam("inside")),
        Shift.day.between(written("first"), written("last")),
        *of_kind(Attendance.missed_as_member, shape.members),
        *of_projects(shape),
    )
