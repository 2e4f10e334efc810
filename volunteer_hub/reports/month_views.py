"""Closed months: a branch's sheets, and the office that closes them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from flask import Response, current_app, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.core import clock, csv
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _, either, speaking
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.hours import closed_months, closing
from volunteer_hub.registry.models import Branch
from volunteer_hub.registry.services import switch_league
from volunteer_hub.reports import month_sheet, veil
from volunteer_hub.reports.blueprint import (
    bp,
    in_sight,
    is_guarded,
    page_of,
    read_wanted,
    seen_ids,
    visible,
)
from volunteer_hub.reports.file_views import XLSX
from volunteer_hub.reports.office_blueprint import bp as office
from volunteer_hub.reports.queries import closed
from volunteer_hub.reports.queries.branch import Family
from volunteer_hub.reports.queries.sums import Tally


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])


@bp.get("/<int:branch_id>/months")
@requires(Permission.BRANCH_VIEW)
def months(branch_id: int) -> BaseResponse:
    """List the closed months of a branch with their figures and corrections."""
    family = visible(branch_id)
    found = closed_months.sheets_of(db.session(), branch_id)
    hidden = _hidden([close.id for close, _kept in found], family)
    rows = [
        (close, kept, closing.is_whole(close, kept, _key()), hidden[close.id])
        for close, kept in found
    ]
    return render("reports/months.html", rows=rows, **page_of(family, read_wanted()))


@dataclass(frozen=True)
class Hidden:
    """What of a closed month would tell of few people (S16).

    The file says everything, and its bytes are kept: it is hidden with any part of it.
    """

    whole: bool = False
    corrections: bool = False
    file: bool = False


def _hidden(close_ids: list[int], family: Family) -> dict[int, Hidden]:
    """Return what is hidden of this branch's sheet for each of these closes.

    Whole months of one branch are the sums of the tree once more, so what would follow from the
    sheets of others is hidden with them.
    """
    if not is_guarded(family):
        return dict.fromkeys(close_ids, Hidden())
    branch_id, whole, parts = family.branch.id, _hidden_wholes(close_ids), _hidden_parts(close_ids)
    found = {}
    for id_ in close_ids:
        some = {part for part, branches in parts[id_].items() if branch_id in branches}
        hidden = branch_id in whole[id_]
        found[id_] = Hidden(hidden, closed.CORRECTED in some, hidden or bool(some))
    return found


def _hidden_sheets(close_ids: list[int]) -> dict[int, set[int]]:
    """Return, by close, the branches whose file would tell this reader of few people (S16)."""
    parts = _hidden_parts(close_ids)
    return {
        id_: hidden.union(*parts[id_].values()) for id_, hidden in _hidden_wholes(close_ids).items()
    }


def _hidden_parts(close_ids: list[int]) -> dict[int, dict[int, set[int]]]:
    led = current_user.led_branch_ids
    return closed.hidden_in(db.session(), close_ids, in_sight(), seen_ids(), led)


def _hidden_wholes(close_ids: list[int]) -> dict[int, set[int]]:
    session, led, parents = db.session(), current_user.led_branch_ids, in_sight()
    sums: dict[int, dict[int, Tally]] = defaultdict(dict)
    for close_id, one, figures in closed_months.figures_by_branch(session, close_ids):
        sums[close_id][one] = Tally(
            figures["minutes"], figures["attendances"], 0, figures["people"]
        )
    return {id_: set(veil.in_tree(parents, sums[id_], led)[0]) for id_ in close_ids}


@bp.get("/<int:branch_id>/months/<month>.xlsx")
@requires(Permission.BRANCH_VIEW)
def month_file(branch_id: int, month: str) -> Response:
    """Send the sheet of a closed month, byte for byte as it was."""
    family = visible(branch_id)
    kept = closed_months.sheet_of(db.session(), branch_id, _month(month))
    if kept is None or _hidden([kept.close_id], family)[kept.close_id].file:
        raise NotFound
    answer = Response(kept.body, mimetype=XLSX)
    name = either(family.branch.name_zh, family.branch.name_en)
    answer.headers["Content-Disposition"] = csv.attachment(
        f"branch-{branch_id}-{month}.xlsx", f"{name} {month}.xlsx"
    )
    return answer


def _month(text: str) -> date:
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text, re.ASCII)
    if not found:
        raise NotFound
    return date(int(found[1]), int(found[2]), 1)


@office.route("/months", methods=["GET", "POST"], endpoint="closed_months")
@requires(Permission.OFFICE_OPEN)
def months_closed() -> BaseResponse:
    """Show which months are closed, and close the next one (field `month`)."""
    session, today, now = db.session(), clock.today(), clock.now()
    if request.method == "POST":
        month = _month(request.form.get("month", ""))
        # The sheets are kept for ever: in the language of the sub-district.
        with speaking("zh"):
            closing.close(
                session,
                month=month,
                key=_key(),
                sheet=month_sheet.body,
                today=today,
                actor_id=current_user.id,
                now=now,
            )
        return done(url_for("office.closed_months"), say=_("The month is closed."))
    following = closing.next_month(session, today=today)
    rows = closed_months.closes(session)
    return render(
        "office/months.html",
        rows=rows,
        sheets=_sheets_at_the_top([row.id for row in rows]),
        following=following,
        preview=closed_months.preview(session, following) if following else None,
        first_open=clock.today().replace(day=1),
        waiting=closed_months.waiting_shifts(session, following, now=now) if following else 0,
    )


def _sheets_at_the_top(close_ids: list[int]) -> dict[int, list[Branch]]:
    """Return, by close, the branches at the top of the tree whose sheet the office can download."""
    hidden = _hidden_sheets(close_ids)
    found: dict[int, list[Branch]] = defaultdict(list)
    for close_id, branch in closed_months.sheets_at_the_top(db.session()):
        if branch.id not in hidden.get(close_id, ()):
            found[close_id].append(branch)
    return found


@office.post("/league")
@requires(Permission.OFFICE_OPEN)
def league() -> BaseResponse:
    """Switch on or off that branches see how they rank (field `on`)."""
    on = request.form.get("on") == "1"
    switch_league(db.session(), on=on, actor_id=current_user.id, now=clock.now())
    return done(url_for("reports.index"), say=_("It is on.") if on else _("It is off."))
