"""The rows behind a branch's figures: entries, projects, what waits, no-shows."""

from __future__ import annotations

from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import render
from volunteer_hub.hours.deadlines import deadline_of
from volunteer_hub.reports.blueprint import (
    bp,
    by_name,
    is_guarded,
    narrowed,
    page_of,
    read_wanted,
    scope_for,
    visible,
    wanted_rows,
    withheld_rows,
)
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries import export
from volunteer_hub.reports.waits import hides_no_shows, waits


@bp.get("/<int:branch_id>/entries")
@requires(Permission.BRANCH_VIEW)
def entries(branch_id: int) -> Response:
    """Show the rows that a figure is the sum of."""
    session, wanted = db.session(), wanted_rows()
    family = visible(branch_id)
    (scope, hidden), named = scope_for(family, wanted), by_name(branch_id)
    kept = withheld_rows(family, scope, hidden)
    lines, number, last, minutes = export.one_page(
        session, scope, named=named, kept=kept, number=wanted.page
    )
    return render(
        "reports/entries.html",
        lines=lines,
        number=number,
        last=last,
        minutes=minutes,
        narrowed=narrowed(wanted),
        **page_of(family, wanted),
    )


@bp.get("/<int:branch_id>/projects")
@requires(Permission.BRANCH_VIEW)
def projects(branch_id: int) -> Response:
    """Show the figures by project."""
    session, wanted = db.session(), read_wanted()
    family = visible(branch_id)
    scope, _hidden = scope_for(family, wanted)
    rows, others = export.by_project(session, scope), None
    if is_guarded(family):
        rows, others = export.apart_from_few(session, scope, rows, current_user.led_branch_ids)
    return render("reports/projects.html", rows=rows, others=others, **page_of(family, wanted))


@bp.get("/<int:branch_id>/waiting")
@requires(Permission.BRANCH_VIEW)
def waiting(branch_id: int) -> Response:
    """Show which hours wait, with whom, and until when."""
    wanted, today = read_wanted(), clock.today()
    family = visible(branch_id)
    scope, _hidden = scope_for(family, wanted)
    found = waits(family, scope)
    return render(
        "reports/waiting.html",
        waiting=found,
        rows=[(row, deadline_of(row.day, today)) for row in found.rows],
        guarded=is_guarded(family),
        **page_of(family, wanted),
    )


@bp.get("/<int:branch_id>/no-shows")
@requires(Permission.BRANCH_VIEW)
def no_shows(branch_id: int) -> Response:
    """Show the shifts behind the no-shows; nobody is named."""
    wanted = read_wanted()
    family = visible(branch_id)
    scope, _hidden = scope_for(family, wanted)
    rows = [] if is_guarded(family) else queries.missed(db.session(), scope)
    count = queries.no_shows(db.session(), scope)
    return render(
        "reports/no_shows.html",
        rows=rows,
        count=count,
        guarded=is_guarded(family),
        hidden=hides_no_shows(family, scope, count),
        **page_of(family, wanted),
    )
