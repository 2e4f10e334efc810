"""One polite invitation to everybody in a branch, once a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import BranchMembership
from volunteer_hub.audit import services as audit
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.notifications import services as notifications
from volunteer_hub.notifications.models import Notice
from volunteer_hub.registry.models import Branch


@dataclass(frozen=True)
class Invited:
    """When the last invitation went and to how many, and who has none of this month yet."""

    at: datetime | None
    people: int
    left: int


def invite(session: Session, *, branch_id: int, actor_id: int, today: date, now: datetime) -> int:
    """Send every member the same polite invitation, at most once a month; returns how many.

    Nobody is singled out: those who have served get it too. Raises DomainError when this month's
    has been sent.
    """
    branch = session.get_one(Branch, branch_id)
    people = session.scalars(_others(branch_id, actor_id)).all()
    sent = sum(
        notifications.tell(
            session,
            "branch_invites",
            person_id=person_id,
            key=_key(branch_id, person_id, today),
            now=now,
            link="/shifts",
            branch_zh=branch.name_zh,
            branch_en=branch.name_en,
        )
        for person_id in people
    )
    if not sent:
        raise DomainError(
            _("Everybody has this month's invitation already.")
            if people
            else _("There is nobody to invite yet.")
        )
    audit.record(
        session, "branch:invite", actor_id=actor_id, object_id=branch_id, now=now, people=sent
    )
    return sent


def invited(session: Session, *, branch_id: int, actor_id: int, today: date) -> Invited:
    """Return how it stands with this month's invitation."""
    last = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.action == "branch:invite", AuditEntry.object_id == branch_id)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).first()
    people = session.scalars(_others(branch_id, actor_id)).all()
    keys = [_key(branch_id, person_id, today) for person_id in people]
    told = session.scalars(select(Notice.id).where(Notice.key.in_(keys))).all() if keys else []
    return Invited(
        at=last.at if last else None,
        people=int(last.details["people"]) if last else 0,
        left=len(people) - len(told),
    )


def _others(branch_id: int, actor_id: int) -> Select[int]:
    return (
        select(BranchMembership.person_id)
        .where(
            BranchMembership.branch_id == branch_id,
            BranchMembership.ended_on.is_(None),
            BranchMembership.person_id != actor_id,
        )
        .order_by(BranchMembership.person_id)
    )


def _key(branch_id: int, person_id: int, day: date) -> str:
    return f"branch_invites:{branch_id}:{person_id}:{day:%Y-%m}"
