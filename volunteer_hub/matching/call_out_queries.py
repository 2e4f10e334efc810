"""Who was called out for a shift, and what they said."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.matching.models import Invitation, InvitationKind


class Asked(NamedTuple):
    """Somebody who was called out; `state` is that of the invitation."""

    id: int
    name: str
    state: str
    made_at: datetime
    expires_at: datetime


def asked(session: Session, *, shift_id: int) -> list[Asked]:
    """Return who was called out for a shift, the latest first."""
    rows: Any = session.execute(
        select(
            Invitation.id,
            Person.name,
            Invitation.state,
            Invitation.made_at,
            Invitation.expires_at,
        )
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.shift_id == shift_id, Invitation.kind == str(InvitationKind.CALL_OUT))
        .order_by(Invitation.id.desc())
    )
    return [Asked._make(row) for row in rows]
