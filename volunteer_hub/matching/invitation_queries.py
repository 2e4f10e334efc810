"""What a person is invited to, and was."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.matching.models import Invitation, InvitationState
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Organisation, Place
from volunteer_hub.shifts.models import Post, Shift

LATEST = 10


class InvitationRow(NamedTuple):
    """One invitation with what the person needs to decide; `left` are free places of the post."""

    id: int
    kind: str
    state: str
    why: list[Any]
    expires_at: datetime
    shift_id: int
    title_zh: str
    title_en: str
    day: date
    starts_at: datetime
    ends_at: datetime
    place_zh: str
    place_en: str
    organisation_zh: str
    organisation_en: str
    risk_zh: str
    risk_en: str
    post_zh: str
    post_en: str
    left: int


_OPEN = Invitation.state == str(InvitationState.OPEN)
_ROWS = (
    select(
        Invitation.id,
        Invitation.kind,
        Invitation.state,
        Invitation.why,
        Invitation.expires_at,
        Shift.id,
        Project.title_zh,
        Project.title_en,
        Shift.day,
        Shift.starts_at,
        Shift.ends_at,
        Place.name_zh,
        Place.name_en,
        Organisation.name_zh,
        Organisation.name_en,
        Project.risk_zh,
        Project.risk_en,
        Post.name_zh,
        Post.name_en,
        Post.capacity - Post.taken,
    )
    .join(Shift, Shift.id == Invitation.shift_id)
    .join(Post, Post.id == Invitation.post_id)
    .join(Project, Project.id == Shift.project_id)
    .join(Organisation, Organisation.id == Project.organisation_id)
    .join(Place, Place.id == Shift.place_id)
)


def open_invitations(session: Session, *, person_id: int, now: datetime) -> list[InvitationRow]:
    """Return what the person can still answer, the most urgent first."""
    query = _ROWS.where(Invitation.person_id == person_id, _OPEN, Invitation.expires_at > now)
    rows: Any = session.execute(query.order_by(Invitation.expires_at, Invitation.id))
    return [InvitationRow._make(row) for row in rows]


def past_invitations(session: Session, *, person_id: int, now: datetime) -> list[InvitationRow]:
    """Return the latest invitations that are over, however they ended."""
    over = ~_OPEN | (Invitation.expires_at <= now)
    query = _ROWS.where(Invitation.person_id == person_id, over)
    rows: Any = session.execute(query.order_by(Invitation.id.desc()).limit(LATEST))
    return [InvitationRow._make(row) for row in rows]


def count_open(session: Session, *, person_id: int, now: datetime) -> Counter[str]:
    """Count what the person can still answer, by kind."""
    rows = session.execute(
        select(Invitation.kind, func.count())
        .where(Invitation.person_id == person_id, _OPEN, Invitation.expires_at > now)
        .group_by(Invitation.kind)
    )
    return Counter({row[0]: row[1] for row in rows})


def count_asked(session: Session, *, shift_id: int, now: datetime) -> int:
    """Count who is invited to a shift and can still answer."""
    query = select(func.count(Invitation.id)).where(
        Invitation.shift_id == shift_id, _OPEN, Invitation.expires_at > now
    )
    return session.scalar(query) or 0
