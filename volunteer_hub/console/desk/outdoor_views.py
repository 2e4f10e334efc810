"""A rainy day: call off or move all outdoor shifts in one go."""

from __future__ import annotations

from datetime import date, timedelta

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.desk.forms import OutdoorForm
from volunteer_hub.console.forms import YEARS, problems, typed_number
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.shifts import outdoors as rain
from volunteer_hub.shifts.desk_queries import outdoors as outdoor_shifts


@bp.route("/outdoors", methods=["GET", "POST"])
@requires(Permission.PROJECT_MANAGE)
def outdoors() -> Response:
    """Show the outdoor shifts of `?date=`, ticked; `act` is `cancel` or `move`."""
    day = _day()
    form = OutdoorForm(data={"to": day + timedelta(days=7)})
    chosen = {typed_number(text) for text in request.form.getlist("shifts")}
    moves = request.form.get("act") == "move"
    count = attempt(form, lambda: _act(form, day, chosen, moves)) if _is_valid(form) else None
    if count is not None:
        say = (
            _n("%(num)s shift moved.", "%(num)s shifts moved.", count)
            if moves
            else _n("%(num)s shift cancelled.", "%(num)s shifts cancelled.", count)
        )
        return done(url_for(".board"), say=say)
    refused = getattr(form, "refused", None)
    rows = outdoor_shifts(db.session(), organisation_ids=current_user.organisation_ids, day=day)
    return render(
        "console/outdoors.html",
        status=status_of(form),
        form=form,
        problems=problems(form),
        stuck=refused.stuck if isinstance(refused, rain.NotAll) else (),
        rows=rows,
        chosen=chosen if form.is_submitted() else None,
        day_=day,
        days=[clock.today() + timedelta(days=n) for n in range(7)],
        now=clock.now(),
    )


def _is_valid(form: OutdoorForm) -> bool:
    return bool(form.validate_on_submit())


def _act(form: OutdoorForm, day: date, chosen: set[int], moves: bool) -> int:
    if moves:
        to: date | None = form.to.data
        days = (to - day).days if to else 0
        return rain.move_days(
            db.session(), shift_ids=chosen, days=days, zone=clock.zone(), **scope()
        )
    return rain.call_off(db.session(), shift_ids=chosen, reason=form.reason.data or "", **scope())


def _day() -> date:
    """Return the day that the address names, else today."""
    try:
        day = date.fromisoformat(request.args.get("date", "")[:10])
    except ValueError:
        return clock.today()
    return day if day.year in YEARS else clock.today()
