"""Wishes go into a shift that fits them, and out of it again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.matching.one_to_one import ending, posts, steps
from volunteer_hub.matching.one_to_one.models import (
    RequestState,
    ServiceRequest,
)
from volunteer_hub.matching.one_to_one.queries import windows_of
from volunteer_hub.matching.one_to_one.requests import CannotChange, own
from volunteer_hub.shifts.models import Shift, ShiftStatus
from volunteer_hub.shifts.scheduling import own_shift


class CannotPlace(DomainError):
    """These wishes do not go into this shift; nothing was changed."""


def place(
    session: Session,
    *,
    request_ids: Collection[int],
    shift_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> int:
    """Put verified wishes into a shift that pairs, all or none; returns how many.

    Each gets a table number. Raises NotFound for a stranger's shift or wish, InvalidInput when
    none is chosen, and CannotPlace with every clash named: state, time, room.
    """
    if not request_ids:
        raise InvalidInput(_("Please tick at least one wish."), field="wishes")
    shift, project = own_shift(session, shift_id, organisation_ids)
    if not project.one_to_one:
        raise CannotPlace(_("This project does not pair one to one. Its form can say so."))
    if shift.status == ShiftStatus.CANCELLED or shift.starts_at <= now:
        raise CannotPlace(_("This shift has begun or is cancelled. Please choose another one."))
    chosen = [own(session, one, organisation_ids) for one in sorted(set(request_ids))]
    chosen = [one for one in chosen if not _is_in(one, shift)]
    clashes = [*_clashes(session, chosen, shift), *_too_many(session, chosen, shift)]
    if clashes:
        raise CannotPlace(" ".join(clashes))
    last = session.scalar(
        select(func.max(ServiceRequest.table_no)).where(ServiceRequest.shift_id == shift.id)
    )
    for table_no, request in enumerate(chosen, start=(last or 0) + 1):
        request.shift_id, request.table_no = shift.id, table_no
        steps.move(
            session, request, RequestState.PLACED, actor_id=actor_id, now=now, shift_id=shift.id
        )
    return len(chosen)


def _is_in(request: ServiceRequest, shift: Shift) -> bool:
    return request.state == RequestState.PLACED and request.shift_id == shift.id


def _clashes(session: Session, chosen: Sequence[ServiceRequest], shift: Shift) -> list[str]:
    """Return a sentence for each wish that is not ready or has no time then."""
    windows = windows_of(session, [one.id for one in chosen])
    found = []
    for request in chosen:
        if request.state != RequestState.VERIFIED:
            found.append(
                _(
                    "%(name)s: this wish does not wait for a shift (any more).",
                    name=request.given_name or "–",
                )
            )
        elif (shift.day.weekday(), shift.window) not in windows[request.id]:
            found.append(_("%(name)s has no time when this shift is.", name=request.given_name))
    return found


def _too_many(session: Session, chosen: Sequence[ServiceRequest], shift: Shift) -> list[str]:
    room = room_in(session, shift.id)
    if len(chosen) <= room:
        return []
    if not room:
        return [_("This shift has as many wishes as places. Add places, or choose another shift.")]
    return [
        _n(
            "This shift has room for %(num)s more wish.",
            "This shift has room for %(num)s more wishes.",
            room,
        )
    ]


def room_in(session: Session, shift_id: int) -> int:
    """Return how many more wishes the shift can hold: one for each place of a partner."""
    places = session.scalar(select(posts.partner_places(shift_id)))
    placed = session.scalar(
        select(func.count()).where(
            ServiceRequest.shift_id == shift_id,
            ServiceRequest.state == str(RequestState.PLACED),
        )
    )
    return max(0, int(places or 0) - int(placed or 0))


def take_out(
    session: Session,
    *,
    request_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> int | None:
    """Take a wish out of its shift; it waits for another one. Returns the shift it was in.

    Taking it out twice changes nothing. Raises NotFound, CannotChange when it is over.
    """
    request = own(session, request_id, organisation_ids)
    if request.state == RequestState.VERIFIED:
        return None
    if request.state != RequestState.PLACED:
        raise CannotChange(_("This wish is in no shift."))
    shift_id = request.shift_id
    put_back(session, request, actor_id=actor_id, now=now)
    return shift_id


def put_back(
    session: Session, request: ServiceRequest, *, actor_id: int | None, now: datetime
) -> None:
    """Let a placed wish wait for another shift; a volunteer who was to come is told."""
    ending.end_of_request(session, request, now=now)
    shift_id, request.shift_id, request.table_no = request.shift_id, None, None
    request.absent_at = None
    steps.move(
        session,
        request,
        RequestState.VERIFIED,
        actor_id=actor_id,
        now=now,
        act="request:take_out",
        shift_id=shift_id,
    )
