"""Branches: the tree, a branch's figures, the rows behind them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock, i18n
from volunteer_hub.core.calendar import Period, Quarter, quarter_of
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import render
from volunteer_hub.reports import (
    adoption_views,
    figures,
    file_views,
    filters,
    member_views,
    month_views,
    row_views,
    veil,
    waits,
)
from volunteer_hub.reports.blueprint import around as span_around
from volunteer_hub.reports.blueprint import (
    bp,
    by_name,
    hidden_branches,
    in_sight,
    is_guarded,
    is_withheld,
    narrowed,
    page_of,
    read_wanted,
    scope_of,
    seen_ids,
    visible,
)
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries.places import by_place
from volunteer_hub.reports.queries.so_far import so_far
from volunteer_hub.reports.queries.sums import (
    Tally,
    detail,
    few,
    is_quarter,
    on_books,
    tallies,
    total,
)
from volunteer_hub.reports.queries.tree import branch_tree, league_is_on, ranks
from volunteer_hub.reports.queries.veil import hidden_in
from volunteer_hub.reports.scope import Scope
from volunteer_hub.reports.veil import Part

__all__ = ["adoption_views", "bp", "file_views", "member_views", "month_views", "row_views"]

RATE, PER_PERSON = "rate", "per_person"
# How many quarters the picture of participation goes back.
PAST = 5


@bp.get("")
@requires(Permission.BRANCH_VIEW)
def index() -> Response:
    """Show the tree below what the reader leads, and how their own branches rank."""
    wanted, session = read_wanted(), db.session()
    seen = seen_ids()
    by = request.args.get("by")
    by = by if by in (RATE, PER_PERSON) else RATE
    league = league_is_on(session)
    quarter = wanted.quarter or quarter_of(clock.today())
    own = current_user.led_branch_ids
    return render(
        "reports/branches.html",
        tree=branch_tree(session, wanted.period, seen, own),
        places=_places(wanted, seen) if wanted.axis == "place" else None,
        ranks=ranks(session, quarter, by, own) if league and own else [],
        league=league,
        league_quarter=quarter,
        by=by,
        **span_around(wanted),
    )


def _places(wanted: filters.Filters, seen: Sequence[int] | None) -> Any:
    """Return the hours by neighbourhood and building, of everything that the reader may see."""
    led = current_user.led_branch_ids
    return by_place(db.session(), wanted.period, wanted.members, seen, led)


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
    past = _past(scope, wanted)
    spans = [wanted.period, wanted.before, wanted.year_before, *past]
    ids = [branch_id, *(child.id for child in family.children)]
    guarded = is_guarded(family)
    sums, (hidden, rests) = _sums(scope, ids, spans, guarded=guarded)
    books, *past_books = on_books(session, wanted.members, ids, [wanted.period, *past])
    small = guarded and is_withheld(family, scope, hidden, books.get(branch_id, 0))
    parts = detail(session, scope)
    late = total(sums[0], branch_id).late_minutes
    led = current_user.led_branch_ids
    veiled = hidden_in(session, scope, led, parts, late) if guarded and not small else {}
    found = figures.figures(
        branch_id,
        wanted.period,
        sums[:3],
        books,
        parts,
        no_shows=queries.no_shows(session, scope),
        categories=queries.category_names(session),
        veiled=veiled,
        guarded=guarded and not named,
    )
    return {
        "found": found,
        "small": small,
        "lines": figures.by_branch(
            family, sums[0], books, hidden=hidden, hides_rest=branch_id in rests
        ),
        "places": figures.by_place(
            parts, queries.building_names(session), veiled.get(Part.BUILDING, ())
        ),
        "participation": _participation(
            branch_id, list(zip(past, sums[3:], past_books, strict=True)), hides_few=not named
        ),
        "guarded": guarded,
        "waiting": waits.waits(family, scope),
        "hides_no_shows": waits.hides_no_shows(family, scope, found.no_shows),
        "adopted": queries.adopted(session, [branch_id], wanted.period).get(branch_id, []),
        "narrowed": narrowed(wanted),
        "percent": figures.percent,
        "change": figures.change,
        "month": i18n.month,
        **page_of(family, wanted),
    }


def _sums(
    scope: Scope, ids: list[int], spans: list[Period], *, guarded: bool
) -> tuple[list[dict[int, Tally]], tuple[set[int], set[int]]]:
    """Return the tallies of the branches for each span, and what is hidden from the reader."""
    if not guarded:
        return _tallies(scope, ids, spans), (set(), set())
    if scope != scope.unfiltered or not is_quarter(scope.period):
        return _tallies(scope, ids, spans), hidden_branches(scope)
    parents = in_sight()
    sums = _tallies(scope, {*ids, *parents}, spans)
    return sums, veil.in_tree(parents, sums[0], current_user.led_branch_ids)


def _tallies(scope: Scope, ids: Collection[int], spans: list[Period]) -> list[dict[int, Tally]]:
    session = db.session()
    if scope.is_narrow or not is_quarter(scope.period):
        return tallies(session, scope, ids, spans)
    whole = list(filter(is_quarter, spans))
    part = [span for span in spans if span not in whole]
    found = dict(zip(whole, tallies(session, scope, ids, whole), strict=True))
    if part:
        found |= dict(zip(part, so_far(session, scope, part), strict=True))
    return [found[span] for span in spans]


def _past(scope: Scope, wanted: filters.Filters) -> list[Period]:
    """Return the quarters that the picture of participation shows, for whole quarters only."""
    if not is_quarter(wanted.period) or wanted.quarter is None or scope.is_narrow:
        return []
    steps, step = [], wanted.quarter
    for _number in range(PAST):
        steps.append(step.period)
        step = step.previous()
    return steps[::-1]


def _participation(
    branch_id: int,
    past: Sequence[tuple[Period, dict[int, Tally], dict[int, int]]],
    *,
    hides_few: bool,
) -> list[tuple[Quarter, figures.Standing | None]]:
    """Return the standing by quarter, the oldest first; None where it would tell of few people."""
    found: list[tuple[Quarter, figures.Standing | None]] = []
    for span, sums, books in past:
        tally, members = total(sums, branch_id), books.get(branch_id, 0)
        told = not (hides_few and few(tally, members))
        found.append((quarter_of(span.first), figures.standing(members, tally) if told else None))
    return found
