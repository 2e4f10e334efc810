"""Move or remove people of a shift, together with what its roster says of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import Attendance
from volunteer_hub.attendance.rules import AlreadyConfirmed
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts import moving
from volunteer_hub.shifts.models import SignUp


def move(
    session: Session,
    *,
    sign_up_id: int,
    to_post_id: int,
    organisation_ids: Collection[int],
    reason: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Move a person to another post; a tick that is there already goes along (see `moving.move`).

    Raises AlreadyConfirmed too, when the hours are in the ledger.
    """
    shift_id = moving.move(
        session,
        sign_up_id=sign_up_id,
        to_post_id=to_post_id,
        organisation_ids=organisation_ids,
        reason=reason,
        actor_id=actor_id,
        now=now,
    )
    ticked = Attendance.sign_up_id == sign_up_id
    if session.scalar(select(Attendance.id).where(ticked, Attendance.confirmed_at.is_not(None))):
        raise AlreadyConfirmed
    session.execute(update(Attendance).where(ticked).values(post_id=to_post_id))
    return shift_id


def remove(
    session: Session,
    *,
    sign_up_id: int,
    organisation_ids: Collection[int],
    reason: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Take a person off the shift (see `moving.remove`), unless the roster says they came."""
    shift_id = moving.remove(
        session,
        sign_up_id=sign_up_id,
        organisation_ids=organisation_ids,
        reason=reason,
        actor_id=actor_id,
        now=now,
    )
    person = select(SignUp.person_id).where(SignUp.id == sign_up_id).scalar_subquery()
    if session.scalar(
        select(Attendance.id).where(Attendance.shift_id == shift_id, Attendance.person_id == person)
    ):
        raise DomainError(
            _("The roster says something about this person already. Take the tick back first.")
        )
    return shift_id
