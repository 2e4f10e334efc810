"""Read the registry."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import either
from volunteer_hub.registry.models import Branch, Building, Organisation, SubDistrict


@dataclass(frozen=True)
class Choice:
    """One line of a list to choose from."""

    id: int
    name: str


def is_demo(session: Session) -> bool:
    """Tell whether the database was filled with the demo."""
    found = session.scalar(select(SubDistrict.id).where(SubDistrict.is_demo.is_(True)).limit(1))
    return found is not None


def building_choices(session: Session) -> list[Choice]:
    """Return all buildings by name, in the reader's language, for a list to choose from."""
    rows = session.execute(
        select(Building.id, Building.name_zh, Building.name_en).order_by(Building.code)
    )
    return [Choice(row.id, either(row.name_zh, row.name_en)) for row in rows]


def organisation_choices(session: Session) -> list[Choice]:
    """Return all recording organisations, for a list to choose from."""
    query = select(Organisation.id, Organisation.name_zh, Organisation.name_en)
    rows = session.execute(query.order_by(Organisation.name_zh))
    return [Choice(row.id, either(row.name_zh, row.name_en)) for row in rows]


def branch_choices(session: Session) -> list[Choice]:
    """Return all branches in the order of the tree; a dash for each level below the root."""
    rows = session.execute(select(Branch.id, Branch.name_zh, Branch.name_en, Branch.path)).all()
    steps = {row.id: [int(step) for step in row.path.strip("/").split("/")] for row in rows}
    return [
        Choice(row.id, "– " * (len(steps[row.id]) - 1) + either(row.name_zh, row.name_en))
        for row in sorted(rows, key=lambda row: steps[row.id])
    ]
