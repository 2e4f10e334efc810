"""The gate of every request: who may pass, and the one transaction of an unsafe request."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, Response, abort, current_app, g, make_response, redirect, request, url_for
from flask_login import current_user
from flask_wtf import CSRFProtect
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.wrappers import Response as BaseResponse

from volunteer_hub.core import clock
from volunteer_hub.core.db import HandledForm, UtcDateTime, db, end_reading, write_tx
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import access_of
from volunteer_hub.core.web import SAFE_METHODS, is_htmx, referring_path, say_next

csrf = CSRFProtect()
# PostgreSQL and the mail cannot carry NUL or lone surrogates; U+FFFD stands for bytes that were
# no text (Werkzeug puts it there).
UNSTORABLE = re.compile("[\0\ufffd\ud800-\udfff]")
KEPT_FOR = timedelta(days=1)

_THIS_FORM = (HandledForm.key == bindparam("form"), HandledForm.person_id == bindparam("person"))
_HANDLED = select(HandledForm.location).where(*_THIS_FORM)
_FINISH = update(HandledForm).where(*_THIS_FORM).values(location=bindparam("led_to"))
_FORGET = delete(HandledForm).where(HandledForm.handled_at < bindparam("before", type_=UtcDateTime))
_CLAIM = {
    "postgresql": postgresql.insert(HandledForm)
    .on_conflict_do_nothing()
    .returning(HandledForm.key),
    "sqlite": sqlite.insert(HandledForm).on_conflict_do_nothing().returning(HandledForm.key),
}


def init_app(app: Flask) -> None:
    """Put every request through the gate."""
    csrf.init_app(app)
    app.before_request(_guard)
    app.dispatch_request = _dispatch  # type: ignore[method-assign]


def _guard() -> BaseResponse | None:
    """Deny by default: a route without a mark, or without the permission it names, is closed."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    access = access_of(current_app.view_functions.get(request.endpoint))
    if access is None:
        abort(404)
    if (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
        abort(413)
    # Before the token: whose session has expired has no token either, and needs to sign in.
    if access != "public" and not current_user.is_authenticated:
        return _to_login()
    if request.method not in SAFE_METHODS:
        csrf.protect()
    if access == "public":
        return None
    if not current_user.may(access):
        abort(404)
    return None


def _to_login() -> BaseResponse:
    back = request.full_path.rstrip("?") if request.method in SAFE_METHODS else referring_path()
    address = url_for("accounts.login", next=back)
    # Never the login page inside a fragment: the browser goes there as a whole page.
    answer: BaseResponse = (
        Response(status=401, headers={"HX-Redirect": address})
        if is_htmx()
        else redirect(address, 303)
    )
    if request.method not in SAFE_METHODS:
        say_next(answer, _("Your session had ended: that was not saved. Sign in and do it again."))
    return answer


def _dispatch() -> Any:
    """Run the view; an unsafe request runs in one transaction, kept only below status 400."""
    if request.endpoint is None:
        return _view()
    if request.method in SAFE_METHODS:
        answer = _view()
        end_reading(db.session())
        return answer
    if any(UNSTORABLE.search(value) for _name, value in request.form.items(multi=True)):
        abort(
            400,
            _("The text holds characters that cannot be stored. Please type it again."),
        )
    view = current_app.view_functions.get(request.endpoint)
    if getattr(view, "own_transaction", False):
        return _view()
    return run_once(_view)


def run_once(work: Callable[[], Any]) -> BaseResponse:
    """Answer with `work` in one transaction, kept only below status 400.

    For a form that was sent before, the first answer's address. Views that are marked
    `own_transaction` call this themselves.
    """
    return write_tx(lambda: _run_once(work), keep=lambda response: response.status_code < 400)


def _view() -> Any:
    return Flask.dispatch_request(current_app._get_current_object())  # type: ignore[attr-defined]


def _run_once(work: Callable[[], Any]) -> BaseResponse:
    """Do the work, or answer as the first time when this very form was sent before."""
    key = request.form.get("request_key", "")[:64]
    if not key or not current_user.is_authenticated:
        return make_response(work())
    connection = db.session.connection()
    mine = {"form": key, "person": current_user.id}
    # Claimed before the work: the same form sent twice at once waits here for the first one, and a
    # refusal takes the claim back with everything else.
    claim = {"key": key, "person_id": current_user.id, "location": "", "handled_at": clock.now()}
    if connection.scalar(_CLAIM[db.engine.dialect.name], claim) is None:
        return _elsewhere(connection.scalar(_HANDLED, mine) or "/")
    response = make_response(work())
    if response.status_code < 400:
        # A fragment leads back to the page that it is part of; its own address takes no GET.
        page = referring_path() if is_htmx() else request.path
        led_to = (g.get("done_url") or page)[:500]
        connection.execute(_FINISH, {**mine, "led_to": led_to})
        if secrets.randbelow(100) == 0:
            connection.execute(_FORGET, {"before": clock.now() - KEPT_FOR})
    return response


def _elsewhere(location: str) -> BaseResponse:
    """Lead the browser to a whole page, out of a fragment too."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": location})
    return redirect(location, 303)
