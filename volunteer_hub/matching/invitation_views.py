"""Invitations of one person: answer each with one tap."""

from __future__ import annotations

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching import availability, invitation_queries, invitations, inviting
from volunteer_hub.matching.blueprint import bp
from volunteer_hub.matching.reasons import in_words
from volunteer_hub.notifications import services as notifications
from volunteer_hub.shifts.reasons import CannotSignUp


@bp.get("/invitations")
@requires(Permission.SHIFT_SIGN_UP)
def mine() -> Response:
    """Show what the reader is invited to."""
    return _page()


@bp.post("/invitations/<int:invitation_id>/accept")
@requires(Permission.SHIFT_SIGN_UP)
def accept(invitation_id: int) -> Response:
    """Come; the notice of risks stands beside the button."""
    try:
        shift_id = invitations.accept(
            db.session(),
            invitation_id=invitation_id,
            person_id=current_user.id,
            risk_accepted=request.form.get("risk_accepted", "1") == "1",
            now=clock.now(),
        )
    except (CannotSignUp, InvalidInput) as error:
        # What was changed before the refusal is undone with the request; the page shows what is.
        db.session.rollback()
        return _page(refused=error)
    _answered()
    return done(f"/shifts/{shift_id}", say=_("You're in. We'll remind you the day before."))


@bp.post("/invitations/<int:invitation_id>/decline")
@requires(Permission.SHIFT_SIGN_UP)
def decline(invitation_id: int) -> Response:
    """Say no; nobody asks why."""
    try:
        invitations.decline(
            db.session(), invitation_id=invitation_id, person_id=current_user.id, now=clock.now()
        )
    except CannotSignUp as error:
        return _page(refused=error)
    _answered()
    return done("/invitations", say=_("Thank you for telling us. Another time, gladly."))


def _answered() -> None:
    now = clock.now()
    if not invitation_queries.count_open(db.session(), person_id=current_user.id, now=now):
        notifications.mark_answered(
            db.session(), person_id=current_user.id, link=inviting.LINK, now=now
        )


def _page(*, refused: DomainError | None = None) -> Response:
    session, now = db.session(), clock.now()
    return render(
        "matching/invitations.html",
        status=refused.status if refused else 200,
        found=invitation_queries.open_invitations(session, person_id=current_user.id, now=now),
        past=invitation_queries.past_invitations(session, person_id=current_user.id, now=now),
        standby=availability.own(session, current_user.id).standby,
        why=in_words,
        refused=refused,
    )
