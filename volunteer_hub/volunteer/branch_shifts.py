"""Shifts of projects that the reader's own branch has adopted: shown first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from volunteer_hub.projects.models import Adoption, AdoptionState, Category, Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.adoption_queries import own_and_above
from volunteer_hub.shifts.models import IS_ACTIVE, Hold, Post, Shift, ShiftStatus, SignUp
from volunteer_hub.volunteer.queries import ShiftCard

MOST = 3


def branch_shifts(
    session: Session, *, person_id: int, branch_id: int, today: date, now: datetime
) -> list[ShiftCard]:
    """Return the next shifts that the branch, or one above it, stands by.

    Only those with a place for this person (places kept count as left), or in which they are.
    """
    adopters = own_and_above(branch_id, today)
    agreed = (Adoption.branch_id.in_(adopters), Adoption.state == str(AdoptionState.AGREED))
    adopted = (
        select(Adoption.id)
        .where(
            Adoption.project_id == Shift.project_id,
            *agreed,
            Adoption.first_day <= Shift.day,
            Adoption.last_day >= Shift.day,
        )
        .correlate(Shift)
        .exists()
    )
    kept = (
        select(func.coalesce(func.sum(Hold.places), 0))
        .join(Post, Post.id == Hold.post_id)
        .where(
            Post.shift_id == Shift.id,
            *_kept_for(adopters, now),
        )
        .correlate(Shift)
        .scalar_subquery()
    )
    free = (
        select(func.sum(Post.capacity - Post.taken))
        .where(Post.shift_id == Shift.id)
        .correlate(Shift)
        .scalar_subquery()
    )
    capacity = (
        select(func.sum(Post.capacity))
        .where(Post.shift_id == Shift.id)
        .correlate(Shift)
        .scalar_subquery()
    )
    mine = and_(SignUp.shift_id == Shift.id, SignUp.person_id == person_id, IS_ACTIVE)
    rows: Any = session.execute(
        select(
            Shift.id,
            Shift.project_id,
            Project.title_zh,
            Project.title_en,
            Category.name_zh,
            Category.name_en,
            Shift.starts_at,
            Shift.ends_at,
            Shift.day,
            Place.name_zh,
            Place.name_en,
            free + kept,
            capacity,
            SignUp.status,
        )
        .join(Project, Project.id == Shift.project_id)
        .join(Category, Category.id == Project.category_id)
        .join(Place, Place.id == Shift.place_id)
        .outerjoin(SignUp, mine)
        .where(
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.starts_at > now,
            # Few projects: the database begins with them, not with all shifts to come.
            Shift.project_id.in_(select(Adoption.project_id).where(*agreed)),
            adopted,
            (free + kept > 0) | SignUp.id.is_not(None),
        )
        .order_by(Shift.starts_at, Shift.id)
        .limit(MOST)
    )
    return [
        ShiftCard._make([*row[:11], None, int(row[11]), int(row[12]), row[13], ""]) for row in rows
    ]


def with_kept(
    session: Session,
    rows: Sequence[ShiftCard],
    *,
    branch_id: int | None,
    today: date,
    now: datetime,
) -> list[ShiftCard]:
    """Count places kept for the branch, or one above it, as left: to its members they are."""
    full = [row.id for row in rows if not row.left]
    if branch_id is None or not full:
        return list(rows)
    kept = dict[int, int]()
    for shift_id, places in session.execute(
        select(Post.shift_id, func.sum(Hold.places))
        .join(Post, Post.id == Hold.post_id)
        .where(
            Post.shift_id.in_(full),
            *_kept_for(own_and_above(branch_id, today), now),
        )
        .group_by(Post.shift_id)
    ):
        kept[shift_id] = places
    return [row._replace(left=row.left or kept.get(row.id, 0)) for row in rows]


def _kept_for(branches: Any, now: datetime) -> tuple[Any, ...]:
    return (Hold.adoption_id.is_not(None), Hold.branch_id.in_(branches), Hold.until > now)
