"""Branches: the tree, a branch's figures, the rows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock, i18n
from volunteer_hub.core.calendar import Period, Quarter, quarter_of
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Permission, Role, requires
from volunteer_hub.core.web import render
from volunteer_hub.hours.deadlines import deadline_of
from volunteer_hub.reports import (
    adoption_views,
    figures,
    file_views,
    filters,
    member_views,
    month_views,
)
from volunteer_hub.reports.blueprint import around as span_around
from volunteer_hub.reports.blueprint import (
    bp,
    by_name,
    page_of,
    read_wanted,
    scope_for,
    scope_of,
    visible,
)
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries import export
from volunteer_hub.reports.queries.places import by_place
from volunteer_hub.reports.queries.sums import detail, few, is_quarter, on_books, tallies, total
from volunteer_hub.reports.queries.tree import branch_tree, league_is_on, ranks
from volunteer_hub.reports.scope import Scope

__all__ = ["adoption_views", "bp", "file_views", "member_views", "month_views"]

RATE, PER_PERSON = "rate", "per_person"
# How many quarters the picture of participation goes back.
PAST = 5


@bp.get("")
@requires(Permission.BRANCH_VIEW)
def index() -> Response:
    """Show the tree below what the reader leads, and how their own branches rank."""
    wanted, session = read_wanted(), db.session()
    seen = None if current_user.has(Role.OFFICE) else current_user.led_branch_ids
    by = request.args.get("by")
    by = by if by in (RATE, PER_PERSON) else RATE
    league = league_is_on(session)
    quarter = wanted.quarter or quarter_of(clock.today())
    own = current_user.led_branch_ids
    return render(
        "reports/branches.html",
        tree=branch_tree(session, wanted.period, seen),
        places=_places(wanted, seen) if wanted.axis == "place" else None,
        ranks=ranks(session, quarter, by, own) if league and own else [],
        league=league,
        league_quarter=quarter,
        by=by,
        **span_around(wanted),
    )


def _places(wanted: filters.Filters, seen: Sequence[int] | None) -> Any:
    """Return the hours by neighbourhood and building, of everything that the reader may see."""
    return by_place(db.session(), wanted.period, wanted.members, seen)


@bp.get("/<int:branch_id>")
@requires(Permission.BRANCH_VIEW)
def show(branch_id: int) -> Response:
    return render("reports/branch.html", printing=False, **_page(branch_id))


@bp.get("/<int:branch_id>/print")
@requires(Permission.BRANCH_VIEW)
def paper(branch_id: int) -> Response:
    """Show the same figures laid out for one page of A4."""
    return render("reports/branch.html", printing=True, **_page(branch_id))


def _page(branch_id: int) -> dict[str, Any]:
    session, wanted = db.session(), read_wanted()
    family = visible(branch_id)
    scope, named = scope_of(family, wanted), by_name(branch_id)
    spans = [wanted.period, wanted.before, wanted.year_before]
    ids = [branch_id, *(child.id for child in family.children)]
    sums = tallies(session, scope, ids, spans)
    books, *past_books = on_books(session, wanted.members, ids, [wanted.period, *_past(wanted)])
    small = not named and few(total(sums[0], branch_id), books.get(branch_id, 0))
    parts = detail(session, scope)
    found = figures.figures(
        branch_id,
        wanted.period,
        sums,
        books,
        parts,
        no_shows=queries.no_shows(session, scope),
        categories=queries.category_names(session),
    )
    waiting = queries.waiting(session, scope, now=clock.now())
    return {
        "found": found,
        "small": small,
        "lines": figures.by_branch(family, sums[0], books, led=current_user.led_branch_ids),
        "places": figures.by_place(parts, queries.building_names(session)),
        "participation": _participation(scope, wanted, past_books),
        "waiting": waiting,
        "waiting_minutes": sum(row.minutes for row in waiting),
        "waiting_people": sum(row.people for row in waiting),
        "adopted": queries.adopted(session, [branch_id], wanted.period).get(branch_id, []),
        "narrowed": _narrowed(wanted),
        "percent": figures.percent,
        "change": figures.change,
        "month": i18n.month,
        **page_of(family, wanted),
    }


def _past(wanted: filters.Filters) -> list[Period]:
    """Return the quarters that the picture of participation shows, for whole quarters only."""
    if not is_quarter(wanted.period) or wanted.quarter is None:
        return []
    steps, step = [], wanted.quarter
    for _number in range(PAST):
        steps.append(step.period)
        step = step.previous()
    return steps[::-1]


def _participation(
    scope: Scope, wanted: filters.Filters, books: Sequence[dict[int, int]]
) -> list[tuple[Quarter, figures.Standing]]:
    """Return the standing by quarter, the oldest first."""
    past = _past(wanted)
    if not past or scope.is_narrow:
        return []
    sums = tallies(db.session(), scope, [scope.branch_id], past)
    return [
        (
            quarter_of(span.first),
            figures.standing(rows.get(scope.branch_id, 0), total(sum_, scope.branch_id)),
        )
        for span, sum_, rows in zip(past, sums, books, strict=True)
    ]


def _narrowed(wanted: filters.Filters) -> list[tuple[str, str]]:
    """Return what the figures are narrowed to, as parameter and name."""
    found = []
    names = queries.names_of(db.session(), category=wanted.category, project=wanted.project)
    for parameter, name in names:
        found.append((parameter, i18n.either(*name)))
    return found


@bp.get("/<int:branch_id>/entries")
@requires(Permission.BRANCH_VIEW)
def entries(branch_id: int) -> Response:
    """Show the rows that a figure is the sum of."""
    session, wanted = db.session(), read_wanted()
    family = visible(branch_id)
    scope, named = scope_for(family, wanted), by_name(branch_id)
    hidden = export.small_branches(session, scope) - set(current_user.led_branch_ids)
    lines, number, last, minutes = export.one_page(
        session, scope, named=named, hidden=hidden, number=wanted.page
    )
    return render(
        "reports/entries.html",
        lines=lines,
        number=number,
        last=last,
        minutes=minutes,
        narrowed=_narrowed(wanted),
        **page_of(family, wanted),
    )


@bp.get("/<int:branch_id>/projects")
@requires(Permission.BRANCH_VIEW)
def projects(branch_id: int) -> Response:
    """Show the figures by project."""
    session, wanted = db.session(), read_wanted()
    family = visible(branch_id)
    rows = export.by_project(session, scope_for(family, wanted))
    return render("reports/projects.html", rows=rows, **page_of(family, wanted))


@bp.get("/<int:branch_id>/waiting")
@requires(Permission.BRANCH_VIEW)
def waiting(branch_id: int) -> Response:
    """Show which hours wait, with whom, and until when."""
    session, wanted, today = db.session(), read_wanted(), clock.today()
    family = visible(branch_id)
    rows = queries.waiting(session, scope_for(family, wanted), now=clock.now())
    return render(
        "reports/waiting.html",
        rows=[(row, deadline_of(row.day, today)) for row in rows],
        **page_of(family, wanted),
    )


@bp.get("/<int:branch_id>/no-shows")
@requires(Permission.BRANCH_VIEW)
def no_shows(branch_id: int) -> Response:
    """Show the shifts behind the no-shows; nobody is named."""
    wanted = read_wanted()
    family = visible(branch_id)
    rows = queries.missed(db.session(), scope_for(family, wanted))
    return render("reports/no_shows.html", rows=rows, **page_of(family, wanted))
