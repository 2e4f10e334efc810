"""Hours that roll up to an adoption: of the branch with all below it, in the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.reports.queries.sums import NOTHING, Tally
from volunteer_hub.reports.scope import counts, inside, late_minutes
from volunteer_hub.shifts.adoption_queries import AdoptionRow


@dataclass(frozen=True)
class ProjectChoice:
    """A published project that a branch may adopt."""

    id: int
    title_zh: str
    title_en: str


def rolled_up(session: Session, rows: Sequence[AdoptionRow]) -> dict[int, Tally]:
    """Return what each adoption adds up to in the ledger, by its id."""
    return {row.id: _tally(session, row) for row in rows}


def _tally(session: Session, row: AdoptionRow) -> Tally:
    entry = LedgerEntry
    by_person = (
        select(
            entry.person_id,
            func.sum(entry.minutes).label("minutes"),
            counts().label("attendances"),
            late_minutes().label("late"),
        )
        .where(
            entry.project_id == row.project_id,
            entry.service_day.between(row.first_day, row.last_day),
            entry.branch_path.like(inside(row.branch_id)),
        )
        .group_by(entry.person_id)
        .subquery()
    )
    sums: Any = session.execute(
        select(
            func.sum(by_person.c.minutes),
            func.sum(by_person.c.attendances),
            func.sum(by_person.c.late),
            func.count().filter(by_person.c.attendances > 0),
        )
    ).one()
    return Tally(*(int(value or 0) for value in sums)) if sums[0] is not None else NOTHING


def project(session: Session, project_id: int) -> ProjectChoice | None:
    """Return a published project, or None."""
    row = session.execute(
        select(Project.id, Project.title_zh, Project.title_en).where(
            Project.id == project_id, Project.status == str(ProjectStatus.PUBLISHED)
        )
    ).first()
    return ProjectChoice(*row) if row else None
