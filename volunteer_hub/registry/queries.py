"""Read the registry."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import either
from volunteer_hub.registry.models import Building


@dataclass(frozen=True)
class Choice:
    """One line of a list to choose from."""

    id: int
    name: str


def building_choices(session: Session) -> list[Choice]:
    """Return all buildings by name, in the reader's language, for a list to choose from."""
    rows = session.execute(
        select(Building.id, Building.name_zh, Building.name_en).order_by(Building.code)
    )
    return [Choice(row.id, either(row.name_zh, row.name_en)) for row in rows]
