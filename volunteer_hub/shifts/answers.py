"""The shift page and its panel: the true state after whatever was tapped."""

from __future__ import annotations

from datetime import datetime

from flask import current_app, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock, codes
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.web import done, is_htmx, render
from volunteer_hub.notifications import services as notifications
from volunteer_hub.shifts import needs, panel, queries, together
from volunteer_hub.shifts.models import SignUpStatus
from volunteer_hub.shifts.offers import OPEN_TO_ALL
from volunteer_hub.shifts.release import LAST_STEP, open_places


def shift_page(
    shift_id: int,
    *,
    status: int = 200,
    refused: DomainError | None = None,
    say: str = "",
    left: bool = False,
) -> Response:
    """Show the shift with the person's true state, and why a tap was refused.

    `left` says that the place was given back just now, so that others are suggested.
    """
    session, now = db.session(), clock.now()
    shift = queries.show(session, shift_id, building_id=current_user.building_id)
    view = panel.Panel()
    if current_user.is_authenticated:
        view = panel.read(
            session, shift, person_id=current_user.id, led=current_user.led_branch_ids, now=now
        )
    ahead = shift.starts_at - now
    return render(
        "shifts/show.html",
        fragment="shifts/_sign_up.html",
        status=status,
        shift=shift,
        free={post.id: open_places(post, shift.early_percent, ahead) for post in shift.posts},
        asked_for=needs.asked_for(session, shift_id) if any(p.needs for p in shift.posts) else {},
        view=view,
        mine=view.mine,
        refused=refused,
        started=shift.starts_at <= now,
        open_to_all=ahead < OPEN_TO_ALL,
        rest_opens_at=shift.starts_at - LAST_STEP,
        together=_together(shift_id, view.mine),
        offline_code=_offline_code(shift, view.mine, now),
        say=say,
        left=left or request.args.get("left") == "1",
    )


def _offline_code(shift: queries.ShiftPage, mine: queries.MyPlace | None, now: datetime) -> str:
    """Return the digits that check the owner of a place in where no phone has a network."""
    if mine is None or mine.status != SignUpStatus.CONFIRMED or now >= shift.ends_at:
        return ""
    return codes.offline_digits(current_app.config["SECRET_KEY"], mine.id)


def _together(shift_id: int, mine: queries.MyPlace | None) -> list[together.Companion]:
    if mine is None or mine.status != SignUpStatus.CONFIRMED:
        return []
    return together.companions(db.session(), shift_id=shift_id, viewer_id=current_user.id)


def changed(shift_id: int, say: str, *, left: bool = False) -> Response:
    """Answer a tap that had an effect: the panel for htmx, else back to where it was made."""
    notifications.mark_answered(
        db.session(),
        person_id=current_user.id,
        link=url_for("shifts.show", shift_id=shift_id),
        now=clock.now(),
    )
    if is_htmx() and not left:
        db.session.flush()
        return shift_page(shift_id, say=say)
    if request.form.get("next") == "/me":
        return done("/me", say=say)
    address = url_for("shifts.show", shift_id=shift_id, left=1 if left else None)
    answer = done(address, say=say)
    if is_htmx():
        # What only people with a place see stands outside the panel too: the whole page anew.
        answer.status_code = 204
        answer.headers["HX-Redirect"] = address
        del answer.headers["Location"]
    return answer
