"""A branch's figures as files: the spreadsheet, and every entry as CSV."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from flask import Response, request, send_file
from flask_login import current_user
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.audit import services as audit
from volunteer_hub.core import clock, csv
from volunteer_hub.core.calendar import quarter_of
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.i18n import _, day_year, either
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.reports import book, sheet
from volunteer_hub.reports.blueprint import (
    bp,
    by_name,
    filter_names,
    hidden_branches,
    is_guarded,
    read_wanted,
    scope_for,
    visible,
    wanted_rows,
    withheld_rows,
)
from volunteer_hub.reports.filters import Filters
from volunteer_hub.reports.queries import branch as queries
from volunteer_hub.reports.queries.export import EntryLine, Withheld, entries
from volunteer_hub.reports.queries.tree import league_is_on, ranks
from volunteer_hub.reports.queries.veil import hidden_parts, narrowed_too_far
from volunteer_hub.reports.scope import Members, Scope
from volunteer_hub.reports.veil import Part
from volunteer_hub.reports.waits import hidden_no_shows

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# S38; a person who needs more than that has the page and the closed months.
EXPORTS = "60/hour"
# Bytes of a spreadsheet that go out at once; a larger one is sent from disk piece by piece.
IN_MEMORY = 2_000_000


def _reader() -> str:
    return f"export {current_user.id}"


@bp.get("/<int:branch_id>/hours.csv")
@requires(Permission.BRANCH_VIEW)
@limiter.limit(EXPORTS, key_func=_reader)
def hours_csv(branch_id: int) -> Response:
    """Send every entry behind the figures, streamed."""
    wanted = wanted_rows()
    family = visible(branch_id)
    scope, hidden = scope_for(family, wanted)
    named, kept = by_name(branch_id), withheld_rows(family, scope, hidden)
    _note_export(branch_id, wanted)
    lines = _entries(db.engine, scope, named=named, kept=kept)
    body = csv.stream(sheet.rows(lines, sheet.words(named=named), named=named))
    answer = Response(body, mimetype="text/csv")
    plain, name = sheet.file_names(family.branch, wanted, "csv")
    answer.headers["Content-Disposition"] = csv.attachment(plain, name)
    return answer


def _entries(engine: Engine, scope: Scope, *, named: bool, kept: Withheld) -> Iterator[EntryLine]:
    # Read while they are sent, when the request's own session is closed already.
    with Session(engine) as session:
        yield from entries(session, scope, named=named, kept=kept)


@bp.get("/<int:branch_id>/hours.xlsx")
@requires(Permission.BRANCH_VIEW)
@limiter.limit(EXPORTS, key_func=_reader)
def hours_xlsx(branch_id: int) -> BaseResponse:
    """Send the spreadsheet; a large one is written to disk first, so that memory stays flat."""
    wanted = read_wanted()
    family = visible(branch_id)
    report = _report(family, wanted)
    _note_export(branch_id, wanted)
    answer = _send(report)
    plain, name = sheet.file_names(family.branch, wanted, "xlsx")
    answer.headers["Content-Disposition"] = csv.attachment(plain, name)
    return answer


def _send(report: book.Report) -> BaseResponse:
    with ExitStack() as closing:
        target = closing.enter_context(tempfile.TemporaryFile())
        book.write(target, db.session(), report)
        is_small = target.seek(0, io.SEEK_END) <= IN_MEMORY
        target.seek(0)
        if is_small:
            return Response(target.read(), mimetype=XLSX)
        # The answer that sends it closes it.
        closing.pop_all()
        return send_file(target, mimetype=XLSX)


def _report(family: queries.Family, wanted: Filters) -> book.Report:
    session, now, branch = db.session(), clock.now(), family.branch
    (scope, hidden), named = scope_for(family, wanted), by_name(branch.id)
    span = f"{day_year(wanted.period.first)} – {day_year(wanted.period.last)}"
    below = queries.ids_below(session, branch.path)
    quarter = wanted.quarter or quarter_of(wanted.period.last)
    places = (
        ranks(session, quarter, "rate", below)
        if league_is_on(session) and wanted.quarter and scope == scope.unfiltered
        else []
    )
    adopted = queries.adopted(session, below, wanted.period)
    return book.Report(
        title=_("Volunteer service of %(branch)s", branch=either(branch.name_zh, branch.name_en)),
        line=" · ".join([span, *filter_names(wanted)]),
        number=book.number_of(branch.id, str(wanted.quarter or "dates"), now),
        scope=scope,
        wanted=wanted,
        now=now,
        named=named,
        kept=_kept(family, scope, hidden),
        ranks={one.branch_id: one.position for one in places if one.position is not None},
        adopted={branch_id: len(rows) for branch_id, rows in adopted.items()},
    )


def _kept(family: queries.Family, scope: Scope, hidden: set[int]) -> book.Kept:
    """Return what the spreadsheet does not tell this reader."""
    led = current_user.led_branch_ids
    if not is_guarded(family):
        return book.Kept(led=led)
    session, kinds = db.session(), set[int]()
    for kind in (Members.MEMBER, Members.NON_MEMBER):
        one = replace(scope, members=kind)
        kinds |= hidden_branches(one)[0]
        if narrowed_too_far(session, one, led):
            kinds.add(scope.branch_id)
    late = replace(scope, late=True)
    too_late = hidden_branches(late)[0]
    if narrowed_too_far(session, late, led):
        too_late.add(scope.branch_id)
    return book.Kept(
        led=led,
        guarded=True,
        branches=hidden,
        kinds=kinds,
        late=too_late,
        no_shows=hidden_no_shows(scope),
        rows=withheld_rows(family, scope, hidden),
        shifts=hidden_parts(session, scope, led, Part.SHIFT),
    )


def _note_export(branch_id: int, wanted: Filters) -> None:
    if request.method != "GET":
        return
    write_tx(
        lambda: audit.record(
            db.session(),
            "report:export",
            actor_id=current_user.id,
            object_id=branch_id,
            now=clock.now(),
            **{f"asked_{key}": value for key, value in wanted.query().items()},
        )
    )
