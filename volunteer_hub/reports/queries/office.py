"""What the office sees: totals, who has which role, the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person, RoleGrant
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.calendar import Period
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.registry.models import Branch, Organisation
from volunteer_hub.shifts.models import Shift, ShiftStatus

PER_PAGE = 20


@dataclass(frozen=True)
class Totals:
    """The sub-district in four figures; minutes are the ledger's sum of the quarter."""

    people: int
    projects: int
    upcoming_shifts: int
    minutes: int


@dataclass(frozen=True)
class GrantLine:
    """A role that somebody has, with its scope and who gave it (None: the server's keeper)."""

    id: int
    role: str
    person_id: int
    name: str
    organisation_zh: str | None
    organisation_en: str | None
    branch_zh: str | None
    branch_en: str | None
    granted_at: datetime
    granted_by: str | None
    ends_on: date | None


@dataclass(frozen=True)
class GrantPage:
    """Some roles, the newest first."""

    rows: Sequence[GrantLine]
    number: int
    last: int
    total: int


@dataclass(frozen=True)
class AuditLine:
    """One act. `actor` is a name only for who has or had a role; others are shown by number."""

    id: int
    at: datetime
    action: str
    object_id: int | None
    actor_id: int | None
    actor: str | None
    details: dict[str, Any]


@dataclass(frozen=True)
class AuditPage:
    """Some entries, newest first; `more` tells whether older ones follow."""

    rows: Sequence[AuditLine]
    number: int
    more: bool


def totals(session: Session, *, quarter: Period, now: datetime) -> Totals:
    """Return the four figures in one query."""
    upcoming = select(func.count(Shift.id)).where(
        Shift.status == str(ShiftStatus.PUBLISHED), Shift.starts_at > now
    )
    minutes = select(func.coalesce(func.sum(LedgerEntry.minutes), 0)).where(
        LedgerEntry.service_day.between(quarter.first, quarter.last)
    )
    row = session.execute(
        select(
            select(func.count(Person.id)).where(Person.deleted_at.is_(None)).scalar_subquery(),
            select(func.count(Project.id))
            .where(Project.status == str(ProjectStatus.PUBLISHED))
            .scalar_subquery(),
            upcoming.scalar_subquery(),
            minutes.scalar_subquery(),
        )
    ).one()
    return Totals(*(int(value) for value in row))


def grant_page(session: Session, *, role: Role | None, number: int, today: date) -> GrantPage:
    """Return one page of the roles that hold today, of one kind when given, in two queries.

    A page past the end is the last one.
    """
    live = [or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= today)]
    if role:
        live.append(RoleGrant.role == str(role))
    total = session.scalar(select(func.count(RoleGrant.id)).where(*live)) or 0
    last = max(1, -(-total // PER_PAGE))
    number = min(number, last)
    giver = aliased(Person)
    rows = session.execute(
        select(
            RoleGrant.id,
            RoleGrant.role,
            Person.id,
            Person.name,
            Organisation.name_zh,
            Organisation.name_en,
            Branch.name_zh,
            Branch.name_en,
            RoleGrant.granted_at,
            giver.name,
            RoleGrant.ends_on,
        )
        .join(Person, Person.id == RoleGrant.person_id)
        .outerjoin(giver, giver.id == RoleGrant.granted_by)
        .outerjoin(Organisation, Organisation.id == RoleGrant.organisation_id)
        .outerjoin(Branch, Branch.id == RoleGrant.branch_id)
        .where(*live)
        .order_by(RoleGrant.id.desc())
        .limit(PER_PAGE)
        .offset((number - 1) * PER_PAGE)
    )
    return GrantPage([GrantLine(*row) for row in rows], number, last, total)


def audit_actions(session: Session) -> list[str]:
    """Return the kinds of act that occur, to filter by.

    Goes from kind to kind through the index: a DISTINCT would read the whole trail.
    """
    kinds = select(func.min(AuditEntry.action).label("action")).cte("kinds", recursive=True)
    following = (
        select(func.min(AuditEntry.action))
        .where(AuditEntry.action > kinds.c.action)
        .scalar_subquery()
    )
    kinds = kinds.union_all(select(following).where(kinds.c.action.is_not(None)))
    found = select(kinds.c.action).where(kinds.c.action.is_not(None))
    return list(session.scalars(found.order_by(kinds.c.action)))


def audit_page(session: Session, *, action: str | None, number: int) -> AuditPage:
    """Return one page of the trail, of one kind of act when given, in one query.

    The trail is not counted, as it only grows; a page past its end has no rows.
    """
    wanted = [AuditEntry.action == action] if action else []
    has_role = select(RoleGrant.id).where(RoleGrant.person_id == Person.id).exists()
    rows = session.execute(
        select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.action,
            AuditEntry.object_id,
            AuditEntry.actor_id,
            Person.name,
            AuditEntry.details,
        )
        .outerjoin(Person, (Person.id == AuditEntry.actor_id) & has_role)
        .where(*wanted)
        .order_by(AuditEntry.id.desc())
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )
    found = [AuditLine(*row) for row in rows]
    return AuditPage(found[:PER_PAGE], number, more=len(found) > PER_PAGE)
