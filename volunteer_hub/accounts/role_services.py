"""Give a role with its scope, and end it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import RoleGrant
from volunteer_hub.accounts.queries import id_of_phone
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications import services as notifications
from volunteer_hub.registry.models import Branch, Organisation

DESKS = {Role.COORDINATOR: "/console", Role.BRANCH_LEADER: "/branches", Role.OFFICE: "/office"}


class CannotChangeRole(DomainError):
    """The role cannot be given or ended by this person, or not now."""


def grant_role(
    session: Session,
    *,
    phone: str,
    role: Role,
    organisation_id: int | None = None,
    branch_id: int | None = None,
    granted_by: int | None,
    now: datetime,
) -> RoleGrant:
    """Give a role with its scope; a scope that does not belong to the role is left out.

    The person is told. Raises NotFound for an unknown phone, InvalidInput for a missing or unknown
    scope, and CannotChangeRole when the person has the role already or would give it to themselves.
    """
    person_id = id_of_phone(session, phone)
    if person_id is None:
        raise NotFound(_("Nobody has registered this phone."))
    if person_id == granted_by:
        raise CannotChangeRole(
            _("Nobody gives a role to themselves. Please ask a colleague in the office."),
            field="phone",
        )
    organisation_id = organisation_id if role is Role.COORDINATOR else None
    branch_id = branch_id if role is Role.BRANCH_LEADER else None
    _check_scope(session, role, organisation_id, branch_id)
    _refuse_twice(session, person_id, role, organisation_id, branch_id, now)
    grant = RoleGrant(
        person_id=person_id,
        role=str(role),
        organisation_id=organisation_id,
        branch_id=branch_id,
        granted_by=granted_by,
        granted_at=now,
    )
    session.add(grant)
    session.flush()
    audit.record(
        session,
        "role:grant",
        actor_id=granted_by,
        object_id=grant.id,
        now=now,
        organisation_id=organisation_id,
        role=str(role),
        person_id=person_id,
        branch_id=branch_id,
    )
    _tell(session, grant, now=now)
    return grant


def _tell(session: Session, grant: RoleGrant, *, now: datetime) -> None:
    """Let the person know of the role, and where its desk is."""
    scope: Organisation | Branch | None = None
    if grant.organisation_id is not None:
        scope = session.get(Organisation, grant.organisation_id)
    elif grant.branch_id is not None:
        scope = session.get(Branch, grant.branch_id)
    notifications.tell(
        session,
        "role_granted",
        person_id=grant.person_id,
        key=f"role_granted:{grant.id}",
        now=now,
        link=DESKS[Role(grant.role)],
        role=grant.role,
        organisation_zh=scope.name_zh if scope else "",
        organisation_en=scope.name_en if scope else "",
    )


def _check_scope(
    session: Session, role: Role, organisation_id: int | None, branch_id: int | None
) -> None:
    organisation = organisation_id and session.get(Organisation, organisation_id)
    if role is Role.COORDINATOR and not organisation:
        raise InvalidInput(_("A coordinator needs an organisation."), field="organisation_id")
    branch = branch_id and session.get(Branch, branch_id)
    if role is Role.BRANCH_LEADER and not branch:
        raise InvalidInput(_("A branch leader needs a branch."), field="branch_id")


def _refuse_twice(
    session: Session,
    person_id: int,
    role: Role,
    organisation_id: int | None,
    branch_id: int | None,
    now: datetime,
) -> None:
    held = select(RoleGrant.id).where(
        RoleGrant.person_id == person_id,
        RoleGrant.role == str(role),
        RoleGrant.organisation_id.is_not_distinct_from(organisation_id),
        RoleGrant.branch_id.is_not_distinct_from(branch_id),
        is_live(now),
    )
    if session.scalar(held.limit(1)):
        raise CannotChangeRole(_("This person has this role already."), field="phone")


def is_live(now: datetime) -> ColumnElement[bool]:
    """Match roles that hold now."""
    # The same day that signing in compares with: UTC, as the database counts it.
    return or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= now.astimezone(UTC).date())


def day_before(now: datetime) -> date:
    """Return the last day of a role that ends at once."""
    return now.astimezone(UTC).date() - timedelta(days=1)


def _office_people(session: Session, now: datetime) -> set[int]:
    """Return who has an office role, and keep others from ending one until this is over."""
    # In order of id, so that two people who end each other's role do not both succeed.
    return set(
        session.scalars(
            select(RoleGrant.person_id)
            .where(RoleGrant.role == str(Role.OFFICE), is_live(now))
            .order_by(RoleGrant.id)
            .with_for_update()
        )
    )


def keep_an_office(session: Session, *, leaving: int, now: datetime) -> None:
    """Refuse that the last person with an office role leaves; raises CannotChangeRole."""
    held = select(RoleGrant.id).where(
        RoleGrant.person_id == leaving, RoleGrant.role == str(Role.OFFICE), is_live(now)
    )
    if session.scalar(held.limit(1)) and _office_people(session, now) <= {leaving}:
        raise CannotChangeRole(
            _("Yours is the last office account. Please give the office role to somebody first.")
        )


def end_grant(
    session: Session, *, grant_id: int, ended_by: int | None, now: datetime, reason: str = ""
) -> None:
    """End a role at once: its last day becomes yesterday; the row stays.

    Raises NotFound for an unknown grant or one that has ended, CannotChangeRole for the last
    office role, without which nobody could give roles any more.
    """
    offices = _office_people(session, now)
    grant = session.scalar(select(RoleGrant).where(RoleGrant.id == grant_id, is_live(now)))
    if grant is None:
        raise NotFound
    if grant.role == Role.OFFICE and len(offices) < 2:
        raise CannotChangeRole(
            _("This is the last office role. Please give it to somebody else first.")
        )
    grant.ends_on = day_before(now)
    audit.record(
        session,
        "role:end",
        actor_id=ended_by,
        object_id=grant_id,
        now=now,
        organisation_id=grant.organisation_id,
        role=grant.role,
        person_id=grant.person_id,
        branch_id=grant.branch_id,
        reason=reason or None,
    )
    session.flush()
