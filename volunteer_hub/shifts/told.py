"""What people are told about a shift: the notice carries what its sentence needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from volunteer_hub.notifications import services as notifications
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import Shift

_SHIFT = (
    select(
        Project.title_zh,
        Project.title_en,
        Place.name_zh.label("place_zh"),
        Place.name_en.label("place_en"),
        Shift.starts_at,
        Shift.ends_at,
        Shift.day,
    )
    .join(Project, Project.id == Shift.project_id)
    .join(Place, Place.id == Shift.place_id)
    .where(Shift.id == bindparam("shift", type_=Integer))
)


def tell(
    session: Session,
    kind: str,
    *,
    shift_id: int,
    person_id: int,
    key: str,
    now: datetime,
    useless_after: datetime | None = None,
    link: str = "",
    **params: Any,
) -> bool:
    """Tell a person something about a shift, once a key; links to the shift unless said."""
    row = session.connection().execute(_SHIFT, {"shift": shift_id}).one()._asdict()
    for moment in ("starts_at", "ends_at", "day"):
        row[moment] = row[moment].isoformat()
    return notifications.tell(
        session,
        kind,
        person_id=person_id,
        key=key,
        now=now,
        link=link or f"/shifts/{shift_id}",
        useless_after=useless_after,
        shift_id=shift_id,
        **row,
        **params,
    )
