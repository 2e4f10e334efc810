"""The people of one branch with their hours, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, func, select, union
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.registry.models import Enterprise
from volunteer_hub.reports.scope import BRANCH_ID, Members, Scope, on_the_books, taken_part


@dataclass(frozen=True)
class MemberLine:
    """A person of the branch and their hours there; `last_day` None: not taken part yet."""

    person_id: int
    name: str
    nickname: str
    minutes: int
    attendances: int
    last_day: date | None
    enterprise_zh: str | None
    enterprise_en: str | None


def members(session: Session, scope: Scope) -> list[MemberLine]:
    """Return the people of the branch itself (not of those below), with their hours there.

    Everybody with a membership in the span, and everybody whose entries make up the branch's own
    sum; a deleted account has an empty name. Holds no phone.
    """
    rows = session.execute(_members(scope.members), scope.values())
    return [
        MemberLine(person_id, name, nickname, int(minutes), int(count), last_day, zh, en)
        for person_id, name, nickname, minutes, count, last_day, zh, en in rows
    ]


@lru_cache
def _members(kind: Members) -> Select[Any]:
    taken = taken_part(kind)
    here = aliased(taken, name="here")
    enrolled = select(BranchMembership.person_id).where(
        BranchMembership.branch_id == BRANCH_ID, on_the_books(kind)
    )
    served = select(taken.c.person_id).where(taken.c.branch_id == BRANCH_ID)
    everybody = union(enrolled, served).subquery()
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
        )
        .join(everybody, everybody.c.person_id == Person.id)
        .outerjoin(here, and_(here.c.person_id == Person.id, here.c.branch_id == BRANCH_ID))
        .outerjoin(Enterprise, Enterprise.id == Person.enterprise_id)
        .order_by(Person.id)
    )
