"""The team: who coordinates our organisations, and who is to join or leave it."""

from __future__ import annotations

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.accounts import team
from volunteer_hub.console.answers import attempt
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import ColleagueForm, RemovalForm, typed_number
from volunteer_hub.core import clock, phones
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.projects.desk_queries import organisation_choices


def _who() -> str:
    return f"team {current_user.id}"


def _failed(response: Response) -> bool:
    return response.status_code != 303


@bp.route("/team", methods=["GET", "POST"])
@requires(Permission.TEAM_MANAGE)
@limiter.limit("10/hour", methods=["POST"], key_func=_who, deduct_when=_failed)
def members() -> Response:
    """Show who coordinates our organisations, and add a colleague."""
    form = _colleague_form()
    if form.validate_on_submit() and _add(form):
        return done(url_for(".members"), say=_("Your colleague is in the team and has been told."))
    return _page(form, RemovalForm(formdata=None))


def _colleague_form(**settings: None) -> ColleagueForm:
    first = str(next(iter(current_user.organisation_ids), ""))
    form = ColleagueForm(data={"organisation_id": first}, **settings)
    found = organisation_choices(db.session(), current_user.organisation_ids)
    form.organisation_id.choices = [(str(row.id), row.name) for row in found]
    return form


def _add(form: ColleagueForm) -> bool:
    phone = phones.normalise(form.phone.data or "")
    if phone is None:
        form.phone.errors = [_("Please type a mobile number, such as 138 0013 8000.")]
        return False

    def work() -> bool:
        team.add_colleague(
            db.session(),
            phone=phone,
            organisation_id=typed_number(form.organisation_id.data),
            organisation_ids=current_user.organisation_ids,
            granted_by=current_user.id,
            now=clock.now(),
        )
        return True

    return bool(attempt(form, work))


@bp.post("/team/<int:grant_id>/remove")
@requires(Permission.TEAM_MANAGE)
def remove_member(grant_id: int) -> Response:
    """End a colleague's role at once."""
    form = RemovalForm()

    def work() -> bool:
        team.remove_colleague(
            db.session(),
            grant_id=grant_id,
            organisation_ids=current_user.organisation_ids,
            reason=form.reason.data or "",
            ended_by=current_user.id,
            now=clock.now(),
        )
        return True

    if form.validate_on_submit() and attempt(form, work):
        return done(url_for(".members"), say=_("The role has ended."))
    return _page(_colleague_form(formdata=None), form, refused_id=grant_id)


def _page(form: ColleagueForm, removal: RemovalForm, *, refused_id: int | None = None) -> Response:
    return render(
        "console/team.html",
        status=status_of(removal if refused_id else form),
        form=form,
        removal=removal,
        refused_id=refused_id,
        team=team.team_of(
            db.session(), organisation_ids=current_user.organisation_ids, now=clock.now()
        ),
        local=clock.local,
    )
