"""A request goes on: each change of its state is dated, audited, and told to who entered it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.matching.one_to_one.models import (
    RequestState,
    RequestStep,
    ServiceRequest,
    Topic,
)
from volunteer_hub.notifications import services as notifications
from volunteer_hub.shifts.models import Shift

# What the audit calls the way into each state. No names of seniors there: it is never emptied.
ACTS = {
    RequestState.ENTERED: "request:enter",
    RequestState.VERIFIED: "request:verify",
    RequestState.PLACED: "request:place",
    RequestState.SERVED: "request:serve",
    RequestState.CLOSED: "request:close",
    RequestState.WITHDRAWN: "request:withdraw",
}


def move(
    session: Session,
    request: ServiceRequest,
    state: RequestState,
    *,
    actor_id: int | None,
    now: datetime,
    words: str = "",
    act: str = "",
    **details: Any,
) -> None:
    """Put the request into a state; whoever entered it is told when somebody else did it."""
    request.state, request.state_at = str(state), now
    step = RequestStep(request_id=request.id, state=str(state), at=now, by_id=actor_id, words=words)
    session.add(step)
    session.flush()
    audit.record(
        session,
        act or ACTS[state],
        actor_id=actor_id,
        object_id=request.id,
        organisation_id=request.organisation_id,
        now=now,
        **details,
    )
    if actor_id != request.entered_by:
        _tell(session, request, state, step.id, now=now)


def _tell(
    session: Session, request: ServiceRequest, state: RequestState, step_id: int, *, now: datetime
) -> None:
    topic = session.get_one(Topic, request.topic_id)
    starts_at = None
    if state is RequestState.PLACED:
        starts_at = session.scalar(select(Shift.starts_at).where(Shift.id == request.shift_id))
    notifications.tell(
        session,
        "request_moved",
        person_id=request.entered_by,
        key=f"request_step:{step_id}",
        now=now,
        link=f"/console/requests/{request.id}",
        state=str(state),
        topic_zh=topic.name_zh,
        topic_en=topic.name_en,
        starts_at=starts_at.isoformat() if starts_at else None,
    )
