"""Asking somebody to come, and the next best when a place was not taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer_hub.matching import asking, expiry
from volunteer_hub.matching.models import (
    Invitation,
    InvitationKind,
    InvitationState,
    PostOutcome,
)
from volunteer_hub.shifts import told
from volunteer_hub.shifts.models import Shift
from volunteer_hub.shifts.places import lock_post

LINK = "/invitations"
_INSERT = {
    "postgresql": postgresql.insert(Invitation).on_conflict_do_nothing().returning(Invitation.id),
    "sqlite": sqlite.insert(Invitation).on_conflict_do_nothing().returning(Invitation.id),
}


def invite(
    session: Session,
    *,
    shift_id: int,
    post_id: int,
    person_id: int,
    kind: InvitationKind,
    why: Sequence[Any],
    now: datetime,
    run_id: int | None = None,
    made_by: int | None = None,
    expires_at: datetime | None = None,
) -> int | None:
    """Ask somebody to come, and tell them; returns the id, None when they are being asked already.

    The caller has asked `asking.kept_from`.
    """
    if expires_at is None:
        starts_at = session.scalars(select(Shift.starts_at).where(Shift.id == shift_id)).one()
        expires_at = expiry.answer_by(starts_at, now=now)
    if expires_at <= now:
        return None
    connection = session.connection()
    id_ = connection.scalar(
        _INSERT[connection.dialect.name],
        {
            "kind": str(kind),
            "run_id": run_id,
            "shift_id": shift_id,
            "post_id": post_id,
            "person_id": person_id,
            "state": str(InvitationState.OPEN),
            "why": list(why),
            "made_by": made_by,
            "made_at": now,
            "expires_at": expires_at,
        },
    )
    if id_ is not None:
        told.tell(
            session,
            "called_out" if kind is InvitationKind.CALL_OUT else "invited",
            shift_id=shift_id,
            person_id=person_id,
            key=f"invitation:{id_}",
            now=now,
            useless_after=expires_at,
            link=LINK,
            expires_at=expires_at.isoformat(),
        )
    return id_


def pass_on(session: Session, ended: Invitation, *, now: datetime) -> None:
    """Ask the next best of the same plan for a place that somebody did not take."""
    if ended.kind == InvitationKind.MATCH and ended.run_id is not None:
        ask_next(session, ended.run_id, ended.shift_id, ended.post_id, now=now)


def ask_next(session: Session, run_id: int, shift_id: int, post_id: int, *, now: datetime) -> None:
    """Invite from the list that a plan left behind, while places of the post are wanting."""
    lock_post(session, post_id)
    outcome = session.get(PostOutcome, (run_id, post_id), populate_existing=True)
    if outcome is None or not outcome.reserves:
        return
    left = list(outcome.reserves)
    while left and asking.wanting(session, post_id) > 0:
        (person_id, why), *left = left
        who = {"shift_id": shift_id, "post_id": post_id, "person_id": person_id, "now": now}
        if asking.kept_from(session, **who) is None:
            invite(session, kind=InvitationKind.MATCH, why=why, run_id=run_id, **who)
    outcome.reserves = left
    session.flush()
