"""One shift, and signing up for it."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, public, requires
from volunteer_hub.core.web import MAX_ID, done, is_htmx, render
from volunteer_hub.shifts import leaving, offers, queries, rules, signing, together
from volunteer_hub.shifts.facts import read_facts
from volunteer_hub.shifts.models import SignUpStatus
from volunteer_hub.shifts.reasons import CannotSignUp

bp = Blueprint("shifts", __name__)
REASON_LENGTH = 200


@bp.get("/shifts/<int:shift_id>")
@public
def show(shift_id: int) -> Response:
    return _answer(shift_id)


def _answer(
    shift_id: int, *, status: int = 200, refused: DomainError | None = None, say: str = ""
) -> Response:
    """Show the shift with the person's true state, and why a tap was refused."""
    session = db.session()
    shift = queries.show(session, shift_id, building_id=current_user.building_id)
    mine = no = None
    if current_user.is_authenticated:
        mine = queries.my_place(session, shift_id=shift_id, person_id=current_user.id)
        if mine is None or mine.status == SignUpStatus.WAITLISTED:
            now = clock.now()
            facts = read_facts(session, shift_id=shift_id, person_id=current_user.id, now=now)
            no = rules.refusal(session, facts, person_id=current_user.id, now=now)
    return render(
        "shifts/show.html",
        fragment="shifts/_sign_up.html",
        status=status,
        shift=shift,
        mine=mine,
        refused=refused,
        cannot=no,
        started=shift.starts_at <= clock.now(),
        moves_up=shift.starts_at - clock.now() >= offers.OPEN_TO_ALL,
        together=_together(shift_id, mine),
        say=say,
    )


def _together(shift_id: int, mine: queries.MyPlace | None) -> list[together.Companion]:
    if mine is None or mine.status != SignUpStatus.CONFIRMED:
        return []
    return together.companions(db.session(), shift_id=shift_id, viewer_id=current_user.id)


@bp.post("/shifts/<int:shift_id>/signup")
@requires(Permission.SHIFT_SIGN_UP)
def sign_up(shift_id: int) -> Response:
    try:
        outcome = signing.sign_up(
            db.session(),
            shift_id=shift_id,
            person_id=current_user.id,
            post_id=_post_id(),
            risk_accepted=request.form.get("risk_accepted") == "1",
            now=clock.now(),
        )
    except (CannotSignUp, InvalidInput) as error:
        return _answer(shift_id, status=error.status, refused=error)
    if outcome.status == SignUpStatus.CONFIRMED:
        say = _("You're in. Find it any time under Me.")
    else:
        say = _("Full, you are number %(n)s in line.", n=outcome.position)
    return _changed(shift_id, say)


def _changed(shift_id: int, say: str) -> Response:
    if is_htmx():
        db.session.flush()
        return _answer(shift_id, say=say)
    return done(url_for("shifts.show", shift_id=shift_id), say=say)


@bp.post("/signups/<int:sign_up_id>/cancel")
@requires(Permission.SHIFT_SIGN_UP)
def cancel(sign_up_id: int) -> Response:
    left = leaving.cancel(
        db.session(),
        sign_up_id=sign_up_id,
        person_id=current_user.id,
        reason=request.form.get("reason", "").strip()[:REASON_LENGTH],
        now=clock.now(),
    )
    say = _("Your place is free again. Thank you for telling us.")
    if left.wards:
        say = _(
            "Your place is free again, and with it the place of %(names)s, who needs you there.",
            names=_(", ").join(left.wards),
        )
    if request.form.get("next") == "/me" and not is_htmx():
        return done("/me", say=say)
    return _changed(left.shift_id, say)


def _post_id() -> int | None:
    """Return the chosen post, None when nothing was chosen; raises InvalidInput for nonsense."""
    text = request.form.get("post", "").strip()
    if not text:
        return None
    if len(text) > 10 or not (text.isascii() and text.isdecimal()) or int(text) > MAX_ID:
        raise InvalidInput(_("Please choose one of the posts."), field="post")
    return int(text)
