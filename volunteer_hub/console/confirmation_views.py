"""Confirm the hours of a shift: exceptions on top, the rest in one tap."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, request, url_for
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from volunteer_hub.attendance import flags
from volunteer_hub.attendance import queries as attendance
from volunteer_hub.attendance.queries import ShiftHead
from volunteer_hub.console import sheet_lines
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.paging import page_of
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.console.sheet_lines import Line
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.hours import claim_queries, services, sheets
from volunteer_hub.hours.deadlines import deadline_of
from volunteer_hub.hours.sheets import SheetRow


@bp.get("/confirmations")
@requires(Permission.HOURS_CONFIRM)
def confirmations() -> Response:
    """List what waits for confirmation at my organisations."""
    ignored: list[str] = []
    rows, page, last = sheets.to_confirm(
        db.session(),
        organisation_ids=current_user.organisation_ids,
        now=clock.now(),
        page=page_of(ignored),
    )
    return render(
        "console/confirmations.html",
        rows=rows,
        page=page,
        last=last,
        ignored=ignored,
        deadlines={row.shift_id: deadline_of(row.day, clock.today()) for row in rows},
        claims=claim_queries.count_open(
            db.session(), organisation_ids=current_user.organisation_ids
        ),
    )


@bp.get("/confirmations/<int:shift_id>")
@requires(Permission.HOURS_CONFIRM)
def confirmation(shift_id: int) -> Response:
    """Show the sheet of one shift, minutes proposed."""
    shift = own_shift(shift_id)
    rows = sheets.sheet(db.session(), shift=shift)
    return _page(shift, rows, sheet_lines.proposed(_open(rows)))


@bp.post("/confirmations/<int:shift_id>")
@requires(Permission.HOURS_CONFIRM)
def confirm(shift_id: int) -> Response:
    """Confirm fields `minutes-<attendance>` and `reason-<attendance>`, all of them or none."""
    shift = own_shift(shift_id)
    rows = sheets.sheet(db.session(), shift=shift)
    lines = sheet_lines.typed(rows, request.form)
    if not lines:
        return _page(shift, rows, sheet_lines.proposed(_open(rows)), refused=_nothing_sent())
    wanted = sheet_lines.minutes_of(lines)
    if len(wanted) < len(lines):
        return _page(shift, rows, lines, status=422)
    try:
        result = services.confirm(
            db.session(),
            shift_id=shift_id,
            rows=wanted,
            actor_id=current_user.id,
            now=clock.now(),
            seconds=_seconds(),
        )
    except services.NotAccepted as error:
        for field, sentence in error.problems:
            number = int(field.rpartition("-")[2])
            next(one for one in lines if one.row.attendance_id == number).errors[field] = sentence
        return _page(shift, rows, lines, status=error.status)
    except services.CannotConfirm as error:
        return _page(shift, rows, sheet_lines.proposed(_open(rows)), refused=error)
    return done(url_for(".confirmations"), say=_said(result))


def _seconds() -> float | None:
    """Return how long the list was open before it was confirmed; None when that is not known."""
    try:
        _shift_id, opened = _stamps().loads(request.form.get("opened", ""), return_timestamp=True)
    except BadData:
        return None
    return float((clock.now() - opened).total_seconds())


def _stamps() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="confirmation")


@bp.post("/flags/<int:flag_id>")
@requires(Permission.HOURS_CONFIRM)
def look(flag_id: int) -> Response:
    """Say that one has looked at something unusual: field `remark`."""
    flag = flags.flag(db.session(), flag_id)
    own_shift(flag.shift_id)
    flags.look(
        db.session(),
        flag_id=flag_id,
        remark=request.form.get("remark", ""),
        actor_id=current_user.id,
        now=clock.now(),
    )
    return done(url_for(".confirmation", shift_id=flag.shift_id), say=_("Noted. Thank you."))


def _nothing_sent() -> DomainError:
    return InvalidInput(_("Nothing was sent. Please check the minutes below and confirm again."))


def _said(result: services.Result) -> str:
    if result.added:
        said = _n(
            "The hours of %(num)s person are in the ledger.",
            "The hours of %(num)s people are in the ledger.",
            result.added,
        )
        return str(said)
    return str(_("These hours had been confirmed already; nothing was added."))


def _open(rows: Sequence[SheetRow]) -> list[SheetRow]:
    return [row for row in rows if not row.is_confirmed and row.person_id != current_user.id]


def _page(
    shift: ShiftHead,
    rows: Sequence[SheetRow],
    lines: Sequence[Line],
    *,
    status: int = 200,
    refused: DomainError | None = None,
) -> Response:
    now = clock.now()
    roster = attendance.roster(db.session(), shift=shift, now=now)
    return render(
        "console/confirmation.html",
        status=refused.status if refused else status,
        shift=shift,
        lines=lines,
        problems=[(name, line) for line in lines for name in line.errors],
        confirmed=[row for row in rows if row.is_confirmed],
        own=any(row.person_id == current_user.id and not row.is_confirmed for row in rows),
        unrecorded=sum(row.status is None for row in roster),
        open_ends=sum(row.check_out_at is None and not row.is_confirmed for row in rows),
        over=now >= shift.ends_at,
        refused=refused,
        flags=flags.of_shift(db.session(), shift_id=shift.id),
        opened=_stamps().dumps(shift.id),
    )
