"""Text size, colours and language: kept in cookies, so they hold before signing in too."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.accounts import services
from volunteer_hub.accounts.forms import DisplayForm
from volunteer_hub.core import i18n
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import public
from volunteer_hub.core.web import CHOICES, keep_choice, render, safe_next

bp = Blueprint("display", __name__)


@bp.route("/display", methods=["GET", "POST"])
@public
def display() -> Response:
    """Show what can be chosen, and keep what was."""
    now = {name: request.cookies.get(name, values[0]) for name, values in CHOICES.items()}
    now[i18n.COOKIE] = i18n.language()
    form = DisplayForm(data={**now, "next": request.args.get("next", "")})
    if form.validate_on_submit():
        answer = redirect(safe_next(form.next.data), 303)
        for name in CHOICES:
            keep_choice(answer, name, form[name].data)
        _remember(form[i18n.COOKIE].data)
        return answer
    return render("accounts/display.html", status=422 if form.is_submitted() else 200, form=form)


@bp.post("/language")
@public
def language() -> Response:
    """Change only the language."""
    wish = request.form.get("lang", "")
    wish = wish if wish in i18n.LANGUAGES else i18n.CHINESE
    _remember(wish)
    answer = redirect(safe_next(request.form.get("next")), 303)
    keep_choice(answer, i18n.COOKIE, wish)
    return answer


def _remember(wish: str) -> None:
    if current_user.is_authenticated:
        services.choose_language(db.session(), person_id=current_user.id, language=wish)
