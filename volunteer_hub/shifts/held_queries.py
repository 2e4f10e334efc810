"""Read the places that somebody holds for colleagues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Hold, Post, Shift


@dataclass(frozen=True)
class HeldRow:
    """Places without a name that somebody holds in a shift to come."""

    shift_id: int
    title_zh: str
    title_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    places: int


def own_holds(session: Session, *, person_id: int, now: datetime) -> list[HeldRow]:
    """Return where the person holds places at present, soonest first."""
    rows: Any = session.execute(
        select(
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Shift.day,
            Shift.starts_at,
            Shift.ends_at,
            Hold.places,
        )
        .join(Post, Post.id == Hold.post_id)
        .join(Shift, Shift.id == Post.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(
            Hold.holder_id == person_id,
            Hold.adoption_id.is_(None),
            Hold.places > 0,
            Hold.until > now,
        )
        .order_by(Shift.starts_at, Hold.id)
    )
    return [HeldRow(*row) for row in rows]
