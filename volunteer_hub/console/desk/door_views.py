"""At the door of a shift: walk-ins, links for a stand-in leader, the sheet of paper."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance import leader_links, queries, walk_ins
from volunteer_hub.attendance.walk_ins import WalkedIn, WalkIn
from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.desk.forms import LeaderForm, WalkInForm
from volunteer_hub.console.forms import typed_number
from volunteer_hub.console.roster_views import own_shift, page_context
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render


def _who() -> str:
    return f"desk {current_user.id}"


def _failed(response: Response) -> bool:
    return response.status_code == 422


@bp.post("/shifts/<int:shift_id>/walk-in")
@requires(Permission.ROSTER_MANAGE)
# Phones that are not found tell who has an account: nobody tries many of them.
@limiter.limit("30/15 minutes", key_func=_who, deduct_when=_failed)
def walk_in(shift_id: int) -> Response:
    """Put somebody who just came on the roster: field `phone`; `add_place` is the second tap."""
    shift, form = own_shift(shift_id), WalkInForm()
    came = attempt(form, lambda: _come_in(form, shift_id)) if form.validate_on_submit() else None
    if came is None:
        context = page_context(shift, walk_in=form)
        return render("console/roster.html", status=status_of(form), **context)
    here = url_for(".roster", shift_id=shift_id, _anchor=f"p-{came.person_id}")
    return done(here, say=_("%(name)s is here.", name=_masked(came.name)))


def _come_in(form: WalkInForm, shift_id: int) -> WalkedIn:
    return walk_ins.walk_in(
        db.session(),
        shift_id=shift_id,
        typed=WalkIn(
            phone=form.phone.data or "",
            post_id=typed_number(form.post.data) or None,
            add_place=request.form.get("add_place") == "1",
            reason=form.reason.data or "",
        ),
        **scope(),
    )


def _masked(name: str) -> str:
    """Return 王* for 王敏: enough to see that it is the right person."""
    return name[:1] + "*" * min(2, max(1, len(name) - 1))


@bp.post("/shifts/<int:shift_id>/leader")
@requires(Permission.ROSTER_MANAGE)
def make_leader_link(shift_id: int) -> Response:
    """Make a link with which somebody without an account can lead this shift."""
    shift, form = own_shift(shift_id), LeaderForm()

    def work() -> bool:
        leader_links.make_link(
            db.session(), shift_id=shift_id, name=form.name.data or "", **scope()
        )
        return True

    if form.validate_on_submit() and attempt(form, work):
        here = url_for(".roster", shift_id=shift_id, _anchor="links")
        return done(here, say=_("The link is ready. Send it to nobody else."))
    context = page_context(shift, leader=form)
    return render("console/roster.html", status=status_of(form), **context)


@bp.post("/leader-links/<int:link_id>/revoke")
@requires(Permission.ROSTER_MANAGE)
def revoke_leader_link(link_id: int) -> Response:
    """Close a link at once."""
    shift_id = leader_links.revoke(db.session(), link_id=link_id, **scope())
    here = url_for(".roster", shift_id=shift_id, _anchor="links")
    return done(here, say=_("The link is closed."))


@bp.get("/shifts/<int:shift_id>/print")
@requires(Permission.ROSTER_MANAGE)
def print_roster(shift_id: int) -> Response:
    """Show the roster as one sheet of A4 to tick with a pen."""
    shift = own_shift(shift_id)
    rows = queries.roster(db.session(), shift=shift, now=clock.now())
    return render("console/roster_print.html", shift=shift, rows=rows)
