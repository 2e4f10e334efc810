"""End a membership by date, one's own or as its leader, and take that back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.memberships import open_membership, withdraw
from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.audit import services as audit
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, day_year
from volunteer_hub.notifications import services as notifications
from volunteer_hub.registry.models import Branch


def leave(session: Session, *, person_id: int, today: date, now: datetime) -> None:
    """End my own membership today, and take back an open question; hours stay where they were."""
    withdraw(session, person_id=person_id, now=now)
    membership = open_membership(session, person_id)
    if membership:
        _end(session, membership, today, actor_id=person_id, now=now)
        session.get_one(Person, person_id).shows_membership = False


def end(
    session: Session,
    *,
    membership_id: int,
    branch_id: int,
    last_day: date,
    open_from: date,
    today: date,
    actor_id: int,
    now: datetime,
) -> BranchMembership:
    """End somebody's membership after this last day; raises NotFound, InvalidInput.

    The last day is at the earliest the one before `open_from`: earlier figures stand.
    """
    membership = session.get(BranchMembership, membership_id, with_for_update=True)
    if membership is None or membership.branch_id != branch_id or membership.ended_on is not None:
        raise NotFound
    if not membership.started_on <= last_day <= today:
        raise InvalidInput(
            _("Please give a day between the start of the membership and today."), field="last_day"
        )
    earliest = open_from - timedelta(days=1)
    if last_day < earliest:
        raise InvalidInput(
            _(
                "Earlier figures stand already. Please give %(day)s or a later day.",
                day=day_year(earliest),
            ),
            field="last_day",
        )
    _end(session, membership, last_day, actor_id=actor_id, now=now)
    if membership.person_id != actor_id:
        day = last_day.isoformat()
        _tell(session, "membership_ended", membership, at=day, now=now, day=day)
    return membership


def _end(
    session: Session, membership: BranchMembership, last_day: date, *, actor_id: int, now: datetime
) -> None:
    membership.ended_on = max(last_day, membership.started_on)
    session.flush()
    audit.record(
        session,
        "membership:end",
        actor_id=actor_id,
        object_id=membership.id,
        now=now,
        branch_id=membership.branch_id,
        last_day=membership.ended_on.isoformat(),
    )


def resume(
    session: Session,
    *,
    membership_id: int,
    branch_id: int,
    open_from: date,
    actor_id: int,
    now: datetime,
) -> None:
    """Take back that a membership was ended: it goes on as if it never had.

    Only who ended it can, and only while figures of the days in between may still move; who left by
    themselves is not brought back. Raises NotFound, or DomainError when the person belongs
    elsewhere by now.
    """
    query = _taken_back(branch_id, actor_id, open_from)
    membership = session.scalars(
        query.where(BranchMembership.id == membership_id).with_for_update(of=BranchMembership)
    ).first()
    if membership is None:
        raise NotFound
    later = select(BranchMembership.id).where(
        BranchMembership.person_id == membership.person_id,
        BranchMembership.id != membership.id,
        BranchMembership.started_on > membership.started_on,
    )
    if session.scalar(later.limit(1)):
        raise DomainError(_("This person belongs to another branch by now."))
    membership.ended_on = None
    session.flush()
    audit.record(
        session,
        "membership:resume",
        actor_id=actor_id,
        object_id=membership.id,
        now=now,
        branch_id=branch_id,
    )
    if membership.person_id != actor_id:
        _tell(session, "membership_resumed", membership, at=now.isoformat(), now=now)


def _tell(
    session: Session,
    kind: str,
    membership: BranchMembership,
    *,
    at: str,
    now: datetime,
    **params: Any,
) -> None:
    branch = session.get_one(Branch, membership.branch_id)
    notifications.tell(
        session,
        kind,
        person_id=membership.person_id,
        key=f"{kind}:{membership.id}:{at}",
        now=now,
        link="/me/profile",
        branch_zh=branch.name_zh,
        branch_en=branch.name_en,
        **params,
    )


def ended_by(
    session: Session, *, branch_id: int, actor_id: int, open_from: date
) -> list[tuple[BranchMembership, str]]:
    """Return the memberships that this leader ended and can still take back, with the names."""
    query = _taken_back(branch_id, actor_id, open_from).add_columns(Person.name)
    return [(row[0], row[1]) for row in session.execute(query)]


def _taken_back(branch_id: int, actor_id: int, open_from: date) -> Select[Any]:
    acts = select(AuditEntry.object_id, func.max(AuditEntry.id).label("id")).where(
        AuditEntry.object_type == "membership",
        AuditEntry.action == "membership:end",
    )
    last = acts.group_by(AuditEntry.object_id).subquery()
    return (
        select(BranchMembership)
        .join(last, last.c.object_id == BranchMembership.id)
        .join(AuditEntry, AuditEntry.id == last.c.id)
        .join(Person, Person.id == BranchMembership.person_id)
        .where(
            BranchMembership.branch_id == branch_id,
            BranchMembership.ended_on >= open_from - timedelta(days=1),
            AuditEntry.actor_id == actor_id,
            Person.deleted_at.is_(None),
        )
        .order_by(BranchMembership.id)
    )
