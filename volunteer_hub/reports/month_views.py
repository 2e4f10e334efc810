"""Closed months: a branch's sheets, and the office that closes them."""

from __future__ import annotations

import re
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
from volunteer_hub.hours import closing
from volunteer_hub.registry.services import switch_league
from volunteer_hub.reports import month_sheet
from volunteer_hub.reports.blueprint import bp, by_name, page_of, read_wanted, visible
from volunteer_hub.reports.file_views import XLSX
from volunteer_hub.reports.office_blueprint import bp as office
from volunteer_hub.reports.queries.sums import FEWEST


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])


@bp.get("/<int:branch_id>/months")
@requires(Permission.BRANCH_VIEW)
def months(branch_id: int) -> BaseResponse:
    """List the closed months of a branch with their figures and corrections."""
    family = visible(branch_id)
    rows = [
        (closed, kept, closing.is_whole(closed, kept, _key()), _may_read(branch_id, kept.figures))
        for closed, kept in closing.sheets_of(db.session(), branch_id)
    ]
    return render("reports/months.html", rows=rows, **page_of(family, read_wanted()))


def _may_read(branch_id: int, figures: dict[str, int]) -> bool:
    """Few people's figures stay with who leads the branch (S16)."""
    return by_name(branch_id) or not 0 < figures["people"] < FEWEST


@bp.get("/<int:branch_id>/months/<month>.xlsx")
@requires(Permission.BRANCH_VIEW)
def month_file(branch_id: int, month: str) -> Response:
    """Send the sheet of a closed month, byte for byte as it was."""
    family = visible(branch_id)
    kept = closing.sheet_of(db.session(), branch_id, _month(month))
    if kept is None or not _may_read(branch_id, kept.figures):
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


@office.route("/months", methods=["GET", "POST"])
@requires(Permission.OFFICE_OPEN)
def closed_months() -> BaseResponse:
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
    return render(
        "office/months.html",
        rows=closing.closes(session),
        following=following,
        waiting=closing.waiting_shifts(session, following, now=now) if following else 0,
    )


@office.post("/league")
@requires(Permission.OFFICE_OPEN)
def league() -> BaseResponse:
    """Switch on or off that branches see how they rank (field `on`)."""
    on = request.form.get("on") == "1"
    switch_league(db.session(), on=on, actor_id=current_user.id, now=clock.now())
    return done(url_for("reports.index"), say=_("It is on.") if on else _("It is off."))
