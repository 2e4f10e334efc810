"""Who is in an own shift, as its coordinators see them: the line, those who left or would go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import (
    Hold,
    Offer,
    OfferState,
    Post,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

_CONFIRMED = str(SignUpStatus.CONFIRMED)


@dataclass(frozen=True)
class Left:
    """Somebody who gave a place back."""

    name: str
    shift_id: int
    title_zh: str
    title_en: str
    day: date
    starts_at: datetime
    cancelled_at: datetime
    reason: str


@dataclass(frozen=True)
class Waiting:
    """Somebody in line for a post; `offer_until` when a place is being held for them."""

    sign_up_id: int
    person_id: int
    name: str
    post_id: int
    position: int
    offer_until: datetime | None


@dataclass(frozen=True)
class Holding:
    """A sign-up and what can be done with it."""

    sign_up_id: int
    shift_id: int
    person_id: int
    name: str
    nickname: str
    phone: str | None
    post_id: int
    status: str


# What a coordinator, or time, took back is not somebody's cancellation.
_NOT_BY_THEM = ("offer_expired", "declined", "change_lapsed")


def cancellations(
    session: Session, *, organisation_ids: Collection[int], since: datetime, now: datetime
) -> list[Left]:
    """Return who gave back a place in a shift still to come, the latest first."""
    rows = session.execute(
        select(
            Person.name,
            Shift.id,
            Project.title_zh,
            Project.title_en,
            Shift.day,
            Shift.starts_at,
            SignUp.cancelled_at,
            SignUp.cancel_reason,
        )
        .join(Shift, Shift.id == SignUp.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .join(Person, Person.id == SignUp.person_id)
        .where(
            Project.organisation_id.in_(organisation_ids),
            Shift.status == str(ShiftStatus.PUBLISHED),
            Shift.starts_at > now,
            SignUp.status == str(SignUpStatus.CANCELLED),
            SignUp.cancelled_at >= since,
            SignUp.cancel_reason.not_in(_NOT_BY_THEM),
        )
        .order_by(SignUp.cancelled_at.desc(), SignUp.id.desc())
        .limit(20)
    ).all()
    people: list[tuple[Any, ...]] = [tuple(row) for row in rows]
    return [Left(*row) for row in people]


def waiting(session: Session, *, shift_id: int) -> list[Waiting]:
    """Return who stands in line, by post, those with an open offer first."""
    rows = session.execute(
        select(SignUp.id, SignUp.person_id, Person.name, SignUp.post_id, Offer.expires_at)
        .join(Person, Person.id == SignUp.person_id)
        .join(Post, Post.id == SignUp.post_id)
        .outerjoin(Offer, (Offer.sign_up_id == SignUp.id) & (Offer.state == str(OfferState.OPEN)))
        .where(
            SignUp.shift_id == shift_id,
            SignUp.status.in_([str(SignUpStatus.WAITLISTED), str(SignUpStatus.OFFERED)]),
        )
        .order_by(Post.position, Post.id, Offer.expires_at.is_(None), SignUp.id)
    )
    found: list[Waiting] = []
    places: dict[int, int] = {}
    for row in rows:
        if row.expires_at is None:
            places[row.post_id] = places.get(row.post_id, 0) + 1
        place = places.get(row.post_id, 0) if row.expires_at is None else 0
        found.append(Waiting(row.id, row.person_id, row.name, row.post_id, place, row.expires_at))
    return found


def holding(
    session: Session, *, sign_up_id: int, organisation_ids: Collection[int]
) -> Holding | None:
    """Return one sign-up of these organisations, else None."""
    row = session.execute(
        select(
            SignUp.id,
            SignUp.shift_id,
            SignUp.person_id,
            Person.name,
            Person.nickname,
            Person.phone,
            SignUp.post_id,
            SignUp.status,
        )
        .join(Person, Person.id == SignUp.person_id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(SignUp.id == sign_up_id, Project.organisation_id.in_(organisation_ids))
    ).first()
    return Holding(*row) if row else None


def would_go(session: Session, *, wanted: Mapping[int, int]) -> dict[int, list[str]]:
    """Return who would go back in line when these posts (by id) had so few places, by post.

    The order is that of `cutting`: places held without a name, open offers, the latest confirmed.
    """
    held = dict.fromkeys(wanted, 0)
    for post_id, places in session.execute(
        select(Hold.post_id, func.sum(Hold.places))
        .where(Hold.post_id.in_(wanted))
        .group_by(Hold.post_id)
    ):
        held[post_id] = int(places or 0)
    taken: dict[int, int] = {
        row[0]: row[1]
        for row in session.execute(select(Post.id, Post.taken).where(Post.id.in_(wanted)))
    }
    rows: Any = session.execute(
        select(SignUp.post_id, Person.name)
        .join(Person, Person.id == SignUp.person_id)
        .where(
            SignUp.post_id.in_(wanted),
            SignUp.status.in_([_CONFIRMED, str(SignUpStatus.OFFERED)]),
        )
        .order_by(SignUp.status == _CONFIRMED, SignUp.id.desc())
    )
    found: dict[int, list[str]] = {post_id: [] for post_id in wanted}
    for post_id, name in rows:
        going = taken[post_id] - wanted[post_id] - held[post_id]
        if len(found[post_id]) < going:
            found[post_id].append(name)
    return found
