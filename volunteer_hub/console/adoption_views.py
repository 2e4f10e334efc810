"""Adoptions on the coordinator's desk: ask branches for help, agree, thank."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.desk.forms import HelpForm
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.projects import desk_queries
from volunteer_hub.projects.models import HelpWanted
from volunteer_hub.shifts import adoption_queries, adoptions, reserving


@bp.route("/adoptions", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
def adoptions_() -> Response:
    """Show who stands by our projects, and ask branches for help."""
    session, today = db.session(), clock.today()
    form = HelpForm(data={"first_day": today, "places": 2})
    form.project_id.choices = [
        SelectChoice(str(row.id), row.name)
        for row in desk_queries.to_come(session, current_user.organisation_ids, now=clock.now())
    ]
    if form.validate_on_submit() and attempt(form, lambda: _ask(form)):
        return done(url_for(".adoptions_"), say=_("Branches see it in their list now."))
    return render(
        "console/adoptions.html",
        status=status_of(form),
        form=form,
        rows=adoption_queries.of_organisations(session, current_user.organisation_ids),
        needs=adoption_queries.wanted(
            session, today=today, organisation_ids=current_user.organisation_ids
        ),
        today=today,
    )


def _ask(form: HelpForm) -> HelpWanted:
    return adoptions.ask_for_help(
        db.session(),
        project_id=int(form.project_id.data),
        first_day=form.first_day.data,
        last_day=form.last_day.data,
        places=form.places.data,
        text=form.text.data or "",
        today=clock.today(),
        **scope(),
    )


@bp.post("/adoptions/help/<int:wanted_id>/close")
@requires(Permission.PROJECT_MANAGE)
def close_help(wanted_id: int) -> Response:
    """Take a request for help from the list."""
    adoptions.close_help(db.session(), wanted_id=wanted_id, **scope())
    return done(url_for(".adoptions_"), say=_("It is off the list."))


@bp.post("/adoptions/<int:adoption_id>/decide")
@requires(Permission.PROJECT_MANAGE)
def decide_adoption(adoption_id: int) -> Response:
    """Agree or decline: fields `agree` (`1` or `0`) and `answer`."""
    agree = request.form.get("agree") == "1"
    adoptions.decide(
        db.session(),
        adoption_id=adoption_id,
        agree=agree,
        answer=request.form.get("answer", ""),
        **scope(),
    )
    say = _("Agreed: places are kept from now on.") if agree else _("Declined.")
    return done(url_for(".adoptions_"), say=say)


@bp.post("/adoptions/<int:adoption_id>/thank")
@requires(Permission.PROJECT_MANAGE)
def thank_adopters(adoption_id: int) -> Response:
    """Thank the branch: field `thanks`."""
    adoptions.thank(
        db.session(), adoption_id=adoption_id, thanks=request.form.get("thanks", ""), **scope()
    )
    return done(url_for(".adoptions_"), say=_("Thanked. The branch reads it."))


@bp.post("/adoptions/<int:adoption_id>/release")
@requires(Permission.PROJECT_MANAGE)
def release_adopted(adoption_id: int) -> Response:
    """Open what is kept for a branch to everybody, in all shifts."""
    found, _project = adoptions.own_adoption(
        db.session(), adoption_id, current_user.organisation_ids
    )
    freed = reserving.release(db.session(), found, actor_id=current_user.id, now=clock.now())
    say = _n("%(num)s place is open to all.", "%(num)s places are open to all.", freed)
    return done(url_for(".adoptions_"), say=say)


@bp.post("/adoptions/<int:adoption_id>/end")
@requires(Permission.PROJECT_MANAGE)
def end_adopted(adoption_id: int) -> Response:
    """End an adoption today."""
    found, _project = adoptions.own_adoption(
        db.session(), adoption_id, current_user.organisation_ids
    )
    adoptions.finish(
        db.session(), found, today=clock.today(), actor_id=current_user.id, now=clock.now()
    )
    return done(url_for(".adoptions_"), say=_("Ended. Thank you for standing by it."))
