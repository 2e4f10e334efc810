"""Try what was typed in a form, and answer a refusal without losing any of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask_wtf import FlaskForm
from wtforms import Form

from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound

Result = TypeVar("Result")


def blame(form: Form, field: str | None, sentence: object) -> None:
    """Put the sentence at its field, or above the form when there is no such field."""
    if field in form:
        form[field].errors = [sentence]
    else:
        form.form_errors.append(sentence)


def _show(form: FlaskForm, error: DomainError) -> None:
    blame(form, error.field, error.message)


def attempt(
    form: FlaskForm,
    work: Callable[[], Result],
    *,
    show: Callable[[FlaskForm, DomainError], None] = _show,
) -> Result | None:
    """Return what `work` returns, or None when a rule refuses: then `form` says why (`show`).

    Nothing of a refused attempt stays in the session, so the page shows what is stored.
    """
    try:
        with db.session.begin_nested():
            return work()
    except NotFound:
        raise
    except DomainError as error:
        form.refused = error
        show(form, error)
    return None


def status_of(form: FlaskForm) -> int:
    """Return the status of a page that shows this form (again)."""
    refused: DomainError | None = getattr(form, "refused", None)
    if refused is not None:
        return refused.status
    return 422 if form.is_submitted() else 200
