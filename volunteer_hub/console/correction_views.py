"""Correct hours that are in the ledger: take the entry back, then confirm the right minutes."""

from __future__ import annotations

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import ReversalForm
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.hours import queries, reversing
from volunteer_hub.hours.queries import EntryHead


@bp.route("/ledger/<int:entry_id>/reverse", methods=["GET", "POST"])
@requires(Permission.HOURS_CONFIRM)
def reverse(entry_id: int) -> Response:
    """Take one entry of my organisations back; the row then waits on its sheet again."""
    entry = queries.entry_head(
        db.session(), entry_id=entry_id, organisation_ids=current_user.organisation_ids
    )
    if entry is None:
        raise NotFound
    form = ReversalForm()
    if form.validate_on_submit() and attempt(form, lambda: _reverse(form, entry)):
        say = _("Taken back. Please confirm the right minutes now.")
        return done(url_for(".confirmation", shift_id=entry.shift_id), say=say)
    return render(
        "console/reversal.html",
        status=status_of(form),
        form=form,
        entry=entry,
        own=entry.person_id == current_user.id,
        shift=own_shift(entry.shift_id),
    )


def _reverse(form: ReversalForm, entry: EntryHead) -> bool:
    reversing.reverse(
        db.session(),
        entry_id=entry.id,
        reason=form.reason.data or "",
        actor_id=current_user.id,
        now=clock.now(),
    )
    return True
