"""Invitations: made, accepted through the sign-up engine, declined, passed on to the next best.

An invitation holds no place and binds nobody. Accepting runs the rules of signing up again, which
may still say no; declining costs nothing, and the pair is never proposed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.matching import asking, expiry
from volunteer_hub.matching.models import (
    Invitation,
    InvitationKind,
    InvitationState,
    PostOutcome,
)
from volunteer_hub.notifications import services as notifications
from volunteer_hub.shifts import signing, told
from volunteer_hub.shifts.models import Post, Shift, ShiftStatus, SignUpStatus
from volunteer_hub.shifts.places import lock_person_in_shift, lock_post
from volunteer_hub.shifts.reasons import CannotSignUp, Reason

LINK = "/invitations"
_OPEN = Invitation.state == str(InvitationState.OPEN)
_INSERT = {
    "postgresql": postgresql.insert(Invitation).on_conflict_do_nothing().returning(Invitation.id),
    "sqlite": sqlite.insert(Invitation).on_conflict_do_nothing().returning(Invitation.id),
}


def invite(
    session: Session,
    *,
    shift_id: int,
    post_id: int,
    person_id: int,
    kind: InvitationKind,
    why: Sequence[Any],
    now: datetime,
    run_id: int | None = None,
    made_by: int | None = None,
    expires_at: datetime | None = None,
) -> int | None:
    """Ask somebody to come, and tell them; returns the id, None when they are being asked already.

    The caller has asked `asking.kept_from`.
    """
    if expires_at is None:
        starts_at = session.scalars(select(Shift.starts_at).where(Shift.id == shift_id)).one()
        expires_at = expiry.answer_by(starts_at, now=now)
    if expires_at <= now:
        return None
    connection = session.connection()
    id_ = connection.scalar(
        _INSERT[connection.dialect.name],
        {
            "kind": str(kind),
            "run_id": run_id,
            "shift_id": shift_id,
            "post_id": post_id,
            "person_id": person_id,
            "state": str(InvitationState.OPEN),
            "why": list(why),
            "made_by": made_by,
            "made_at": now,
            "expires_at": expires_at,
        },
    )
    if id_ is not None:
        told.tell(
            session,
            "called_out" if kind is InvitationKind.CALL_OUT else "invited",
            shift_id=shift_id,
            person_id=person_id,
            key=f"invitation:{id_}",
            now=now,
            useless_after=expires_at,
            link=LINK,
            expires_at=expires_at.isoformat(),
        )
    return id_


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
    return CannotSignUp(
        sentence,
        Reason.OFFER_GONE,
        link=f"/shifts/{row.shift_id}",
        way_out=_("See that shift"),
    )


def _accepted(row: Invitation) -> CannotSignUp:
    return CannotSignUp(
        _("You have accepted this invitation. You can give the place back on the shift's page."),
        Reason.SIGNED_UP,
        link=f"/shifts/{row.shift_id}",
        way_out=_("See that shift"),
    )


def _just_filled(shift_id: int) -> CannotSignUp:
    return CannotSignUp(
        _("Just filled up. You can join the waitlist on the shift's page."),
        Reason.FULL,
        link=f"/shifts/{shift_id}",
        way_out=_("See that shift"),
    )


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
    """Take back open invitations, and let notices of them ask for nothing any more."""
    people = session.scalars(
        update(Invitation)
        .where(which, _OPEN)
        .values(state=str(InvitationState.WITHDRAWN), answered_at=now)
        .returning(Invitation.person_id)
    ).all()
    still = set(
        session.scalars(select(Invitation.person_id).where(Invitation.person_id.in_(people), _OPEN))
    )
    for person_id in sorted({*people} - still):
        notifications.mark_answered(session, person_id=person_id, link=LINK, now=now)
    return len(people)


def end_due(session: Session, now: datetime) -> int:
    """End invitations whose time is up and pass them on; returns how many.

    Those to shifts that are called off, have begun or are full are taken back instead.
    """
    _take_back(session, now=now)
    due = session.scalars(
        select(Invitation)
        .where(_OPEN, Invitation.expires_at <= now)
        .order_by(Invitation.post_id, Invitation.id)
    ).all()
    for row in due:
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


# ---------------------------------------------------------------- the next best


def pass_on(session: Session, ended: Invitation, *, now: datetime) -> None:
    """Ask the next best of the same plan for a place that somebody did not take."""
    if ended.kind == InvitationKind.MATCH and ended.run_id is not None:
        ask_next(session, ended.run_id, ended.shift_id, ended.post_id, now=now)


def ask_next(session: Session, run_id: int, shift_id: int, post_id: int, *, now: datetime) -> None:
    """Invite from the list that a plan left behind, while places of the post are wanting."""
    lock_post(session, post_id)
    outcome = session.get(PostOutcome, (run_id, post_id), populate_existing=True)
    if outcome is None or not outcome.reserves:
        return
    left = list(outcome.reserves)
    while left and asking.wanting(session, post_id) > 0:
        (person_id, why), *left = left
        who = {"shift_id": shift_id, "post_id": post_id, "person_id": person_id, "now": now}
        if asking.kept_from(session, **who) is None:
            invite(session, kind=InvitationKind.MATCH, why=why, run_id=run_id, **who)
    outcome.reserves = left
    session.flush()
