"""How the desk tries what was typed, and how it answers a refusal without losing any of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import Form

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.publication import Missing, NotComplete

Result = TypeVar("Result")
_POST_FIELD = re.compile(r"posts-(\d+)-(\w+)")


def attempt(form: FlaskForm, work: Callable[[], Result]) -> Result | None:
    """Return what `work` returns, or None when a rule refuses: then `form` says why.

    Nothing of a refused attempt stays in the session, so the page shows what is stored.
    """
    try:
        with db.session.begin_nested():
            return work()
    except NotFound:
        raise
    except DomainError as error:
        form.refused = error
        _show(form, error)
    return None


def scope() -> dict[str, Any]:
    """Return who acts, for which organisations and when, as services of the desk ask for it."""
    return {
        "organisation_ids": current_user.organisation_ids,
        "actor_id": current_user.id,
        "now": clock.now(),
    }


def status_of(form: FlaskForm) -> int:
    """Return the status of a page that shows this form (again)."""
    refused: DomainError | None = getattr(form, "refused", None)
    if refused is not None:
        return refused.status
    return 422 if form.is_submitted() else 200


def _show(form: FlaskForm, error: DomainError) -> None:
    if isinstance(error, NotComplete):
        for thing in error.missing:
            _blame(form, thing.field, needed_sentence(thing))
        return
    post = _POST_FIELD.fullmatch(error.field or "")
    if post:
        # The service counts the posts that were sent on, not the empty rows between them.
        rows = [entry for entry in form.posts if entry.form.capacity.data is not None]
        row = rows[int(post[1])] if int(post[1]) < len(rows) else form.posts[0]
        _blame(row.form, post[2], error.message)
    else:
        _blame(form, error.field, error.message)


def needed_sentence(thing: Missing) -> str:
    """Return why a field that may be empty in a draft is at fault now."""
    return str(_("Needed before publication: %(name)s", name=thing.name))


def _blame(form: Form, field: str | None, sentence: object) -> None:
    """Put the sentence at its field, or above the form when there is no such field."""
    if field in form:
        form[field].errors = [sentence]
    else:
        form.form_errors.append(sentence)
