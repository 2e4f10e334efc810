"""The check-in code of a shift on the coordinator's screen, and codes typed for others."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance import code_screen, offline, queries
from volunteer_hub.attendance.scan_views import secret
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done


@bp.get("/shifts/<int:shift_id>/code")
@requires(Permission.ROSTER_MANAGE)
def code(shift_id: int) -> Response:
    """Show the code of this moment; query `direction` (`in`, `out`)."""
    shift = own_shift(shift_id)
    rows = queries.roster(db.session(), shift=shift, now=clock.now())
    return code_screen.answer(shift, rows, back=url_for(".roster", shift_id=shift_id))


@bp.post("/shifts/<int:shift_id>/offline")
@requires(Permission.ROSTER_MANAGE)
def offline_code(shift_id: int) -> Response:
    """Check somebody in by a personal offline code: fields `code` and, optional, `came` (HH:MM)."""
    shift = own_shift(shift_id)
    found = offline.check_in(
        db.session(),
        shift_id=shift.id,
        typed=offline.Typed.of(request.form),
        key=secret(),
        zone=clock.zone(),
        actor_id=current_user.id,
        now=clock.now(),
    )
    here = url_for(".roster", shift_id=shift_id, _anchor=f"p-{found.person_id}")
    return done(here, say=_("%(name)s is checked in.", name=found.name))
