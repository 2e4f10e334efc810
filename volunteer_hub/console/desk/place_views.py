"""Places of one shift: add some; one person's place: give, move, take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance import moving
from volunteer_hub.attendance.queries import PHONES_AROUND
from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.desk.forms import PlaceForm
from volunteer_hub.console.forms import typed_number
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.shifts import desk, desk_people
from volunteer_hub.shifts.desk_people import Holding
from volunteer_hub.shifts.desk_queries import post_lines
from volunteer_hub.shifts.needs import asked_for


@bp.post("/shifts/<int:shift_id>/places")
@requires(Permission.PROJECT_MANAGE)
def add_places(shift_id: int) -> Response:
    """Add places to a post in one tap: fields `post` and `more`; `back` says which page asked."""
    capacity = desk.add_places(
        db.session(),
        shift_id=shift_id,
        post_id=typed_number(request.form.get("post")),
        more=typed_number(request.form.get("more")),
        **scope(),
    )
    here = url_for(".roster", shift_id=shift_id, _anchor="posts")
    if request.form.get("back") == "board":
        here = url_for(".board", _anchor=f"s-{shift_id}")
    return done(here, say=_("%(n)s places now; whoever is in line moves up.", n=capacity))


@bp.get("/signups/<int:sign_up_id>")
@requires(Permission.ROSTER_MANAGE)
def place(sign_up_id: int) -> Response:
    """Show one person's place, or place in line, and what can be done about it."""
    return _page(_holding(sign_up_id), PlaceForm(formdata=None), "")


@bp.post("/signups/<int:sign_up_id>/promote")
@requires(Permission.ROSTER_MANAGE)
def promote(sign_up_id: int) -> Response:
    """Give somebody in line a free place."""
    form = PlaceForm()
    return _try(
        sign_up_id,
        form,
        "promote",
        lambda by: desk.promote(db.session(), asked=bool(form.asked.data), **by),
        _("The place is theirs, and they have been told."),
    )


@bp.post("/signups/<int:sign_up_id>/move")
@requires(Permission.ROSTER_MANAGE)
def move(sign_up_id: int) -> Response:
    """Move somebody to another post of the shift: field `post`."""
    to_post_id = typed_number(request.form.get("post"))
    return _try(
        sign_up_id,
        PlaceForm(),
        "move",
        lambda by: moving.move(db.session(), to_post_id=to_post_id, **by),
        _("Moved."),
    )


@bp.post("/signups/<int:sign_up_id>/remove")
@requires(Permission.ROSTER_MANAGE)
def remove(sign_up_id: int) -> Response:
    """Take somebody off the shift or out of its line."""
    return _try(
        sign_up_id,
        PlaceForm(),
        "remove",
        lambda by: moving.remove(db.session(), **by),
        _("Taken off the list; they read your reason."),
    )


def _try(
    sign_up_id: int,
    form: PlaceForm,
    act: str,
    work: Callable[[dict[str, Any]], object],
    say: str,
) -> Response:
    found = _holding(sign_up_id)
    by = {"sign_up_id": sign_up_id, "reason": form.reason.data or "", **scope()}

    def attempted() -> bool:
        work(by)
        return True

    if form.validate_on_submit() and attempt(form, attempted):
        here = url_for(".roster", shift_id=found.shift_id, _anchor=f"p-{found.person_id}")
        return done(here, say=say)
    return _page(found, form, act)


def _holding(sign_up_id: int) -> Holding:
    found = desk_people.holding(
        db.session(), sign_up_id=sign_up_id, organisation_ids=current_user.organisation_ids
    )
    if found is None:
        raise NotFound
    return found


def _page(found: Holding, form: PlaceForm, act: str) -> Response:
    """Show the page; `act` is what was tried and refused."""
    session, now = db.session(), clock.now()
    head = own_shift(found.shift_id)
    line = desk_people.waiting(session, shift_id=found.shift_id)
    refused = getattr(form, "refused", None)
    return render(
        "console/place.html",
        status=status_of(form),
        form=form,
        act=act,
        lacking=isinstance(refused, InvalidInput) and refused.field == "reason",
        tried_post=typed_number(request.form.get("post")),
        row=found,
        shift=head,
        posts=post_lines(session, shift_id=found.shift_id),
        asked=asked_for(session, found.shift_id),
        waits=next((one for one in line if one.sign_up_id == found.sign_up_id), None),
        near=head.starts_at - now < desk.ASK_FIRST,
        changeable=head.status == "published" and now < head.ends_at,
        shows_phone=head.starts_at - PHONES_AROUND <= now <= head.ends_at + PHONES_AROUND,
    )
