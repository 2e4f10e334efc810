"""What suits somebody better who has just given a place back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import NotFound
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Shift
from volunteer_hub.volunteer import queries
from volunteer_hub.volunteer.filters import Filter

MOST = 3


def instead(
    session: Session, *, shift_id: int, person_id: int, building_id: int | None, now: datetime
) -> list[queries.ShiftCard]:
    """Return up to three shifts the person can join: the same project first, then its category.

    Of the category those at the same time of the week come first. Raises NotFound.
    """
    row = session.execute(
        select(Shift.project_id, Shift.window, Project.category_id)
        .join(Project, Project.id == Shift.project_id)
        .where(Shift.id == shift_id)
    ).first()
    if row is None:
        raise NotFound
    wishes: list[tuple[Filter, int | None]] = [
        (Filter(building=building_id, seats=True, eligible=True), row.project_id),
        (
            Filter(
                building=building_id,
                seats=True,
                eligible=True,
                category=row.category_id,
                window=row.window,
            ),
            None,
        ),
        (Filter(building=building_id, seats=True, eligible=True, category=row.category_id), None),
    ]
    found: dict[int, queries.ShiftCard] = {}
    for wanted, project_id in wishes:
        if len(found) < MOST:
            page = queries.shifts(
                session, wanted, now=now, person_id=person_id, project_id=project_id
            )
            found |= {card.id: card for card in page.rows if card.id != shift_id and not card.state}
    return list(found.values())[:MOST]
