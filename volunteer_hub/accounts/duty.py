"""Who is on duty: the coordinators of an organisation, and the office."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person, RoleGrant
from volunteer_hub.accounts.role_services import is_live
from volunteer_hub.core.permissions import Role


def coordinators_of(session: Session, organisation_id: int, now: datetime) -> list[int]:
    """Return the people who coordinate this organisation now, who has done so longest first."""
    return _holding(session, now, Role.COORDINATOR, organisation_id)


def office(session: Session, now: datetime) -> list[int]:
    """Return the people of the office."""
    return _holding(session, now, Role.OFFICE, None)


def _holding(session: Session, now: datetime, role: Role, organisation_id: int | None) -> list[int]:
    query = (
        select(RoleGrant.person_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == str(role), is_live(now), Person.deleted_at.is_(None))
        .order_by(RoleGrant.id)
    )
    if organisation_id is not None:
        query = query.where(RoleGrant.organisation_id == organisation_id)
    return list(dict.fromkeys(session.scalars(query)))
