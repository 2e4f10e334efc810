"""A volunteer asks about hours of a shift that are not right."""

from __future__ import annotations

from flask import current_app, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance import own_queries as attendance
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import attempt, status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.hours import claims
from volunteer_hub.hours.blueprint import bp
from volunteer_hub.hours.claim_typed import stated
from volunteer_hub.hours.forms import ClaimForm
from volunteer_hub.hours.models import HoursClaim


@bp.route("/me/hours/<int:shift_id>/claim", methods=["GET", "POST"])
@requires(Permission.HOURS_OWN)
def claim(shift_id: int) -> Response:
    """State when one came and left; somebody else answers."""
    session = db.session()
    shift = claims.claim_shift(session, shift_id)
    recorded = attendance.record_of_person(session, shift_id=shift_id, person_id=current_user.id)
    if recorded is None:
        raise NotFound
    form = ClaimForm(
        data={
            "check_in": clock.local(recorded.check_in_at or shift.starts_at).time(),
            "check_out": clock.local(recorded.check_out_at or shift.ends_at).time(),
        }
    )
    if form.validate_on_submit() and attempt(form, lambda: _ask(form, shift)):
        return done(url_for(".mine"), say=_("Sent. Somebody else answers; you are told."))
    return render(
        "hours/claim.html", status=status_of(form), form=form, shift=shift, recorded=recorded
    )


def _ask(form: ClaimForm, shift: claims.ClaimShift) -> HoursClaim:
    return claims.ask(
        db.session(),
        shift_id=shift.id,
        person_id=current_user.id,
        stated=stated(form, shift),
        asked_by=current_user.id,
        today=clock.today(),
        latest_days=current_app.config["HUB_LATE_ENTRY_DAYS"],
        now=clock.now(),
    )


@bp.post("/me/claims/<int:claim_id>/withdraw")
@requires(Permission.HOURS_OWN)
def withdraw(claim_id: int) -> Response:
    """Take one's own question back."""
    claims.withdraw(db.session(), claim_id=claim_id, person_id=current_user.id, now=clock.now())
    return done(url_for(".mine"), say=_("Taken back."))
