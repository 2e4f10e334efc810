"""Shifts for you: ranked with the reasons, or soonest first for who likes that better."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request
from flask_login import current_user

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import render
from volunteer_hub.matching.tastes import Tastes, read_tastes
from volunteer_hub.volunteer import queries
from volunteer_hub.volunteer.blueprint import bp
from volunteer_hub.volunteer.cards import Card, shift_cards
from volunteer_hub.volunteer.filters import Filter
from volunteer_hub.volunteer.recommended import recommended

STEP, MOST = 20, 60
# Days away from so soon on are said above the list.
SOON = timedelta(days=7)


@bp.get("/recommended")
@requires(Permission.SHIFT_SIGN_UP)
def for_you() -> Response:
    """Show shifts for the reader; `n` says how many."""
    wanted = request.args.get("n", "")
    most = min(int(wanted), MOST) if wanted.isdecimal() and len(wanted) < 4 else STEP
    tastes = own_tastes()
    found = own_recommendations(tastes, most=max(most, STEP))
    return render(
        "volunteer/recommended.html",
        found=found,
        tastes=tastes,
        more=min(len(found) + STEP, MOST) if len(found) >= max(most, STEP) < MOST else 0,
        away=next((days for days in tastes.away if days[0] <= clock.today() + SOON), None),
    )


def own_tastes() -> Tastes:
    """Return what is known of the reader."""
    return read_tastes(
        db.session(),
        person_id=current_user.id,
        building_id=current_user.building_id,
        today=clock.today(),
        now=clock.now(),
    )


def own_recommendations(tastes: Tastes, *, most: int) -> list[Card]:
    """Return the reader's shifts, ranked, or soonest first when recommendations are off."""
    session, now = db.session(), clock.now()
    own = {"person_id": current_user.id, "building_id": current_user.building_id}
    if tastes.recommends:
        return recommended(
            session, tastes=tastes, now=now, local=clock.local(now), most=most, **own
        )
    wanted = Filter(building=current_user.building_id, seats=True, eligible=True)
    rows = queries.shifts(session, wanted, now=now, person_id=current_user.id).rows
    return shift_cards((row for row in rows if not row.state), dated=True)[:most]
