"""All wishes that one arranges or has entered, and choosing some for a shift."""

from __future__ import annotations

from collections.abc import Collection

from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import EmptyForm, typed_number
from volunteer_hub.console.paging import page_of
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching.one_to_one import arranging, placing, queries
from volunteer_hub.matching.one_to_one.models import RequestState
from volunteer_hub.matching.one_to_one.words import STATES, windows_in_words

MOST_PICKED = 60


@bp.get("/requests")
@requires(Permission.REQUEST_ENTER)
def wishes() -> Response:
    """Show the wishes; `status` filters, `pick` (ids with dots) and `shift` are chosen already."""
    picked = [typed_number(text) for text in request.args.get("pick", "").split(".")[:MOST_PICKED]]
    return _page(picked, typed_number(request.args.get("shift")))


@bp.post("/requests/place")
@requires(Permission.REQUEST_MANAGE)
def place_wishes() -> Response:
    """Put the ticked wishes (`wish`) into `shift`; `new` leads to a new shift of that project."""
    picked = [typed_number(text) for text in request.form.getlist("wish")[:MOST_PICKED]]
    project_id = typed_number(request.form.get("new"))
    if project_id:
        wanted = ".".join(str(one) for one in picked if one)
        here = url_for(".new_shift", project_id=project_id, wishes=wanted or None)
        return redirect(here, 303)
    shift_id = typed_number(request.form.get("shift"))
    form = EmptyForm()
    count = attempt(form, lambda: _place(picked, shift_id))
    if count is None:
        return _page(picked, shift_id, form)
    say = _n("%(num)s wish is arranged. Now pair.", "%(num)s wishes are arranged. Now pair.", count)
    return done(url_for(".pairs", shift_id=shift_id), say=say)


def _place(picked: Collection[int], shift_id: int) -> int:
    if not shift_id:
        raise InvalidInput(_("Please choose a shift, or add a new one."))
    return placing.place(
        db.session(), request_ids=[one for one in picked if one], shift_id=shift_id, **scope()
    )


def _page(picked: Collection[int], shift_id: int, form: EmptyForm | None = None) -> Response:
    session = db.session()
    status = request.args.get("status", "")
    known = status in set(RequestState)
    ignored = [_("Status")] if status and not known else []
    # Whoever chooses wishes for a shift wants to see those that wait for one.
    if not known and (shift_id or any(picked)):
        status, known = str(RequestState.VERIFIED), True
    found = queries.wishes(
        session,
        person_id=current_user.id,
        organisation_ids=current_user.organisation_ids,
        state=RequestState(status) if known else None,
        page=page_of(ignored),
    )
    mine = current_user.organisation_ids
    # Only then is there something to put into a shift.
    ready = {
        row.id
        for row in found.rows
        if row.state == RequestState.VERIFIED and row.organisation_id in mine
    }
    choices = (
        arranging.shift_choices(session, organisation_ids=mine, now=clock.now()) if ready else []
    )
    return render(
        "console/wishes.html",
        status=status_of(form) if form else 200,
        found=found,
        ready=ready,
        waiting=[row for row in found.rows if row.state in queries.WAITING],
        others=[row for row in found.rows if row.state not in queries.WAITING],
        windows={one: windows_in_words(times) for one, times in found.windows.items()},
        states=STATES,
        status_key=status if known else "",
        ignored=ignored,
        picked=set(picked),
        chosen=shift_id,
        refused=form.refused if form else None,
        choices=choices,
        fitting=arranging.waiting_times(session, mine) if choices else {},
        slot=next((one.slot for one in choices if one.id == shift_id), None),
        projects=arranging.pairing_projects(session, mine) if ready else [],
        arranged=bool(arranging.arranging(session, mine)),
    )
