"""Late entries and disputes on the coordinator's desk."""

from __future__ import annotations

from flask import current_app, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.accounts.queries import id_of_phone
from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.core import clock, phones
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.hours import claim_queries, claims, deciding
from volunteer_hub.hours.claim_typed import stated
from volunteer_hub.hours.forms import ClaimForm, DecisionForm


@bp.get("/claims")
@requires(Permission.HOURS_CONFIRM)
def claims_() -> Response:
    """List the late entries and disputes that wait for an answer."""
    rows = claim_queries.open_claims(db.session(), organisation_ids=current_user.organisation_ids)
    return render("console/claims.html", rows=rows, today=clock.today(), section="console")


@bp.route("/claims/<int:claim_id>", methods=["GET", "POST"])
@requires(Permission.HOURS_CONFIRM)
def decide(claim_id: int) -> Response:
    """Grant or decline one: fields `answer` and `grant` (`1` or `0`)."""
    row = claim_queries.claim(
        db.session(), claim_id=claim_id, organisation_ids=current_user.organisation_ids
    )
    if row is None:
        raise NotFound
    form = DecisionForm()
    if form.validate_on_submit() and attempt(form, lambda: _decide(form, claim_id)):
        return done(url_for(".claims_"), say=_("Answered. The volunteer has been told."))
    return render(
        "console/claim.html",
        status=status_of(form),
        form=form,
        row=row,
        section="console",
        back=url_for(".claims_"),
    )


def _decide(form: DecisionForm, claim_id: int) -> bool:
    deciding.decide(
        db.session(),
        claim_id=claim_id,
        grant=request.form.get("grant") == "1",
        answer=form.answer.data or "",
        **scope(),
    )
    return True


@bp.route("/shifts/<int:shift_id>/late-entry", methods=["GET", "POST"])
@requires(Permission.HOURS_CONFIRM)
def late_entry(shift_id: int) -> Response:
    """Ask for a late entry of somebody whom nobody recorded; a colleague decides."""
    shift = own_shift(shift_id)
    form = ClaimForm(
        data={
            "check_in": clock.local(shift.starts_at).time(),
            "check_out": clock.local(shift.ends_at).time(),
        }
    )
    if form.validate_on_submit() and attempt(form, lambda: _ask(form, shift_id)):
        return done(
            url_for(".confirmation", shift_id=shift_id),
            say=_("Noted. A second person has to agree before it counts."),
        )
    return render("console/late_entry.html", status=status_of(form), form=form, shift=shift)


def _ask(form: ClaimForm, shift_id: int) -> bool:
    session = db.session()
    claims.ask(
        session,
        shift_id=shift_id,
        person_id=_person(form.phone.data or ""),
        stated=stated(form, claims.claim_shift(session, shift_id)),
        asked_by=current_user.id,
        today=clock.today(),
        latest_days=current_app.config["HUB_LATE_ENTRY_DAYS"],
        now=clock.now(),
    )
    return True


def _person(typed: str) -> int:
    phone = phones.normalise(typed)
    person_id = id_of_phone(db.session(), phone) if phone else None
    if not person_id:
        raise InvalidInput(
            _("Nobody with this phone has an account. Please check the number."), field="phone"
        )
    return person_id
