"""Giving places back, and who moves up when one becomes free."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import column, select, table, update
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts import holds, line, offers, told
from volunteer_hub.shifts.models import (
    ACTIVE,
    IS_ACTIVE,
    SEATED,
    Hold,
    Offer,
    OfferState,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)
from volunteer_hub.shifts.places import give_place, lock_person, lock_post
from volunteer_hub.shifts.rules import GUARDIAN_ALONGSIDE, age_on


class CannotCancel(DomainError):
    """The shift has begun or the person has come, so the place cannot be given back."""


class Cancelled(NamedTuple):
    """Which shift a place was given back in, and whose places went with it (under 14)."""

    shift_id: int
    wards: tuple[str, ...] = ()


def cancel(
    session: Session, *, sign_up_id: int, person_id: int, reason: str, now: datetime
) -> Cancelled:
    """Give a place, an offered one or a place in line back; the place is offered to the next.

    Works until the shift begins; a reason is never asked for. Cancelling twice changes nothing.
    Children under 14 come only with their guardian, so their places are given back too. Raises
    NotFound for a sign-up of somebody else, CannotCancel after the start.
    """
    lock_person(session, person_id)
    row = _read_locked(session, sign_up_id=sign_up_id, person_id=person_id)
    if row.status not in ACTIVE:
        return Cancelled(row.shift_id)
    if row.shift_status == ShiftStatus.PUBLISHED and row.starts_at <= now:
        raise CannotCancel(
            _("The shift has already started. Please tell the contact person on site.")
        )
    if has_come(session, sign_up_id):
        raise CannotCancel(
            _("You are checked in already. If you have to leave early, tell the contact on site.")
        )
    _give_back(session, row, sign_up_id=sign_up_id, reason=reason, now=now)
    audit.record(
        session,
        "sign_up:cancel",
        actor_id=person_id,
        object_id=sign_up_id,
        now=now,
        organisation_id=row.organisation_id,
        shift_id=row.shift_id,
    )
    touch_lists(session)
    wards = wards_in(session, row.shift_id, row.day, person_id=person_id)
    for ward in wards:
        cancel(session, sign_up_id=ward.sign_up_id, person_id=ward.id, reason=reason, now=now)
        told.tell(
            session,
            "ward_left",
            shift_id=row.shift_id,
            person_id=ward.id,
            key=f"ward_left:{ward.sign_up_id}",
            now=now,
        )
    return Cancelled(row.shift_id, tuple(ward.name for ward in wards))


def _read_locked(session: Session, *, sign_up_id: int, person_id: int) -> Any:
    """Return the sign-up, with its post locked before it, as everywhere."""
    mine = SignUp.id == sign_up_id, SignUp.person_id == person_id
    post_id = session.scalar(select(SignUp.post_id).where(*mine))
    if post_id is None:
        raise NotFound
    lock_post(session, post_id)
    return session.execute(
        select(
            SignUp.status,
            SignUp.post_id,
            SignUp.shift_id,
            Shift.starts_at,
            Shift.day,
            Shift.status.label("shift_status"),
            Project.organisation_id,
        )
        .join(Shift, Shift.id == SignUp.shift_id)
        .join(Project, Project.id == Shift.project_id)
        .where(*mine)
        .with_for_update(of=SignUp)
    ).one()


def _give_back(session: Session, row: Any, *, sign_up_id: int, reason: str, now: datetime) -> None:
    if row.status == SignUpStatus.OFFERED:
        offer = offers.open_of(session, sign_up_id)
        offers.end(session, offer.id, OfferState.DECLINED, now=now)
    session.execute(
        update(SignUp)
        .where(SignUp.id == sign_up_id)
        .values(status=str(SignUpStatus.CANCELLED), cancelled_at=now, cancel_reason=reason)
    )
    if row.status not in SEATED:
        return
    give_place(session, row.post_id)
    line.settle(session, row.post_id, now=now)


# The roster belongs to a feature above this one; only this fact about a place is needed here.
_ROSTER = table("attendance", column("sign_up_id"), column("check_in_at"))


def has_come(session: Session, sign_up_id: int) -> bool:
    """Tell whether whoever has this place is checked in."""
    ticked = select(_ROSTER.c.sign_up_id).where(
        _ROSTER.c.sign_up_id == sign_up_id, _ROSTER.c.check_in_at.is_not(None)
    )
    return session.execute(ticked).first() is not None


def wards_in(session: Session, shift_id: int, day: date, *, person_id: int) -> list[Any]:
    """Return the children under 14 who come to the shift only with this guardian.

    Rows of `id`, `name`, `sign_up_id`, `post_id` and `status`.
    """
    found = session.execute(
        select(
            Person.id,
            Person.name,
            Person.birth_date,
            SignUp.id.label("sign_up_id"),
            SignUp.post_id,
            SignUp.status,
        )
        .join(SignUp, SignUp.person_id == Person.id)
        .where(Person.guardian_id == person_id, SignUp.shift_id == shift_id, IS_ACTIVE)
    )
    return [
        ward
        for ward in found
        if ward.birth_date and age_on(ward.birth_date, day) < GUARDIAN_ALONGSIDE
    ]


def decline(session: Session, *, offer_id: int, person_id: int, now: datetime) -> int:
    """Say no to an offer: its place goes on; returns the shift. Declining twice changes nothing.

    Raises NotFound for an offer to somebody else.
    """
    row = session.execute(
        select(Offer.sign_up_id, SignUp.shift_id)
        .join(SignUp, SignUp.id == Offer.sign_up_id)
        .where(Offer.id == offer_id, Offer.person_id == person_id)
    ).first()
    if row is None:
        raise NotFound
    lock_person(session, person_id)
    if session.scalar(select(Offer.state).where(Offer.id == offer_id)) == OfferState.OPEN:
        cancel(session, sign_up_id=row.sign_up_id, person_id=person_id, reason="declined", now=now)
    return int(row.shift_id)


def leave_all(session: Session, *, person_id: int, now: datetime) -> None:
    """Give back every place in a shift that has not begun (before an account is deleted).

    Places held for colleagues are open to everybody again.
    """
    for hold_id in session.scalars(
        select(Hold.id)
        .where(Hold.holder_id == person_id, Hold.places > 0, Hold.adoption_id.is_(None))
        .order_by(Hold.post_id)
    ).all():
        holds.release(session, hold_id=hold_id, holder_id=person_id, now=now)
    rows = session.scalars(
        select(SignUp.id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(SignUp.person_id == person_id, IS_ACTIVE, Shift.starts_at > now)
        .order_by(SignUp.post_id)
    ).all()
    for sign_up_id in rows:
        cancel(session, sign_up_id=sign_up_id, person_id=person_id, reason="", now=now)
