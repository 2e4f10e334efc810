"""Who belongs to which branch: people say so, its leader confirms or ends it by date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, select, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import (
    BranchMembership,
    MembershipRequest,
    Person,
    RequestState,
    RoleGrant,
)
from volunteer_hub.audit import services as audit
from volunteer_hub.core import clock
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, day_year
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications import services as notifications
from volunteer_hub.registry.models import Branch


class AlreadyThere(DomainError):
    """The person belongs to this branch in this way already, or has asked for just that."""


@dataclass(frozen=True)
class Asked:
    """Somebody who waits for an answer; `was_party_member` None: not of this branch so far."""

    id: int
    name: str
    is_party_member: bool
    was_party_member: bool | None

    @property
    def is_change(self) -> bool:
        """Whether a member of the branch says to be of the other kind."""
        return self.was_party_member is not None


def ask(
    session: Session, *, person_id: int, branch_id: int, is_party_member: bool, now: datetime
) -> MembershipRequest:
    """Say that I belong to this branch; an earlier question that is still open is replaced.

    The leaders of the branch are told. Raises InvalidInput for a branch that is none, AlreadyThere
    when nothing would change.
    """
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise InvalidInput(_("Please choose a branch from the list."), field="branch_id")
    said = (branch_id, is_party_member)
    current = open_membership(session, person_id)
    if current and (current.branch_id, current.is_party_member) == said:
        raise AlreadyThere(
            _("That is how it is already: there is nothing to confirm."), field="branch_id"
        )
    before = open_request(session, person_id)
    if before and (before.branch_id, before.is_party_member) == said:
        raise AlreadyThere(
            _("You have said so already; your branch leader has yet to answer."), field="branch_id"
        )
    withdraw(session, person_id=person_id, now=now)
    asked = MembershipRequest(
        person_id=person_id, branch_id=branch_id, is_party_member=is_party_member, asked_at=now
    )
    session.add(asked)
    session.flush()
    audit.record(
        session,
        "membership:ask",
        actor_id=person_id,
        object_id=asked.id,
        now=now,
        branch_id=branch_id,
    )
    today = clock.local(now).date()
    for leader_id in _leaders(session, branch_id, today=today):
        if leader_id != person_id:
            # Whoever says one thing and then another on one day is news once.
            notifications.tell(
                session,
                "membership_asked",
                person_id=leader_id,
                key=f"membership_asked:{branch_id}:{person_id}:{today}:{leader_id}",
                now=now,
                link=f"/branches/{branch_id}/members#asked",
                branch_zh=branch.name_zh,
                branch_en=branch.name_en,
            )
    return asked


def _leaders(session: Session, branch_id: int, *, today: date) -> list[int]:
    query = (
        select(RoleGrant.person_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(
            RoleGrant.role == str(Role.BRANCH_LEADER),
            RoleGrant.branch_id == branch_id,
            RoleGrant.ends_on.is_(None) | (RoleGrant.ends_on >= today),
            Person.deleted_at.is_(None),
        )
    )
    return list(session.scalars(query.order_by(RoleGrant.person_id).distinct()))


def withdraw(session: Session, *, person_id: int, now: datetime) -> None:
    """Take back what I asked and nobody has answered; nothing happens without one."""
    session.execute(
        update(MembershipRequest)
        .where(
            MembershipRequest.person_id == person_id,
            MembershipRequest.state == str(RequestState.OPEN),
        )
        .values(state=str(RequestState.WITHDRAWN), answered_at=now, answered_by=person_id)
    )


def answer(
    session: Session,
    *,
    request_id: int,
    branch_id: int,
    confirm: bool,
    start: date | None,
    open_from: date,
    today: date,
    actor_id: int,
    now: datetime,
) -> MembershipRequest:
    """Confirm a membership from a day on, or say that the person is not of this branch.

    Ends what the person belonged to before, the day before. Hours that are in the ledger stay with
    the branch they were frozen under. `open_from` is the first day whose figures may still move.
    Raises NotFound, InvalidInput for a day in the future, before `open_from` or not after the start
    of the earlier membership, DomainError for one's own.
    """
    asked = _open_request(session, request_id, branch_id)
    if asked.person_id == actor_id:
        raise DomainError(_("Somebody else has to confirm your own membership."))
    asked.state = str(RequestState.CONFIRMED if confirm else RequestState.DECLINED)
    asked.answered_by, asked.answered_at = actor_id, now
    before = open_membership(session, asked.person_id)
    is_change = before is not None and before.branch_id == branch_id
    if confirm:
        _enrol(session, asked, start or today, open_from=open_from, today=today)
    session.flush()
    audit.record(
        session,
        "membership:confirm" if confirm else "membership:decline",
        actor_id=actor_id,
        object_id=asked.id,
        now=now,
        branch_id=branch_id,
    )
    branch = session.get_one(Branch, branch_id)
    notifications.tell(
        session,
        "membership_confirmed" if confirm else "membership_declined",
        person_id=asked.person_id,
        key=f"membership:{asked.id}",
        now=now,
        link="/me/profile",
        branch_zh=branch.name_zh,
        branch_en=branch.name_en,
        is_change=is_change,
        is_party_member=asked.is_party_member,
    )
    return asked


def _open_request(session: Session, request_id: int, branch_id: int) -> MembershipRequest:
    asked = session.get(MembershipRequest, request_id, with_for_update=True)
    if asked is None or asked.branch_id != branch_id or asked.state != RequestState.OPEN:
        raise NotFound
    return asked


def _enrol(
    session: Session, asked: MembershipRequest, start: date, *, open_from: date, today: date
) -> None:
    if start > today:
        raise InvalidInput(_("Please give today or an earlier day."), field="start")
    if start < open_from:
        raise InvalidInput(
            _(
                "Earlier figures stand already. Please give %(day)s or a later day.",
                day=day_year(open_from),
            ),
            field="start",
        )
    before = open_membership(session, asked.person_id)
    if before and before.branch_id == asked.branch_id and start == before.started_on:
        # Of the other kind from the first day on: that is one membership, not two.
        before.is_party_member = asked.is_party_member
        return
    if before:
        if before.branch_id == asked.branch_id and start < before.started_on:
            raise InvalidInput(
                _(
                    "A member since %(day)s. Please give that day or a later one.",
                    day=day_year(before.started_on),
                ),
                field="start",
            )
        if start <= before.started_on:
            raise InvalidInput(
                _("The person belongs elsewhere until that day. Please give a later one."),
                field="start",
            )
        before.ended_on = start - timedelta(days=1)
        # The open end is unique: the old one closes before the new one opens.
        session.flush()
    overlapping = session.scalar(
        select(BranchMembership.id)
        .where(BranchMembership.person_id == asked.person_id, BranchMembership.ended_on >= start)
        .limit(1)
    )
    if overlapping:
        raise InvalidInput(
            _("The person belonged elsewhere on that day. Please give a later one."), field="start"
        )
    session.add(
        BranchMembership(
            person_id=asked.person_id,
            branch_id=asked.branch_id,
            is_party_member=asked.is_party_member,
            started_on=start,
        )
    )


def open_membership(session: Session, person_id: int) -> BranchMembership | None:
    """Return the membership without an end, if the person has one."""
    return session.scalar(
        select(BranchMembership).where(
            BranchMembership.person_id == person_id, BranchMembership.ended_on.is_(None)
        )
    )


def open_request(session: Session, person_id: int) -> MembershipRequest | None:
    """Return what the person asked and nobody has answered."""
    return session.scalar(
        select(MembershipRequest).where(
            MembershipRequest.person_id == person_id,
            MembershipRequest.state == str(RequestState.OPEN),
        )
    )


def requests_of(session: Session, branch_id: int) -> list[Asked]:
    """Return who says to belong to the branch and waits for an answer."""
    own = BranchMembership
    rows = session.execute(
        select(
            MembershipRequest.id,
            Person.name,
            MembershipRequest.is_party_member,
            own.is_party_member,
        )
        .join(Person, Person.id == MembershipRequest.person_id)
        .outerjoin(
            own,
            and_(
                own.person_id == MembershipRequest.person_id,
                own.branch_id == MembershipRequest.branch_id,
                own.ended_on.is_(None),
            ),
        )
        .where(*_waits(branch_id))
        .order_by(MembershipRequest.id)
    )
    return [Asked(*row) for row in rows]


def asking_count(branch_id: ColumnElement[int]) -> ScalarSelect[int]:
    """Count, inside another question, who says to belong to the branch and waits for an answer."""
    query = select(func.count(MembershipRequest.id)).join(
        Person, Person.id == MembershipRequest.person_id
    )
    return query.where(*_waits(branch_id)).scalar_subquery()


def _waits(branch_id: int | ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        MembershipRequest.branch_id == branch_id,
        MembershipRequest.state == str(RequestState.OPEN),
        Person.deleted_at.is_(None),
    )
