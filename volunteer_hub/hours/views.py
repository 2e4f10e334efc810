"""A volunteer's own hours."""

from __future__ import annotations

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.calendar import Period, quarter_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import render
from volunteer_hub.hours import claim_queries, claim_views, queries
from volunteer_hub.hours.blueprint import bp
from volunteer_hub.hours.deadlines import deadline_of
from volunteer_hub.hours.stars import stars_of

__all__ = ["bp", "claim_views"]
ALL = "all"


@bp.get("/me/hours")
@requires(Permission.HOURS_OWN)
def mine() -> Response:
    """Totals, what waits, and the records of `period` (`quarter`, `year`; else all), by page."""
    session, ignored = db.session(), list[str]()
    periods = _periods()
    chosen = request.args.get("period", ALL)
    if chosen not in (*periods, ALL):
        chosen = ALL
        ignored.append(_("Period"))
    waiting = queries.waiting(session, person_id=current_user.id, now=clock.now())
    entries, page, last = queries.own_entries(
        session, person_id=current_user.id, period=periods.get(chosen), page=_page(ignored)
    )
    totals = queries.totals(session, person_id=current_user.id, **periods)
    return render(
        "hours/mine.html",
        totals=totals,
        stars=stars_of(session, totals.all_time),
        waiting=[(row, deadline_of(row.day, clock.today())) for row in waiting],
        claims=claim_queries.own_claims(session, person_id=current_user.id),
        waiting_minutes=sum(row.minutes or 0 for row in waiting),
        entries=entries,
        period=chosen,
        page=page,
        last=last,
        ignored=ignored,
    )


def _periods() -> dict[str, Period]:
    today = clock.today()
    year = Period(today.replace(month=1, day=1), today.replace(month=12, day=31))
    return {"quarter": quarter_of(today).period, "year": year}


def _page(ignored: list[str]) -> int:
    text = request.args.get("page", "1")
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0:
        return int(text)
    ignored.append(_("Page"))
    return 1
