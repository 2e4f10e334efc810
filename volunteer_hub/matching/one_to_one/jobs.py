"""What goes on by itself: wishes of shifts that are over or called off, and forgetting."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from volunteer_hub.attendance.models import Attendance, AttendanceStatus
from volunteer_hub.audit import services as audit
from volunteer_hub.matching.one_to_one import ending, placing, steps, ties
from volunteer_hub.matching.one_to_one.models import (
    ENDED,
    Pairing,
    PairingState,
    RequestState,
    RequestStep,
    RequestWindow,
    ServiceRequest,
)
from volunteer_hub.shifts import told
from volunteer_hub.shifts.models import Shift, ShiftStatus

AT_ONCE = 100
# The leader's link ends then; what is not known by the second moment is taken for not met.
SETTLES_AFTER, GIVES_UP_AFTER = timedelta(hours=2), timedelta(days=3)
FORGOTTEN_AFTER = timedelta(days=90)


def settle_requests(session: Session, now: datetime) -> int:
    """End wishes that were met, and let the others wait again; returns how many.

    Met is a pair that was noted so, or whose volunteer was there. A shift that was called off
    gives its wishes back at once.
    """
    called_off = Shift.status == str(ShiftStatus.CANCELLED)
    rows = session.execute(
        select(ServiceRequest, Pairing, Attendance.status, called_off)
        .join(Shift, Shift.id == ServiceRequest.shift_id)
        .outerjoin(
            Pairing,
            (Pairing.request_id == ServiceRequest.id)
            & (Pairing.shift_id == ServiceRequest.shift_id)
            & ending.IS_STANDING,
        )
        .outerjoin(
            Attendance,
            (Attendance.shift_id == Pairing.shift_id) & (Attendance.person_id == Pairing.person_id),
        )
        .where(
            ServiceRequest.state == str(RequestState.PLACED),
            called_off | ((Shift.ends_at < now - SETTLES_AFTER) & _is_decided(now)),
        )
        .order_by(ServiceRequest.id)
        .limit(AT_ONCE)
        .with_for_update(of=ServiceRequest, key_share=True)
    ).all()
    for request, pairing, came, off in rows:
        _settle(session, request, None if off else pairing, came=came, now=now)
    return len(rows)


def _is_decided(now: datetime) -> ColumnElement[bool]:
    """Tell, inside a question, whether it is known if they met.

    Else wishes of which nobody says anything would come first in every round.
    """
    return (
        Pairing.id.is_(None)
        | (Pairing.state == str(PairingState.MET))
        | Attendance.status.is_not(None)
        | (Shift.ends_at <= now - GIVES_UP_AFTER)
    )


def _settle(
    session: Session,
    request: ServiceRequest,
    pairing: Pairing | None,
    *,
    came: str | None,
    now: datetime,
) -> None:
    if pairing is None:
        placing.put_back(session, request, actor_id=None, now=now)
    elif pairing.state == PairingState.MET or came == AttendanceStatus.PRESENT:
        pairing.state = str(PairingState.MET)
        steps.move(session, request, RequestState.SERVED, actor_id=None, now=now)
        _ask(session, pairing, now=now)
    else:
        ending.end(session, pairing, now=now, absent="volunteer")
        placing.put_back(session, request, actor_id=None, now=now)


def _ask(session: Session, pairing: Pairing, *, now: datetime) -> None:
    """Ask the volunteer whether to meet again, unless they have said so already."""
    if pairing.volunteer_again is not None:
        return
    told.tell(
        session,
        "meet_again",
        shift_id=pairing.shift_id,
        person_id=pairing.person_id,
        key=f"meet_again:{pairing.id}",
        now=now,
        link=f"/shifts/{pairing.shift_id}/pairing",
    )


def forget_seniors(session: Session, now: datetime) -> int:
    """Take out what tells of seniors whose wishes ended 90 days ago; returns how many.

    That it was the same senior twice, and who wanted to meet again, goes with it; a "rather not"
    goes with the last wish of the senior (`ties`).
    """
    rows = session.scalars(
        select(ServiceRequest)
        .where(
            ServiceRequest.state.in_([str(one) for one in ENDED]),
            ServiceRequest.forgotten_at.is_(None),
            ServiceRequest.state_at < now - FORGOTTEN_AFTER,
        )
        .order_by(ServiceRequest.id)
        .limit(AT_ONCE)
        .with_for_update(key_share=True)
    ).all()
    for request in rows:
        _forget(session, request, now=now)
    return len(rows)


def _forget(session: Session, request: ServiceRequest, *, now: datetime) -> None:
    request.given_name = request.venue = ""
    request.building_id = None
    request.forgotten_at = now
    session.query(RequestWindow).filter_by(request_id=request.id).delete()
    session.query(RequestStep).filter_by(request_id=request.id).update({"words": ""})
    ties.loosen(session, request)
    audit.record(
        session,
        "request:forget",
        actor_id=None,
        object_id=request.id,
        organisation_id=request.organisation_id,
        now=now,
    )
    session.flush()


JOBS = (settle_requests, forget_seniors)
