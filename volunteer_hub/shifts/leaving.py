"""Giving places back, and who moves up when one becomes free."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import (
    ACTIVE,
    IS_ACTIVE,
    Post,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)
from volunteer_hub.shifts.rules import MOVE_UP_UNTIL, Facts, read_facts, refusal
from volunteer_hub.shifts.signing import lock_person, note, take_place


class CannotCancel(DomainError):
    """The shift has begun, so the place can no longer be given back."""


def cancel(session: Session, *, sign_up_id: int, person_id: int, reason: str, now: datetime) -> int:
    """Give a place back and move the line up; returns the shift.

    Works until the shift begins; a reason is never asked for. Cancelling twice changes nothing.
    Raises NotFound for a sign-up of somebody else, CannotCancel after the start.
    """
    row = _read_locked(session, sign_up_id=sign_up_id, person_id=person_id)
    if row.status not in ACTIVE:
        return int(row.shift_id)
    published = row.shift_status == ShiftStatus.PUBLISHED
    if published and row.starts_at <= now:
        raise CannotCancel(
            _("The shift has already started. Please tell the contact person on site.")
        )
    moves_up = published and row.starts_at - now >= MOVE_UP_UNTIL
    confirmed = row.status == SignUpStatus.CONFIRMED
    successor = (
        _first_in_line(session, post_id=row.post_id, now=now) if confirmed and moves_up else None
    )
    session.execute(
        update(SignUp)
        .where(SignUp.id == sign_up_id)
        .values(status=str(SignUpStatus.CANCELLED), cancelled_at=now, cancel_reason=reason)
    )
    if confirmed:
        session.execute(update(Post).where(Post.id == row.post_id).values(taken=Post.taken - 1))
    if successor is not None:
        _move_up(session, successor, post_id=row.post_id, now=now)
    audit.record(
        session,
        "sign_up:cancel",
        actor_id=person_id,
        object_id=sign_up_id,
        now=now,
        organisation_id=row.organisation_id,
        shift_id=row.shift_id,
    )
    touch_lists(session)
    return int(row.shift_id)


def _read_locked(session: Session, *, sign_up_id: int, person_id: int) -> Any:
    """Return the sign-up, which nobody moves up meanwhile (SQLite has one writer anyway)."""
    row = session.execute(
        select(
            SignUp.status,
            SignUp.post_id,
            SignUp.shift_id,
            Shift.starts_at,
            Shift.status.label("shift_status"),
            Project.organisation_id,
        )
        .join(Shift, Shift.id == SignUp.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(SignUp.id == sign_up_id, SignUp.person_id == person_id)
        .with_for_update(of=SignUp)
    ).first()
    if row is None:
        raise NotFound
    return row


def _first_in_line(session: Session, *, post_id: int, now: datetime) -> Facts | None:
    """Return the first person in line whom no rule keeps out any more."""
    line = session.execute(
        select(SignUp.shift_id, SignUp.person_id)
        .where(SignUp.post_id == post_id, SignUp.status == str(SignUpStatus.WAITLISTED))
        .order_by(SignUp.id)
    ).all()
    for waiting in line:
        lock_person(session, waiting.person_id)
        facts = read_facts(session, shift_id=waiting.shift_id, person_id=waiting.person_id)
        still_waits = facts.sign_up_status == SignUpStatus.WAITLISTED
        if still_waits and refusal(session, facts, now=now) is None:
            return facts
    return None


def _move_up(session: Session, facts: Facts, *, post_id: int, now: datetime) -> None:
    if facts.sign_up_id is None or not take_place(session, post_id):
        return
    moved = session.connection().execute(
        update(SignUp)
        .where(SignUp.id == facts.sign_up_id, SignUp.status == str(SignUpStatus.WAITLISTED))
        .values(status=str(SignUpStatus.CONFIRMED))
    )
    if moved.rowcount == 0:
        # Left the line in this moment; the place stays free for whoever comes next.
        session.execute(update(Post).where(Post.id == post_id).values(taken=Post.taken - 1))
        return
    note(session, "sign_up:move_up", facts.sign_up_id, facts, actor_id=None, now=now)


def fill_places(session: Session, *, post_id: int, places: int, now: datetime) -> None:
    """Give this many new places of a post to its line, first come first; the post is locked."""
    for _place in range(places):
        facts = _first_in_line(session, post_id=post_id, now=now)
        if facts is None or facts.starts_at - now < MOVE_UP_UNTIL:
            return
        _move_up(session, facts, post_id=post_id, now=now)


def leave_all(session: Session, *, person_id: int, now: datetime) -> None:
    """Give back every place in a shift that has not begun (before an account is deleted)."""
    rows = session.scalars(
        select(SignUp.id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(SignUp.person_id == person_id, IS_ACTIVE, Shift.starts_at > now)
    ).all()
    for sign_up_id in rows:
        cancel(session, sign_up_id=sign_up_id, person_id=person_id, reason="", now=now)
