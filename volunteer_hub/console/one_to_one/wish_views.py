"""Seniors' wishes at the desk: enter, see what became of each, verify, answer, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import EmptyForm, problems, typed_number
from volunteer_hub.console.one_to_one.forms import CloseForm, WishForm
from volunteer_hub.console.one_to_one.wish_typed import offer, stored, wish_of
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.calendar import Window
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _, either
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching.one_to_one import entering, placing, queries, requests
from volunteer_hub.matching.one_to_one.queries import WishLine
from volunteer_hub.matching.one_to_one.words import STATES, windows_in_words
from volunteer_hub.matching.reasons import WINDOWS
from volunteer_hub.matching.windows import DAYS
from volunteer_hub.shifts.series.words import weekday_name


@bp.route("/requests/new", methods=["GET", "POST"])
@requires(Permission.REQUEST_ENTER)
def new_wish() -> Response:
    """Enter a wish; `?again=<wish>` starts from an earlier one of the same senior."""
    again = typed_number(request.args.get("again"))
    form = WishForm(data=_earlier(again) if again else {"organisation_id": ""})
    offer(form)
    entered = attempt(form, lambda: _enter(form)) if form.validate_on_submit() else None
    if entered is not None:
        say = _who_verifies(_line(entered))
        return done(url_for(".senior_wish", wish_id=entered), say=say)
    return _form_page(form)


@bp.route("/requests/<int:wish_id>/edit", methods=["GET", "POST"])
@requires(Permission.REQUEST_ENTER)
def edit_wish(wish_id: int) -> Response:
    """Change a wish that is in no shift; it is verified again."""
    form = WishForm(data=_earlier(wish_id))
    offer(form)
    if form.validate_on_submit() and attempt(form, lambda: _change(form, wish_id)):
        say = _("Saved. It waits to be verified again.")
        return done(url_for(".senior_wish", wish_id=wish_id), say=say)
    return _form_page(form, wish_id)


def _change(form: WishForm, wish_id: int) -> int:
    return entering.change(db.session(), request_id=wish_id, wish=wish_of(form), **scope()).id


def _form_page(form: WishForm, wish_id: int | None = None) -> Response:
    return render(
        "console/wish_form.html",
        status=status_of(form),
        form=form,
        problems=problems(form),
        wish_id=wish_id,
        names=WINDOWS,
        days=DAYS,
        tables=[
            [window for window in DAYS if DAYS[window] is DAYS[first]]
            for first in (Window.LUNCH, Window.WEEKEND_AM)
        ],
        weekday_name=lambda weekday: weekday_name(weekday + 1),
    )


def _earlier(wish_id: int) -> dict[str, Any]:
    line = _line(wish_id)
    return stored(line, queries.windows_of(db.session(), [line.id])[line.id])


def _enter(form: WishForm) -> int:
    return entering.enter(db.session(), wish=wish_of(form), **scope()).id


def _line(wish_id: int) -> WishLine:
    return queries.wish(
        db.session(),
        request_id=wish_id,
        person_id=current_user.id,
        organisation_ids=current_user.organisation_ids,
    )


@bp.get("/requests/<int:wish_id>")
@requires(Permission.REQUEST_ENTER)
def senior_wish(wish_id: int) -> Response:
    """Show a wish, where it stands, and every step until there."""
    return _page(wish_id)


@bp.post("/requests/<int:wish_id>/verify")
@requires(Permission.REQUEST_MANAGE)
def verify_wish(wish_id: int) -> Response:
    """Say that the wish is real."""
    return _step(wish_id, requests.verify, _("Verified. It waits for a shift."))


@bp.post("/requests/<int:wish_id>/withdraw")
@requires(Permission.REQUEST_ENTER)
def withdraw_wish(wish_id: int) -> Response:
    """Take the wish back; works at any time."""
    return _step(wish_id, requests.withdraw, _("Withdrawn."))


@bp.post("/requests/<int:wish_id>/take-out")
@requires(Permission.REQUEST_MANAGE)
def take_out_wish(wish_id: int) -> Response:
    """Take the wish out of its shift; it waits for another one."""
    return _step(wish_id, placing.take_out, _("Taken out. It waits for another shift."))


def _step(wish_id: int, work: Callable[..., Any], say: str) -> Response:
    form = EmptyForm()

    def tried() -> bool:
        work(db.session(), request_id=wish_id, **scope())
        return True

    if attempt(form, tried):
        return done(url_for(".senior_wish", wish_id=wish_id), say=say)
    return _page(wish_id, refused=form)


@bp.post("/requests/<int:wish_id>/close")
@requires(Permission.REQUEST_MANAGE)
def close_wish(wish_id: int) -> Response:
    """Answer in words that the wish cannot be met."""
    _line(wish_id)
    form = CloseForm()
    if form.validate_on_submit() and attempt(form, lambda: _close(form, wish_id)):
        return done(
            url_for(".senior_wish", wish_id=wish_id), say=_("Closed; who entered it is told.")
        )
    return _page(wish_id, closing=form)


def _close(form: CloseForm, wish_id: int) -> bool:
    requests.close(db.session(), request_id=wish_id, words=form.words.data or "", **scope())
    return True


def _page(
    wish_id: int, *, refused: EmptyForm | None = None, closing: CloseForm | None = None
) -> Response:
    session, line = db.session(), _line(wish_id)
    manages = line.organisation_id in current_user.organisation_ids
    tried = refused or closing
    return render(
        "console/wish.html",
        status=status_of(tried) if tried else 200,
        wish=line,
        manages=manages,
        may_verify=manages and _may_verify(line),
        state=STATES,
        steps=queries.steps_of(session, line.id),
        windows=windows_in_words(queries.windows_of(session, [line.id])[line.id]),
        refused=refused.refused if refused else None,
        closing=closing or CloseForm(formdata=None),
    )


def _who_verifies(line: WishLine) -> str:
    if line.organisation_id not in current_user.organisation_ids:
        name = either(line.organisation_zh, line.organisation_en)
        return _("Entered. %(name)s verifies it; you see here what becomes of it.", name=name)
    if _may_verify(line):
        return _("Entered. Nobody else coordinates here, so you verify it yourself.")
    return _("Entered. A colleague of yours verifies it; you see here what becomes of it.")


def _may_verify(line: WishLine) -> bool:
    session, mine = db.session(), current_user.id
    return requests.typed_by(session, line.id) != mine or not requests.others_coordinate(
        session, line.organisation_id, person_id=mine, now=clock.now()
    )
