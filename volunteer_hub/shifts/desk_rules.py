"""What every verb of the desk looks at first, and its refusals in the coordinator's words.

The rules are those of the engine; its sentences speak to the volunteer, these about one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, either
from volunteer_hub.shifts import needs
from volunteer_hub.shifts.facts import Facts, read_facts
from volunteer_hub.shifts.models import Shift, ShiftStatus, SignUp
from volunteer_hub.shifts.places import lock_person
from volunteer_hub.shifts.reasons import Reason
from volunteer_hub.shifts.rules import refusal
from volunteer_hub.shifts.scheduling import own_shift

REASON_LENGTH = 200
_MOMENT = timedelta(seconds=1)


class NotNow(DomainError):
    """The shift is cancelled, over, or not published, so nobody can be given or moved a place."""


class Full(DomainError):
    """No place of the post is free; the desk can add one."""


class Unfit(DomainError):
    """A rule keeps this person out; no reason of the coordinator's changes that."""


class Lacking(InvalidInput):
    """The post asks for something the person has not said to have; a reason lets them in."""


class InLine(NamedTuple):
    """A sign-up with its shift locked, as a verb of the desk finds it."""

    id: int
    person_id: int
    post_id: int
    status: str
    shift: Shift
    organisation_id: int


def read_sign_up(
    session: Session, sign_up_id: int, *, organisation_ids: Collection[int], now: datetime
) -> InLine:
    """Return a sign-up of an own shift that can still be changed; shift and person are locked.

    Raises NotFound for a stranger's, NotNow when the shift is over or does not take place.
    """
    shift_id = session.scalar(select(SignUp.shift_id).where(SignUp.id == sign_up_id))
    if shift_id is None:
        raise NotFound
    person_id = session.scalar(select(SignUp.person_id).where(SignUp.id == sign_up_id))
    # The person first, as everywhere: who is signing up waits for the shift with this lock in hand.
    lock_person(session, person_id or 0)
    shift, project = own_shift(session, shift_id, organisation_ids)
    require_open(shift, now=now)
    return again(session, sign_up_id, shift, project.organisation_id)


def again(session: Session, sign_up_id: int, shift: Shift, organisation_id: int) -> InLine:
    """Read a sign-up anew, after its post was locked."""
    row: Any = session.execute(
        select(SignUp.id, SignUp.person_id, SignUp.post_id, SignUp.status).where(
            SignUp.id == sign_up_id
        )
    ).one()
    return InLine(row.id, row.person_id, row.post_id, row.status, shift, organisation_id)


def require_open(shift: Shift, *, now: datetime) -> None:
    """Raise NotNow unless the shift takes place and is not over."""
    if shift.status == ShiftStatus.CANCELLED:
        raise NotNow(_("This shift is cancelled, so its places stay as they are."))
    if shift.status != ShiftStatus.PUBLISHED:
        raise NotNow(_("This shift is a draft. Publish it first."))
    if shift.ends_at <= now:
        raise NotNow(_("This shift is over, so its places stay as they are."))


def require_fit(
    session: Session, *, shift_id: int, person_id: int, post_id: int, reason: str, now: datetime
) -> Facts:
    """Return the facts of a person who may have a place of the post.

    That the shift has begun keeps nobody out who is at the door. Raises Unfit, or Lacking while no
    `reason` says why the person can do what the post asks for.
    """
    facts = read_facts(session, shift_id=shift_id, person_id=person_id, now=now)
    before = min(now, facts.starts_at - _MOMENT)
    no = refusal(session, facts, person_id=person_id, now=before)
    if no:
        raise Unfit(about(no.reason))
    lacks = needs.lacking(session, facts, person_id=person_id).get(post_id, [])
    if lacks and not reason:
        names = _(", ").join(either(lack.name_zh, lack.name_en) for lack in lacks)
        raise Lacking(
            _(
                "This post asks for %(names)s, which this person has not stated. If they can do it"
                " all the same, say why.",
                names=names,
            ),
            field="reason",
        )
    return facts


def about(reason: Reason) -> str:
    """Return why the person cannot have a place, without telling where else they have one."""
    sentences = {
        Reason.OVERLAP: _(
            "This person has another place at that time. They can give it back first."
        ),
        Reason.TRAVEL: _(
            "This person has another place shortly before or after, too far away to be in time."
        ),
        Reason.TOO_YOUNG: _("This person is younger than the minimum age of the project."),
        Reason.GUARDIAN_CONSENT: _(
            "This person is under 18 and no guardian is known. The sub-district office adds one."
        ),
        Reason.GUARDIAN_COMING: _(
            "This child is under 14: the guardian needs a place in the same shift first."
        ),
        Reason.NO_INSURANCE: _(
            "The insurance for this work is not settled. Add it on the project's page first."
        ),
        Reason.CANCELLED: _("This shift is cancelled, so its places stay as they are."),
    }
    return str(sentences.get(reason, _("A rule of this shift keeps this person out.")))


def said(reason: str) -> str:
    """Return what was typed as a reason; raises InvalidInput when it is too long."""
    text = reason.strip()
    if len(text) > REASON_LENGTH:
        raise InvalidInput(
            _("Please use at most %(max)d characters.", max=REASON_LENGTH), field="reason"
        )
    return text
