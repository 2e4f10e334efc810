"""A branch's hours: the tree, one branch, its sheet and its print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, request, url_for
from flask_login import current_user
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from volunteer_hub.audit import services as audit
from volunteer_hub.core import clock, csv, i18n
from volunteer_hub.core.calendar import Quarter, quarter_of
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.permissions import Permission, Role, requires
from volunteer_hub.core.web import render
from volunteer_hub.reports import figures, filters, sheet
from volunteer_hub.reports.lists import one_page, ordered
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries import people
from volunteer_hub.reports.queries.export import EntryLine, entries
from volunteer_hub.reports.queries.tree import branch_tree
from volunteer_hub.reports.scope import Members, Scope

bp = Blueprint("reports", __name__, url_prefix="/branches")

SHOWN_QUARTERS = 4


@bp.get("")
@requires(Permission.BRANCH_VIEW)
def index() -> Response:
    wanted = _wanted()
    led = None if current_user.has(Role.OFFICE) else current_user.led_branch_ids
    tree = branch_tree(db.session(), wanted.period, led)
    return render("reports/branches.html", tree=tree, **_around(wanted))


@bp.get("/<int:branch_id>")
@requires(Permission.BRANCH_VIEW)
def show(branch_id: int) -> Response:
    return render("reports/branch.html", printing=False, **_page(branch_id))


@bp.get("/<int:branch_id>/print")
@requires(Permission.BRANCH_VIEW)
def paper(branch_id: int) -> Response:
    """Show the same page with all people on it, for A4."""
    return render("reports/branch.html", printing=True, **_page(branch_id, whole=True))


@bp.get("/<int:branch_id>/hours.csv")
@requires(Permission.BRANCH_VIEW)
def hours_csv(branch_id: int) -> Response:
    wanted = _wanted()
    family = _visible(branch_id)
    if request.method == "GET":
        write_tx(lambda: _note_export(branch_id, wanted))
    named = _by_name(branch_id)
    lines = _entries(db.engine, _scope(family, wanted), named=named)
    body = csv.stream(sheet.rows(lines, sheet.words(named=named), named=named))
    answer = Response(body, mimetype="text/csv")
    plain, name = sheet.file_names(family.branch, wanted)
    answer.headers["Content-Disposition"] = csv.attachment(plain, name)
    return answer


def _entries(engine: Engine, scope: Scope, *, named: bool) -> Iterator[EntryLine]:
    # Read while they are sent, when the request's own session is closed already.
    with Session(engine) as session:
        yield from entries(session, scope, named=named)


def _note_export(branch_id: int, wanted: filters.Filters) -> None:
    audit.record(
        db.session(),
        "report:export",
        actor_id=current_user.id,
        object_id=branch_id,
        now=clock.now(),
        **{f"asked_{key}": value for key, value in wanted.query().items()},
    )


def _wanted() -> filters.Filters:
    return filters.read_filters(request.args, today=clock.today())


def _visible(branch_id: int) -> queries.Family:
    """Return the branch, or 404 for whom it is neither their own nor below their own today."""
    family = queries.family(db.session(), branch_id)
    if family is None:
        raise NotFound
    own_line = {family.branch.id, *(branch.id for branch in family.above)}
    if not current_user.has(Role.OFFICE) and own_line.isdisjoint(current_user.led_branch_ids):
        raise NotFound
    return family


def _by_name(branch_id: int) -> bool:
    """Names are for who leads this very branch; above it, and in the office, there are sums."""
    return branch_id in current_user.led_branch_ids


def _scope(family: queries.Family, wanted: filters.Filters) -> Scope:
    return Scope(family.branch.id, family.branch.path, wanted.period, wanted.members)


def _page(branch_id: int, *, whole: bool = False) -> dict[str, Any]:
    session, now, wanted = db.session(), clock.now(), _wanted()
    family = _visible(branch_id)
    scope = _scope(family, wanted)
    found = figures.figures(
        family,
        wanted.period,
        queries.slices(session, scope, before=wanted.before),
        queries.parts(session, scope),
        queries.standings(session, scope, before=wanted.before, now=now),
        with_before=wanted.quarter is not None,
    )
    named = ordered(people.members(session, scope), wanted.sort) if _by_name(branch_id) else None
    return {
        "family": family,
        "above": _visible_above(family),
        "found": found,
        "people": None if named is None else one_page(named, wanted.page, whole=whole),
        "csv": url_for(".hours_csv", branch_id=branch_id, **wanted.query()),
        "paper": url_for(".paper", branch_id=branch_id, sort=wanted.sort, **wanted.query()),
        "today": clock.today(),
        "percent": figures.percent,
        "month": i18n.month,
        **_around(wanted),
    }


def _visible_above(family: queries.Family) -> list[queries.BranchLine]:
    """Leave out what lies above the reader's own branches."""
    if current_user.has(Role.OFFICE):
        return list(family.above)
    line = [branch.id for branch in family.above]
    starts = [line.index(led) for led in current_user.led_branch_ids if led in line]
    return list(family.above[min(starts) :]) if starts else []


def _around(wanted: filters.Filters) -> dict[str, Any]:
    step = quarter_of(clock.today())
    quarters: list[Quarter] = []
    for _number in range(SHOWN_QUARTERS):
        quarters.append(step)
        step = step.previous()
    if wanted.quarter and wanted.quarter not in quarters:
        quarters.append(wanted.quarter)
        quarters.sort(key=lambda one: one.period.first, reverse=True)
    return {
        "wanted": wanted,
        "quarters": quarters,
        "kinds_of_members": list(Members),
        "this_year": clock.today().year,
        "section": "office" if current_user.has(Role.OFFICE) else "branch",
    }
