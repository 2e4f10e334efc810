"""The coordinators of an organisation: a colleague joins, somebody leaves, the last one stays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person, RoleGrant
from volunteer_hub.accounts.role_services import (
    CannotChangeRole,
    end_grant,
    grant_role,
    is_live,
)
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Role
from volunteer_hub.registry.models import Organisation

LONGEST_REASON = 200


@dataclass(frozen=True)
class TeamLine:
    """A coordinator of an organisation; `granted_by` is None where the server's keeper did it."""

    grant_id: int
    person_id: int
    name: str
    organisation_id: int
    organisation_zh: str
    organisation_en: str
    granted_at: datetime
    granted_by: str | None


def team_of(
    session: Session, *, organisation_ids: Collection[int], now: datetime
) -> list[TeamLine]:
    """Return who coordinates these organisations now, by organisation and since when."""
    giver = aliased(Person)
    rows = session.execute(
        select(
            RoleGrant.id,
            Person.id,
            Person.name,
            Organisation.id,
            Organisation.name_zh,
            Organisation.name_en,
            RoleGrant.granted_at,
            giver.name,
        )
        .join(Person, Person.id == RoleGrant.person_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .outerjoin(giver, giver.id == RoleGrant.granted_by)
        .where(*_coordinate(organisation_ids, now))
        .order_by(Organisation.id, RoleGrant.id)
    )
    return [TeamLine(*row) for row in rows]


def add_colleague(
    session: Session,
    *,
    phone: str,
    organisation_id: int,
    organisation_ids: Collection[int],
    granted_by: int,
    now: datetime,
) -> None:
    """Make somebody who has an account a coordinator of one of these organisations.

    Raises NotFound for an organisation of others, CannotChangeRole (`phone`) in one and the same
    sentence for a phone that nobody has and for one's own, so that only success tells anything.
    """
    if organisation_id not in organisation_ids:
        raise NotFound
    try:
        grant_role(
            session,
            phone=phone,
            role=Role.COORDINATOR,
            organisation_id=organisation_id,
            granted_by=granted_by,
            now=now,
        )
    except (NotFound, CannotChangeRole):
        raise CannotChangeRole(
            _(
                "This phone could not be added. Your colleague has to register first and must not"
                " be in the team already."
            ),
            field="phone",
        ) from None


def remove_colleague(
    session: Session,
    *,
    grant_id: int,
    organisation_ids: Collection[int],
    reason: str,
    ended_by: int,
    now: datetime,
) -> None:
    """End a coordinator's role in one of these organisations; the reason goes into the audit.

    Raises NotFound for a role of others or one that has ended, InvalidInput without a reason, and
    CannotChangeRole for the last coordinator, without whom nobody could open the desk.
    """
    organisation_id = session.scalar(
        select(Organisation.id)
        .join(RoleGrant, RoleGrant.organisation_id == Organisation.id)
        .where(RoleGrant.id == grant_id, *_coordinate(organisation_ids, now))
    )
    if organisation_id is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(_("Please say in a few words why."), field="reason")
    # In order of id, so that two people who remove each other do not both succeed.
    left = session.scalars(
        select(RoleGrant.id)
        .where(*_coordinate([organisation_id], now))
        .order_by(RoleGrant.id)
        .with_for_update()
    ).all()
    if len(left) < 2:
        raise CannotChangeRole(
            _("This is the last coordinator. Please add a colleague first."), field="reason"
        )
    end_grant(
        session,
        grant_id=grant_id,
        ended_by=ended_by,
        now=now,
        reason=reason.strip()[:LONGEST_REASON],
    )


def _coordinate(
    organisation_ids: Collection[int], now: datetime
) -> tuple[ColumnElement[bool], ...]:
    return (
        RoleGrant.role == str(Role.COORDINATOR),
        RoleGrant.organisation_id.in_(organisation_ids),
        is_live(now),
    )
