"""The people of one branch with their hours, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, select, union
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.registry.models import Enterprise
from volunteer_hub.reports.scope import BRANCH_ID, Scope, Shape, counts, entries_of, on_the_books


@dataclass(frozen=True)
class MemberLine:
    """A person of the branch and their hours there; `last_day` None: not taken part yet.

    `is_party_member` and `since` are of the newest membership here, None where there is none.
    """

    person_id: int
    name: str
    nickname: str
    minutes: int
    attendances: int
    last_day: date | None
    enterprise_zh: str | None
    enterprise_en: str | None
    membership_id: int | None
    is_party_member: bool | None
    since: date | None
    until: date | None


def members(session: Session, scope: Scope) -> list[MemberLine]:
    """Return the people of the branch itself (not of those below), with their hours there.

    Everybody with a membership in the span, and everybody whose entries make up the branch's own
    sum; a deleted account has an empty name. Holds no phone.
    """
    found = []
    for row in session.execute(_members(scope.shape), scope.values()):
        fields: list[Any] = [*row[:3], int(row[3]), int(row[4]), *row[5:]]
        found.append(MemberLine(*fields))
    return found


@lru_cache
def _members(shape: Shape) -> Select[Any]:
    later, newer = aliased(LedgerEntry), aliased(BranchMembership)
    stands = LedgerEntry.reverses_id.is_(None) & ~exists().where(
        later.reverses_id == LedgerEntry.id
    )
    here = (
        select(
            LedgerEntry.person_id,
            func.sum(LedgerEntry.minutes).label("minutes"),
            counts().label("attendances"),
            func.max(case((stands, LedgerEntry.service_day))).label("last_day"),
        )
        .where(*entries_of(shape), LedgerEntry.branch_id == BRANCH_ID)
        .group_by(LedgerEntry.person_id)
        .cte("here")
    )
    enrolled = select(BranchMembership.person_id).where(
        BranchMembership.branch_id == BRANCH_ID, on_the_books(shape.members)
    )
    everybody = union(enrolled, select(here.c.person_id)).subquery()
    newest = (
        select(func.max(newer.id))
        .where(newer.person_id == Person.id, newer.branch_id == BRANCH_ID)
        .correlate(Person)
        .scalar_subquery()
    )
    return (
        select(
            Person.id,
            Person.name,
            Person.nickname,
            func.coalesce(here.c.minutes, 0),
            func.coalesce(here.c.attendances, 0),
            here.c.last_day,
            Enterprise.name_zh,
            Enterprise.name_en,
            BranchMembership.id,
            BranchMembership.is_party_member,
            BranchMembership.started_on,
            BranchMembership.ended_on,
        )
        .join(everybody, everybody.c.person_id == Person.id)
        .outerjoin(here, here.c.person_id == Person.id)
        .outerjoin(Enterprise, Enterprise.id == Person.enterprise_id)
        .outerjoin(BranchMembership, and_(BranchMembership.id == newest))
        .order_by(Person.id)
    )
