"""What happened on site: events are added, and what they add up to is the attendance.

Nothing is overwritten: a mistake is taken back by an event that names it. `stays` is pure; `add`
and `take_back` write, `settle` keeps the row of `attendance` equal to the events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.attendance import no_shows
from volunteer_hub.attendance.models import (
    Attendance,
    AttendanceMethod,
    AttendanceStatus,
    EventKind,
    SiteEvent,
)

AWAY = {
    EventKind.NO_SHOW: AttendanceStatus.NO_SHOW,
    EventKind.EXCUSED: AttendanceStatus.EXCUSED,
}
KIND_OF = {status: kind for kind, status in AWAY.items()}
_void = aliased(SiteEvent)
# The condition, over events, that nobody has taken them back.
STANDS = ~select(_void.id).where(_void.voids_id == SiteEvent.id).correlate(SiteEvent).exists()


class Stay(NamedTuple):
    """From an arrival to the departure that follows it; None while the person is there."""

    came_at: datetime
    left_at: datetime | None


class Source(NamedTuple):
    """How and by whom something is recorded: a person, or the holder of a leader's link."""

    method: AttendanceMethod
    actor_id: int | None = None
    link_id: int | None = None
    device: str | None = None
    code_step: int | None = None


def stays(moments: Iterable[tuple[EventKind, datetime]]) -> list[Stay]:
    """Return the pairs of arrival and departure, in order of time.

    A second arrival of somebody who is there and a departure of somebody who is not say nothing.
    """
    found: list[Stay] = []
    came_at: datetime | None = None
    # At one moment an arrival comes first: somebody may come and go within a minute.
    for kind, at in sorted(moments, key=lambda one: (one[1], one[0] is EventKind.CHECK_OUT)):
        if kind is EventKind.CHECK_IN and came_at is None:
            came_at = at
        elif kind is EventKind.CHECK_OUT and came_at is not None:
            found.append(Stay(came_at, at))
            came_at = None
    if came_at is not None:
        found.append(Stay(came_at, None))
    return found


def standing(session: Session, *, shift_id: int, person_id: int) -> list[SiteEvent]:
    """Return the events of this person at this shift that nobody has taken back, oldest first."""
    return list(
        session.scalars(
            select(SiteEvent)
            .where(
                SiteEvent.shift_id == shift_id,
                SiteEvent.person_id == person_id,
                SiteEvent.kind != str(EventKind.VOID),
                STANDS,
            )
            .order_by(SiteEvent.id)
        )
    )


def forgotten(session: Session, *, shift_id: int) -> set[int]:
    """Return the people of a shift for whose forgotten check-out the planned end stands in."""
    return set(
        session.scalars(
            select(SiteEvent.person_id).where(
                SiteEvent.shift_id == shift_id,
                SiteEvent.kind == str(EventKind.CHECK_OUT),
                SiteEvent.method == str(AttendanceMethod.FORGOTTEN),
                STANDS,
            )
        )
    )


def add(
    session: Session,
    *,
    shift_id: int,
    person_id: int,
    kind: EventKind,
    at: datetime,
    source: Source,
    now: datetime,
) -> SiteEvent:
    """Write one event down; the caller holds the attendance or the sign-up locked."""
    event = SiteEvent(
        shift_id=shift_id,
        person_id=person_id,
        kind=str(kind),
        at=at,
        recorded_at=now,
        **(source._asdict() | {"method": str(source.method)}),
    )
    session.add(event)
    return event


def take_back(
    session: Session, events: Sequence[SiteEvent], *, source: Source, now: datetime
) -> None:
    """Take these events back, each by an event that names it."""
    for event in events:
        session.add(
            SiteEvent(
                shift_id=event.shift_id,
                person_id=event.person_id,
                kind=str(EventKind.VOID),
                at=now,
                voids_id=event.id,
                recorded_at=now,
                method=str(source.method),
                actor_id=source.actor_id,
                link_id=source.link_id,
            )
        )


def settle(session: Session, row: Attendance) -> bool:
    """Make the row say what its events add up to; tells whether any event stands.

    Times in the row are those of the first arrival and the last departure.
    """
    session.flush()
    found = standing(session, shift_id=row.shift_id, person_id=row.person_id)
    pairs = stays((EventKind(one.kind), one.at) for one in found)
    away = [AWAY[EventKind(one.kind)] for one in found if one.kind in AWAY]
    row.check_in_at = pairs[0].came_at if pairs else None
    row.check_out_at = pairs[-1].left_at if pairs else None
    row.stays = _written(pairs) if len(pairs) > 1 else None
    if pairs:
        row.status = str(AttendanceStatus.PRESENT)
    elif away:
        row.status = str(away[-1])
    missed = bool(away) and row.status == AttendanceStatus.NO_SHOW
    no_shows.follow(session, row, missed=missed)
    return bool(pairs or away)


def _written(pairs: Sequence[Stay]) -> list[list[str | None]]:
    return [
        [stay.came_at.isoformat(), stay.left_at.isoformat() if stay.left_at else None]
        for stay in pairs
    ]


def stays_of(
    check_in_at: datetime | None,
    check_out_at: datetime | None,
    written: Sequence[Sequence[str | None]] | None,
) -> list[Stay]:
    """Return the pairs of an attendance from its columns `check_in_at`, `check_out_at`, `stays`."""
    if written:
        return [
            Stay(datetime.fromisoformat(str(came)), datetime.fromisoformat(left) if left else None)
            for came, left in written
        ]
    return [Stay(check_in_at, check_out_at)] if check_in_at else []
