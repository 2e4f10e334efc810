"""Check in: what a volunteer needs on site."""

from __future__ import annotations

from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance import lead_views, own_queries, scan_views
from volunteer_hub.attendance.blueprint import bp
from volunteer_hub.core import clock, codes
from volunteer_hub.core.calendar import day_bounds
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import render

__all__ = ["bp", "lead_views", "scan_views"]


@bp.get("/check-in")
@requires(Permission.SHIFT_SIGN_UP)
def check_in() -> Response:
    """Show the shifts of today with their state, and the next one."""
    now = clock.now()
    day_start, day_end = day_bounds(clock.today(), clock.zone())
    today, following = own_queries.own_shifts(
        db.session(), person_id=current_user.id, day_start=day_start, day_end=day_end, now=now
    )
    return render(
        "attendance/check_in.html",
        today=today,
        following=following,
        now=now,
        open_ids={own.shift_id for own in today if scan_views.is_open(own, now)},
        offline_codes={
            own.shift_id: codes.offline_digits(scan_views.secret(), own.sign_up_id) for own in today
        },
    )
