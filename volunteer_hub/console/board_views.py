"""The coordinator's board: today, the week, and what to do first."""

from __future__ import annotations

from flask import redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console import queries
from volunteer_hub.console.blueprint import bp
from volunteer_hub.core import clock
from volunteer_hub.core.calendar import day_bounds
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import render


@bp.get("")
@requires(Permission.CONSOLE_OPEN)
def board() -> Response:
    """Shifts of my organisations today and in the next seven days."""
    today = clock.today()
    start, _end = day_bounds(today, clock.zone())
    found = queries.read_board(
        db.session(),
        organisation_ids=current_user.organisation_ids,
        today=today,
        start=start,
        now=clock.now(),
    )
    return render("console/board.html", board=found, today=today, now=clock.now())


@bp.get("/shifts")
@requires(Permission.CONSOLE_OPEN)
def shifts() -> Response:
    """Shifts have no list of their own: the board shows those near, a project's page its own."""
    return redirect(url_for(".board"), 303)
