"""Personal offline codes: shown on the volunteer's phone without a network, typed by the leader."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.models import AttendanceMethod, AttendanceStatus
from volunteer_hub.attendance.rules import LinkUsed, planned_shift
from volunteer_hub.attendance.services import confirmed_places, mark
from volunteer_hub.attendance.times import nearest
from volunteer_hub.core.codes import offline_digits
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _


@dataclass(frozen=True)
class Typed:
    """What the leader typed: six digits, and when the person came (empty: now)."""

    code: str
    came: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Typed:
        """Read the fields `code` and `came`."""
        return cls("".join(form.get("code", "").split())[:20], form.get("came", "").strip()[:20])


@dataclass(frozen=True)
class Found:
    """Whose code it was."""

    person_id: int
    name: str


def check_in(
    session: Session,
    *,
    shift_id: int,
    typed: Typed,
    key: str,
    zone: ZoneInfo,
    actor_id: int | None,
    now: datetime,
    through: LinkUsed | None = None,
) -> Found:
    """Tick the person whose offline code this is; marked as such.

    Raises InvalidInput for digits that are nobody's (or two people's) here and for a time that is
    none, and all that `services.mark` raises.
    """
    person_id = _owner(session, shift_id, typed.code, key)
    shift = planned_shift(session, shift_id)
    came_at = nearest(_time(typed.came), shift.starts_at, zone) if typed.came else now
    mark(
        session,
        shift_id=shift_id,
        person_id=person_id,
        status=AttendanceStatus.PRESENT,
        actor_id=actor_id,
        at=came_at,
        now=now,
        method=AttendanceMethod.OFFLINE_CODE,
        through=through,
    )
    name = session.scalar(select(Person.name).where(Person.id == person_id))
    return Found(person_id, name or "")


def _owner(session: Session, shift_id: int, digits: str, key: str) -> int:
    owners = [
        place.person_id
        for place in confirmed_places(session, shift_id)
        if hmac.compare_digest(offline_digits(key, place.id).encode(), digits.encode())
    ]
    if len(owners) != 1:
        raise InvalidInput(
            _(
                "Nobody of this shift has this offline code. Please ask for the six digits again,"
                " or tick the name on the roster."
            ),
            field="code",
        )
    return owners[0]


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise InvalidInput(
            _("Please give a time such as 07:00, or leave it empty for now."), field="came"
        ) from None
