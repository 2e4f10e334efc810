"""One's own branch: say where one belongs, take it back, leave."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from volunteer_hub.accounts import ending, memberships
from volunteer_hub.accounts.blueprint import bp
from volunteer_hub.accounts.forms import MembershipForm
from volunteer_hub.accounts.models import BranchMembership, MembershipRequest
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import attempt, status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _, either
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.registry import queries as registry
from volunteer_hub.registry.models import Branch


@bp.route("/me/branch", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def branch() -> Response:
    """Show to which branch one belongs, and say so when it is another."""
    session = db.session()
    own = memberships.open_membership(session, current_user.id)
    asked = memberships.open_request(session, current_user.id)
    form = MembershipForm(data=_holds(asked or own))
    branches = registry.branch_choices(session)
    form.branch_id.choices = [
        SelectChoice("", _("Please choose")),
        *(SelectChoice(str(row.id), row.name) for row in branches),
    ]
    if form.validate_on_submit() and attempt(form, lambda: _ask(form)):
        return done(url_for(".branch"), say=_("Your branch leader confirms it. We'll tell you."))
    return render(
        "accounts/branch.html",
        status=status_of(form),
        form=form,
        own=own,
        own_name=_name(own.branch_id) if own else "",
        asked=asked,
        asked_name=_name(asked.branch_id) if asked else "",
    )


def _holds(said: MembershipRequest | BranchMembership | None) -> dict[str, Any]:
    """Return what the form begins with, so that nothing changes by being left alone."""
    if said is None:
        return {}
    return {"branch_id": str(said.branch_id), "is_party_member": said.is_party_member}


def _name(branch_id: int) -> str:
    row = db.session().get_one(Branch, branch_id)
    return either(row.name_zh, row.name_en)


def _ask(form: MembershipForm) -> MembershipRequest:
    return memberships.ask(
        db.session(),
        person_id=current_user.id,
        branch_id=int(form.branch_id.data),
        is_party_member=bool(form.is_party_member.data),
        now=clock.now(),
    )


@bp.post("/me/branch/leave")
@requires(Permission.ACCOUNT_OWN)
def leave_branch() -> Response:
    """Take back what was asked (field `only_request`), or leave the branch today."""
    if request.form.get("only_request") == "1":
        memberships.withdraw(db.session(), person_id=current_user.id, now=clock.now())
        return done(url_for(".branch"), say=_("Taken back."))
    ending.leave(db.session(), person_id=current_user.id, today=clock.today(), now=clock.now())
    return done(url_for(".branch"), say=_("You have left the branch. Your hours stay yours."))
