"""What looks unusual about the hours of a shift: noted for people to look at, never punished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import EventKind, Flag, FlagKind, SiteEvent
from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.shifts.models import Shift

REMARK_LENGTH = 200
# So many rows with the same minutes, told by hand, are worth a look.
MANY = 5
# A long list that was confirmed faster than it can be read.
LONG_LIST, READING_SECONDS = 20, 10
# One phone that checks in a second person within this time (trust.md S37).
ONE_DEVICE_WITHIN = timedelta(seconds=60)


def raise_flag(
    session: Session,
    kind: FlagKind,
    *,
    shift_id: int,
    now: datetime,
    person_id: int | None = None,
    **details: Any,
) -> bool:
    """Note this once per shift, kind and person; tells whether it is new."""
    known = select(Flag.id).where(Flag.shift_id == shift_id, Flag.kind == str(kind))
    if session.scalar(known.where(Flag.person_id.is_not_distinct_from(person_id)).limit(1)):
        return False
    session.add(
        Flag(
            shift_id=shift_id,
            person_id=person_id,
            kind=str(kind),
            details=details,
            noticed_at=now,
        )
    )
    return True


def one_device(
    session: Session, *, shift_id: int, person_id: int, source: Source, now: datetime
) -> None:
    """Note when the browser that checks this person in has just checked in somebody else."""
    if source.device is None:
        return
    other = session.scalar(
        select(SiteEvent.person_id)
        .where(
            SiteEvent.shift_id == shift_id,
            SiteEvent.person_id != person_id,
            SiteEvent.kind == str(EventKind.CHECK_IN),
            SiteEvent.device == source.device,
            SiteEvent.recorded_at >= now - ONE_DEVICE_WITHIN,
        )
        .order_by(SiteEvent.id.desc())
        .limit(1)
    )
    if other is not None:
        raise_flag(
            session,
            FlagKind.ONE_DEVICE,
            shift_id=shift_id,
            person_id=person_id,
            now=now,
            with_person=other,
        )


def of_confirmation(
    session: Session,
    *,
    shift_id: int,
    minutes: Sequence[int],
    by_hand: int,
    seconds: float | None,
    now: datetime,
) -> None:
    """Note what is unusual about hours that are being confirmed.

    `by_hand` of these rows were told by the roster and not by a code; `seconds` passed since the
    confirmer opened the list.
    """
    if by_hand >= MANY and len(set(minutes)) == 1:
        raise_flag(
            session,
            FlagKind.SAME_MINUTES,
            shift_id=shift_id,
            now=now,
            people=len(minutes),
            minutes=minutes[0],
        )
    if seconds is not None and len(minutes) >= LONG_LIST and seconds < READING_SECONDS:
        raise_flag(
            session,
            FlagKind.HASTY,
            shift_id=shift_id,
            now=now,
            people=len(minutes),
            seconds=round(seconds),
        )
    ends_at, created_at = session.execute(
        select(Shift.ends_at, Shift.created_at).where(Shift.id == shift_id)
    ).one()
    if minutes and created_at > ends_at:
        raise_flag(session, FlagKind.MADE_AFTERWARDS, shift_id=shift_id, now=now)


def of_shift(session: Session, *, shift_id: int) -> list[Flag]:
    """Return what was noted about a shift, oldest first."""
    return list(session.scalars(select(Flag).where(Flag.shift_id == shift_id).order_by(Flag.id)))


def flag(session: Session, flag_id: int) -> Flag:
    """Return one flag; raises NotFound."""
    found = session.get(Flag, flag_id)
    if found is None:
        raise NotFound
    return found


def look(session: Session, *, flag_id: int, remark: str, actor_id: int, now: datetime) -> Flag:
    """Say that one has looked at a flag, with a remark; whoever was first stands.

    The caller has made sure that the actor may see the shift. Raises NotFound or InvalidInput.
    """
    flag = session.get(Flag, flag_id, with_for_update=True)
    if flag is None:
        raise NotFound
    if not remark.strip():
        raise InvalidInput(_("Please say in a few words what you found."), field="remark")
    if flag.seen_at is None:
        flag.seen_by, flag.seen_at, flag.remark = actor_id, now, remark.strip()[:REMARK_LENGTH]
        audit.record(
            session,
            "hours:look",
            actor_id=actor_id,
            object_id=flag.shift_id,
            now=now,
            kind=flag.kind,
            remark=flag.remark,
        )
        session.flush()
    return flag
