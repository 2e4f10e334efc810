"""The audit trail, in words."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import render
from volunteer_hub.reports import audit_words
from volunteer_hub.reports.office_blueprint import bp, page_number
from volunteer_hub.reports.queries import office as queries


@bp.get("/audit")
@requires(Permission.OFFICE_OPEN)
def audit() -> Response:
    """Show who did what, newest first."""
    number, ignored = page_number()
    actions = queries.audit_actions(db.session())
    action = request.args.get("action") or None
    if action and action not in actions:
        ignored, action = [*ignored, _("Act")], None
    page = queries.audit_page(db.session(), action=action, number=number)
    return render(
        "office/audit.html", page=page, actions=actions, chosen=action, ignored=ignored,
        local=clock.local, words=audit_words,
    )  # fmt: skip
