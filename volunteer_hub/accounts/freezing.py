"""What a ledger entry or a no-show keeps of a person: how things were on the service day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.registry.models import Branch
from volunteer_hub.registry.tree import paths_on


@dataclass(frozen=True)
class Frozen:
    """Branch, its path and membership of a person on a day.

    Companies and buildings have no history of their own; the attendance keeps those of the day.
    """

    branch_id: int | None
    branch_path: str
    is_party_member: bool


def freeze(session: Session, *, person_ids: Iterable[int], day: date) -> dict[int, Frozen]:
    """Return what to keep of each person, as of the day."""
    ids = list(person_ids)
    rows = session.execute(
        select(
            Person.id,
            BranchMembership.branch_id,
            Branch.path,
            BranchMembership.is_party_member,
        )
        .outerjoin(
            BranchMembership,
            and_(
                BranchMembership.person_id == Person.id,
                BranchMembership.started_on <= day,
                or_(BranchMembership.ended_on.is_(None), BranchMembership.ended_on >= day),
            ),
        )
        .outerjoin(Branch, Branch.id == BranchMembership.branch_id)
        .where(Person.id.in_(ids))
        # Where two memberships touch on one day, the later one is written last and counts.
        .order_by(BranchMembership.started_on, BranchMembership.id)
    ).all()
    old_paths = paths_on(session, day)
    return {
        row.id: Frozen(
            branch_id=row.branch_id,
            branch_path=old_paths.get(row.branch_id, row.path or ""),
            is_party_member=bool(row.is_party_member),
        )
        for row in rows
    }
