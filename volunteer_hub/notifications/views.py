"""A person's own notices."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import MAX_ID, done, render
from volunteer_hub.notifications import queries, services, texts

bp = Blueprint("notifications", __name__)


@bp.get("/me/notices")
@requires(Permission.ACCOUNT_OWN)
def mine() -> Response:
    page = _number(request.args.get("page", ""))
    found = queries.own_notices(db.session(), person_id=current_user.id, page=page or 1)
    return render(
        "notifications/mine.html",
        found=found,
        notices=[(row, texts.write(row.kind, row.params)) for row in found.rows],
        local=clock.local,
        ignored=[_("Page")] if "page" in request.args and page is None else [],
    )


@bp.post("/me/notices/read")
@requires(Permission.ACCOUNT_OWN)
def read() -> BaseResponse:
    """Mark all as read, but none that came after the page was shown (`up_to`, its newest)."""
    services.mark_read(
        db.session(),
        person_id=current_user.id,
        up_to=_number(request.form.get("up_to", "")),
        now=clock.now(),
    )
    return done(url_for(".mine"), say=_("All read."))


def _number(text: str) -> int | None:
    if text.isascii() and text.isdecimal() and len(text) <= 10:
        return int(text) if 0 < int(text) <= MAX_ID else None
    return None
