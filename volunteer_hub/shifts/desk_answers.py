"""Which answers an own shift waits for: offers, and changes that people have to accept again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import Person
from volunteer_hub.core.geo import travel_minutes
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.clash import LONGEST_WAY
from volunteer_hub.shifts.models import (
    ChangeReceipt,
    Offer,
    OfferState,
    Post,
    ReceiptState,
    Shift,
    ShiftChange,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

_CONFIRMED = str(SignUpStatus.CONFIRMED)
_ASKED = str(ReceiptState.ASKED)


@dataclass(frozen=True)
class Pending:
    """How many answers a shift waits for: offers, changes, and changes that now collide."""

    offers: int = 0
    unanswered: int = 0
    clashing: int = 0


@dataclass(frozen=True)
class Answer:
    """What somebody with a place says to the latest change of the shift."""

    name: str
    state: str
    answer_by: datetime
    clashes: bool


def pending(session: Session, *, shift_ids: Collection[int]) -> dict[int, Pending]:
    """Return for each of these shifts what is still to be answered; settled ones are left out."""
    offers: dict[int, int] = {
        row[0]: int(row[1])
        for row in session.execute(
            select(Post.shift_id, func.count())
            .join(Offer, Offer.post_id == Post.id)
            .where(Post.shift_id.in_(shift_ids), Offer.state == str(OfferState.OPEN))
            .group_by(Post.shift_id)
        )
    }
    asked: dict[int, set[int]] = {}
    for shift_id, sign_up_id in session.execute(
        select(SignUp.shift_id, SignUp.id)
        .join(ChangeReceipt, ChangeReceipt.sign_up_id == SignUp.id)
        .where(
            SignUp.shift_id.in_(shift_ids),
            SignUp.status == _CONFIRMED,
            ChangeReceipt.state == _ASKED,
        )
    ):
        asked.setdefault(shift_id, set()).add(sign_up_id)
    clashing = _clashing(session, {one for found in asked.values() for one in found})
    return {
        shift_id: Pending(
            offers=offers.get(shift_id, 0),
            unanswered=len(asked.get(shift_id, ())),
            clashing=len(asked.get(shift_id, set()) & clashing),
        )
        for shift_id in offers.keys() | asked.keys()
    }


def _clashing(session: Session, sign_up_ids: Collection[int]) -> set[int]:
    """Return which of these sign-ups overlap another place of the person, the way included."""
    if not sign_up_ids:
        return set()
    mine, other, place, there = aliased(SignUp), aliased(Shift), aliased(Place), aliased(Place)
    rows = session.execute(
        select(
            mine.id,
            Shift.starts_at,
            Shift.ends_at,
            other.starts_at,
            other.ends_at,
            place.lat,
            place.lng,
            there.lat,
            there.lng,
            place.id == there.id,
        )
        .join(Shift, Shift.id == mine.shift_id)
        .join(place, place.id == Shift.place_id)
        .join(SignUp, (SignUp.person_id == mine.person_id) & (SignUp.status == _CONFIRMED))
        .join(other, (other.id == SignUp.shift_id) & (other.id != Shift.id))
        .join(there, there.id == other.place_id)
        .where(mine.id.in_(sign_up_ids), other.status == str(ShiftStatus.PUBLISHED))
    )
    return {row[0] for row in rows if _collides(row)}


def _collides(row: Any) -> bool:
    _id, starts, ends, other_starts, other_ends, *spots, same_place = row
    gap = max(other_starts - ends, starts - other_ends)
    if gap < timedelta(0):
        return True
    if same_place or None in spots:
        return False
    return bool(gap < min(timedelta(minutes=travel_minutes(*spots)), LONGEST_WAY))


def answers(session: Session, *, shift_id: int) -> list[Answer]:
    """Return what people say to the latest change of the shift; empty when it never moved."""
    latest = select(func.max(ShiftChange.id)).where(ShiftChange.shift_id == shift_id)
    still_there: ColumnElement[bool] = SignUp.status == _CONFIRMED
    rows = session.execute(
        select(Person.name, ChangeReceipt.state, ShiftChange.answer_by, SignUp.id, still_there)
        .join(SignUp, SignUp.id == ChangeReceipt.sign_up_id)
        .join(Person, Person.id == SignUp.person_id)
        .join(ShiftChange, ShiftChange.id == ChangeReceipt.change_id)
        .where(ChangeReceipt.change_id == latest.scalar_subquery())
        .order_by(case((ChangeReceipt.state == _ASKED, 0), else_=1), Person.name, SignUp.id)
    ).all()
    clashing = _clashing(session, {row[3] for row in rows if row[1] == _ASKED and row[4]})
    return [
        Answer(row[0], row[1], row[2], clashes=row[3] in clashing)
        for row in rows
        if row[4] or row[1] != _ASKED
    ]
