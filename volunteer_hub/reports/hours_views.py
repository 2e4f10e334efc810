"""What the office sees of hours: overdue confirmations, claims, and what looks unusual."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.attempts import attempt, status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.hours import claim_queries, deciding
from volunteer_hub.hours.deadlines import deadline_of
from volunteer_hub.hours.forms import DecisionForm
from volunteer_hub.hours.models import HoursClaim
from volunteer_hub.reports.office_blueprint import bp
from volunteer_hub.reports.queries import hours as queries


@bp.get("/overdue")
@requires(Permission.OFFICE_OPEN)
def overdue() -> Response:
    """List the shifts whose hours have waited longer than ten working days."""
    today = clock.today()
    rows = queries.waiting(db.session(), now=clock.now(), today=today)
    return render(
        "office/overdue.html",
        rows=[(row, deadline_of(row.day, today)) for row in rows],
    )


@bp.get("/flags")
@requires(Permission.OFFICE_OPEN)
def flags() -> Response:
    """List what looked unusual about hours, the newest first."""
    return render("office/flags.html", rows=queries.flags(db.session()))


@bp.get("/claims")
@requires(Permission.OFFICE_OPEN)
def claims() -> Response:
    """List the late entries and disputes that wait for an answer anywhere."""
    rows = claim_queries.open_claims(db.session(), organisation_ids=None)
    return render("console/claims.html", rows=rows, today=clock.today(), section="office")


@bp.route("/claims/<int:claim_id>", methods=["GET", "POST"])
@requires(Permission.OFFICE_OPEN)
def claim(claim_id: int) -> Response:
    """Grant or decline one where no coordinator can: fields `answer` and `grant`."""
    row = claim_queries.claim(db.session(), claim_id=claim_id, organisation_ids=None)
    if row is None:
        raise NotFound
    form = DecisionForm()
    if form.validate_on_submit() and attempt(form, lambda: _decide(form, claim_id)):
        return done(url_for(".claims"), say=_("Answered. The volunteer has been told."))
    return render(
        "console/claim.html",
        status=status_of(form),
        form=form,
        row=row,
        section="office",
        back=url_for(".claims"),
    )


def _decide(form: DecisionForm, claim_id: int) -> HoursClaim:
    return deciding.decide(
        db.session(),
        claim_id=claim_id,
        organisation_ids=None,
        grant=request.form.get("grant") == "1",
        answer=form.answer.data or "",
        actor_id=current_user.id,
        now=clock.now(),
    )
