"""Invitations: accepted through the sign-up engine, declined, taken back, ended when due.

An invitation holds no place and binds nobody. Accepting runs the rules of signing up again, which
may still say no; declining costs nothing, and the pair is never proposed again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.matching.inviting import LINK, pass_on
from volunteer_hub.matching.models import (
    Invitation,
    InvitationState,
)
from volunteer_hub.notifications import services as notifications
from volunteer_hub.shifts import signing
from volunteer_hub.shifts.models import Post, Shift, ShiftStatus, SignUpStatus
from volunteer_hub.shifts.places import lock_person_in_shift, lock_post
from volunteer_hub.shifts.reasons import CannotSignUp, Reason

# How many that are due end in one transaction.
AT_ONCE = 25
_OPEN = Invitation.state == str(InvitationState.OPEN)


def accept(
    session: Session, *, invitation_id: int, person_id: int, risk_accepted: bool, now: datetime
) -> int:
    """Come: sign up for the post, and end the other invitations to a post that is full now.

    Returns the shift; accepting again changes nothing. Raises NotFound for an invitation to
    somebody else, InvalidInput without the risk notice, CannotSignUp when it is over, the last
    place has just gone, or a rule has come to stand against it.
    """
    row = _own(session, invitation_id, person_id)
    lock_person_in_shift(session, person_id, row.shift_id)
    session.refresh(row)
    if row.state == InvitationState.ACCEPTED:
        return row.shift_id
    if row.state != InvitationState.OPEN or row.expires_at <= now:
        raise _over(row)
    outcome = signing.sign_up(
        session,
        shift_id=row.shift_id,
        person_id=person_id,
        post_id=row.post_id,
        risk_accepted=risk_accepted,
        now=now,
    )
    if outcome.status != SignUpStatus.CONFIRMED:
        # Undone with the whole transaction: whoever wants to wait in line decides that themselves.
        raise _just_filled(row.shift_id)
    _close(session, row, InvitationState.ACCEPTED, actor_id=person_id, now=now)
    end_of_full(session, row.post_id, now=now)
    return row.shift_id


def decline(session: Session, *, invitation_id: int, person_id: int, now: datetime) -> None:
    """Say no, which costs nothing; the next best is asked. Again, or too late, changes nothing.

    Raises NotFound for an invitation to somebody else, and CannotSignUp after a yes: a place is
    given back where it is held.
    """
    row = _own(session, invitation_id, person_id)
    lock_person_in_shift(session, person_id, row.shift_id)
    lock_post(session, row.post_id)
    session.refresh(row)
    if row.state == InvitationState.ACCEPTED:
        raise _accepted(row)
    if row.state != InvitationState.OPEN:
        return
    _close(session, row, InvitationState.DECLINED, actor_id=person_id, now=now)
    pass_on(session, row, now=now)


def end_all(session: Session, *, person_id: int, now: datetime) -> None:
    """End what somebody who leaves was invited to; the next best are asked."""
    mine = select(Invitation).where(Invitation.person_id == person_id, _OPEN)
    for row in session.scalars(mine.order_by(Invitation.post_id)).all():
        lock_post(session, row.post_id)
        _close(session, row, InvitationState.WITHDRAWN, actor_id=person_id, now=now)
        pass_on(session, row, now=now)


def _own(session: Session, invitation_id: int, person_id: int) -> Invitation:
    row = session.get(Invitation, invitation_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    return row


def _over(row: Invitation) -> CannotSignUp:
    sentence = (
        _("The place is taken, or no longer needed. Thank you for wanting to come!")
        if row.state == InvitationState.WITHDRAWN
        else _("This invitation is over. If there is still room, you can sign up yourself.")
    )
    return _refused(sentence, Reason.OFFER_GONE, row.shift_id)


def _accepted(row: Invitation) -> CannotSignUp:
    sentence = _(
        "You have accepted this invitation. You can give the place back on the shift's page."
    )
    return _refused(sentence, Reason.SIGNED_UP, row.shift_id)


def _just_filled(shift_id: int) -> CannotSignUp:
    sentence = _("Just filled up. You can join the waitlist on the shift's page.")
    return _refused(sentence, Reason.FULL, shift_id)


def _refused(sentence: str, reason: Reason, shift_id: int) -> CannotSignUp:
    return CannotSignUp(sentence, reason, link=f"/shifts/{shift_id}", way_out=_("See that shift"))


def _close(
    session: Session,
    row: Invitation,
    state: InvitationState,
    *,
    actor_id: int | None,
    now: datetime,
) -> None:
    row.state, row.answered_at = str(state), now
    session.flush()
    audit.record(
        session,
        f"invitation:{state}",
        actor_id=actor_id,
        object_id=row.id,
        now=now,
        shift_id=row.shift_id,
    )


def end_of_full(session: Session, post_id: int, *, now: datetime) -> None:
    """Take back what is still open to a post without a free place."""
    full = select(Post.id).where(Post.id == post_id, Post.taken >= Post.capacity)
    _withdraw(session, Invitation.post_id.in_(full), now=now)


def take_back(session: Session, run_id: int, *, now: datetime) -> int:
    """Take back what a plan led to and nobody has answered yet; returns how many."""
    return _withdraw(session, Invitation.run_id == run_id, now=now)


def _withdraw(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    """Take back open invitations, and let notices of them ask for nothing any more.

    One that is being answered this moment is left to its answer.
    """
    asked = session.execute(
        select(Invitation.id, Invitation.person_id)
        .where(which, _OPEN)
        .order_by(Invitation.id)
        .with_for_update(of=Invitation, skip_locked=True)
    ).all()
    people = {row.person_id for row in asked}
    session.execute(
        update(Invitation)
        .where(Invitation.id.in_([row.id for row in asked]))
        .values(state=str(InvitationState.WITHDRAWN), answered_at=now)
    )
    still = set(
        session.scalars(select(Invitation.person_id).where(Invitation.person_id.in_(people), _OPEN))
    )
    for person_id in sorted(people - still):
        notifications.mark_answered(session, person_id=person_id, link=LINK, now=now)
    return len(asked)


def end_due(session: Session, now: datetime) -> int:
    """End some invitations whose time is up and pass them on; returns how many.

    Those to shifts that are called off, have begun or are full are taken back instead. A plan's
    end together: a few at a time keep posts free for those who sign up.
    """
    _take_back(session, now=now)
    due = session.scalars(
        select(Invitation)
        .where(_OPEN, Invitation.expires_at <= now)
        .order_by(Invitation.post_id, Invitation.id)
        .limit(AT_ONCE)
    ).all()
    for row in due:
        # The place first, as whoever accepts does; then an answer in the last second counts.
        lock_post(session, row.post_id)
        session.refresh(row, with_for_update=True)
        if row.state == InvitationState.OPEN:
            _close(session, row, InvitationState.EXPIRED, actor_id=None, now=now)
            pass_on(session, row, now=now)
    return len(due)


def _take_back(session: Session, *, now: datetime) -> None:
    ended = (
        select(Invitation.id)
        .join(Shift, Shift.id == Invitation.shift_id)
        .join(Post, Post.id == Invitation.post_id)
        .where(
            _OPEN,
            (Shift.status != str(ShiftStatus.PUBLISHED))
            | (Shift.starts_at <= now)
            | (Post.taken >= Post.capacity),
        )
    )
    _withdraw(session, Invitation.id.in_(ended), now=now)
