"""Change receipts: when time or place moves, everybody with a place sees it and answers again.

An answer is asked until half of the time that is left has passed, at most two days; whoever has
not answered by then gives the place back, with a notice. Less than two hours before the start
there is no deadline: nobody loses a place over a late message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import NotFound
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts import deadlines, leaving, told
from volunteer_hub.shifts.clash import clash
from volunteer_hub.shifts.facts import read_facts
from volunteer_hub.shifts.models import (
    IS_ACTIVE,
    ChangeReceipt,
    ReceiptState,
    Shift,
    ShiftChange,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)
from volunteer_hub.shifts.places import lock_person_if_free, lock_person_in_shift, note

MOST_TIME = timedelta(hours=48)
NO_DEADLINE = timedelta(hours=2)
FIELDS = ("starts_at", "ends_at", "place_id", "meeting_point")

_ASKED = ChangeReceipt.state == str(ReceiptState.ASKED)


def snapshot(shift: Shift) -> dict[str, Any]:
    """Return what volunteers plan by, as JSON values; taken before and after an edit."""
    return {
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "place_id": shift.place_id,
        "meeting_point": shift.meeting_point,
    }


def ask_again(
    session: Session, shift: Shift, *, before: dict[str, Any], now: datetime
) -> ShiftChange | None:
    """Tell everybody who signed up what moved and ask those with a place to accept it again.

    Earlier questions about this shift are superseded. None when nothing they plan by has moved.
    """
    after = snapshot(shift)
    differing = [field for field in FIELDS if before[field] != after[field]]
    if not differing or shift.status != ShiftStatus.PUBLISHED or shift.starts_at <= now:
        return None
    deadlines.follow(session, shift, now=now)
    people = session.execute(
        select(SignUp.id, SignUp.person_id, SignUp.status)
        .where(SignUp.shift_id == shift.id, IS_ACTIVE)
        .order_by(SignUp.id)
    ).all()
    if not people:
        return None
    left = shift.starts_at - now
    change = ShiftChange(
        shift_id=shift.id,
        before={field: before[field] for field in differing},
        after={field: after[field] for field in differing},
        made_at=now,
        answer_by=shift.starts_at if left < NO_DEADLINE else now + min(MOST_TIME, left / 2),
    )
    session.add(change)
    session.flush()
    seated = [row.id for row in people if row.status == SignUpStatus.CONFIRMED]
    supersede(session, seated, now=now)
    if seated:
        session.execute(
            insert(ChangeReceipt),
            [
                {"change_id": change.id, "sign_up_id": one, "state": str(ReceiptState.ASKED)}
                for one in seated
            ],
        )
    _tell(session, shift, change, people, before, after, now=now)
    return change


def supersede(session: Session, sign_up_ids: list[int], *, now: datetime) -> None:
    """Ask these sign-ups no longer: something newer has taken the question's place."""
    session.execute(
        update(ChangeReceipt)
        .where(ChangeReceipt.sign_up_id.in_(sign_up_ids), _ASKED)
        .values(state=str(ReceiptState.SUPERSEDED), answered_at=now)
    )


def _tell(
    session: Session,
    shift: Shift,
    change: ShiftChange,
    people: Any,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    now: datetime,
) -> None:
    places = {
        place.id: {"place_zh": place.name_zh, "place_en": place.name_en}
        for place in session.scalars(
            select(Place).where(Place.id.in_({before["place_id"], after["place_id"]}))
        )
    }
    for row in people:
        told.tell(
            session,
            "shift_changed",
            shift_id=shift.id,
            person_id=row.person_id,
            key=f"shift_changed:{change.id}:{row.id}",
            now=now,
            useless_after=shift.starts_at,
            before={**before, **places[before["place_id"]]},
            after={**after, **places[after["place_id"]]},
            answer_by=change.answer_by.isoformat(),
        )


