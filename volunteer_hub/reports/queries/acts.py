"""Who stayed away and whose hours wait, in all branches in sight: for what is kept back (S16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.hours.sheets import unconfirmed
from volunteer_hub.hours.summary import steps_of
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import BranchLine
from volunteer_hub.reports.heads import Act
from volunteer_hub.reports.queries.branch import line_of_day, member_of_day
from volunteer_hub.reports.queries.no_shows import missed_by
from volunteer_hub.reports.scope import Members, Scope, Shape, inside, written
from volunteer_hub.shifts.models import Shift


def missed(session: Session, scope: Scope, seen: Sequence[int] | None) -> list[Act]:
    """Return the no-shows of the scope's days below `seen` (None: everywhere), by person."""
    path = Attendance.missed_path
    shared = (path, Attendance.person_id, Attendance.missed_as_member, Project.category_id)
    below = [or_(*(path.like(inside(id_)) for id_ in seen))] if seen else []
    rows = session.execute(
        select(*shared, Project.id, func.count())
        .select_from(Attendance)
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(*missed_by(Shape(Members.ALL)), path != "", *below)
        .group_by(*shared, Project.id),
        Scope.everything(scope.period).values(),
    )
    return list(_missed(rows))


def _missed(rows: Any) -> Iterator[Act]:
    for path, person_id, is_member, category_id, project_id, number in rows:
        steps = tuple(steps_of(path))
        yield Act(
            steps,
            steps[-1],
            person_id,
            number,
            is_member=is_member,
            category_id=category_id,
            project_id=project_id,
        )


def waiting(
    session: Session, scope: Scope, seen: Sequence[int] | None, *, now: datetime
) -> list[Act]:
    """Return the attendances of the scope's days that wait, below `seen` (None: everywhere)."""
    member, line, top = BranchMembership, BranchLine, aliased(BranchLine)
    query = (
        select(
            Attendance.id,
            line.ancestor_id,
            member.branch_id,
            Attendance.person_id,
            member.is_party_member,
            Project.category_id,
            Project.id,
            Shift.id,
        )
        .select_from(Attendance)
        .join(Shift, Shift.id == Attendance.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(member, member_of_day())
        .join(line, line_of_day(line))
        .where(*unconfirmed(now), Shift.day.between(written("first"), written("last")))
    )
    if seen:
        query = query.join(top, line_of_day(top)).where(top.ancestor_id.in_(seen))
    steps: dict[int, set[int]] = {}
    rows: dict[int, Any] = {}
    for row in session.execute(query, scope.values(now=now)):
        steps.setdefault(row[0], set()).add(row[1])
        rows[row[0]] = row
    return [
        Act(
            steps[id_],
            row[2],
            row[3],
            is_member=row[4],
            category_id=row[5],
            project_id=row[6],
            shift_id=row[7],
        )
        for id_, row in rows.items()
    ]
