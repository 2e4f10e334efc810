"""Write to everybody of one shift."""

from __future__ import annotations

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.desk.forms import MessageForm
from volunteer_hub.console.forms import problems
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _n
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.shifts import desk
from volunteer_hub.shifts.desk_queries import post_lines


def _who() -> str:
    return f"message {current_user.id}"


@bp.route("/shifts/<int:shift_id>/message", methods=["GET", "POST"])
@requires(Permission.ROSTER_MANAGE)
@limiter.limit(
    "20/hour", methods=["POST"], key_func=_who, deduct_when=lambda answer: answer.status_code == 303
)
def message(shift_id: int) -> Response:
    """Send one message to those with a place, those in line, or both."""
    head, form = own_shift(shift_id), MessageForm()
    count = attempt(form, lambda: _send(form, shift_id)) if form.validate_on_submit() else None
    if count is not None:
        say = _n("Sent to %(num)s person.", "Sent to %(num)s people.", count)
        return done(url_for(".roster", shift_id=shift_id), say=say)
    posts = post_lines(db.session(), shift_id=shift_id)
    return render(
        "console/message.html",
        status=status_of(form),
        form=form,
        problems=problems(form),
        shift=head,
        counts={
            "confirmed": sum(post.taken for post in posts),
            "waiting": sum(post.waiting for post in posts),
        },
    )


def _send(form: MessageForm, shift_id: int) -> int:
    return desk.message_all(
        db.session(),
        shift_id=shift_id,
        to=desk.Group(form.to.data),
        text=form.text.data or "",
        key=request.form.get("request_key", ""),
        **scope(),
    )