def shift_of(session: Session, sign_up_id: int, *, person_id: int) -> int:
    """Return the shift of this person's sign-up, else raise NotFound."""
    query = select(SignUp.shift_id).where(SignUp.id == sign_up_id, SignUp.person_id == person_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found


def answer(
    session: Session, *, sign_up_id: int, person_id: int, accepted: bool, now: datetime
) -> int:
    """Accept the moved shift again, or give the place back; returns the shift.

    Answering again changes nothing. Raises NotFound for somebody else's sign-up, CannotSignUp when
    the moved shift now overlaps another place of this person.
    """
    shift_id = shift_of(session, sign_up_id, person_id=person_id)
    lock_person_in_shift(session, person_id, shift_id)
    row = session.execute(
        select(SignUp.shift_id, ChangeReceipt.id)
        .outerjoin(ChangeReceipt, (ChangeReceipt.sign_up_id == SignUp.id) & _ASKED)
        .where(SignUp.id == sign_up_id, SignUp.person_id == person_id)
    ).first()
    if row is None:
        raise NotFound
    if row.id is None:
        return int(row.shift_id)
    facts = read_facts(session, shift_id=row.shift_id, person_id=person_id, now=now)
    if accepted:
        no = clash(session, facts, person_id=person_id)
        if no:
            raise no
        _close(session, row.id, ReceiptState.ACCEPTED, now=now)
        note(session, "sign_up:accept_change", sign_up_id, facts, actor_id=person_id, now=now)
    else:
        _close(session, row.id, ReceiptState.DECLINED, now=now)
        leaving.cancel(
            session, sign_up_id=sign_up_id, person_id=person_id, reason="shift_changed", now=now
        )
    return int(row.shift_id)


def _close(session: Session, receipt_id: int, state: ReceiptState, *, now: datetime) -> bool:
    closed = session.connection().execute(
        update(ChangeReceipt)
        .where(ChangeReceipt.id == receipt_id, _ASKED)
        .values(state=str(state), answered_at=now)
    )
    return closed.rowcount == 1


def lapse_due(session: Session, *, now: datetime, most: int = 200) -> int:
    """Give back the places whose people have not answered by the deadline; returns how many."""
    due = session.execute(
        select(ChangeReceipt.id, SignUp.id.label("sign_up_id"), SignUp.person_id, SignUp.shift_id)
        .join(ShiftChange, ShiftChange.id == ChangeReceipt.change_id)
        .join(SignUp, SignUp.id == ChangeReceipt.sign_up_id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(
            _ASKED,
            ShiftChange.answer_by <= now,
            Shift.starts_at > now,
            Shift.status == str(ShiftStatus.PUBLISHED),
            SignUp.status == str(SignUpStatus.CONFIRMED),
        )
        # In the order in which posts are locked.
        .order_by(SignUp.post_id, ChangeReceipt.id)
        .limit(most)
    ).all()
    lapsed = 0
    for row in due:
        # Whoever is answering at this moment may do so; the next round looks again.
        if not lock_person_if_free(session, row.person_id) or not _close(
            session, row.id, ReceiptState.EXPIRED, now=now
        ):
            continue
        try:
            with session.begin_nested():
                leaving.cancel(
                    session,
                    sign_up_id=row.sign_up_id,
                    person_id=row.person_id,
                    reason="change_lapsed",
                    now=now,
                )
        except leaving.CannotCancel:
            # Whoever has come already has answered by coming.
            _come(session, row.id)
            continue
        lapsed += 1
        told.tell(
            session,
            "change_lapsed",
            shift_id=row.shift_id,
            person_id=row.person_id,
            key=f"change_lapsed:{row.id}",
            now=now,
        )
    return lapsed


def _come(session: Session, receipt_id: int) -> None:
    session.execute(
        update(ChangeReceipt)
        .where(ChangeReceipt.id == receipt_id)
        .values(state=str(ReceiptState.ACCEPTED))
    )


def asked(session: Session, sign_up_id: int) -> ShiftChange | None:
    """Return the change that a sign-up's person has still to answer, or None."""
    return session.scalar(
        select(ShiftChange)
        .join(ChangeReceipt, ChangeReceipt.change_id == ShiftChange.id)
        .where(ChangeReceipt.sign_up_id == sign_up_id, _ASKED)
    )
