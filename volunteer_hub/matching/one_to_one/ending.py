"""A pairing ends: replaced by another one, or because one of the two is not there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.matching.one_to_one.models import (
    STANDING,
    Pairing,
    PairingState,
    ServiceRequest,
)
from volunteer_hub.shifts import told
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp, SignUpStatus

IS_STANDING = Pairing.state.in_([str(one) for one in STANDING])


def end(
    session: Session,
    pairing: Pairing,
    *,
    now: datetime,
    absent: str = "",
    tell: bool = True,
) -> None:
    """End a pairing that stands; `absent` says who did not come (`volunteer`, `senior`).

    The volunteer is told as long as the shift has not begun and their place is still theirs.
    """
    state = PairingState.NOT_COME if absent else PairingState.REPLACED
    pairing.state, pairing.absent, pairing.ended_at = str(state), absent, now
    session.flush()
    if not tell or absent:
        return
    row = session.execute(
        select(Shift.starts_at, Shift.ends_at, Shift.status.label("shift_status"), SignUp.status)
        .join(SignUp, SignUp.shift_id == Shift.id)
        .where(SignUp.id == pairing.sign_up_id)
    ).one()
    # Of a shift that is called off everybody is told anyway.
    takes_place = row.shift_status == ShiftStatus.PUBLISHED and row.starts_at > now
    if takes_place and row.status == SignUpStatus.CONFIRMED:
        told.tell(
            session,
            "unpaired",
            shift_id=pairing.shift_id,
            person_id=pairing.person_id,
            key=f"unpaired:{pairing.id}",
            now=now,
            useless_after=row.ends_at,
        )


def end_of_request(session: Session, request: ServiceRequest, *, now: datetime) -> None:
    """End the pairing of a wish that stands, if there is one; its shift is locked meanwhile.

    Else somebody who pairs at the same moment could pair a wish that is just withdrawn.
    """
    session.execute(
        select(Shift.id).where(Shift.id == request.shift_id).with_for_update(key_share=True)
    )
    for pairing in session.scalars(
        select(Pairing).where(Pairing.request_id == request.id, IS_STANDING)
    ):
        end(session, pairing, now=now)


def end_of_person(session: Session, *, person_id: int, now: datetime) -> None:
    """End what a person was to do, and their wishes to go on (before an account is deleted)."""
    for pairing in session.scalars(select(Pairing).where(Pairing.person_id == person_id)).all():
        if pairing.state == PairingState.PLANNED:
            end(session, pairing, now=now, tell=False)
        pairing.volunteer_again = None
    session.flush()
