"""One shift, signing up for it and giving the place back."""

from __future__ import annotations

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, public, requires
from volunteer_hub.core.web import MAX_ID
from volunteer_hub.shifts import held_views, leaving, signing
from volunteer_hub.shifts.answers import changed, shift_page
from volunteer_hub.shifts.blueprint import bp
from volunteer_hub.shifts.models import SignUpStatus
from volunteer_hub.shifts.reasons import CannotSignUp

__all__ = ["bp", "held_views"]
REASON_LENGTH = 200


@bp.get("/shifts/<int:shift_id>")
@public
def show(shift_id: int) -> Response:
    return shift_page(shift_id)


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
        return shift_page(shift_id, status=error.status, refused=error)
    if outcome.status == SignUpStatus.CONFIRMED:
        say = _("You're in. We'll remind you the day before.")
    else:
        say = _("Full, you are number %(n)s in line.", n=outcome.position)
    return changed(shift_id, say)


@bp.post("/signups/<int:sign_up_id>/cancel")
@requires(Permission.SHIFT_SIGN_UP)
def cancel(sign_up_id: int) -> Response:
    gone = leaving.cancel(
        db.session(),
        sign_up_id=sign_up_id,
        person_id=current_user.id,
        reason=request.form.get("reason", "").strip()[:REASON_LENGTH],
        now=clock.now(),
    )
    say = _("Cancelled. Thank you for telling us.")
    if gone.wards:
        say = _(
            "Cancelled, and with it the place of %(names)s, who needs you there.",
            names=_(", ").join(gone.wards),
        )
    return changed(gone.shift_id, say, left=True)


def _post_id() -> int | None:
    """Return the chosen post, None when nothing was chosen; raises InvalidInput for nonsense."""
    text = request.form.get("post", "").strip()
    if not text:
        return None
    if len(text) > 10 or not (text.isascii() and text.isdecimal()) or int(text) > MAX_ID:
        raise InvalidInput(_("Please choose one of the posts."), field="post")
    return int(text)
